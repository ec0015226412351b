/* SPDX-License-Identifier: MIT
 *
 * The figure "robustness": a claim under every definition of its metric, learning rate and layer.
 * Each is one difference with its interval, in the order of their size; how many say the same is
 * how far the claim reaches. A panel for each arm. Layer: ui/plot.
 */
#include "ui/plot/figures/compare.h"
#include "ui/plot/figures/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    VERDICTS = GSC_VERDICT_UNDECIDED + 1
};

/* Green, red, blue and grey of the palette. */
static const int colors[VERDICTS] = {[GSC_VERDICT_LOCKED] = 7,
                                     [GSC_VERDICT_BETTER] = 2,
                                     [GSC_VERDICT_WORSE] = 1,
                                     [GSC_VERDICT_EQUIVALENT] = 0,
                                     [GSC_VERDICT_UNDECIDED] = 7};

static int by_mean(const void *a, const void *b) {
    double x = ((const gsc_claim_row *)a)->difference.mean;
    double y = ((const gsc_claim_row *)b)->difference.mean;
    return (x > y) - (x < y);
}

static void row_label(const gsc_claim_row *row, char *ret_label, size_t size) {
    char layer[24] = "", rate[40] = "";
    if (row->layer >= 0) {
        snprintf(layer, sizeof layer, ", layer %d", (int)row->layer);
    }
    if (!isnan(row->rate)) {
        snprintf(rate, sizeof rate, ", learning rate %g", row->rate);
    }
    snprintf(ret_label, size, "%s%s%s: %s", row->definition, layer, rate,
             gsc_verdict_name(row->verdict));
}

static bool draw_row(gsc_panel *panel, const gsc_claim_row *row, double at) {
    char label[192];
    row_label(row, label, sizeof label);
    gsc_plot_layer *bars = gsc_panel_add_layer(panel, GSC_LAYER_BARS, 1, true);
    gsc_plot_layer *point = gsc_panel_add_layer(panel, GSC_LAYER_POINTS, 1, true);
    if (bars == NULL || point == NULL || !gsc_figure_set_text(&point->label, label)) {
        return false;
    }
    bars->color = point->color = colors[row->verdict];
    point->shape = (int)row->verdict;
    bars->run = point->run = (int)row->verdict;
    bars->series = point->series = 0;
    bars->x[0] = point->x[0] = at;
    point->y[0] = row->difference.mean;
    bars->low[0] = point->low[0] = row->difference.low;
    bars->high[0] = point->high[0] = row->difference.high;
    return true;
}

static gsc_status draw_claim(gsc_compare_builder *b, gsc_claim *claim) {
    char title[384], axis[128], counts[VERDICTS][32];
    size_t n[VERDICTS] = {0};
    if (claim->verdict == GSC_VERDICT_LOCKED) {
        snprintf(title, sizeof title, "%s: locked before the last seed", claim->arm);
    } else if (claim->count == 1) {
        snprintf(title, sizeof title, "%s: %s", claim->arm, gsc_verdict_name(claim->verdict));
    } else {
        snprintf(title, sizeof title, "%s: %s in %.0f%% of %zu", claim->arm,
                 gsc_verdict_name(claim->verdict), 100 * claim->stands, claim->count);
    }
    gsc_compare_difference_title(b, "Arm − baseline", axis, sizeof axis);
    gsc_panel *panel =
        gsc_compare_panel(b, claim->arm, title, "Definition, rate and layer, by size", axis);
    bool good = panel != NULL;
    qsort(claim->rows, claim->count, sizeof *claim->rows, by_mean);
    for (size_t i = 0; good && i < claim->count; i++) {
        good = draw_row(panel, &claim->rows[i], (double)i + 1);
        n[claim->rows[i].verdict]++;
    }
    for (int v = 0; good && v < VERDICTS; v++) {
        if (n[v] > 0) {
            snprintf(counts[v], sizeof counts[v], "%s: %zu", gsc_verdict_name((gsc_verdict)v),
                     n[v]);
            gsc_legend_row *row = gsc_panel_add_legend(panel, counts[v], "");
            good = row != NULL;
            if (good) {
                row->color = colors[v];
                row->shape = row->run = v;
                row->series = 0;
            }
        }
    }
    if (good) {
        panel->x.whole = true;
        good = gsc_compare_rule(panel, 0.5, (double)claim->count + 0.5, 0, "baseline");
    }
    return good ? GSC_OK : gsc_compare_no_memory(b);
}

gsc_status gsc_figure_build_robustness(gsc_run *const *runs, size_t n_runs,
                                       const gsc_figure_options *options, gsc_figure **ret_figure,
                                       gsc_error *error) {
    gsc_compare_builder b;
    gsc_status status = gsc_compare_begin(&b, "robustness", runs, n_runs, options, error);
    const gsc_comparison *c = b.comparison;
    for (size_t a = 0; status == GSC_OK && c != NULL && a < c->n_arms; a++) {
        gsc_claim claim = {.count = 0};
        gsc_error why = {.status = GSC_OK};
        if (a == c->baseline || b.figure->n_panels == GSC_FIGURE_MAX_PANELS) {
            continue;
        }
        if (gsc_claim_read(c, a, options->metric, 0, &claim, &why) != GSC_OK) {
            snprintf(b.message, sizeof b.message, "%s", why.message);
        } else if (claim.count > 0) {
            status = draw_claim(&b, &claim);
        }
        gsc_claim_clear(&claim);
    }
    if (status == GSC_OK && b.figure->n_panels == 0 && b.message[0] == '\0') {
        snprintf(b.message, sizeof b.message,
                 "A claim wants at least three pairs of runs with the same seed");
    }
    return gsc_compare_finish(
        &b, status,
        "Every point is the claim under one definition of its metric, "
        "learning rate and layer; its verdict is not corrected for the others.",
        ret_figure);
}
