/* SPDX-License-Identifier: MIT
 *
 * How a figure is looked at. See figure_look.h.
 */
#include "ui/figure_look.h"

#include "ui/plot/heatmap.h"

static const int smooths[] = {0, 7, 21, 51};

static int get(gsc_state *state, const char *what, const char *figure) {
    g_autofree char *key = g_strdup_printf("%s-%s", what, figure);

    return gsc_state_get_int(state, key, 0);
}

static void set(gsc_state *state, const char *what, const char *figure, int value) {
    g_autofree char *key = g_strdup_printf("%s-%s", what, figure);

    if (value != gsc_state_get_int(state, key, 0)) {
        gsc_state_set_int(state, key, value);
    }
}

gsc_figure_look gsc_figure_look_load(gsc_state *state, const char *figure) {
    int band = get(state, "band", figure);

    return (gsc_figure_look){.log_x = CLAMP(get(state, "log-x", figure), -1, 1),
                             .log_y = CLAMP(get(state, "log-y", figure), -1, 1),
                             .smooth = CLAMP(get(state, "smooth", figure), 0, 1001),
                             .group = get(state, "group", figure) != 0,
                             .band = band >= GSC_BAND_95 && band <= GSC_BAND_RANGE ? (gsc_band)band
                                                                                   : GSC_BAND_95};
}

void gsc_figure_look_save(const gsc_figure_look *self, gsc_state *state, const char *figure) {
    set(state, "log-x", figure, self->log_x);
    set(state, "log-y", figure, self->log_y);
    set(state, "smooth", figure, self->smooth);
    set(state, "group", figure, self->group);
    set(state, "band", figure, (int)self->band);
}

int gsc_figure_look_next_smooth(int smooth) {
    for (gsize i = 0; i < G_N_ELEMENTS(smooths); i++) {
        if (smooths[i] > smooth) {
            return smooths[i];
        }
    }
    return 0;
}

static const gsc_panel *first_with_scale(const gsc_figure *figure, bool x) {
    for (size_t i = 0; figure != NULL && i < figure->n_panels; i++) {
        const gsc_plot_axis *axis = x ? &figure->panels[i]->x : &figure->panels[i]->y;
        if (axis->n_names == 0 && gsc_panel_heatmap(figure->panels[i]) == NULL) {
            return figure->panels[i];
        }
    }
    return NULL;
}

bool gsc_figure_look_has_scale(const gsc_figure *figure, bool x) {
    return first_with_scale(figure, x) != NULL;
}

bool gsc_figure_look_is_log(const gsc_figure *figure, bool x) {
    const gsc_panel *panel = first_with_scale(figure, x);

    return panel != NULL && (x ? panel->x.log : panel->y.log);
}
