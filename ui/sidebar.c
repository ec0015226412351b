/* SPDX-License-Identifier: MIT
 *
 * What there is: experiments, runs and plugins. See sidebar.h.
 */
#include "ui/sidebar.h"

#include "ui/one_stop.h"
#include "ui/run_row.h"
#include "ui/text_scale.h"
#include "ui/thumbnail.h"
#include "ui/words.h"

#include <string.h>

enum {
    WIDTH = 300, /* at the usual text scale */
    SCROLL_AFTER_MS = 120
};

struct _GscSidebar {
    GtkWidget parent;
    GtkStack *pages, *runs_stack;
    GtkListBox *experiment_list, *plugin_list;
    GtkScrolledWindow *experiment_scroller;
    GtkListView *run_list;
    GtkLabel *empty_label, *plugins_count, *plugins_problem;
    GtkToggleButton *find_button;
    GtkButton *plugins_button, *back_button;
    GtkSearchEntry *search_entry;

    GListModel *experiments;
    GscRunStore *runs;
    GscPluginStore *plugins;
    GtkCustomFilter *filter;
    GtkFilterListModel *found;
    char *needle;         /* folded; "" finds all */
    GtkWidget *came_from; /* had the keyboard before it was to find; weak, or NULL */
    GtkListBoxRow *row;   /* of the chosen experiment; to be compared, not used */
    bool quiet;
    bool unseen; /* the chosen experiment has no place in the list yet */
    guint scroll_source, show_source;
};

G_DEFINE_FINAL_TYPE(GscSidebar, gsc_sidebar, GTK_TYPE_WIDGET)

enum {
    SIGNAL_EXPERIMENT_CHOSEN,
    SIGNAL_RUN_CHOSEN,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static GtkWidget *new_label(const char *text, const char *first_class, const char *second_class) {
    GtkWidget *label = gtk_label_new(text);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    if (first_class != NULL) {
        gtk_widget_add_css_class(label, first_class);
    }
    if (second_class != NULL) {
        gtk_widget_add_css_class(label, second_class);
    }
    return label;
}

/* ---- Experiments --------------------------------------------------------------------------------- */

static GtkWidget *create_experiment_row(gpointer item, gpointer data) {
    GscExperiment *experiment = GSC_EXPERIMENT(item);
    GtkWidget *row = gtk_list_box_row_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *title = new_label(NULL, NULL, NULL);
    GtkWidget *summary = new_label(NULL, "caption", "dim-label");
    g_autofree char *title_markup = gsc_words_markup(gsc_experiment_get_title(experiment));
    g_autofree char *summary_markup = gsc_words_markup(gsc_experiment_get_summary(experiment));

    gtk_label_set_markup(GTK_LABEL(title), title_markup);
    gtk_label_set_markup(GTK_LABEL(summary), summary_markup);
    /* the natural height of the list is that of its labels as wrapped */
    gtk_label_set_max_width_chars(GTK_LABEL(title), 22);
    gtk_label_set_max_width_chars(GTK_LABEL(summary), 26);
    gtk_label_set_lines(GTK_LABEL(title), 2);
    gtk_label_set_lines(GTK_LABEL(summary),
                        strlen(gsc_experiment_get_title(experiment)) > 24 ? 1 : 2);
    gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_END);
    gtk_label_set_ellipsize(GTK_LABEL(summary), PANGO_ELLIPSIZE_END);
    gtk_widget_set_valign(words, GTK_ALIGN_CENTER);
    gtk_widget_set_hexpand(words, TRUE);
    gtk_box_append(GTK_BOX(words), title);
    gtk_box_append(GTK_BOX(words), summary);
    gtk_box_append(GTK_BOX(box), gsc_thumbnail_new(experiment));
    gtk_box_append(GTK_BOX(box), words);
    gtk_widget_add_css_class(box, "experiment");
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_widget_set_tooltip_markup(row, summary_markup);
    gtk_accessible_update_property(
        GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, gsc_experiment_get_title(experiment),
        GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, gsc_experiment_get_summary(experiment), -1);
    return row;
}

static void update_heading(GtkListBoxRow *row, GtkListBoxRow *before, gpointer data) {
    GscSidebar *self = GSC_SIDEBAR(data);
    int index = gtk_list_box_row_get_index(row);
    g_autoptr(GscExperiment) here = g_list_model_get_item(self->experiments, (guint)index);
    g_autoptr(GscExperiment) above =
        index > 0 ? g_list_model_get_item(self->experiments, (guint)index - 1) : NULL;
    const char *group = here != NULL ? gsc_experiment_get_group(here) : NULL;

    if (group == NULL ||
        (above != NULL && g_strcmp0(group, gsc_experiment_get_group(above)) == 0)) {
        gtk_list_box_row_set_header(row, NULL);
        return;
    }
    GtkWidget *heading = new_label(group, "caption-heading", "dim-label");
    gtk_widget_add_css_class(heading, "group");
    gtk_list_box_row_set_header(row, heading);
}

/* Scrolls the list until the row is in sight; one that has no place yet is shown once the list has its size. */
static void show_row(GscSidebar *self, GtkListBoxRow *row) {
    GtkAdjustment *at = gtk_scrolled_window_get_vadjustment(self->experiment_scroller);
    graphene_rect_t box;

    self->unseen =
        row != NULL &&
        (!gtk_widget_compute_bounds(GTK_WIDGET(row), GTK_WIDGET(self->experiment_list), &box) ||
         box.size.height <= 0 || gtk_adjustment_get_page_size(at) <= 0);
    if (row != NULL && !self->unseen) {
        gtk_adjustment_clamp_page(at, box.origin.y, box.origin.y + box.size.height);
    }
}

static gboolean show_unseen(gpointer data) {
    GscSidebar *self = GSC_SIDEBAR(data);

    self->show_source = 0;
    show_row(self, gtk_list_box_get_selected_row(self->experiment_list));
    return G_SOURCE_REMOVE;
}

/* The list is being laid out: its rows have their places when that is over. */
static void on_size_changed(GtkAdjustment *at, GscSidebar *self) {
    if (self->unseen && self->show_source == 0) {
        self->show_source = g_idle_add_full(G_PRIORITY_HIGH_IDLE, show_unseen, self, NULL);
    }
}

static void on_experiment_activated(GtkListBox *list, GtkListBoxRow *row, GscSidebar *self) {
    self->row = row;
    g_autoptr(GscExperiment) experiment =
        g_list_model_get_item(self->experiments, (guint)gtk_list_box_row_get_index(row));
    g_signal_emit(self, signals[SIGNAL_EXPERIMENT_CHOSEN], 0, experiment);
}

/* The keyboard that only comes by selects the row again that was: nobody has chosen anything. */
static void on_experiment_selected(GtkListBox *list, GtkListBoxRow *row, GscSidebar *self) {
    if (row != NULL && row != self->row && !self->quiet) {
        on_experiment_activated(list, row, self);
    }
}

void gsc_sidebar_select_experiment(GscSidebar *self, GscExperiment *experiment) {
    for (guint i = 0; i < g_list_model_get_n_items(self->experiments); i++) {
        g_autoptr(GscExperiment) here = g_list_model_get_item(self->experiments, i);
        if (here == experiment) {
            GtkListBoxRow *row = gtk_list_box_get_row_at_index(self->experiment_list, (int)i);
            self->quiet = true;
            self->row = row;
            gtk_list_box_select_row(self->experiment_list, row);
            self->quiet = false;
            show_row(self, row);
        }
    }
}

/* ---- Runs ---------------------------------------------------------------------------------------- */

static gboolean matches(gpointer object, gpointer data) {
    GscSidebar *self = GSC_SIDEBAR(data);
    GscRunItem *item = GSC_RUN_ITEM(object);

    if (*self->needle == '\0') {
        return TRUE;
    }
    g_autofree char *all = g_strjoin(
        " ", gsc_run_item_get_name(item), gsc_run_item_get_experiment(item),
        gsc_run_item_get_title(item), gsc_run_status_name(gsc_run_item_get_status(item)), NULL);
    g_autofree char *folded = g_utf8_casefold(all, -1);
    return strstr(folded, self->needle) != NULL;
}

static void show_runs_or_hint(GscSidebar *self) {
    bool none = g_list_model_get_n_items(G_LIST_MODEL(self->found)) == 0;
    const char *problem = NULL;

    gtk_stack_set_visible_child_name(self->runs_stack, none ? "empty" : "list");
    if (gsc_run_store_get_folder(self->runs, &problem) == NULL) {
        gtk_label_set_text(self->empty_label, problem);
    } else if (*self->needle != '\0') {
        gtk_label_set_text(self->empty_label, "No run has this in its name, experiment or status.");
    } else if (!gsc_run_store_is_listed(self->runs)) {
        gtk_label_set_text(self->empty_label, "Reading runs…");
    } else {
        gtk_label_set_text(self->empty_label,
                           "Press Run and the curves of the experiment draw themselves. Runs "
                           "started in a terminal show up here too.");
    }
}

/* The newest run is on top, and in sight; the list has its place only after its rows. */
static gboolean scroll_to_newest(gpointer data) {
    GscSidebar *self = GSC_SIDEBAR(data);
    GtkAdjustment *at = gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(self->run_list));

    self->scroll_source = 0;
    gtk_adjustment_set_value(at, 0);
    return G_SOURCE_REMOVE;
}

static void on_found_changed(GListModel *model, guint position, guint removed, guint added,
                             GscSidebar *self) {
    show_runs_or_hint(self);
    if (position == 0 && added > 0 && self->scroll_source == 0) {
        self->scroll_source = g_timeout_add(SCROLL_AFTER_MS, scroll_to_newest, self);
    }
}

static void on_search_changed(GtkSearchEntry *entry, GscSidebar *self) {
    g_free(self->needle);
    self->needle = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(entry)), -1);
    gtk_filter_changed(GTK_FILTER(self->filter), GTK_FILTER_CHANGE_DIFFERENT);
    show_runs_or_hint(self);
}

static void on_row_setup(GtkListItemFactory *factory, GtkListItem *item, gpointer data) {
    gtk_list_item_set_child(item, gsc_run_row_new());
}

static void on_row_bind(GtkListItemFactory *factory, GtkListItem *item, gpointer data) {
    GtkWidget *row = gtk_list_item_get_child(item), *line = gtk_widget_get_parent(row);

    gsc_run_row_set_item(GSC_RUN_ROW(row), gtk_list_item_get_item(item));
    if (line != NULL) { /* what a screen reader stops at */
        gtk_accessible_update_property(GTK_ACCESSIBLE(line), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       gsc_run_item_get_name(gtk_list_item_get_item(item)), -1);
    }
}

static void on_row_unbind(GtkListItemFactory *factory, GtkListItem *item, gpointer data) {
    gsc_run_row_set_item(GSC_RUN_ROW(gtk_list_item_get_child(item)), NULL);
}

static void on_run_activated(GtkListView *list, guint position, GscSidebar *self) {
    g_autoptr(GscRunItem) item = g_list_model_get_item(G_LIST_MODEL(self->found), position);

    if (item != NULL) {
        g_signal_emit(self, signals[SIGNAL_RUN_CHOSEN], 0, item);
    }
}

/* ---- Finding ------------------------------------------------------------------------------------- */

/* The field takes letters from the very key that opens it: nothing slides, and nothing takes the keyboard a
 * second time once it is there. */
static void on_find_toggled(GtkToggleButton *button, GParamSpec *pspec, GscSidebar *self) {
    if (gtk_toggle_button_get_active(button)) {
        gtk_widget_grab_focus(GTK_WIDGET(self->search_entry));
    } else {
        gtk_editable_set_text(GTK_EDITABLE(self->search_entry), "");
    }
}

/* Escape leads back to where the keyboard was. */
static void on_search_stopped(GtkSearchEntry *entry, GscSidebar *self) {
    GtkWidget *back = self->came_from;

    gtk_toggle_button_set_active(self->find_button, FALSE);
    if (back == NULL || !gtk_widget_get_mapped(back) || !gtk_widget_grab_focus(back)) {
        gtk_widget_grab_focus(GTK_WIDGET(self->find_button));
    }
}

/* Enter chooses the first run that was found, and the arrows go on from it. */
static void on_search_activated(GtkSearchEntry *entry, GscSidebar *self) {
    g_autoptr(GscRunItem) item = g_list_model_get_item(G_LIST_MODEL(self->found), 0);

    if (item != NULL) {
        gtk_widget_child_focus(GTK_WIDGET(self->run_list), GTK_DIR_TAB_FORWARD);
        g_signal_emit(self, signals[SIGNAL_RUN_CHOSEN], 0, item);
    }
}

void gsc_sidebar_find(GscSidebar *self) {
    GtkWidget *focus = gtk_root_get_focus(gtk_widget_get_root(GTK_WIDGET(self)));

    if (focus == NULL || !gtk_widget_is_ancestor(focus, GTK_WIDGET(self->search_entry))) {
        g_set_weak_pointer(&self->came_from, focus);
    }
    gtk_stack_set_visible_child_full(self->pages, "bench", GTK_STACK_TRANSITION_TYPE_NONE);
    gtk_toggle_button_set_active(self->find_button, TRUE);
    gtk_widget_grab_focus(GTK_WIDGET(self->search_entry));
}

/* ---- Plugins ------------------------------------------------------------------------------------- */

static GtkWidget *new_action_button(const char *icon, const char *tooltip, const char *action,
                                    const char *target) {
    GtkWidget *button = gtk_button_new_from_icon_name(icon);

    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(button, tooltip);
    gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", target);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, tooltip,
                                   -1);
    return button;
}

/* What can be done with it: load it, edit its source, or start a gate of one's own from it. */
static GtkWidget *new_plugin_button(const json_t *plugin, bool untrusted) {
    g_autofree char *stem = g_path_get_basename(gsc_plugin_text(plugin, "path"));
    char *dot = strrchr(stem, '.');

    if (untrusted) {
        GtkWidget *button = gtk_button_new_with_label("Load it");
        g_autofree char *label = g_strconcat("Load ", stem, NULL); /* which, to a screen reader */
        gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                       -1);
        gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s",
                                         gsc_plugin_text(plugin, "sha256"));
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.trust");
        return button;
    }
    if (dot != NULL) {
        *dot = '\0';
    }
    g_autofree char *base = g_strconcat(stem, ".c", NULL);
    g_autofree char *own =
        g_build_filename(g_get_user_data_dir(), "gatescope", "sources", base, NULL);
    if (g_file_test(own, G_FILE_TEST_EXISTS)) {
        return new_action_button("gsc-edit-symbolic", "Open its source in the editor",
                                 "win.edit-source", own);
    }
    return strcmp(gsc_plugin_text(plugin, "kind"), "gate") == 0 &&
                   *gsc_plugin_text(plugin, "source") != '\0'
               ? new_action_button("gsc-new-symbolic", "New gate from this one",
                                   "win.new-gate-from", gsc_plugin_text(plugin, "id"))
               : NULL;
}

static GtkWidget *create_plugin_row(const json_t *plugin) {
    const char *id = gsc_plugin_text(plugin, "id"), *title = gsc_plugin_text(plugin, "title");
    const char *status = gsc_plugin_text(plugin, "status"), *path = gsc_plugin_text(plugin, "path");
    g_autofree char *refusal = gsc_plugin_dup_refusal(plugin, "theory");
    bool ok = strcmp(status, "ok") == 0, untrusted = strcmp(status, "untrusted") == 0;
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *about = ok ? g_strdup_printf("%s · %s %s", gsc_plugin_text(plugin, "kind"), id,
                                                  gsc_plugin_text(plugin, "version"))
                             : untrusted ? g_strdup("Not loaded: it did not come with Gatescope")
                                         : g_strdup(refusal);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *row = gtk_list_box_row_new(), *button = new_plugin_button(plugin, untrusted);

    const char *name = *title != '\0' ? title : *id != '\0' ? id : base;
    gtk_box_append(GTK_BOX(words), new_label(name, NULL, NULL));
    gtk_box_append(GTK_BOX(words),
                   new_label(about, "caption", ok || untrusted ? "dim-label" : "error"));
    if (ok && *gsc_plugin_text(plugin, "formula") != '\0') {
        GtkWidget *label = new_label(NULL, "caption", "dim-label");
        g_autofree char *formula = gsc_words_formula(gsc_plugin_text(plugin, "formula"));
        gtk_label_set_markup(GTK_LABEL(label), formula);
        gtk_box_append(GTK_BOX(words), label);
    }
    if (ok && *refusal != '\0') {
        gtk_box_append(GTK_BOX(words), new_label(refusal, "caption", "dim-label"));
    }
    gtk_widget_set_hexpand(words, TRUE);
    gtk_box_append(GTK_BOX(box), words);
    if (button != NULL) {
        gtk_box_append(GTK_BOX(box), button);
    }
    gtk_widget_add_css_class(box, "plugin");
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    gtk_widget_set_tooltip_text(row, path);
    return row;
}

/* "33 ready · 1 refused · 2 to allow" */
static char *count_plugins(size_t ready, size_t refused, size_t untrusted) {
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%zu ready", ready);
    if (refused > 0) {
        g_string_append_printf(text, " · %zu refused", refused);
    }
    if (untrusted > 0) {
        g_string_append_printf(text, " · %zu to allow", untrusted);
    }
    return g_string_free(text, FALSE);
}

/* The rows, which are made when the page is shown: their words take longer to lay out than the window. */
static void list_plugins(GscSidebar *self) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(self->plugins);

    if (gtk_list_box_get_row_at_index(self->plugin_list, 0) != NULL) {
        return;
    }
    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        if (!gsc_plugin_is_formula(gsc_plugin_text(plugin, "id"))) {
            gtk_list_box_append(self->plugin_list, create_plugin_row(plugin));
        }
    }
}

static void on_plugins_loaded(GscPluginStore *plugins, GscSidebar *self) {
    const json_t *descriptors = gsc_plugin_store_get_descriptors(plugins);
    const char *problem = gsc_plugin_store_get_problem(plugins);
    size_t ready = 0, untrusted = 0, n = 0;
    GtkListBoxRow *row;

    while ((row = gtk_list_box_get_row_at_index(self->plugin_list, 0)) != NULL) {
        gtk_list_box_remove(self->plugin_list, GTK_WIDGET(row));
    }
    for (size_t i = 0; i < json_array_size(descriptors); i++) {
        const json_t *plugin = json_array_get(descriptors, i);
        if (gsc_plugin_is_formula(gsc_plugin_text(plugin, "id"))) {
            continue;
        }
        n++;
        ready += strcmp(gsc_plugin_text(plugin, "status"), "ok") == 0;
        untrusted += strcmp(gsc_plugin_text(plugin, "status"), "untrusted") == 0;
    }
    if (g_strcmp0(gtk_stack_get_visible_child_name(self->pages), "plugins") == 0) {
        list_plugins(self);
    }
    g_autofree char *count = problem != NULL
                                 ? g_strdup("not listed")
                                 : count_plugins(ready, n - ready - untrusted, untrusted);
    gtk_label_set_text(self->plugins_count, count);
    gtk_label_set_text(self->plugins_problem, problem != NULL ? problem : "");
    gtk_widget_set_visible(GTK_WIDGET(self->plugins_problem), problem != NULL);
}

static void on_plugins_clicked(GtkButton *button, GscSidebar *self) {
    list_plugins(self);
    gtk_stack_set_visible_child_name(self->pages, "plugins");
    gtk_widget_grab_focus(
        GTK_WIDGET(self->back_button)); /* the page that had the keyboard is gone */
}

/* The keyboard goes to the button that opened them. */
bool gsc_sidebar_leave_plugins(GscSidebar *self) {
    if (g_strcmp0(gtk_stack_get_visible_child_name(self->pages), "plugins") != 0) {
        return false;
    }
    gtk_stack_set_visible_child_name(self->pages, "bench");
    gtk_widget_grab_focus(GTK_WIDGET(self->plugins_button));
    return true;
}

static void on_back_clicked(GtkButton *button, GscSidebar *self) {
    gsc_sidebar_leave_plugins(self);
}

static void on_reload_clicked(GtkButton *button, GscSidebar *self) {
    gsc_plugin_store_load(self->plugins);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_sidebar_dispose(GObject *object) {
    GscSidebar *self = GSC_SIDEBAR(object);

    GtkWidget *content = GTK_WIDGET(self->pages);

    g_clear_handle_id(&self->scroll_source, g_source_remove);
    g_clear_handle_id(&self->show_source, g_source_remove);
    g_clear_weak_pointer(&self->came_from);

    if (content != NULL) { /* its rows outlive what their headings are made of */
        gtk_list_box_set_header_func(self->experiment_list, NULL, NULL, NULL);
    }
    self->pages = NULL;
    g_clear_pointer(&content, gtk_widget_unparent);
    g_clear_object(&self->found);
    g_clear_object(&self->experiments);
    g_clear_object(&self->runs);
    g_clear_object(&self->plugins);
    g_clear_pointer(&self->needle, g_free);
    G_OBJECT_CLASS(gsc_sidebar_parent_class)->dispose(object);
}

static void gsc_sidebar_class_init(GscSidebarClass *klass) {
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = gsc_sidebar_dispose;
    signals[SIGNAL_EXPERIMENT_CHOSEN] =
        g_signal_new("experiment-chosen", GSC_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 1, GSC_TYPE_EXPERIMENT);
    signals[SIGNAL_RUN_CHOSEN] = g_signal_new("run-chosen", GSC_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0,
                                              NULL, NULL, NULL, G_TYPE_NONE, 1, GSC_TYPE_RUN_ITEM);
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/gatescope/Gatescope/sidebar.ui");
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, pages);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, runs_stack);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, experiment_list);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, experiment_scroller);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, plugin_list);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, run_list);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, empty_label);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, plugins_count);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, plugins_problem);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, find_button);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, plugins_button);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, back_button);
    gtk_widget_class_bind_template_child(widget_class, GscSidebar, search_entry);
    gtk_widget_class_bind_template_callback(widget_class, on_experiment_selected);
    gtk_widget_class_bind_template_callback(widget_class, on_experiment_activated);
    gtk_widget_class_bind_template_callback(widget_class, on_search_changed);
    gtk_widget_class_bind_template_callback(widget_class, on_find_toggled);
    gtk_widget_class_bind_template_callback(widget_class, on_search_stopped);
    gtk_widget_class_bind_template_callback(widget_class, on_search_activated);
    gtk_widget_class_bind_template_callback(widget_class, on_run_activated);
    gtk_widget_class_bind_template_callback(widget_class, on_plugins_clicked);
    gtk_widget_class_bind_template_callback(widget_class, on_back_clicked);
    gtk_widget_class_bind_template_callback(widget_class, on_reload_clicked);
}

static void gsc_sidebar_init(GscSidebar *self) {
    self->needle = g_strdup("");
    gtk_widget_init_template(GTK_WIDGET(self));
    gsc_one_stop_make(self->experiment_list);
    gsc_text_scale_set_width(GTK_WIDGET(self), WIDTH);
    g_signal_connect_object(gtk_scrolled_window_get_vadjustment(self->experiment_scroller),
                            "changed", G_CALLBACK(on_size_changed), self, 0);
}

void gsc_sidebar_set_models(GscSidebar *self, GListModel *experiments, GscRunStore *runs,
                            GscPluginStore *plugins) {
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();

    self->experiments = g_object_ref(experiments);
    self->runs = g_object_ref(runs);
    self->plugins = g_object_ref(plugins);
    self->quiet = true;
    gtk_list_box_bind_model(self->experiment_list, experiments, create_experiment_row, NULL, NULL);
    gtk_list_box_set_header_func(self->experiment_list, update_heading, self, NULL);
    self->quiet = false;

    self->filter = gtk_custom_filter_new(matches, self, NULL);
    self->found = gtk_filter_list_model_new(g_object_ref(gsc_run_store_get_model(runs)),
                                            GTK_FILTER(self->filter));
    g_signal_connect_object(self->found, "items-changed", G_CALLBACK(on_found_changed), self, 0);
    g_signal_connect_object(runs, "listed", G_CALLBACK(show_runs_or_hint), self, G_CONNECT_SWAPPED);
    g_signal_connect(factory, "setup", G_CALLBACK(on_row_setup), NULL);
    g_signal_connect(factory, "bind", G_CALLBACK(on_row_bind), NULL);
    g_signal_connect(factory, "unbind", G_CALLBACK(on_row_unbind), NULL);
    gtk_list_view_set_factory(self->run_list, factory);
    g_object_unref(factory);
    g_autoptr(GtkNoSelection) none = gtk_no_selection_new(g_object_ref(G_LIST_MODEL(self->found)));
    gtk_list_view_set_model(self->run_list, GTK_SELECTION_MODEL(none));
    show_runs_or_hint(self);

    g_signal_connect_object(plugins, "loaded", G_CALLBACK(on_plugins_loaded), self, 0);
    gtk_label_set_text(self->plugins_count, "…");
}
