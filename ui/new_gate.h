/* SPDX-License-Identifier: MIT
 *
 * "New gate": a name and what to start from.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_NEW_GATE_H
#define GSC_UI_NEW_GATE_H

#include "ui/plugin_store.h"
#include "ui/workshop.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define GSC_TYPE_NEW_GATE (gsc_new_gate_get_type())
G_DECLARE_FINAL_TYPE(GscNewGate, gsc_new_gate, GSC, NEW_GATE, AdwWindow)

/* Offers the template and every gate that carries its source; asks the workshop to make it. start_from: the
 * id of a gate to offer first, or NULL. */
GscNewGate *gsc_new_gate_new(GtkWindow *parent, GscWorkshop *workshop, GscPluginStore *plugins,
                             const char *start_from);

G_END_DECLS

#endif
