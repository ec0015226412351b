/* SPDX-License-Identifier: MIT
 *
 * The plugins of this machine: found on the search path, checked as files, copied by content hash, scanned
 * in a child process, described as data; and, in a worker, loaded.
 *
 * The search path, first match of a kind and id wins: GATESCOPE_PLUGIN_PATH (':' between folders), the
 * build tree's plugins folder, $XDG_DATA_HOME/gatescope/plugins, $libdir/gatescope/plugins.
 *
 * Layer: core; libdl.
 */
#ifndef GSC_CORE_PLUGIN_REGISTRY_H
#define GSC_CORE_PLUGIN_REGISTRY_H

#include "core/base/error.h"

#include <gatescope/plugin.h>
#include <jansson.h>
#include <stddef.h>

/* What `gatescope plugin list --json` prints: an array, one object per file found:
 *   id kind version title path sha256 trusted status ("ok", or why it was refused: a predicate to be read
 *   after the file's name, "needs libz.so.1; ..."). A refused file without a readable id goes by its file
 *   name. trusted: of the installation, or on the user's list (trust.h); with GATESCOPE_TRUST=known a file
 *   that is not is only looked at, and its status is "untrusted".
 *   and, if ok: formula doc papers recommended capabilities (names) params tensors theory lm, and source, the
 *   plugin's own text, where it carries it
 * stages: [{stage, own (it writes it itself; else the host does), does (in words)}].
 * params: [{name, doc, unit, type, lowest, highest, initial, schedulable}]. theory and lm are "" where the
 * lab takes it, else the refusal in one sentence. The caller owns the array.
 *
 * Scanning a file costs a child process once; its descriptor is cached beside the copy under
 * $XDG_CACHE_HOME/gatescope/plugins by the hash of its bytes. */
gsc_status gsc_registry_list(json_t **ret_array, gsc_error *error);

/* The row of one file, wherever it lies: checked, copied and scanned like those of the list. The caller owns
 * it. */
gsc_status gsc_registry_describe(const char *path, json_t **ret_row, gsc_error *error);

/* The child's side: loads the copy, prints its descriptor as JSON on stdout. Used by `gatescope
 * plugin-scan`, which gsc_registry_list runs with a time and memory limit. Returns an exit code. */
int gsc_registry_scan_child(const char *copy_path);

/* A plugin in this process. */
typedef struct gsc_loaded {
    const gsc_plugin *plugin; /* complete: shorter structs filled with zeros */
    const gsc_gate *gate;
    const gsc_expert *expert;
    const gsc_balancer *balancer;
    char sha256[65];
    char path[1024]; /* where it was found */
    void *handle;
} gsc_loaded;

/* Loads kind and id from the content-addressed copy; a gate whose id is a formula ("= exp(z)") is built first
 * where it is not in the cache. Worker processes only. Never unloaded: its functions
 * may be on a stack. *ret_loaded is owned by the registry and lives as long as the process. */
gsc_status gsc_registry_load(gsc_kind kind, const char *id, const gsc_loaded **ret_loaded,
                             gsc_error *error);

const char *gsc_kind_name(gsc_kind kind); /* "gate" */

/* Why a lab does not take this plugin, in one sentence (plugin, lab, reason, way out), or "". */
void gsc_plugin_theory_refusal(const gsc_plugin *plugin, char *ret_text, size_t size);
void gsc_plugin_lm_refusal(const gsc_plugin *plugin, char *ret_text, size_t size);

#endif
