/* SPDX-License-Identifier: MIT
 *
 * Where the window's words are, for tests of its looks.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_PROBE_WORDS_H
#define GSC_UI_PROBE_WORDS_H

#include <gtk/gtk.h>
#include <jansson.h>

G_BEGIN_DECLS

/* Every label in sight of the window, or of the dialog in front of it:
 *
 *     [{"text", "box": [x, y, width, height], "active", "seen", "lost", "short"}, …]
 *
 * box     on the window's surface, pixels
 * active  it is not greyed out
 * seen    the whole box is in sight: nothing has been scrolled over it
 * lost    a part of it lies outside of what holds it, and cannot be scrolled to
 * short   it is the name of a control and ends in an ellipsis
 *
 * Caller decrefs. */
json_t *gsc_probe_words(GtkWindow *window);

G_END_DECLS

#endif
