/* SPDX-License-Identifier: MIT
 *
 * What the style sheets cannot know by themselves: whether windows are blended, and how large text is.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_STYLE_H
#define GSC_UI_STYLE_H

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Lets the program's style on a display follow it from now on: icons grow with the text (half as fast,
 * text_scale.h), and where no compositor blends windows popovers are plain boxes. Once for a display. */
void gsc_style_follow(GdkDisplay *display);

G_END_DECLS

#endif
