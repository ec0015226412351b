/* SPDX-License-Identifier: MIT
 *
 * What a test from outside wants to know. See probe.h.
 *
 * {"renderer", "gl", "frames", "points", "panels", "runs_shown", "status", "moved", "fallback", "trouble",
 *  "problem", "ready", "build", "build_errors", "arms", "arms_done", "sweep", "verdicts", "cost", "power", "trust", "experiments", "view": [x_low, x_high, y_low, y_high], "first_frame_ms",
 *  "focus": {"what", "box": [x, y, width, height]}, "dropping", "waiting", "hint",
 *  "keys": how many keys that are no modifiers were pressed in the window, its popovers and its dialogs,
 *  "log_x", "log_y", "smooth", "groups", "sheet", "copied", "start", "typing", "typed",
 *  "widgets": {"run": [x, y, width, height], …, "win.log-x": …}}
 *
 * and, where GATESCOPE_TEST_WORDS is set, "words" (probe_words.h).
 */
#include "ui/probe.h"

#include "ui/probe_words.h"
#include "ui/window_private.h"

#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    WRITE_EVERY_MS = 50,
    WORDS_EVERY_MS = 200
};

struct gsc_probe {
    GscWindow *window; /* borrowed: the window owns the probe */
    char *path;
    guint source, words_source;
    double first_frame_ms; /* since exec; 0: none yet */
    gulong key_hook;
    guint keys; /* that were pressed */
    char *last; /* what was written */
};

/* Milliseconds since the kernel started this process. */
static double process_age_ms(void) {
    g_autofree char *stat = NULL;
    struct timespec now;
    unsigned long long start = 0;

    if (!g_file_get_contents("/proc/self/stat", &stat, NULL, NULL)) {
        return 0;
    }
    const char *after_name = strrchr(stat, ')');
    if (after_name == NULL ||
        sscanf(after_name,
               ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
               "%*d %*d %llu",
               &start) != 1) {
        return 0;
    }
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6 -
           (double)start * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static void add_box(json_t *widgets, const char *name, GtkWidget *widget, GtkWidget *window) {
    graphene_rect_t box;
    double surface_x = 0, surface_y = 0;

    gtk_native_get_surface_transform(GTK_NATIVE(window), &surface_x, &surface_y);
    if (gtk_widget_compute_bounds(widget, window, &box)) {
        json_object_set_new(widgets, name,
                            json_pack("[f,f,f,f]", box.origin.x + surface_x,
                                      box.origin.y + surface_y, (double)box.size.width,
                                      (double)box.size.height));
    }
}

/* Buttons in sight by the name of their action: "win.log-x". */
static void add_actions(json_t *widgets, GtkWidget *widget, GtkWidget *window) {
    const char *action =
        GTK_IS_ACTIONABLE(widget) ? gtk_actionable_get_action_name(GTK_ACTIONABLE(widget)) : NULL;

    if (action != NULL && gtk_widget_get_mapped(widget)) {
        add_box(widgets, action, widget, window);
    } else if (gtk_widget_has_css_class(widget, "start-card")) {
        g_autofree char *name = g_strconcat("start:", gtk_widget_get_name(widget), NULL);
        add_box(widgets, name, widget, window);
    }
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        add_actions(widgets, child, window);
    }
}

/* The runs of a sweep that wait, a line each, where their list is in sight; their boxes are "waiting:0" and so on. */
static void describe_waiting(GtkWidget *widget, GtkWidget *window, json_t *widgets,
                             GString *ret_text) {
    if (GTK_IS_LIST_BOX(widget) && gtk_widget_has_css_class(widget, "waiting")) {
        GtkListBoxRow *row = NULL;
        for (int i = 0; gtk_widget_get_mapped(widget) &&
                        (row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(widget), i)) != NULL;
             i++) {
            g_autofree char *name = g_strdup_printf("waiting:%d", i);
            add_box(widgets, name, GTK_WIDGET(row), window);
            g_string_append_printf(ret_text, "%s, %s\n",
                                   adw_preferences_row_get_title(ADW_PREFERENCES_ROW(row)),
                                   adw_action_row_get_subtitle(ADW_ACTION_ROW(row)));
        }
        return;
    }
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        describe_waiting(child, window, widgets, ret_text);
    }
}

/* Something would be taken if the pointer let go of it now. */
static bool is_dropping(GtkWidget *widget) {
    bool any = (gtk_widget_get_state_flags(widget) & GTK_STATE_FLAG_DROP_ACTIVE) != 0;

    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL && !any;
         child = gtk_widget_get_next_sibling(child)) {
        any = is_dropping(child);
    }
    return any;
}

static json_t *describe_widgets(GscWindow *window) {
    json_t *widgets = json_object();
    GtkWidget *canvas = GTK_WIDGET(gsc_figure_page_get_canvas(window->page));
    GtkWidget *top = GTK_WIDGET(window);
    gsc_box plot;

    add_actions(widgets, top, top);
    add_box(widgets, "run", GTK_WIDGET(window->run_button), top);
    add_box(widgets, "stop", GTK_WIDGET(window->stop_button), top);
    add_box(widgets, "export", GTK_WIDGET(window->export_button), top);
    add_box(widgets, "trust", GTK_WIDGET(window->trust_bar), top);
    add_box(widgets, "sidebar", GTK_WIDGET(window->sidebar), top);
    add_box(widgets, "setup", GTK_WIDGET(window->setup), top);
    add_box(widgets, "table", GTK_WIDGET(window->run_table), top);
    add_box(widgets, "canvas", canvas, top);
    add_box(widgets, "sweep", GTK_WIDGET(window->sweep_page), top);
    add_box(widgets, "figures", gsc_figure_page_get_figure_list(window->page), top);
    const json_t *at = json_object_get(widgets, "canvas");
    if (at != NULL && gsc_plot_canvas_get_plot_box(GSC_PLOT_CANVAS(canvas), 0, &plot)) {
        json_object_set_new(
            widgets, "plot",
            json_pack("[f,f,f,f]", json_number_value(json_array_get(at, 0)) + plot.x,
                      json_number_value(json_array_get(at, 1)) + plot.y, plot.width, plot.height));
    }
    return widgets;
}

/* What stands in the text field that has the keyboard; "" where none has. */
static const char *get_typed(GscWindow *window) {
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window));

    return GTK_IS_EDITABLE(focus) ? gtk_editable_get_text(GTK_EDITABLE(focus)) : "";
}

/* The first words in a widget; "" where there are none. */
static const char *words_in(GtkWidget *widget) {
    const char *words = GTK_IS_LABEL(widget) ? gtk_label_get_text(GTK_LABEL(widget)) : "";

    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL && *words == '\0';
         child = gtk_widget_get_next_sibling(child)) {
        words = words_in(child);
    }
    return words;
}

/* The widget that has the keyboard, by its type, and its tip, its words or those of its row. */
static json_t *describe_focus(GscWindow *window) {
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window));
    json_t *boxes = json_object();

    if (focus == NULL) {
        json_decref(boxes);
        return json_pack("{s:s}", "what", "");
    }
    GtkWidget *row = gtk_widget_get_ancestor(focus, ADW_TYPE_PREFERENCES_ROW);
    GtkWidget *around = gtk_widget_get_parent(focus);
    const char *tip = gtk_widget_get_tooltip_text(GTK_IS_MENU_BUTTON(around) ? around : focus);
    const char *words = words_in(focus);
    words = *words == '\0' && GTK_IS_TEXT(focus) ? words_in(gtk_widget_get_parent(around)) : words;
    const char *said = *words != '\0' ? words
                       : tip != NULL  ? tip
                       : row != NULL  ? adw_preferences_row_get_title(ADW_PREFERENCES_ROW(row))
                                      : "";
    g_autofree char *what = g_strdup_printf("%s %s", G_OBJECT_TYPE_NAME(focus), said);
    add_box(boxes, "box", focus, GTK_WIDGET(window));
    json_object_set_new(boxes, "what", json_string(what));
    return boxes;
}

static char *describe(gsc_probe *self) {
    GscWindow *window = self->window;
    GscPlotCanvas *canvas = gsc_figure_page_get_canvas(window->page);
    const gsc_figure *figure = gsc_plot_canvas_get_figure(canvas);
    const gsc_plot_view *view = gsc_plot_canvas_get_views(canvas);
    GscRunItem *active = gsc_window_get_active_run(window);
    const char *fallback = gsc_figure_page_get_fallback(window->page);
    const char *trouble = gsc_figure_page_get_trouble(window->page);
    const char *problem = gsc_setup_panel_get_problem(window->setup);

    json_t *report = json_pack(
        "{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:s*, s:s*, s:s*, s:s, s:f, s:[f,f,f,f]}",
        "renderer", gsc_plot_canvas_get_renderer(canvas), "gl", gsc_plot_canvas_is_gl(canvas),
        "frames", (json_int_t)gsc_plot_canvas_get_frames(canvas), "points",
        (json_int_t)gsc_plot_canvas_count_points(canvas), "panels",
        (json_int_t)(figure != NULL ? figure->n_panels : 0), "runs_shown",
        (json_int_t)gsc_window_count_shown(window), "experiments",
        (json_int_t)g_list_model_get_n_items(G_LIST_MODEL(window->experiments)), "running",
        active != NULL, "moved", gsc_plot_canvas_is_moved(canvas), "fallback", fallback, "trouble",
        trouble, "problem", problem, "experiment", gsc_experiment_get_name(window->experiment),
        "first_frame_ms", self->first_frame_ms, "view", view[0].x_low, view[0].x_high,
        view[0].y_low, view[0].y_high);
    json_object_set_new(report, "arms",
                        json_integer((json_int_t)gsc_sweep_page_count_arms(window->sweep_page)));
    json_object_set_new(report, "arms_done",
                        json_integer((json_int_t)gsc_sweep_page_count_done(window->sweep_page)));
    g_autofree char *verdicts = gsc_sweep_page_dup_verdicts(window->sweep_page);
    GscAblation *ablation = gsc_setup_panel_get_ablation(window->setup);
    json_object_set_new(report, "sweep", json_string(gsc_sweep_page_get_state(window->sweep_page)));
    json_object_set_new(report, "verdicts", json_string(verdicts));
    json_object_set_new(report, "cost", json_string(gsc_ablation_get_cost(ablation)));
    json_object_set_new(report, "power", json_string(gsc_ablation_get_power(ablation)));
    json_object_set_new(report, "build", json_string(gsc_build_pane_get_text(window->build_pane)));
    json_object_set_new(report, "ready", json_boolean(gsc_setup_panel_is_valid(window->setup)));
    json_object_set_new(report, "build_errors",
                        json_integer((json_int_t)gsc_build_pane_count(window->build_pane)));
    json_object_set_new(report, "trust",
                        json_string(gtk_info_bar_get_revealed(window->trust_bar)
                                        ? gtk_label_get_text(window->trust_label)
                                        : ""));
    json_object_set_new(report, "figure", json_string(figure != NULL ? figure->name : ""));
    json_object_set_new(report, "typing",
                        json_boolean(GTK_IS_EDITABLE(gtk_window_get_focus(GTK_WINDOW(window)))));
    json_object_set_new(report, "typed", json_string(get_typed(window)));
    json_object_set_new(report, "focus", describe_focus(window));
    json_object_set_new(report, "hint",
                        json_string(window->hint != NULL ? adw_toast_get_title(window->hint) : ""));
    json_object_set_new(report, "keys", json_integer((json_int_t)self->keys));
    gsc_window_describe_look(window, report);
    gsc_window_describe_table(window, report);
    gsc_window_describe_start(window, report);
    if (g_getenv("GATESCOPE_TEST_WORDS") != NULL) {
        json_object_set_new(report, "words", gsc_probe_words(GTK_WINDOW(window)));
    }
    g_autoptr(GString) waiting = g_string_new(NULL);
    json_t *widgets = describe_widgets(window);
    describe_waiting(GTK_WIDGET(window->sweep_page), GTK_WIDGET(window), widgets, waiting);
    json_object_set_new(report, "waiting", json_string(waiting->str));
    json_object_set_new(report, "dropping", json_boolean(is_dropping(GTK_WIDGET(window))));
    json_object_set_new(report, "widgets", widgets);
    char *text = json_dumps(report, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(report);
    return text;
}

static gboolean write_report(gpointer data) {
    gsc_probe *self = data;
    char *text = describe(self);

    self->source = 0;
    if (text != NULL && g_strcmp0(text, self->last) != 0) {
        g_file_set_contents(self->path, text, -1, NULL);
        free(self->last);
        self->last = text;
    } else {
        free(text);
    }
    return G_SOURCE_REMOVE;
}

void gsc_probe_note(gsc_probe *self) {
    if (self->source == 0) {
        self->source = g_timeout_add(WRITE_EVERY_MS, write_report, self);
    }
}

static gboolean look_at_words(gpointer data) {
    gsc_probe_note(data);
    return G_SOURCE_CONTINUE;
}

static void on_after_paint(GdkFrameClock *clock, gsc_probe *self) {
    if (self->first_frame_ms == 0 &&
        (gtk_widget_get_mapped(GTK_WIDGET(self->window->start_page)) ||
         gsc_plot_canvas_get_frames(gsc_figure_page_get_canvas(self->window->page)) > 0 ||
         gsc_sweep_page_count_arms(self->window->sweep_page) > 0)) {
        self->first_frame_ms = process_age_ms();
    }
    gsc_probe_note(self);
}

/* Of every surface of the program, before anything is done with the event: a controller of the window would
 * miss what a popover or a dialog gets. */
static gboolean on_event(GSignalInvocationHint *hint, guint n, const GValue *values,
                         gpointer data) {
    gsc_probe *self = data;
    GdkEvent *event = g_value_peek_pointer(&values[1]);

    if (gdk_event_get_event_type(event) == GDK_KEY_PRESS && !gdk_key_event_is_modifier(event)) {
        self->keys++;
        gsc_probe_note(self);
    }
    return TRUE; /* goes on to be called */
}

static void on_realized(GtkWidget *widget, gsc_probe *self) {
    g_signal_connect(gtk_widget_get_frame_clock(widget), "after-paint", G_CALLBACK(on_after_paint),
                     self);
}

gsc_probe *gsc_probe_new(GscWindow *window) {
    const char *path = g_getenv("GATESCOPE_TEST_REPORT");

    if (path == NULL) {
        return NULL;
    }
    gsc_probe *self = g_new0(gsc_probe, 1);
    self->window = window;
    self->path = g_strdup(path);
    g_signal_connect(window, "realize", G_CALLBACK(on_realized), self);
    self->key_hook = g_signal_add_emission_hook(g_signal_lookup("event", GDK_TYPE_SURFACE), 0,
                                                on_event, self, NULL);
    g_signal_connect_swapped(window, "notify::focus-widget", G_CALLBACK(gsc_probe_note), self);
    if (g_getenv("GATESCOPE_TEST_WORDS") != NULL) { /* dialogs have frames of their own */
        self->words_source = g_timeout_add(WORDS_EVERY_MS, look_at_words, self);
    }
    return self;
}

void gsc_probe_free(gsc_probe *self) {
    if (self == NULL) {
        return;
    }
    g_clear_handle_id(&self->source, g_source_remove);
    g_clear_handle_id(&self->words_source, g_source_remove);
    g_signal_remove_emission_hook(g_signal_lookup("event", GDK_TYPE_SURFACE), self->key_hook);
    g_signal_handlers_disconnect_by_data(self->window, self);
    GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(self->window));
    if (clock != NULL) {
        g_signal_handlers_disconnect_by_data(clock, self);
    }
    g_free(self->path);
    free(self->last);
    g_free(self);
}
