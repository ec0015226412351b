/* SPDX-License-Identifier: MIT
 *
 * A sweep as it fills. See sweep_page.h.
 */
#include "ui/sweep_page_private.h"

#include "ui/arm_card.h"
#include "ui/sweep_words.h"
#include "ui/words.h"

#include <adwaita.h>
#include <string.h>

enum {
    LOOK_EVERY_MS = 1000
};

#define NO_ARM SIZE_MAX

G_DEFINE_FINAL_TYPE(GscSweepPage, gsc_sweep_page, GTK_TYPE_WIDGET)

enum {
    SIGNAL_ARM_CHOSEN,
    SIGNAL_ARM_RUN,
    SIGNAL_ALL_ARMS,
    SIGNAL_CONTINUE,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static bool is_over(const GscSweepPage *self) {
    return self->folder->count > 0 && self->folder->n_state[GSC_SWEEP_DONE] == self->folder->count;
}

/* ---- Looking ------------------------------------------------------------------------------------- */

static void show_state(GscSweepPage *self) {
    const gsc_sweep_folder *folder = self->folder;
    const bool idle = !is_over(self) && folder->n_state[GSC_SWEEP_RUNNING] == 0;
    const double done = (double)folder->n_state[GSC_SWEEP_DONE];
    g_autoptr(GPtrArray) runs = gsc_sweep_page_list_runs(self);
    g_autofree char *text = gsc_sweep_state_words(folder, runs);

    gtk_label_set_text(self->state_label, text);
    gtk_progress_bar_set_fraction(self->progress_bar,
                                  folder->count > 0 ? done / (double)folder->count : 0);
    gtk_widget_set_visible(GTK_WIDGET(self->progress_bar), !is_over(self));
    gtk_widget_set_visible(GTK_WIDGET(self->pause_button), !is_over(self));
    gtk_button_set_label(self->pause_button, folder->paused || idle ? "Continue" : "Pause");
}

/* One range for all cards whose figure has points. */
static void share_axes(GscSweepPage *self) {
    gsc_plot_view all = {G_MAXDOUBLE, -G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE}, home;

    for (guint i = 0; i < self->cards->len; i++) {
        if (gsc_arm_card_get_home(self->cards->pdata[i], &home)) {
            all.x_low = MIN(all.x_low, home.x_low);
            all.x_high = MAX(all.x_high, home.x_high);
            all.y_low = MIN(all.y_low, home.y_low);
            all.y_high = MAX(all.y_high, home.y_high);
        }
    }
    for (guint i = 0; i < self->cards->len && all.x_low < all.x_high; i++) {
        gsc_arm_card_set_view(self->cards->pdata[i], &all);
    }
}

static void look_at_cards(GscSweepPage *self, bool first) {
    const guint n = self->cards->len;
    g_autofree guint *done = g_new0(guint, n + 1), *all = g_new0(guint, n + 1);
    g_autofree bool *fresh = g_new0(bool, n + 1);

    for (size_t i = 0; i < self->folder->count; i++) {
        const gsc_sweep_entry *entry = &self->folder->entries[i];
        char path[4096];
        if (entry->run.arm >= n) {
            continue;
        }
        all[entry->run.arm]++;
        done[entry->run.arm] += entry->state == GSC_SWEEP_DONE;
        if (entry->state == GSC_SWEEP_RUNNING || entry->state == GSC_SWEEP_DONE) {
            gsc_sweep_run_path(self->folder->path, &entry->run, path, sizeof path);
            const bool here = gsc_arm_card_add_run(self->cards->pdata[entry->run.arm], path);
            fresh[entry->run.arm] |= here;
            if (here && entry->run.arm == self->large) {
                g_signal_emit(self, signals[SIGNAL_ARM_RUN], 0, path);
            }
        }
    }
    for (guint i = 0; i < n; i++) {
        gsc_arm_card_show_count(self->cards->pdata[i], done[i], all[i]);
        if (gsc_arm_card_look(self->cards->pdata[i]) || fresh[i] || first) {
            gsc_arm_card_draw(self->cards->pdata[i]);
        }
    }
    share_axes(self);
}

static void look(GscSweepPage *self, bool first) {
    gsc_error error = {0};

    if (gsc_sweep_folder_read(self->folder, false, &error) != GSC_OK) {
        gsc_sweep_page_say(self, error.message);
        return;
    }
    look_at_cards(self, first);
    gsc_sweep_queue_show(self->queue, self->folder);
    show_state(self);
    gsc_sweep_page_compare(self);
}

static gboolean look_again(gpointer data) {
    GscSweepPage *self = GSC_SWEEP_PAGE(data);

    look(self, false);
    if (is_over(self) && self->comparing == NULL &&
        self->compared == self->folder->n_state[GSC_SWEEP_DONE]) {
        self->look_source = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

/* ---- The folder ---------------------------------------------------------------------------------- */

static void forget(GscSweepPage *self) {
    GtkWidget *child;

    g_clear_handle_id(&self->look_source, g_source_remove);
    if (self->comparing != NULL) {
        g_cancellable_cancel(self->comparing);
        g_clear_object(&self->comparing);
    }
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->grid))) != NULL) {
        gtk_flow_box_remove(self->grid, child);
    }
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autofree char *problem = NULL;
    gsc_results_view_show(self->results, none); /* before their runs are closed */
    gsc_claim_view_show(self->robustness, none, "", 0, &problem);
    g_ptr_array_set_size(self->cards, 0);
    g_clear_pointer(&self->comparisons, gsc_sweep_comparisons_free);
    g_clear_pointer(&self->folder, gsc_sweep_folder_free);
    gsc_sweep_queue_show(self->queue, NULL);
    self->compared = 0;
    self->large = NO_ARM;
    self->drawn[0] = self->drawn[1] = self->drawn[2] = false;
    gsc_sweep_page_show_note(self, NULL);
}

static void show_plan(GscSweepPage *self) {
    const gsc_sweep *sweep = self->folder->sweep;
    g_autofree char *title = gsc_words_markup(*sweep->title != '\0' ? sweep->title : "Sweep");
    g_autofree char *hypothesis = gsc_sweep_plan_words(sweep);

    gtk_label_set_markup(self->title_label, title);
    gtk_label_set_text(self->hypothesis_label, hypothesis);
}

void gsc_sweep_page_set_folder(GscSweepPage *self, const char *path) {
    gsc_error error = {0};

    forget(self);
    if (path == NULL) {
        return;
    }
    if (gsc_sweep_folder_open(path, &self->folder, &error) != GSC_OK) {
        gsc_sweep_page_say(self, error.message);
        gtk_widget_set_visible(GTK_WIDGET(self->pause_button), FALSE);
        return;
    }
    show_plan(self);
    for (size_t i = 0; i < self->folder->sweep->n_arms; i++) {
        gsc_arm_card *card = gsc_arm_card_new(self->folder->sweep->arms[i].name);
        g_ptr_array_add(self->cards, card);
        gtk_flow_box_append(self->grid, gsc_arm_card_get_widget(card));
        GtkWidget *child = gtk_widget_get_parent(gsc_arm_card_get_widget(card));
        gtk_accessible_update_property(GTK_ACCESSIBLE(child), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       self->folder->sweep->arms[i].name, -1);
    }
    gtk_stack_set_visible_child_name(self->stack, "arms");
    look(self, true);
    self->look_source = g_timeout_add(LOOK_EVERY_MS, look_again, self);
}

void gsc_sweep_page_say(GscSweepPage *self, const char *sentence) {
    gsc_sweep_page_show_note(self, sentence);
}

static size_t find_arm(const GscSweepPage *self, const char *name) {
    const gsc_sweep *sweep = self->folder != NULL ? self->folder->sweep : NULL;

    for (size_t i = 0; sweep != NULL && i < sweep->n_arms; i++) {
        if (strcmp(sweep->arms[i].name, name) == 0) {
            return i;
        }
    }
    return NO_ARM;
}

void gsc_sweep_page_set_arm(GscSweepPage *self, const char *arm) {
    g_autofree char *text = arm != NULL ? g_strdup_printf("Arm %s", arm) : g_strdup("");

    self->large = arm != NULL ? find_arm(self, arm) : NO_ARM;
    gtk_label_set_text(self->arm_label, text);
    gtk_widget_set_visible(self->body, arm == NULL);
    gtk_widget_set_visible(self->arm_box, arm != NULL);
    gtk_widget_set_vexpand(GTK_WIDGET(self), arm == NULL);
}

const char *gsc_sweep_page_get_tab(GscSweepPage *self) {
    return gtk_stack_get_visible_child_name(self->stack);
}

void gsc_sweep_page_set_tab(GscSweepPage *self, const char *tab) {
    if (gtk_stack_get_child_by_name(self->stack, tab) != NULL) {
        gtk_stack_set_visible_child_name(self->stack, tab);
    }
}

guint gsc_sweep_page_count_arms(GscSweepPage *self) {
    return self->cards->len;
}

guint gsc_sweep_page_count_done(GscSweepPage *self) {
    return self->folder != NULL ? (guint)self->folder->n_state[GSC_SWEEP_DONE] : 0;
}

const char *gsc_sweep_page_get_state(GscSweepPage *self) {
    return gtk_label_get_text(self->state_label);
}

char *gsc_sweep_page_dup_verdicts(GscSweepPage *self) {
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < self->cards->len; i++) {
        g_string_append_printf(text, "%s%s: %s", i > 0 ? "\n" : "",
                               self->folder->sweep->arms[i].name,
                               gsc_arm_card_get_verdict(self->cards->pdata[i]));
    }
    return g_string_free(text, FALSE);
}

/* ---- Hands --------------------------------------------------------------------------------------- */

static void on_pause_clicked(GtkButton *button, GscSweepPage *self) {
    gsc_error error = {0};

    if (self->folder == NULL) {
        return;
    }
    const bool go_on = self->folder->paused || self->folder->n_state[GSC_SWEEP_RUNNING] == 0;
    if (gsc_sweep_pause(self->folder->path, !go_on, &error) != GSC_OK) {
        gsc_sweep_page_say(self, error.message);
        return;
    }
    if (go_on && self->folder->n_state[GSC_SWEEP_RUNNING] == 0) {
        g_signal_emit(self, signals[SIGNAL_CONTINUE], 0, self->folder->path);
    }
    look(self, false);
}

static void on_arm_activated(GtkFlowBox *grid, GtkFlowBoxChild *child, GscSweepPage *self) {
    const guint at = (guint)gtk_flow_box_child_get_index(child);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (at >= self->cards->len) {
        return;
    }
    const GPtrArray *paths = gsc_arm_card_get_paths(self->cards->pdata[at]);
    for (guint i = 0; i < paths->len; i++) {
        g_strv_builder_add(builder, paths->pdata[i]);
    }
    g_auto(GStrv) all = g_strv_builder_end(builder);
    g_signal_emit(self, signals[SIGNAL_ARM_CHOSEN], 0, self->folder->sweep->arms[at].name, all);
}

static void on_back_clicked(GtkButton *button, GscSweepPage *self) {
    g_signal_emit(self, signals[SIGNAL_ALL_ARMS], 0);
}

static void on_tab(GtkStack *stack, GParamSpec *pspec, GscSweepPage *self) {
    if (self->folder != NULL) {
        gsc_sweep_page_draw_figure(self);
    }
}

static void on_moved(GscSweepQueue *queue, GscSweepPage *self) {
    look(self, false);
}

static void on_problem(GscSweepQueue *queue, const char *sentence, GscSweepPage *self) {
    gsc_sweep_page_show_note(self, sentence);
}

/* ---- Object -------------------------------------------------------------------------------------- */

static void gsc_sweep_page_dispose(GObject *object) {
    GscSweepPage *self = GSC_SWEEP_PAGE(object);

    if (self->content != NULL) {
        forget(self);
    }
    g_clear_pointer(&self->content, gtk_widget_unparent);
    g_clear_pointer(&self->cards, g_ptr_array_unref);
    G_OBJECT_CLASS(gsc_sweep_page_parent_class)->dispose(object);
}

static void gsc_sweep_page_class_init(GscSweepPageClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_sweep_page_dispose;
    signals[SIGNAL_ARM_CHOSEN] =
        g_signal_new("arm-chosen", GSC_TYPE_SWEEP_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                     G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRV);
    signals[SIGNAL_ARM_RUN] = g_signal_new("arm-run", GSC_TYPE_SWEEP_PAGE, G_SIGNAL_RUN_LAST, 0,
                                           NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[SIGNAL_ALL_ARMS] = g_signal_new("all-arms", GSC_TYPE_SWEEP_PAGE, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_CONTINUE] = g_signal_new("continue", GSC_TYPE_SWEEP_PAGE, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static GtkLabel *new_label(const char *css_class) {
    GtkWidget *label = gtk_label_new(NULL);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(label, css_class);
    return GTK_LABEL(label);
}

static GtkWidget *make_head(GscSweepPage *self) {
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);

    self->title_label = new_label("title-4");
    self->hypothesis_label = new_label("body");
    self->state_label = new_label("caption");
    self->note_label = new_label("caption");
    self->pause_button = GTK_BUTTON(gtk_button_new_with_label("Pause"));
    gtk_widget_add_css_class(GTK_WIDGET(self->hypothesis_label), "dim-label");
    gtk_widget_add_css_class(GTK_WIDGET(self->state_label), "numeric");
    gtk_widget_add_css_class(GTK_WIDGET(self->note_label), "dim-label");
    gtk_widget_set_visible(GTK_WIDGET(self->note_label), FALSE);
    gtk_widget_set_hexpand(words, TRUE);
    gtk_widget_set_valign(GTK_WIDGET(self->pause_button), GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(self->title_label));
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(self->hypothesis_label));
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(self->state_label));
    gtk_box_append(GTK_BOX(words), GTK_WIDGET(self->note_label));
    gtk_box_append(GTK_BOX(head), words);
    gtk_box_append(GTK_BOX(head), GTK_WIDGET(self->pause_button));
    gtk_widget_add_css_class(head, "figure-title");
    return head;
}

static GtkWidget *make_grid(GscSweepPage *self) {
    GtkWidget *scroller = gtk_scrolled_window_new();

    self->grid = GTK_FLOW_BOX(gtk_flow_box_new());
    gtk_flow_box_set_homogeneous(self->grid, TRUE);
    gtk_flow_box_set_min_children_per_line(self->grid, 1);
    gtk_flow_box_set_max_children_per_line(self->grid, 4);
    gtk_flow_box_set_row_spacing(self->grid, 12);
    gtk_flow_box_set_column_spacing(self->grid, 12);
    gtk_flow_box_set_selection_mode(self->grid, GTK_SELECTION_NONE);
    gtk_widget_set_valign(GTK_WIDGET(self->grid), GTK_ALIGN_START);
    gtk_widget_add_css_class(GTK_WIDGET(self->grid), "arms");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->grid), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Arms of the sweep", -1);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->grid));
    g_signal_connect(self->grid, "child-activated", G_CALLBACK(on_arm_activated), self);
    return scroller;
}

static void make_stack(GscSweepPage *self) {
    self->stack = GTK_STACK(gtk_stack_new());
    self->differences = GSC_PLOT_CANVAS(gsc_plot_canvas_new());
    self->robustness = GSC_CLAIM_VIEW(gsc_claim_view_new());
    self->results = GSC_RESULTS_VIEW(gsc_results_view_new());
    self->queue = GSC_SWEEP_QUEUE(gsc_sweep_queue_new());
    gtk_stack_add_titled(self->stack, make_grid(self), "arms", "Arms");
    gtk_stack_add_titled(self->stack, GTK_WIDGET(self->differences), "differences", "Differences");
    gtk_stack_add_titled(self->stack, GTK_WIDGET(self->robustness), "robustness", "Robustness");
    gtk_stack_add_titled(self->stack, GTK_WIDGET(self->results), "results", "Results");
    gtk_stack_add_titled(self->stack, GTK_WIDGET(self->queue), "waiting", "Waiting");
    gtk_stack_set_hhomogeneous(self->stack, FALSE);
    gtk_stack_set_vhomogeneous(self->stack, FALSE);
    gtk_widget_set_vexpand(GTK_WIDGET(self->stack), TRUE);
    g_signal_connect(self->stack, "notify::visible-child", G_CALLBACK(on_tab), self);
    g_signal_connect(self->queue, "moved", G_CALLBACK(on_moved), self);
    g_signal_connect(self->queue, "problem", G_CALLBACK(on_problem), self);
}

GPtrArray *gsc_sweep_page_list_figures(GscSweepPage *self) {
    GPtrArray *figures = g_ptr_array_new();
    GtkWidget *shown = gtk_stack_get_visible_child(self->stack);

    if (GSC_IS_RESULTS_VIEW(shown)) {
        shown = GTK_WIDGET(gsc_results_view_get_canvas(GSC_RESULTS_VIEW(shown)));
    } else if (GSC_IS_CLAIM_VIEW(shown)) {
        shown = GTK_WIDGET(gsc_claim_view_get_canvas(GSC_CLAIM_VIEW(shown)));
    }

    for (guint i = 0; g_strcmp0(gtk_stack_get_visible_child_name(self->stack), "arms") == 0 &&
                      self->folder != NULL && i < self->cards->len;
         i++) {
        gsc_figure *figure = gsc_arm_card_get_figure(self->cards->pdata[i]);
        if (figure != NULL) {
            gsc_figure_set_text(&figure->title, self->folder->sweep->arms[i].name);
            g_ptr_array_add(figures, figure);
        }
    }
    if (GSC_IS_PLOT_CANVAS(shown) && gsc_plot_canvas_get_figure(GSC_PLOT_CANVAS(shown)) != NULL) {
        g_ptr_array_add(figures, (gpointer)gsc_plot_canvas_get_figure(GSC_PLOT_CANVAS(shown)));
    }
    return figures;
}

static GtkWidget *make_way_back(GscSweepPage *self) {
    GtkWidget *back = gtk_button_new_with_label("All arms");

    self->arm_box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    self->arm_label = new_label("heading");
    gtk_box_append(GTK_BOX(self->arm_box), back);
    gtk_box_append(GTK_BOX(self->arm_box), GTK_WIDGET(self->arm_label));
    gtk_widget_set_visible(self->arm_box, FALSE);
    gtk_widget_add_css_class(self->arm_box, "sweep-tabs");
    g_signal_connect(back, "clicked", G_CALLBACK(on_back_clicked), self);
    return self->arm_box;
}

static void free_card(gpointer card) {
    gsc_arm_card_free(card);
}

static void gsc_sweep_page_init(GscSweepPage *self) {
    GtkWidget *switcher = gtk_stack_switcher_new();

    self->cards = g_ptr_array_new_with_free_func(free_card);
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    self->progress_bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
    gtk_widget_add_css_class(GTK_WIDGET(self->progress_bar), "osd");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->progress_bar),
                                   GTK_ACCESSIBLE_PROPERTY_LABEL, "Progress of the sweep", -1);
    gtk_box_append(GTK_BOX(self->content), make_head(self));
    make_stack(self);
    gtk_stack_switcher_set_stack(GTK_STACK_SWITCHER(switcher), self->stack);
    gtk_widget_set_halign(switcher, GTK_ALIGN_START);
    gtk_widget_add_css_class(switcher, "sweep-tabs");
    self->body = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(self->body), GTK_WIDGET(self->progress_bar));
    gtk_box_append(GTK_BOX(self->body), switcher);
    gtk_box_append(GTK_BOX(self->body), GTK_WIDGET(self->stack));
    gtk_box_append(GTK_BOX(self->content), make_way_back(self));
    gtk_box_append(GTK_BOX(self->content), self->body);
    gtk_widget_set_parent(self->content, GTK_WIDGET(self));
    g_signal_connect(self->pause_button, "clicked", G_CALLBACK(on_pause_clicked), self);
}
