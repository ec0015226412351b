/* SPDX-License-Identifier: MIT
 *
 * See look.h. Layer: ui/plot.
 */
#include "ui/plot/look.h"

#include "core/read/json_text.h"
#include "ui/plot/group.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

gsc_status gsc_figure_look_apply(const gsc_figure_look *self, gsc_figure *figure,
                                 gsc_run *const *runs, size_t n_runs, size_t *ret_groups,
                                 gsc_error *error) {
    gsc_status status = GSC_OK;
    if (self->log_x != 0) {
        gsc_figure_set_log(figure, true, self->log_x > 0);
    }
    if (self->log_y != 0) {
        gsc_figure_set_log(figure, false, self->log_y > 0);
    }
    if (self->group) {
        status = gsc_figure_group(figure, runs, n_runs, self->band, ret_groups, error);
    }
    if (status == GSC_OK && !gsc_figure_smooth(figure, (size_t)self->smooth)) {
        status = gsc_fail(error, GSC_ERR_MEMORY, "there is no memory left to smooth the lines");
    }
    return status;
}

static json_t *write_view(const gsc_plot_view *view) {
    return json_pack("[ffff]", view->x_low, view->x_high, view->y_low, view->y_high);
}

char *gsc_plot_look_write(const gsc_plot_look *self) {
    json_t *views = json_array();
    for (size_t i = 0; i < self->n_views; i++) {
        json_array_append_new(views, write_view(&self->views[i]));
    }
    json_t *root = json_pack("{ss si si si sb si so*}", "figure", self->figure, "log_x",
                             self->how.log_x, "log_y", self->how.log_y, "smooth", self->how.smooth,
                             "group", (int)self->how.group, "band", (int)self->how.band, "views",
                             self->n_views > 0 ? views : NULL);
    if (self->n_views == 0) {
        json_decref(views);
    }
    if (root != NULL && self->at_step) {
        json_object_set_new(root, "step", json_real(self->step));
    }
    char *text = root != NULL ? gsc_json_dump(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static int get_int(const json_t *root, const char *key, int low, int high) {
    const json_int_t value = json_integer_value(json_object_get(root, key));
    return value >= low && value <= high ? (int)value : 0;
}

static bool read_view(const json_t *json, gsc_plot_view *ret_view) {
    double at[4];
    for (size_t i = 0; i < 4; i++) {
        at[i] = json_number_value(json_array_get(json, i));
    }
    *ret_view = (gsc_plot_view){at[0], at[1], at[2], at[3]};
    return json_array_size(json) == 4 && isfinite(at[0]) && isfinite(at[1]) && isfinite(at[2]) &&
           isfinite(at[3]) && at[0] < at[1] && at[2] < at[3];
}

bool gsc_plot_look_read(const char *text, gsc_plot_look *ret) {
    json_t *root = text != NULL ? json_loads(text, 0, NULL) : NULL;
    const char *figure = json_string_value(json_object_get(root, "figure"));
    *ret = (gsc_plot_look){0};
    if (figure == NULL) {
        json_decref(root);
        return false;
    }
    snprintf(ret->figure, sizeof ret->figure, "%s", figure);
    ret->how.log_x = get_int(root, "log_x", -1, 1);
    ret->how.log_y = get_int(root, "log_y", -1, 1);
    ret->how.smooth = get_int(root, "smooth", 0, 1001);
    ret->how.group = json_is_true(json_object_get(root, "group"));
    ret->how.band = (gsc_band)get_int(root, "band", GSC_BAND_95, GSC_BAND_RANGE);
    const json_t *step = json_object_get(root, "step"), *views = json_object_get(root, "views");
    ret->at_step = json_is_number(step);
    ret->step = json_number_value(step);
    for (size_t i = 0; i < json_array_size(views) && i < GSC_LOOK_MOST_VIEWS; i++) {
        if (!read_view(json_array_get(views, i), &ret->views[i])) {
            ret->n_views = 0;
            break;
        }
        ret->n_views = i + 1;
    }
    json_decref(root);
    return true;
}
