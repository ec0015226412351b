/* SPDX-License-Identifier: MIT
 *
 * The device build of the gates (float, compiled as C++) against the host's (double).
 */
#define GSC_REAL float
#include "tests/tap.h"

#include <dlfcn.h>
#include <gatescope/plugin.h>

/* The same table as the host's plugin has, where its numbers are double. */
typedef void double_affinity(const gsc_call *call, int64_t n, const double *z, double *ret_a);

static const gsc_plugin *open_plugin(const char *folder, const char *prefix, const char *id) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s.so", folder, prefix, id);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        printf("# %s\n", dlerror());
        return NULL;
    }
    const gsc_plugin *(*entry)(void);
    void *symbol = dlsym(handle, "gatescope_plugin");
    memcpy(&entry, &symbol, sizeof entry);
    return entry();
}

static void compare(const char *id) {
    const gsc_plugin *host = open_plugin(GSC_TEST_SHIPPED_PLUGINS, "", id);
    const gsc_plugin *device = open_plugin(GSC_TEST_FLOAT_PLUGINS, "float_", id);
    if (!TAP_OK(host != NULL && device != NULL, id)) {
        return;
    }
    enum {
        N = 161
    };
    const double params[16] = {0};
    gsc_call call = {.struct_size = sizeof call, .params = params};
    double z[N], a[N], worst = 0;
    float z32[N], a32[N];
    for (int i = 0; i < N; i++) {
        z32[i] = (float)(i - N / 2) * 0.375f;
        z[i] = (double)z32[i];
    }
    ((double_affinity *)host->gate->affinity)(&call, N, z, a);
    device->gate->affinity(&call, N, z32, a32);
    for (int i = 0; i < N; i++) {
        worst = fmax(worst, fabs((double)a32[i] - a[i]) / (1 + fabs(a[i])));
    }
    TAP_NEAR(worst, 0, 1e-6, "the float build agrees with the double one");
}

int main(void) {
    compare("softmax");
    compare("normalized_sigmoid");
    compare("sigmoid");
    return tap_done();
}
