/* SPDX-License-Identifier: MIT
 *
 * A list that is one stop of the Tab key: the arrows choose in it, and Tab leaves it. GTK would go through
 * all its rows.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_ONE_STOP_H
#define GSC_UI_ONE_STOP_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* For lists whose rows hold no controls of their own. */
void gsc_one_stop_make(GtkListBox *list);

G_END_DECLS

#endif
