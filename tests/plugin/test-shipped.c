/* SPDX-License-Identifier: MIT
 *
 * The plugins that come with the program, found in the build tree, scanned and loaded as a worker does.
 */
#include "core/plugin/registry.h"
#include "tests/tap.h"

#include <stdlib.h>

static const gsc_loaded *load(gsc_kind kind, const char *id) {
    const gsc_loaded *loaded = NULL;
    gsc_error error = {0};
    gsc_status status = gsc_registry_load(kind, id, &loaded, &error);
    TAP_STRING(error.message, "", id);
    if (status != GSC_OK) {
        exit(tap_done());
    }
    return loaded;
}

int main(void) {
    const gsc_loaded *softmax = load(GSC_KIND_GATE, "softmax");
    TAP_OK(softmax->gate->affinity_form == GSC_AFFINITY_LOG, "softmax gives its log affinity");
    TAP_OK(load(GSC_KIND_EXPERT, "gelu")->expert->activation != NULL, "gelu has an activation");
    return tap_done();
}
