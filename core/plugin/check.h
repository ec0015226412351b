/* SPDX-License-Identifier: MIT
 *
 * The checks of a descriptor, in a fixed order, and its completion: what an older plugin does not know is
 * filled with zeros, and what a newer one adds is taken only where it is zero.
 *
 * A refusal is a predicate, to be read after the plugin's name, and names the field at fault.
 *
 * Layer: core/plugin; libc.
 */
#ifndef GSC_CORE_PLUGIN_CHECK_H
#define GSC_CORE_PLUGIN_CHECK_H

#include "core/base/error.h"

#include <gatescope/plugin.h>

/* The minor version of the contract that this program speaks. */
enum {
    GSC_HOST_ABI_MINOR = 1
};

enum {
    GSC_MAX_DESCRIPTOR_PARAMS = 16,
    GSC_MAX_DESCRIPTOR_TENSORS = 16,
    GSC_MAX_ID = 48
};

/* A complete descriptor in this program's memory. Its plugin points into itself: do not copy it. */
typedef struct gsc_descriptor {
    gsc_plugin plugin;
    gsc_gate gate;
    gsc_expert expert;
    gsc_balancer balancer;
    gsc_param params[GSC_MAX_DESCRIPTOR_PARAMS];
    gsc_tensor tensors[GSC_MAX_DESCRIPTOR_TENSORS];
} gsc_descriptor;

/* Checks and completes what gatescope_plugin() returned. On failure *ret_descriptor may hold what passed
 * so far: kind, id, version and title where they are not NULL. */
gsc_status gsc_descriptor_complete(const gsc_plugin *raw, gsc_descriptor *ret_descriptor,
                                   gsc_error *error);

#endif
