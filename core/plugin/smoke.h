/* SPDX-License-Identifier: MIT
 *
 * A short trial of a plugin's functions, run while it is scanned: finite values at ordinary and
 * extreme inputs, and given derivatives against numeric ones. It finds the wrong sign and the overflow; it
 * is no proof.
 *
 * Layer: core/plugin; kernels.
 */
#ifndef GSC_CORE_PLUGIN_SMOKE_H
#define GSC_CORE_PLUGIN_SMOKE_H

#include "core/base/error.h"

#include <gatescope/plugin.h>

/* The plugin is complete. phase is told each function's name before its calls. A refusal is a predicate
 * that names function, input and value. A pointwise
 * function is called at most 3 times. */
gsc_status gsc_plugin_smoke(const gsc_plugin *plugin, void (*phase)(const char *name),
                            gsc_error *error);

#endif
