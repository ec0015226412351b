/* SPDX-License-Identifier: MIT
 *
 * An experiment that the window offers. See experiment.h.
 */
#include "ui/experiment.h"

#include "core/read/sweep.h"

#include <string.h>

#define SWEEP_SOURCE "sweep:"

struct _GscExperiment {
    GObject parent;
    char *name;
    char *title;
    char *summary;
    char *source;
    char *group;
    gsc_spec *spec;
};

G_DEFINE_FINAL_TYPE(GscExperiment, gsc_experiment, G_TYPE_OBJECT)
G_DEFINE_QUARK(gatescope - ui - error, gsc_ui_error)

void gsc_ui_take_error(GError **error, const gsc_error *from) {
    g_set_error_literal(error, GSC_UI_ERROR, from->status, from->message);
}

static void gsc_experiment_finalize(GObject *object) {
    GscExperiment *self = GSC_EXPERIMENT(object);

    g_free(self->name);
    g_free(self->title);
    g_free(self->summary);
    g_free(self->source);
    g_free(self->group);
    gsc_spec_free(self->spec);
    G_OBJECT_CLASS(gsc_experiment_parent_class)->finalize(object);
}

static void gsc_experiment_class_init(GscExperimentClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = gsc_experiment_finalize;
}

static void gsc_experiment_init(GscExperiment *self) {
}

GscExperiment *gsc_experiment_new_preset(const gsc_preset *preset, GError **error) {
    g_autoptr(GscExperiment) self = g_object_new(GSC_TYPE_EXPERIMENT, NULL);
    gsc_error failure = {0};

    self->name = g_strdup(preset->name);
    self->title = g_strdup(preset->title);
    self->summary = g_strdup(preset->summary);
    self->source = g_strconcat("preset:", preset->name, NULL);
    self->group = g_strdup(preset->group);
    if (gsc_spec_load(self->source, &self->spec, &failure) != GSC_OK) {
        gsc_ui_take_error(error, &failure);
        return NULL;
    }
    return g_steal_pointer(&self);
}

GscExperiment *gsc_experiment_new_file(const char *path, GError **error) {
    g_autoptr(GscExperiment) self = g_object_new(GSC_TYPE_EXPERIMENT, NULL);
    gsc_error failure = {0};

    self->source = g_canonicalize_filename(path, NULL);
    if (gsc_spec_load(self->source, &self->spec, &failure) != GSC_OK) {
        gsc_ui_take_error(error, &failure);
        return NULL;
    }
    g_autofree char *base = g_path_get_basename(path);
    char *dot = strrchr(base, '.');
    if (dot != NULL && dot != base) {
        *dot = '\0';
    }
    const char *title = gsc_spec_find_key("title") ? gsc_spec_string(self->spec, "title") : NULL;
    self->name = g_strdup(base);
    self->title = g_strdup(title != NULL && *title != '\0' ? title : base);
    self->summary = g_strdup_printf("Your spec %s", path);
    self->group = g_strdup("Your own");
    return g_steal_pointer(&self);
}

GscExperiment *gsc_experiment_new_sweep(const char *folder, GError **error) {
    g_autoptr(GscExperiment) self = g_object_new(GSC_TYPE_EXPERIMENT, NULL);
    gsc_error failure = {0};
    gsc_sweep *sweep = NULL;

    if (gsc_sweep_load(folder, &sweep, &failure) != GSC_OK) {
        gsc_ui_take_error(error, &failure);
        return NULL;
    }
    self->name = g_path_get_basename(folder);
    self->title = g_strdup(*sweep->title != '\0' ? sweep->title : self->name);
    self->summary = g_strdup_printf("%zu arms × %zu seeds", sweep->n_arms, sweep->n_seeds);
    self->source = g_strconcat(SWEEP_SOURCE, folder, NULL);
    self->group = g_strdup("Sweeps");
    self->spec = gsc_spec_dup(sweep->base);
    gsc_sweep_free(sweep);
    return g_steal_pointer(&self);
}

const char *gsc_experiment_get_sweep(GscExperiment *self) {
    return g_str_has_prefix(self->source, SWEEP_SOURCE) ? self->source + strlen(SWEEP_SOURCE)
                                                        : NULL;
}

const char *gsc_experiment_get_name(GscExperiment *self) {
    return self->name;
}

const char *gsc_experiment_get_title(GscExperiment *self) {
    return self->title;
}

const char *gsc_experiment_get_summary(GscExperiment *self) {
    return self->summary;
}

const char *gsc_experiment_get_source(GscExperiment *self) {
    return self->source;
}

const char *gsc_experiment_get_group(GscExperiment *self) {
    return self->group;
}

const gsc_spec *gsc_experiment_get_spec(GscExperiment *self) {
    return self->spec;
}
