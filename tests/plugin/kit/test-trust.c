/* SPDX-License-Identifier: MIT
 *
 * Trust: a file from outside the installation is not opened before the user agreed to these very bytes, where
 * GATESCOPE_TRUST=known; what belongs to the installation needs no leave.
 *
 * The build gives the folders: GSC_TEST_SCAN_PLUGINS.
 */
#include "core/plugin/registry.h"
#include "core/plugin/trust.h"
#include "tests/tap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static const char *text_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    return text != NULL ? text : "(none)";
}

static json_t *list(void) {
    json_t *array = NULL;
    gsc_error error = {0};
    if (gsc_registry_list(&array, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return array;
}

/* The row of the file NAME.so; borrowed from the array. */
static const json_t *row_of(const json_t *array, const char *name) {
    char ending[96];
    snprintf(ending, sizeof ending, "/%s.so", name);
    size_t index;
    json_t *row;
    json_array_foreach(array, index, row) {
        const char *path = text_of(row, "path"), *at = strstr(path, ending);
        if (at != NULL && strlen(at) == strlen(ending)) {
            return row;
        }
    }
    return NULL;
}

static void test_known_only(void) {
    setenv("GATESCOPE_TRUST", "known", 1);
    json_t *array = list();
    TAP_STRING(text_of(row_of(array, "older"), "status"), "untrusted", "a file from outside waits");
    TAP_OK(json_is_false(json_object_get(row_of(array, "older"), "trusted")), "and says so");
    TAP_STRING(text_of(row_of(array, "crash_constructor"), "status"), "untrusted",
               "it is not opened: one that crashes when it is opened waits too");
    TAP_CONTAINS(text_of(row_of(array, "needs_library"), "status"), "needs libjansson.so.4",
                 "what its bytes alone refuse is refused");
    TAP_OK(strlen(text_of(row_of(array, "older"), "sha256")) == 64,
           "its hash is there to be asked");
    TAP_STRING(text_of(row_of(array, "softmax"), "status"), "ok", "the installation's are trusted");
    TAP_OK(json_is_true(json_object_get(row_of(array, "softmax"), "trusted")), "without asking");
    json_decref(array);

    const gsc_loaded *loaded = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_registry_load(GSC_KIND_GATE, "older", &loaded, &error) == GSC_ERR_PLUGIN,
           "nor does a worker load it");
    TAP_CONTAINS(error.message, "is new here and was not loaded", "with a way out");
}

static void test_accepted(void) {
    char path[1024];
    gsc_error error = {0};
    snprintf(path, sizeof path, "%s/older.so", GSC_TEST_SCAN_PLUGINS);
    TAP_OK(gsc_trust_add_file(path, &error) == GSC_OK, "the user accepts the file");
    gsc_trust trust;
    gsc_trust_init(&trust);
    size_t once = strlen(trust.text);
    gsc_trust_clear(&trust);
    gsc_trust_add_file(path, &error);
    gsc_trust_init(&trust);
    TAP_OK(strlen(trust.text) == once, "twice is once");
    gsc_trust_clear(&trust);
    json_t *array = list();
    TAP_STRING(text_of(row_of(array, "older"), "status"), "ok", "then it is scanned and listed");
    TAP_OK(json_is_true(json_object_get(row_of(array, "older"), "trusted")), "as trusted");
    TAP_STRING(text_of(row_of(array, "newer_unused"), "status"), "untrusted", "and no other is");
    const gsc_loaded *loaded = NULL;
    TAP_OK(gsc_registry_load(GSC_KIND_GATE, "older", &loaded, &error) == GSC_OK, "and loads");
    json_decref(array);
}

static void test_refusals(void) {
    gsc_error error = {0};
    TAP_OK(gsc_trust_add("abc", "x", &error) == GSC_ERR_INPUT, "a hash has 64 digits");
    TAP_CONTAINS(error.message, "\"abc\" is no SHA-256", "says the sentence");
    TAP_OK(gsc_trust_add_file("/no/such.so", &error) == GSC_ERR_IO, "a file that there is not");
    TAP_CONTAINS(error.message, "/no/such.so: cannot be read", "is named");
    unsetenv("GATESCOPE_TRUST");
    json_t *array = list();
    TAP_STRING(text_of(row_of(array, "newer_unused"), "status"), "ok",
               "on the command line the user's search path is loaded");
    TAP_OK(json_is_false(json_object_get(row_of(array, "newer_unused"), "trusted")),
           "and the program is told that it is new");
    json_decref(array);
}

int main(void) {
    char folder[] = "/tmp/gsc-trust-XXXXXX", command[64];
    if (mkdtemp(folder) == NULL) {
        printf("Bail out! no temporary folder\n");
        return 1;
    }
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("XDG_DATA_HOME", folder, 1);
    setenv("GATESCOPE_PLUGIN_PATH", GSC_TEST_SCAN_PLUGINS, 1);
    setenv("GATESCOPE_SCAN_SECONDS", "1", 1);
    test_known_only();
    test_accepted();
    test_refusals();
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    TAP_OK(system(command) == 0, "the test's folder is gone");
    return tap_done();
}
