/* SPDX-License-Identifier: MIT
 *
 * What a new user meets. See start_page.h.
 */
#include "ui/start_page.h"

#include "ui/text_scale.h"
#include "ui/thumbnail.h"
#include "ui/words.h"

enum {
    WIDTH = 300 /* at the least, at the usual text scale */
};

static const char *const as_it_is[] = {NULL};
static const char *const few_sizes[] = {"theory.sizes=[200,500,1000,2000,5000]",
                                        "theory.replicates=16", NULL};
static const char *const few_steps[] = {"lm.steps=40", NULL};

static const gsc_small_run small_runs[] = {
    {"first", "One shared expert too many, and the error falls only as n^{-1/4}.", as_it_is, 20},
    {"theorem1", "Softmax gate, ReLU experts: the loss that the paper bounds by n^{-1/2}.",
     few_sizes, 5},
    {"theorem2", "Linear experts: the loss falls, and hides coordinates that are much slower.",
     few_sizes, 5},
    {"theorem4", "Normalized sigmoid, dense regime: fits leave the truth, the loss stays.",
     few_sizes, 10},
    {"fingerprint", "Without samples: what divergence a parameter error costs.", as_it_is, 10},
    {"lm-deepseek-v3", "A small language model: watch its router while it learns.", few_steps, 40},
};

const gsc_small_run *gsc_small_runs(size_t *ret_count) {
    *ret_count = G_N_ELEMENTS(small_runs);
    return small_runs;
}

struct _GscStartPage {
    GtkWidget parent;
    GtkWidget *scroller;
    GtkFlowBox *cards;
};

G_DEFINE_FINAL_TYPE(GscStartPage, gsc_start_page, GTK_TYPE_WIDGET)

enum {
    SIGNAL_CHOSEN,
    N_SIGNALS
};
static guint signals[N_SIGNALS];

static void gsc_start_page_dispose(GObject *object) {
    GscStartPage *self = GSC_START_PAGE(object);

    g_clear_pointer(&self->scroller, gtk_widget_unparent);
    G_OBJECT_CLASS(gsc_start_page_parent_class)->dispose(object);
}

static void gsc_start_page_class_init(GscStartPageClass *klass) {
    G_OBJECT_CLASS(klass)->dispose = gsc_start_page_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
    signals[SIGNAL_CHOSEN] = g_signal_new("chosen", GSC_TYPE_START_PAGE, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static GtkWidget *new_label(const char *markup, const char *first_class, const char *second_class) {
    GtkWidget *label = gtk_label_new(NULL);

    gtk_label_set_markup(GTK_LABEL(label), markup);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 34);
    if (first_class != NULL) {
        gtk_widget_add_css_class(label, first_class);
    }
    if (second_class != NULL) {
        gtk_widget_add_css_class(label, second_class);
    }
    return label;
}

static void gsc_start_page_init(GscStartPage *self) {
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    GtkWidget *cards = gtk_flow_box_new();

    self->cards = GTK_FLOW_BOX(cards);
    gtk_flow_box_set_selection_mode(self->cards, GTK_SELECTION_NONE);
    gtk_flow_box_set_homogeneous(self->cards, TRUE);
    gtk_flow_box_set_max_children_per_line(self->cards, 3);
    gtk_flow_box_set_column_spacing(self->cards, 12);
    gtk_flow_box_set_row_spacing(self->cards, 12);
    gtk_widget_set_valign(cards, GTK_ALIGN_START);
    gtk_accessible_update_property(GTK_ACCESSIBLE(cards), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   "Experiments to start with", -1);
    gtk_widget_add_css_class(box, "start-page");
    gtk_box_append(GTK_BOX(box), new_label("Start with an experiment", "title-2", NULL));
    gtk_box_append(GTK_BOX(box),
                   new_label("A click runs it small, in under a minute; everything in it can be "
                             "changed at the right afterwards.",
                             "dim-label", NULL));
    gtk_box_append(GTK_BOX(box), cards);
    self->scroller = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->scroller), box);
    gtk_widget_set_parent(self->scroller, GTK_WIDGET(self));
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
    gsc_text_scale_set_width(self->scroller, WIDTH);
}

static void on_clicked(GtkButton *button, GscStartPage *self) {
    g_signal_emit(self, signals[SIGNAL_CHOSEN], 0, g_object_get_data(G_OBJECT(button), "run"));
}

static GtkWidget *new_card(GscStartPage *self, GscExperiment *experiment,
                           const gsc_small_run *run) {
    GtkWidget *button = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    GtkWidget *words = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    GtkWidget *picture = gsc_thumbnail_new(experiment);
    g_autofree char *title = gsc_words_markup(gsc_experiment_get_title(experiment));
    g_autofree char *says = gsc_words_markup(run->says);
    g_autofree char *time = g_strdup_printf("About %d s on two cores", run->seconds);

    gtk_widget_set_valign(picture, GTK_ALIGN_START);
    gtk_widget_set_hexpand(words, TRUE); /* else lines break to a height guessed before */
    gtk_box_append(GTK_BOX(words), new_label(title, "heading", NULL));
    gtk_box_append(GTK_BOX(words), new_label(says, NULL, NULL));
    gtk_box_append(GTK_BOX(words), new_label(time, "caption", "dim-label"));
    gtk_box_append(GTK_BOX(box), picture);
    gtk_box_append(GTK_BOX(box), words);
    gtk_button_set_child(GTK_BUTTON(button), box);
    gtk_widget_add_css_class(button, "card");
    gtk_widget_add_css_class(button, "start-card");
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   gsc_experiment_get_title(experiment),
                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, run->says, -1);
    gtk_widget_set_name(button, run->preset);
    g_object_set_data(G_OBJECT(button), "run", (gpointer)run);
    g_signal_connect_object(button, "clicked", G_CALLBACK(on_clicked), self, 0);
    return button;
}

void gsc_start_page_set_experiments(GscStartPage *self, GListModel *experiments) {
    for (gsize k = 0; k < G_N_ELEMENTS(small_runs); k++) {
        for (guint i = 0; i < g_list_model_get_n_items(experiments); i++) {
            g_autoptr(GscExperiment) experiment = g_list_model_get_item(experiments, i);
            g_autofree char *source = g_strconcat("preset:", small_runs[k].preset, NULL);
            if (g_strcmp0(gsc_experiment_get_source(experiment), source) == 0) {
                gtk_flow_box_append(self->cards, new_card(self, experiment, &small_runs[k]));
                break;
            }
        }
    }
    /* the buttons take the focus, not the cells around them */
    for (GtkWidget *cell = gtk_widget_get_first_child(GTK_WIDGET(self->cards)); cell != NULL;
         cell = gtk_widget_get_next_sibling(cell)) {
        gtk_widget_set_focusable(cell, FALSE);
    }
}
