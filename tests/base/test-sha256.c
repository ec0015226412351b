/* SPDX-License-Identifier: MIT
 *
 * SHA-256 against the vectors of FIPS 180-4's examples and at every length around a block.
 */
#include "core/base/sha256.h"
#include "tests/tap.h"

int main(void) {
    char text[GSC_SHA256_TEXT_SIZE];
    gsc_sha256_text(NULL, 0, text);
    TAP_STRING(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "nothing");
    gsc_sha256_text("abc", 3, text);
    TAP_STRING(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    gsc_sha256_text(two, strlen(two), text);
    TAP_STRING(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
               "two blocks");
    static char million[1000000];
    memset(million, 'a', sizeof million);
    gsc_sha256_text(million, sizeof million, text);
    TAP_STRING(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
               "a million");
    /* The digest of the digests of 0, 1, ..., 128 times 'a', which crosses both paddings. */
    char all[129][GSC_SHA256_TEXT_SIZE - 1];
    for (size_t n = 0; n <= 128; n++) {
        gsc_sha256_text(million, n, text);
        memcpy(all[n], text, sizeof all[n]);
    }
    gsc_sha256_text(all, sizeof all, text);
    TAP_STRING(text, "38122040bcc3ce28482ada38b8325ad39861310f857797d8cf09f670fd997479",
               "every length from 0 to 128");
    return tap_done();
}
