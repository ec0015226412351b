/* SPDX-License-Identifier: MIT
 *
 * The figure "components": a panel for every block of parameters, its error over exact and
 * over-specified cells against the sample size, each beside its proven bound, and n x KL as the
 * last panel. Layer: ui/plot.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/rate_build.h"

#include <stdio.h>

static bool ends_in(const char *text, const char *end) {
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool is_block(const gsc_series_info *info) {
    return strncmp(info->y_title, "Error of ", strlen("Error of ")) == 0;
}

static bool is_drawn(const gsc_series_info *info) {
    return strcmp(info->x_name, "n") == 0 &&
           ((is_block(info) && !ends_in(info->name, "_worst")) || strcmp(info->name, "n_kl") == 0);
}

static const char *panel_of(const gsc_series_info *info) {
    return is_block(info) ? info->y_title : "divergence";
}

static bool is_over(const gsc_series_info *info) {
    return is_block(info) && !ends_in(info->name, "_p1");
}

/* One arm: exact cells and over-specified cells have a colour each. Several: a colour for each arm.
 */
static void look(const gsc_rate_builder *b, const gsc_run *run, size_t series, int *ret_color,
                 int *ret_shape) {
    const bool over = is_over(gsc_run_series(run, series));
    int own = 0;
    *ret_color = gsc_rate_count_arms(b, run, series, &own) > 1 ? own : over;
    *ret_shape = over;
}

static void label(const gsc_rate_builder *b, const gsc_run *run, size_t series, char *ret_label,
                  size_t size) {
    const gsc_series_info *info = gsc_run_series(run, series);
    int own = 0;
    const char *cells = !is_block(info) ? "fit" : is_over(info) ? "over-specified" : "exact";
    if (gsc_rate_count_arms(b, run, series, &own) > 1) {
        snprintf(ret_label, size, "%s%s%s", gsc_rate_within_part(b, info->arm),
                 is_block(info) ? ", " : "", is_block(info) ? cells : "");
    } else {
        snprintf(ret_label, size, "%s", cells);
    }
}

gsc_status gsc_figure_build_components(gsc_run *const *runs, size_t n_runs,
                                       const gsc_figure_options *options, gsc_figure **ret_figure,
                                       gsc_error *error) {
    static const gsc_rate_choice choice = {
        .name = "components",
        .is_drawn = is_drawn,
        .panel = panel_of,
        .last = "divergence",
        .look = look,
        .label = label,
        .compact = true,
        .definition =
            "Errors: (Σ w|Δ|^{r} / Σ w)^{1/r} over the atoms of cells of one fitted atom (exact) or of "
            "several (over-specified), Δ = fitted − true, w the atom's weight, r the block's exponent in "
            "the loss."};
    return gsc_rate_build(&choice, runs, n_runs, options, ret_figure, error);
}
