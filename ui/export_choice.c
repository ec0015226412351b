/* SPDX-License-Identifier: MIT
 *
 * As what a figure is exported. See export_choice.h.
 */
#include "ui/export_choice.h"

enum {
    WIDTH_PX = 1600,
    HEIGHT_PX = 1000,
    DPI = 200,
    MANY_PANELS = 7, /* from here on the sheet is larger, as gatescope plot makes it */
    SHEET_WIDTH_PX = 2400,
    SHEET_HEIGHT_PX = 1700,
    SHEET_DPI = 190
};

static const gsc_export_format formats[] = {
    {".png", "PNG picture", "For slides and pages; carries the experiment that made it.", true},
    {".svg", "SVG drawing", "For LaTeX and editors: small, text stays text.", true},
    {".pdf", "PDF page", "For LaTeX: as large as these pixels are at this resolution.", true},
    {".csv", "Numbers (CSV)", "Every point that is drawn, in all its digits.", false},
    {".json", "Recipe (JSON)", "Specs, seeds, definitions, commit and kernels of the runs.", false},
};

const gsc_export_format *gsc_export_formats(size_t *ret_count) {
    *ret_count = G_N_ELEMENTS(formats);
    return formats;
}

gsc_export_choice gsc_export_choice_load(gsc_state *state) {
    gsc_export_choice self = {
        .format =
            CLAMP(gsc_state_get_int(state, "export-format", 0), 0, (int)G_N_ELEMENTS(formats) - 1),
        .width_px = CLAMP(gsc_state_get_int(state, "export-width", 0), 0, 16384),
        .height_px = CLAMP(gsc_state_get_int(state, "export-height", 0), 0, 16384),
        .dpi = CLAMP(gsc_state_get_int(state, "export-dpi", 0), 0, 2400)};

    self.page = gsc_state_get_int(state, "export-page", 0) != 0;
    self.is_sized = self.width_px >= 64 && self.height_px >= 64 && self.dpi >= 20;
    return self;
}

void gsc_export_choice_save(const gsc_export_choice *self, gsc_state *state) {
    gsc_state_set_int(state, "export-format", self->format);
    gsc_state_set_int(state, "export-page", self->page);
    if (self->is_sized) {
        gsc_state_set_int(state, "export-width", self->width_px);
        gsc_state_set_int(state, "export-height", self->height_px);
        gsc_state_set_int(state, "export-dpi", self->dpi);
    }
}

void gsc_export_choice_size(gsc_export_choice *self, size_t n_panels) {
    bool many = n_panels >= MANY_PANELS;

    if (!self->is_sized) {
        self->width_px = many ? SHEET_WIDTH_PX : WIDTH_PX;
        self->height_px = many ? SHEET_HEIGHT_PX : HEIGHT_PX;
        self->dpi = many ? SHEET_DPI : DPI;
    }
}
