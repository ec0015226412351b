/* SPDX-License-Identifier: MIT
 *
 * The plugins of this machine, as `gatescope plugin list --json` describes them. The window loads none.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_PLUGIN_STORE_H
#define GSC_UI_PLUGIN_STORE_H

#include <gio/gio.h>
#include <jansson.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_PLUGIN_STORE (gsc_plugin_store_get_type())
G_DECLARE_FINAL_TYPE(GscPluginStore, gsc_plugin_store, GSC, PLUGIN_STORE, GObject)

/* Emits "loaded" after each load, good or bad. */
GscPluginStore *gsc_plugin_store_new(void);
/* Asks anew; returns at once. While it is loading, "loaded" may bring a list that is older than this call:
 * gsc_plugin_store_is_loading then still says so. */
void gsc_plugin_store_load(GscPluginStore *self);

/* The array, borrowed until the next "loaded"; NULL before the first. */
const json_t *gsc_plugin_store_get_descriptors(GscPluginStore *self);
/* Why there is no list, in one sentence; NULL: there is one. */
const char *gsc_plugin_store_get_problem(GscPluginStore *self);
bool gsc_plugin_store_is_loading(GscPluginStore *self);

/* Has a formula ("= exp(z)") read and compiled; "loaded" follows, and the list then holds a gate with the
 * formula as its id: its status is "ok", or what is wrong with the text, or GSC_PLUGIN_PENDING. */
void gsc_plugin_store_read_formula(GscPluginStore *self, const char *text);
#define GSC_PLUGIN_PENDING "is being compiled"
bool gsc_plugin_is_formula(const char *id);
/* The row of any kind, id and status, or NULL. */
const json_t *gsc_plugin_store_find_any(GscPluginStore *self, const char *kind, const char *id);

/* Accepts a file by the hash of its bytes, then asks for the list anew. */
void gsc_plugin_store_trust(GscPluginStore *self, const char *sha256);

/* The descriptor of a usable plugin, or NULL. */
const json_t *gsc_plugin_store_find(GscPluginStore *self, const char *kind, const char *id);

/* Members of a descriptor; "" where absent. */
const char *gsc_plugin_text(const json_t *descriptor, const char *member);
/* "" where the registry took the file and that lab ("theory", "lm") takes the plugin, else why not, in one
 * sentence or two; caller frees. */
char *gsc_plugin_dup_refusal(const json_t *descriptor, const char *lab);

G_END_DECLS

#endif
