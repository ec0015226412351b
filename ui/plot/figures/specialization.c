/* SPDX-License-Identifier: MIT
 *
 * The figure "specialization": to which experts the positions of each domain and of each frequent
 * token type go, relative to an even share, a panel for each layer; and how alike the layers
 * choose, because experts of alike layers are one finding and not two. Layer: ui/plot; jansson.
 */
#include "ui/plot/figures/figures.h"
#include "ui/plot/figures/maps.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READING                                                                                    \
    "Rows: domains of the corpus, where it has several, and the most frequent token types of the " \
    "probe in the order of their first experts (␣: a space); columns: experts; colours: the "    \
    "share of a row's choices that goes to an expert, relative to an even share"

enum {
    MOST_TYPES = 24 /* of the rows that a run has, most frequent first */
};

typedef enum rows_kind {
    ROWS_DOMAINS,
    ROWS_TYPES
} rows_kind;

/* How many experts the loads at the same time were of; 0: not known. */
static gsc_status count_experts(const gsc_maps *maps, const gsc_map_group *group, int32_t layer,
                                size_t *ret_experts) {
    gsc_vectors loads;
    gsc_status status = gsc_maps_read(maps, group, "probe_load", layer, &loads);
    *ret_experts = status == GSC_OK && loads.count > 0 ? loads.start[1] - loads.start[0] : 0;
    gsc_vectors_clear(&loads);
    return status;
}

/* What rows are called, as the run tells it; missing: by their number. */
typedef struct labels {
    json_t *all; /* the document */
} labels;

static bool take_labels(void *data, const char *kind, const char *arm, double x, int32_t replicate,
                        const char *json) {
    labels *self = data;
    (void)kind, (void)x, (void)replicate, (void)arm;
    json_decref(self->all);
    self->all = json_loads(json, 0, NULL);
    return true;
}

/* A leading space is written as a sign that fonts draw on the line, not under it. */
static const char *label_of(const labels *self, rows_kind kind, size_t row, char *own,
                            size_t size) {
    const json_t *array = json_object_get(self->all, kind == ROWS_TYPES ? "tokens" : "domains");
    const json_t *entry = json_array_get(array, row);
    const char *name =
        json_string_value(kind == ROWS_TYPES ? json_object_get(entry, "name") : entry);
    if (name == NULL) {
        snprintf(own, size, "%zu", row);
        return own;
    }
    if (strlen(name) >= size || strstr(name, "▁") == NULL) {
        return name;
    }
    snprintf(own, size, "%s", name);
    for (char *at = own; (at = strstr(at, "▁")) != NULL;) {
        memcpy(at, "␣", strlen("␣"));
    }
    return own;
}

/* A row of shares and where it stands in the run. */
typedef struct share_row {
    const float *values;
    size_t row, first; /* first: the expert with the largest share */
    char label[64];
} share_row;

static int compare_rows(const void *a, const void *b) {
    const share_row *x = a, *y = b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                                : (x->row > y->row) - (x->row < y->row);
}

/* Types stand in the order of their first experts, so that those of one expert are neighbours. */
static void read_rows(const float *values, size_t n, size_t experts, rows_kind kind,
                      share_row *rows) {
    for (size_t r = 0; r < n; r++) {
        rows[r] = (share_row){.values = values + r * experts, .row = r};
        for (size_t j = 1; j < experts; j++) {
            rows[r].first = rows[r].values[j] > rows[r].values[rows[r].first] ? j : rows[r].first;
        }
    }
    if (kind == ROWS_TYPES) {
        qsort(rows, n, sizeof *rows, compare_rows);
    }
}

static bool fill(gsc_panel *panel, gsc_heatmap *heat, const labels *names, rows_kind kind,
                 share_row *rows) {
    const char **texts = calloc(heat->rows + 1, sizeof *texts);
    for (size_t r = 0; texts != NULL && r < heat->rows; r++) {
        for (size_t j = 0; j < heat->columns; j++) {
            heat->values[r * heat->columns + j] = rows[r].values[j] * (float)heat->columns;
        }
        texts[r] = label_of(names, kind, rows[r].row, rows[r].label, sizeof rows[r].label);
    }
    const bool good = texts != NULL && gsc_axis_set_names(&panel->y, texts, heat->rows);
    free(texts);
    heat->color = GSC_COLORMAP_DIVERGING;
    heat->centre = 1;
    gsc_heatmap_fit(heat);
    heat->scale.low = 0;
    return good;
}

/* A panel of n rows of shares. */
static gsc_status draw_rows(gsc_maps *maps, const gsc_map_group *group, int32_t index,
                            const labels *names, rows_kind kind, const float *values, size_t n,
                            size_t experts) {
    gsc_status status = GSC_OK;
    char title[256], name[32];
    gsc_maps_layer_title(maps, group, index, title, sizeof title);
    snprintf(name, sizeof name, kind == ROWS_TYPES ? "tokens%d" : "layer%d", (int)index);
    gsc_panel *panel = gsc_maps_panel(maps, name, title, "Expert",
                                      kind == ROWS_TYPES ? "Token" : "Domain", &status);
    if (panel == NULL) {
        return status;
    }
    gsc_plot_layer *layer = gsc_panel_add_heatmap(panel, n, experts);
    share_row *rows = calloc(n + 1, sizeof *rows);
    bool good = layer != NULL && rows != NULL;
    if (good) {
        layer->run = (int)group->run;
        read_rows(values, n, experts, kind, rows);
        good = fill(panel, layer->heat, names, kind, rows) &&
               gsc_figure_set_text(&layer->heat->scale.title, "Share (1: even)");
    }
    free(rows);
    return good ? GSC_OK : gsc_maps_no_memory(maps);
}

/* The rows of a layer; none where the run has not this kind. */
static gsc_status draw_layer(gsc_maps *maps, const gsc_map_group *group, int32_t index,
                             const labels *names, rows_kind kind) {
    gsc_vectors vectors = {0};
    size_t experts = 0, chosen;
    gsc_status status = gsc_maps_read(
        maps, group, kind == ROWS_TYPES ? "token_share" : "domain_share", index, &vectors);
    if (status == GSC_OK && vectors.count > 0) {
        status = count_experts(maps, group, index, &experts);
    }
    if (status == GSC_OK && experts > 0 && gsc_maps_choose(maps, &vectors, &chosen)) {
        const size_t n = vectors.start[chosen + 1] - vectors.start[chosen];
        const size_t rows = n / experts, most = kind == ROWS_TYPES ? MOST_TYPES : rows;
        if (n > 0 && n % experts == 0) {
            status =
                draw_rows(maps, group, index, names, kind, vectors.values + vectors.start[chosen],
                          rows < most ? rows : most, experts);
        }
    }
    gsc_vectors_clear(&vectors);
    return status;
}

static gsc_status draw_similarity(gsc_maps *maps, const gsc_map_group *group) {
    gsc_vectors vectors;
    gsc_status status = gsc_maps_read(maps, group, "layer_similarity", -1, &vectors);
    size_t chosen;
    if (status == GSC_OK && gsc_maps_choose(maps, &vectors, &chosen)) {
        size_t n = vectors.start[chosen + 1] - vectors.start[chosen];
        size_t layers = (size_t)llround(sqrt((double)n));
        bool several = maps->n_groups > 1 && group->label[0] != '\0';
        gsc_panel *panel = gsc_maps_panel(maps, "layer_similarity",
                                          several ? group->label : "Layers that choose alike",
                                          "Layer", "Layer", &status);
        gsc_plot_layer *layer = panel != NULL ? gsc_panel_add_heatmap(panel, layers, layers) : NULL;
        if (layer != NULL && layers * layers == n) {
            memcpy(layer->heat->values, vectors.values + vectors.start[chosen], n * sizeof(float));
            layer->run = (int)group->run;
        }
        if (panel != NULL && (layer == NULL || !gsc_figure_set_text(&layer->heat->scale.title,
                                                                    "Similarity (linear CKA)"))) {
            status = gsc_maps_no_memory(maps);
        }
    }
    gsc_vectors_clear(&vectors);
    return status;
}

static gsc_status draw_group(gsc_maps *maps, const gsc_map_group *group, int32_t layers) {
    labels names = {0};
    gsc_status status = gsc_run_visit_documents(maps->runs[group->run], "router_labels",
                                                take_labels, &names, maps->error);
    for (rows_kind kind = ROWS_DOMAINS; kind <= ROWS_TYPES; kind++) {
        for (int32_t l = 0; l < layers && status == GSC_OK; l++) {
            if (gsc_maps_wants(maps, l)) {
                status = draw_layer(maps, group, l, &names, kind);
            }
        }
    }
    json_decref(names.all);
    /* One layer has the figure to itself, and room for the names of all its rows. */
    return status == GSC_OK && !maps->options->one_layer ? draw_similarity(maps, group) : status;
}

/* The most layers that any series of the group has. */
static int32_t count_layers(const gsc_maps *maps, const gsc_map_group *group) {
    int32_t layers = 0;
    for (int32_t l = 0; gsc_maps_series(maps, group, "probe_load", l, NULL) != NULL; l++) {
        layers = l + 1;
    }
    return layers;
}

gsc_status gsc_figure_build_specialization(gsc_run *const *runs, size_t n_runs,
                                           const gsc_figure_options *options,
                                           gsc_figure **ret_figure, gsc_error *error) {
    gsc_maps maps;
    gsc_status status =
        gsc_maps_init(&maps, "specialization", "layer_similarity", runs, n_runs, options, error);
    if (options->one_layer && maps.n_groups > 0 &&
        gsc_maps_series(&maps, &maps.groups[0], "token_share", options->layer, NULL) != NULL) {
        maps.series = "token_share"; /* whose definition is printed */
        maps.groups[0].layers = options->layer + 1;
    }
    for (size_t g = 0; g < maps.n_groups && status == GSC_OK; g++) {
        const gsc_map_group *group = &maps.groups[g];
        status = draw_group(&maps, group, count_layers(&maps, group));
    }
    maps.says =
        maps.options->one_layer ? READING "." : READING "; a layer by itself names every row.";
    maps.empty = "This run has no specialization of experts to show";
    return gsc_maps_finish(&maps, status, ret_figure);
}
