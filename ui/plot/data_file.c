/* SPDX-License-Identifier: MIT
 *
 * See data_file.h. Layer: ui/plot.
 */
#include "ui/plot/data_file.h"

#include "core/read/json_text.h"
#include "ui/plot/heatmap.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_name(gsc_layer_kind kind) {
    static const char *const names[] = {
        [GSC_LAYER_CLOUD] = "replicates", [GSC_LAYER_BAND] = "band",
        [GSC_LAYER_BARS] = "bars",        [GSC_LAYER_LINE] = "line",
        [GSC_LAYER_DASHED] = "dashed",    [GSC_LAYER_POINTS] = "points",
        [GSC_LAYER_HEATMAP] = "cell"};
    return names[kind];
}

static void put_text(FILE *file, const char *text) {
    text = text != NULL ? text : "";
    if (strpbrk(text, ",\"\n\r") == NULL) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text != '\0'; text++) {
        fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, file);
    }
    fputc('"', file);
}

/* In the fewest digits that read back as the same; nothing for what is no number. */
static void put_number(FILE *file, double value) {
    char text[40] = "";
    for (int digits = 6; digits <= 17 && !isnan(value); digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    fputs(text, file);
}

/* Where a line's numbers stand. */
typedef struct place {
    const char *figure; /* NULL: there is but one */
    const gsc_panel *panel;
    const gsc_plot_layer *layer;
} place;

static void put_line(FILE *file, const place *at, double x, double y, double low, double high,
                     double row) {
    if (at->figure != NULL) {
        put_text(file, at->figure);
        fputc(',', file);
    }
    put_text(file, at->panel->name);
    fputc(',', file);
    put_text(file, at->layer->label);
    fprintf(file, ",%s", kind_name(at->layer->kind));
    const double numbers[5] = {x, y, low, high, row};
    for (int i = 0; i < 5; i++) {
        fputc(',', file);
        put_number(file, numbers[i]);
    }
    fputc('\n', file);
}

static void put_cells(FILE *file, const place *at) {
    const gsc_heatmap *heat = at->layer->heat;
    for (size_t row = 0; row < heat->rows; row++) {
        for (size_t column = 0; column < heat->columns; column++) {
            put_line(file, at, (double)column, heat->values[row * heat->columns + column], NAN, NAN,
                     (double)row);
        }
    }
}

static void put_layer(FILE *file, const place *at) {
    const gsc_plot_layer *layer = at->layer;
    for (size_t i = 0; i < layer->n; i++) {
        put_line(file, at, layer->x[i], layer->y[i], layer->low != NULL ? layer->low[i] : NAN,
                 layer->high != NULL ? layer->high[i] : NAN, NAN);
    }
    if (layer->heat != NULL) {
        put_cells(file, at);
    }
}

void gsc_csv_write(const gsc_figure *const *figures, size_t n, FILE *file) {
    fprintf(file, "%spanel,label,kind,x,y,low,high,row\n", n > 1 ? "figure," : "");
    for (size_t f = 0; f < n; f++) {
        for (size_t p = 0; p < figures[f]->n_panels; p++) {
            const gsc_panel *panel = figures[f]->panels[p];
            for (size_t l = 0; l < panel->n_layers; l++) {
                const place at = {n > 1 ? figures[f]->name : NULL, panel, panel->layers[l]};
                if (!at.layer->hidden) {
                    put_layer(file, &at);
                }
            }
        }
    }
}

static json_t *text_or_null(const char *text) {
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *recipe_of(const gsc_figure *figure) {
    json_t *root = json_object();
    json_t *origin = figure->origin != NULL ? json_loads(figure->origin, 0, NULL) : NULL;
    json_object_set_new(root, "figure", text_or_null(figure->name));
    json_object_set_new(root, "title", text_or_null(figure->title));
    json_object_set_new(root, "subtitle", text_or_null(figure->subtitle));
    json_object_set_new(root, "small_print", text_or_null(figure->recipe));
    if (origin != NULL) {
        json_object_update(root, origin);
    }
    json_decref(origin);
    return root;
}

gsc_status gsc_recipe_write(const gsc_figure *const *figures, size_t n, FILE *file,
                            gsc_error *error) {
    json_t *root = n > 1 ? json_array() : recipe_of(figures[0]);
    for (size_t i = 0; n > 1 && i < n; i++) {
        json_array_append_new(root, recipe_of(figures[i]));
    }
    char *text = gsc_json_dump(root, JSON_INDENT(2));
    json_decref(root);
    if (text == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left for the recipe");
    }
    fprintf(file, "%s\n", text);
    free(text);
    return GSC_OK;
}
