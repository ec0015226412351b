/* SPDX-License-Identifier: MIT
 *
 * A plugin's descriptor as data: the JSON object that `gatescope plugin list --json` prints for it.
 *
 * Layer: core/plugin; jansson.
 */
#ifndef GSC_CORE_PLUGIN_DESCRIBE_H
#define GSC_CORE_PLUGIN_DESCRIBE_H

#include "core/plugin/check.h"

#include <jansson.h>

/* Everything that registry.h lists but path and sha256, with status "ok"; a new reference, NULL where
 * memory ran out. The descriptor is complete. */
json_t *gsc_plugin_describe(const gsc_plugin *plugin);

/* id, kind, version, title as far as they are known, and status, the refusal; a new reference. */
json_t *gsc_plugin_describe_refused(const gsc_plugin *plugin, const char *refusal);

#endif
