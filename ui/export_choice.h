/* SPDX-License-Identifier: MIT
 *
 * As what a figure is exported: picture, numbers or recipe, its size and resolution; remembered between
 * exports.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_EXPORT_CHOICE_H
#define GSC_UI_EXPORT_CHOICE_H

#include "ui/plot/render.h"
#include "ui/state.h"

G_BEGIN_DECLS

typedef struct gsc_export_choice {
    int format; /* index into gsc_export_formats */
    int width_px, height_px, dpi;
    bool page;     /* all figures of what is in sight on one page, not only the one */
    bool is_sized; /* the user said a size; else it is that of many panels where there are many */
} gsc_export_choice;

typedef struct gsc_export_format {
    const char *ending; /* ".png" */
    const char *title;  /* "PNG picture" */
    const char *about;  /* one sentence: what it is for */
    bool has_pixels;    /* size and resolution mean something */
} gsc_export_format;

const gsc_export_format *gsc_export_formats(size_t *ret_count);

gsc_export_choice gsc_export_choice_load(gsc_state *state);
void gsc_export_choice_save(const gsc_export_choice *self, gsc_state *state);
/* Fills size and resolution in for a figure (or a page) of so many panels unless the user said them. */
void gsc_export_choice_size(gsc_export_choice *self, size_t n_panels);

G_END_DECLS

#endif
