/* SPDX-License-Identifier: MIT
 *
 * Opening a plugin's copy: see open.h.
 */
#include "core/plugin/open.h"

#include <dlfcn.h>
#include <string.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
/* MXCSR without its sticky exception flags. */
static unsigned float_mode(void) {
    return _mm_getcsr() & ~0x3fu;
}
static void set_float_mode(unsigned mode) {
    _mm_setcsr(mode);
}
#elif defined(__aarch64__)
static unsigned float_mode(void) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return (unsigned)fpcr;
}
static void set_float_mode(unsigned mode) {
    uint64_t fpcr = mode;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}
#else
#error "read this machine's floating-point mode here"
#endif

gsc_status gsc_plugin_open(const char *copy_path, void (*phase)(const char *name),
                           void **ret_handle, const gsc_plugin **ret_raw, gsc_error *error) {
    unsigned mode = float_mode();
    if (phase != NULL) {
        phase("loading");
    }
    void *handle = dlopen(copy_path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *why = dlerror(), *after_path = why != NULL ? strstr(why, ": ") : NULL;
        return gsc_fail(error, GSC_ERR_PLUGIN, "cannot be loaded (%s)",
                        after_path != NULL ? after_path + 2 : "unknown reason");
    }
    if (float_mode() != mode) {
        set_float_mode(mode);
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "switches the whole process to flush-to-zero arithmetic when loaded; link "
                        "it without -ffast-math and -Ofast");
    }
    const gsc_plugin *(*entry)(void);
    void *symbol = dlsym(handle, "gatescope_plugin");
    memcpy(&entry, &symbol, sizeof entry);
    if (entry == NULL) {
        return gsc_fail(
            error, GSC_ERR_PLUGIN,
            "does not export gatescope_plugin(); declare it as gatescope/plugin.h does");
    }
    if (phase != NULL) {
        phase("gatescope_plugin");
    }
    *ret_raw = entry();
    *ret_handle = handle;
    return GSC_OK;
}
