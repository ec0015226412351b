/* SPDX-License-Identifier: MIT
 *
 * The extension gate.mix/1 of a gate: what plugin.h says of gsc_gate_mix, found and checked. Layer:
 * core/plugin.
 */
#ifndef GSC_CORE_PLUGIN_STAGES_MIX_H
#define GSC_CORE_PLUGIN_STAGES_MIX_H

#include "core/base/error.h"
#include "core/plugin/registry.h"

/* ret_mix->mix is NULL for a gate that does not mix. GSC_ERR_PLUGIN for one whose extension is not
 * what the header says, or that does not declare what a mixing gate is. [any thread] */
gsc_status gsc_gate_mix_find(const gsc_loaded *loaded, gsc_gate_mix *ret_mix, gsc_error *error);

/* Slots of one expert for these sizes and parameters. */
gsc_status gsc_gate_mix_slots(const gsc_loaded *loaded, const gsc_gate_mix *mix,
                              const gsc_call *call, size_t *ret_slots, gsc_error *error);

#endif
