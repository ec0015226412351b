/* SPDX-License-Identifier: MIT
 *
 * One arm of a sweep. See arm_card.h.
 */
#include "ui/arm_card.h"

#include "ui/text_scale.h"
#include "ui/words.h"

#include <adwaita.h>
#include <math.h>
#include <string.h>

enum {
    WIDTH = 280,
    HEIGHT = 210,
    DRAWS = 100 /* of the bootstrap: these are small pictures */
};

struct gsc_arm_card {
    GtkWidget *widget, *area;
    GtkLabel *count_label, *verdict_label;
    GPtrArray *runs;  /* gsc_run * */
    GPtrArray *paths; /* char *, parallel to runs */
    gsc_figure *figure;
    gsc_plot_view view;
};

/* ---- Drawing ------------------------------------------------------------------------------------- */

static void draw(GtkDrawingArea *area, cairo_t *cairo, int width, int height, gpointer data) {
    const gsc_arm_card *self = data;
    const bool dark = adw_style_manager_get_dark(adw_style_manager_get_default());
    const gsc_layout_options options = {
        .text_scale = 0.8 * gsc_text_scale_growth(), .hide_title = true, .hide_recipe = true};

    gsc_figure *figure = self->figure;
    if (figure == NULL || figure->n_panels == 0) {
        return;
    }
    /* the first panel says the most; the page says what a legend would */
    const size_t n_panels = figure->n_panels, n_legend = figure->panels[0]->n_legend;
    figure->n_panels = 1;
    figure->panels[0]->n_legend = 0;
    gsc_layout *layout =
        gsc_layout_new(figure, &self->view, dark ? &gsc_plot_theme_dark : &gsc_plot_theme_light,
                       width, height, &options);
    if (layout != NULL) {
        gsc_cairo_draw(layout, cairo, NULL);
    }
    gsc_layout_free(layout);
    figure->n_panels = n_panels;
    figure->panels[0]->n_legend = n_legend;
}

void gsc_arm_card_draw(gsc_arm_card *self) {
    gsc_run **runs = (gsc_run **)self->runs->pdata;
    const size_t n = self->runs->len;
    g_autofree int *colors = g_new0(int, n + 1);
    const gsc_figure_options options = {
        .run_colors = colors, .bootstrap_draws = DRAWS, .hide_replicates = true, .quick = true};
    gsc_figure *figure = NULL;

    if (gsc_figure_build(gsc_figure_default_name(runs, n), runs, n, &options, &figure, NULL) ==
        GSC_OK) {
        gsc_figure_free(self->figure);
        self->figure = figure;
    }
    gtk_widget_queue_draw(self->area);
}

gsc_figure *gsc_arm_card_get_figure(gsc_arm_card *self) {
    return self->figure;
}

bool gsc_arm_card_get_home(gsc_arm_card *self, gsc_plot_view *ret_view) {
    if (self->figure == NULL || self->figure->n_panels == 0 || self->runs->len == 0) {
        return false;
    }
    *ret_view = gsc_panel_home(self->figure->panels[0]);
    return true;
}

void gsc_arm_card_set_view(gsc_arm_card *self, const gsc_plot_view *view) {
    if (memcmp(view, &self->view, sizeof *view) != 0) {
        self->view = *view;
        gtk_widget_queue_draw(self->area);
    }
}

/* ---- Runs ---------------------------------------------------------------------------------------- */

bool gsc_arm_card_add_run(gsc_arm_card *self, const char *path) {
    gsc_run *run = NULL;

    if (g_ptr_array_find_with_equal_func(self->paths, path, g_str_equal, NULL) ||
        gsc_run_open(path, &run, NULL) != GSC_OK) {
        return false;
    }
    g_ptr_array_add(self->runs, run);
    g_ptr_array_add(self->paths, g_strdup(path));
    return true;
}

bool gsc_arm_card_look(gsc_arm_card *self) {
    bool changed = false;

    for (guint i = 0; i < self->runs->len; i++) {
        bool here = false;
        gsc_run_poll(self->runs->pdata[i], &here, NULL);
        changed = changed || here;
    }
    return changed;
}

const GPtrArray *gsc_arm_card_get_paths(gsc_arm_card *self) {
    return self->paths;
}

const GPtrArray *gsc_arm_card_get_runs(gsc_arm_card *self) {
    return self->runs;
}

/* ---- Words --------------------------------------------------------------------------------------- */

void gsc_arm_card_show_count(gsc_arm_card *self, guint done, guint all) {
    g_autofree char *count = g_strdup_printf("%u of %u", done, all);
    g_autofree char *tip = g_strdup_printf("%u of %u runs done", done, all);

    gtk_label_set_text(self->count_label, count);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->count_label), tip);
}

static void set_class(GtkWidget *widget, const char *name, bool on) {
    if (on) {
        gtk_widget_add_css_class(widget, name);
    } else {
        gtk_widget_remove_css_class(widget, name);
    }
}

/* The failure of the first run that failed, or NULL. */
static const char *failure_of(const gsc_arm_card *self) {
    for (guint i = 0; i < self->runs->len; i++) {
        const gsc_run_info *info = gsc_run_get_info(self->runs->pdata[i]);
        if (info->status == GSC_RUN_FAILED) {
            return info->failure;
        }
    }
    return NULL;
}

/* "−0.021 [−0.034, −0.008] nat · better". */
static char *dup_verdict(const gsc_comparison *comparison, size_t at, bool judged, bool over) {
    const gsc_compare_arm *arm = &comparison->arms[at];
    const gsc_paired *difference = &arm->difference;
    const char *unit = comparison->unit != NULL ? comparison->unit : "";
    GString *text = g_string_new(NULL);

    if (at == comparison->baseline) {
        g_string_append(text, "Baseline");
        if (isfinite(arm->mean)) {
            g_string_append_printf(text, " · %.4g%s%s", arm->mean, *unit != '\0' ? " " : "", unit);
        }
        return g_string_free(text, FALSE);
    }
    if (difference->n > 1) {
        g_string_append_printf(text, "%+.3g [%+.3g, %+.3g]%s%s", difference->mean, difference->low,
                               difference->high, *unit != '\0' ? " " : "", unit);
    }
    if (!judged) {
        g_string_append_printf(text, "%sno verdict: an exploration", text->len > 0 ? " · " : "");
    } else if (arm->verdict == GSC_VERDICT_LOCKED && over) {
        g_string_append_printf(text, "%sno verdict: %zu of %zu pairs have a value of %s",
                               text->len > 0 ? " · " : "", difference->n, comparison->seeds,
                               comparison->result);
    } else if (arm->verdict == GSC_VERDICT_LOCKED) {
        g_string_append_printf(text, "%sverdict locked: %zu of %zu seeds",
                               text->len > 0 ? " · " : "", difference->n, comparison->seeds);
    } else {
        g_string_append_printf(text, "%s%s", text->len > 0 ? " · " : "", arm->sentence);
    }
    return g_string_free(text, FALSE);
}

/* n_arms where it has none of that name. */
static size_t find_arm(const gsc_comparison *comparison, const char *name) {
    size_t at = 0;

    while (at < comparison->n_arms && strcmp(comparison->arms[at].name, name) != 0) {
        at++;
    }
    return at;
}

/* "Rate 0.006, its best: −0.021 [−0.034, −0.008] nat · better", below what is there. */
static void add_best(GString *text, const gsc_comparison *best, const char *name, bool judged,
                     bool over) {
    const size_t at = find_arm(best, name);

    if (at < best->n_arms && isfinite(best->arms[at].rate)) {
        g_autofree char *words = dup_verdict(best, at, judged, over);
        g_string_append_printf(text, "\nRate %g, its best: %s", best->arms[at].rate, words);
    }
}

void gsc_arm_card_show_verdict(gsc_arm_card *self, const gsc_comparison *shared,
                               const gsc_comparison *best, const char *arm, bool judged,
                               bool over) {
    GtkWidget *label = GTK_WIDGET(self->verdict_label);
    const char *failure = failure_of(self);
    const size_t at = shared != NULL ? find_arm(shared, arm) : 0;
    const bool there = shared != NULL && at < shared->n_arms;
    const bool said = there && judged;
    const gsc_verdict verdict = said ? shared->arms[at].verdict : GSC_VERDICT_LOCKED;
    g_autoptr(GString) text = g_string_new(NULL);

    if (there) {
        g_autofree char *words = dup_verdict(shared, at, judged, over);
        g_string_append(text, words);
        if (best != NULL) {
            add_best(text, best, arm, judged, over);
        }
    }
    if (failure != NULL) {
        g_string_append_printf(text, "%sA run failed: %s", text->len > 0 ? "\n" : "", failure);
    }
    g_autofree char *shown = gsc_words_minus(text->str);

    gtk_label_set_text(self->verdict_label, shown);
    gtk_widget_set_visible(label, text->len > 0);
    set_class(label, "success", said && verdict == GSC_VERDICT_BETTER);
    set_class(label, "error", failure != NULL || (said && verdict == GSC_VERDICT_WORSE));
    set_class(label, "dim-label", failure == NULL && verdict == GSC_VERDICT_LOCKED);
}

const char *gsc_arm_card_get_verdict(gsc_arm_card *self) {
    return gtk_label_get_text(self->verdict_label);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void close_run(gpointer run) {
    gsc_run_close(run);
}

gsc_arm_card *gsc_arm_card_new(const char *name) {
    gsc_arm_card *self = g_new0(gsc_arm_card, 1);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *title = gtk_label_new(name), *count = gtk_label_new(""),
              *verdict = gtk_label_new("");

    self->runs = g_ptr_array_new_with_free_func(close_run);
    self->paths = g_ptr_array_new_with_free_func(g_free);
    self->widget = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    self->area = gtk_drawing_area_new();
    self->count_label = GTK_LABEL(count);
    self->verdict_label = GTK_LABEL(verdict);
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_MIDDLE);
    gtk_widget_set_hexpand(title, TRUE);
    gtk_widget_set_tooltip_text(title, name);
    gtk_widget_add_css_class(title, "heading");
    gtk_widget_add_css_class(count, "dim-label");
    gtk_widget_add_css_class(count, "numeric");
    gtk_label_set_xalign(GTK_LABEL(verdict), 0);
    gtk_label_set_wrap(GTK_LABEL(verdict), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(verdict), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(verdict), 30); /* it wraps before it widens the card */
    gtk_widget_set_visible(verdict, FALSE);
    gtk_widget_add_css_class(verdict, "caption");
    gtk_widget_add_css_class(verdict, "numeric");
    gtk_box_append(GTK_BOX(words), title);
    gtk_box_append(GTK_BOX(words), count);
    gtk_widget_set_size_request(self->area, WIDTH, HEIGHT);
    gtk_widget_set_vexpand(self->area, TRUE);
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(self->area), draw, self, NULL);
    gtk_widget_add_css_class(self->widget, "card");
    gtk_widget_add_css_class(self->widget, "arm");
    gtk_box_append(GTK_BOX(self->widget), words);
    gtk_box_append(GTK_BOX(self->widget), verdict);
    gtk_box_append(GTK_BOX(self->widget), self->area);
    return self;
}

void gsc_arm_card_free(gsc_arm_card *self) {
    if (self == NULL) {
        return;
    }
    g_ptr_array_unref(self->runs);
    g_ptr_array_unref(self->paths);
    gsc_figure_free(self->figure);
    g_free(self);
}

GtkWidget *gsc_arm_card_get_widget(gsc_arm_card *self) {
    return self->widget;
}
