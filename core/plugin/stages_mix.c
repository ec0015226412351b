/* SPDX-License-Identifier: MIT
 *
 * Gates that mix: see stages_mix.h.
 */
#include "core/plugin/stages_mix.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

enum {
    MOST_SLOTS = 1 << 16
};

/* A shorter struct is filled with zeros; a longer one is taken where its unknown tail is zero. */
static gsc_status take(const gsc_plugin *plugin, const gsc_gate_mix *raw, gsc_gate_mix *ret_mix,
                       gsc_error *error) {
    gsc_gate_mix made = {0};
    const size_t size = raw->struct_size, own = sizeof made;
    const char *bytes = (const char *)raw;
    for (size_t i = own; i < size; i++) {
        if (bytes[i] != 0) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "gate %s: its " GSC_EXTENSION_MIX
                            " uses members that this program does "
                            "not know",
                            plugin->id);
        }
    }
    memcpy(&made, raw, size < own ? size : own);
    if (made.mix == NULL || made.mix_backward == NULL) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "gate %s: its " GSC_EXTENSION_MIX
                        " lacks %s; a mixture that is trained needs "
                        "both",
                        plugin->id, made.mix == NULL ? "mix" : "mix_backward");
    }
    *ret_mix = made;
    return GSC_OK;
}

gsc_status gsc_gate_mix_find(const gsc_loaded *loaded, gsc_gate_mix *ret_mix, gsc_error *error) {
    const gsc_plugin *plugin = loaded->plugin;
    const gsc_gate_mix *raw =
        plugin->extension != NULL ? plugin->extension(GSC_EXTENSION_MIX) : NULL;
    *ret_mix = (gsc_gate_mix){0};
    if (raw == NULL) {
        return GSC_OK;
    }
    if ((plugin->capabilities & GSC_CAP_NOT_CAUSAL) == 0) {
        return gsc_fail(
            error, GSC_ERR_PLUGIN,
            "gate %s mixes a sequence's tokens, so that a token depends on later ones, and "
            "does not declare GSC_CAP_NOT_CAUSAL",
            plugin->id);
    }
    return take(plugin, raw, ret_mix, error);
}

gsc_status gsc_gate_mix_slots(const gsc_loaded *loaded, const gsc_gate_mix *mix,
                              const gsc_call *call, size_t *ret_slots, gsc_error *error) {
    const int64_t slots = mix->slots != NULL ? mix->slots(call) : 1;
    if (slots < 1 || slots > MOST_SLOTS) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "gate %s: slots returned %" PRId64 "; it must be 1 to %d for each expert",
                        loaded->plugin->id, slots, MOST_SLOTS);
    }
    *ret_slots = (size_t)slots;
    return GSC_OK;
}
