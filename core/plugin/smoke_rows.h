/* SPDX-License-Identifier: MIT
 *
 * The trial of functions that see tensors and whole rows: an own-form expert's forward, backward and
 * Jacobian, a gate's probs. Part of smoke.h's trial.
 *
 * Layer: core/plugin; kernels (for the host's services).
 */
#ifndef GSC_CORE_PLUGIN_SMOKE_ROWS_H
#define GSC_CORE_PLUGIN_SMOKE_ROWS_H

#include "core/base/error.h"

#include <gatescope/plugin.h>

/* params: the initial values. Differences as in smoke.c; tensors of more than 4096 numbers are not tried. */
gsc_status gsc_plugin_smoke_rows(const gsc_plugin *plugin, const double *params,
                                 void (*phase)(const char *name), gsc_error *error);

#endif
