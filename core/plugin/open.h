/* SPDX-License-Identifier: MIT
 *
 * Opening a plugin's copy in this process. What the plugin does then happens here: only a scan child and a
 * worker open plugins.
 *
 * Layer: core/plugin; libdl.
 */
#ifndef GSC_CORE_PLUGIN_OPEN_H
#define GSC_CORE_PLUGIN_OPEN_H

#include "core/base/error.h"
#include "core/plugin/check.h"

/* Loads the copy, now and with its symbols kept to itself, and asks for its descriptor. Refuses one that
 * switches the processor's floating-point mode on loading, and puts the mode back. phase (may be NULL) is
 * told "loading" and "gatescope_plugin" before each. The refusal is a predicate. */
gsc_status gsc_plugin_open(const char *copy_path, void (*phase)(const char *name),
                           void **ret_handle, const gsc_plugin **ret_raw, gsc_error *error);

#endif
