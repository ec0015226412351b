/* SPDX-License-Identifier: MIT
 *
 * Corpus, model and trainer of a run, from its spec. Layer: core/lm.
 */
#include "core/lm/lab_internal.h"

#include "core/plugin/memory_limit.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What the system has ---- */

/* A line of kilobytes of a file in /proc, in bytes; 0 where it does not say. */
static double system_bytes(const char *path, const char *format) {
    char line[128];
    double kilobytes = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && kilobytes == 0 && fgets(line, sizeof line, file) != NULL) {
        sscanf(line, format, &kilobytes);
    }
    if (file != NULL) {
        fclose(file);
    }
    return 1024 * kilobytes;
}

/* What the program itself has: code, plugins, tokenizer and what it has mapped of the corpus. */
static double process_bytes(void) {
    return system_bytes("/proc/self/status", "VmRSS: %lf kB");
}

/* What the system could give, and allows; 0 where it does not say. */
static double available_bytes(void) {
    const double has = system_bytes("/proc/meminfo", "MemAvailable: %lf kB");
    const double allowed = (double)gsc_memory_allowed_bytes() - process_bytes();
    return has > 0 && has < allowed ? has : allowed;
}

/* ---- Corpus ---- */

static bool report(void *context, const char *what, double fraction) {
    lab *self = context;
    gsc_error error = {0};
    /* Of what cannot tell how far it is, the log says that it has begun. */
    if (fraction < 0 && !self->told_wait) {
        char text[160];
        self->told_wait = true;
        snprintf(text, sizeof text,
                 "%.60s, once for a corpus: about %.0f s, and up to %.0f MB of memory", what,
                 fmax(1, self->making.seconds), (double)self->making.memory_bytes / (1 << 20));
        if (self->sink->event(self->sink, GSC_EVENT_INFO, "data", text, &error) != GSC_OK) {
            return false;
        }
    }
    return self->sink->progress(self->sink, 0, what, &error) == GSC_OK && !self->tee.stop;
}

/* What was left out of the corpus, or changed in it. */
static gsc_status tell_flaws(lab *self, const char *data, gsc_error *error) {
    const gsc_reader_report *seen = &self->tokens.report;
    gsc_status status = GSC_OK;
    char text[512];
    if (seen->bad_lines > 0) {
        snprintf(text, sizeof text,
                 "%" PRIu64 " bad lines of %.100s were left out; the first: %.250s",
                 seen->bad_lines, data, seen->first_bad);
        status = self->sink->event(self->sink, GSC_EVENT_WARNING, "data", text, error);
    }
    if (status == GSC_OK && seen->replaced > 0) {
        snprintf(text, sizeof text,
                 "%" PRIu64 " bytes of %.100s are not UTF-8 and were replaced by U+FFFD",
                 seen->replaced, data);
        status = self->sink->event(self->sink, GSC_EVENT_WARNING, "data", text, error);
    }
    return status;
}

static gsc_status foresee_tokenizer(lab *self, const char *choice, const char *data,
                                    gsc_error *error) {
    gsc_tokenizer_needs needs;
    const gsc_status status = gsc_tokenizer_foresee(choice, data, &needs, error);
    const double mb = 1.0 / (1 << 20), has = available_bytes();
    if (status == GSC_OK && has > 0 && (double)needs.memory_bytes > has) {
        return gsc_fail(
            error, GSC_ERR_MEMORY,
            "training the tokenizer %s needs about %.0f MB, and this machine has %.0f MB "
            "left: take lm.tokenizer=bytes, or a .model file made elsewhere",
            choice, mb * (double)needs.memory_bytes, mb * has);
    }
    self->making = needs;
    return status;
}

static gsc_status read_corpus(lab *self, gsc_error *error) {
    const char *data = gsc_spec_string(self->spec, "lm.data");
    const char *choice = gsc_spec_string(self->spec, "lm.tokenizer");
    const gsc_data_watch watch = {.report = report, .context = self};
    gsc_status status = foresee_tokenizer(self, choice, data, error);
    if (status == GSC_OK) {
        status = gsc_tokenizer_new(choice, data, &watch, &self->tokenizer, error);
    }
    if (status == GSC_OK) {
        status = gsc_tokens_open(data, self->tokenizer, &watch, &self->tokens, error);
    }
    malloc_trim(0); /* what the tokenizer's making took goes back to the system */
    return status == GSC_OK ? tell_flaws(self, data, error) : status;
}

/* How much of the training text the run will see. */
static gsc_status tell_text(lab *self, gsc_error *error) {
    const gsc_token_stream *train = &self->tokens.train;
    const double sees =
        (double)self->recipe.steps * (double)self->recipe.batch * (double)self->shape.context;
    char text[320];
    snprintf(text, sizeof text,
             "the run sees %.4g tokens, %.3g times the training text of %.4g tokens in %" PRIu64
             " documents; %" PRIu64 " documents are held out, %" PRIu64
             " of them in the validation and %" PRIu64 " in the router's probe",
             sees, sees / (double)train->count, (double)train->count, train->documents,
             self->tokens.held_out.documents, self->validation.documents, self->interim.documents);
    gsc_status status = self->sink->event(self->sink, GSC_EVENT_INFO, "data", text, error);
    if (status == GSC_OK) {
        status = lm_lab_tell_corpus(self, error);
    }
    const uint64_t wanted = (uint64_t)gsc_spec_int(self->spec, "lm.probe_positions");
    if (status == GSC_OK &&
        (self->interim.documents < GSC_PROBE_DOCUMENTS || self->interim.positions < wanted)) {
        snprintf(text, sizeof text,
                 "the router's probe has %" PRIu64 " positions of %" PRIu64
                 " %s, all that the held-out text gives; %" PRIu64
                 " positions of %d documents were wanted",
                 self->interim.positions, self->interim.documents,
                 self->interim.documents == 1 ? "document" : "documents", wanted,
                 GSC_PROBE_DOCUMENTS);
        status = self->sink->event(self->sink, GSC_EVENT_WARNING, "data", text, error);
    }
    return status;
}

static gsc_status make_samples(lab *self, gsc_error *error) {
    const uint64_t positions = (uint64_t)gsc_spec_int(self->spec, "lm.validation_positions");
    gsc_status status = gsc_sampler_init(&self->sampler, &self->tokens, self->shape.context,
                                         (uint64_t)gsc_spec_int(self->spec, "seed"), error);
    if (status == GSC_OK) {
        status = gsc_probe_init(&self->validation, &self->tokens, self->shape.context, positions, 1,
                                error);
    }
    if (status == GSC_OK) {
        status = gsc_probe_init(&self->interim, &self->tokens, self->shape.context,
                                (uint64_t)gsc_spec_int(self->spec, "lm.probe_positions"),
                                GSC_PROBE_DOCUMENTS, error);
    }
    return status;
}

/* ---- Memory ---- */

static gsc_status foresee(lab *self, gsc_error *error) {
    gsc_lm_forecast f;
    gsc_lm_parameters parameters = {0};
    gsc_status status = gsc_lm_forecast_of(&self->shape, &self->options, &f, error);
    if (status == GSC_OK) {
        status = gsc_lm_parameters_init(&parameters, &self->shape, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    const gsc_router_plan plan = {.layers = self->shape.layers,
                                  .experts = self->shape.experts,
                                  .top_k = self->shape.top_k,
                                  .positions = self->interim.positions};
    const size_t metrics = gsc_router_report_bytes(&plan, self->n_stops);
    const size_t needs = f.total + metrics;
    const double mb = 1.0 / (1 << 20), has = available_bytes(), process = process_bytes();
    char text[400];
    snprintf(
        text, sizeof text,
        "%zu parameters, %zu active for a token; the run needs %.0f MB: weights, gradients and "
        "moments %.0f, activations %.0f, gates %.0f, router metrics %.0f, "
        "the program itself %.0f",
        parameters.trained, gsc_lm_active_parameters(&self->shape, &parameters),
        mb * ((double)needs + process), mb * (double)f.parameters, mb * (double)f.activations,
        mb * (double)f.host, mb * (double)metrics, mb * process);
    gsc_lm_parameters_clear(&parameters);
    if (has > 0 && (double)needs > has) {
        return gsc_fail(
            error, GSC_ERR_MEMORY,
            "%s; this machine has %.0f MB left: raise lm.accumulate, or choose a smaller "
            "model",
            text, mb * has);
    }
    return self->sink->event(self->sink, GSC_EVENT_INFO, "lm", text, error);
}

/* ---- Model ---- */

static void read_recipe(lab *self) {
    const gsc_spec *spec = self->spec;
    self->recipe = gsc_lm_recipe_read(spec);
    self->options = (gsc_lm_options){.dtype = GSC_F32,
                                     .sequences = self->recipe.batch / self->recipe.accumulate,
                                     .seed = (uint64_t)gsc_spec_int(spec, "seed"),
                                     .training = true,
                                     .pool = self->pool};
}

static size_t add_text(char *text, size_t used, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static size_t add_text(char *text, size_t used, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int more = vsnprintf(text + used, size - used, format, args);
    va_end(args);
    return more < 0 || used + (size_t)more >= size ? size - 1 : used + (size_t)more;
}

/* " KIND id hash (parameters)". */
static size_t add_plugin(char *text, size_t used, size_t size, const gsc_lm_plugin *plugin) {
    const gsc_plugin *of = plugin->loaded->plugin;
    used = add_text(text, used, size, ", %s %s %.12s", gsc_kind_name(of->kind), of->id,
                    plugin->loaded->sha256);
    for (uint32_t i = 0; i < of->n_params; i++) {
        used = add_text(text, used, size, " %.9g", plugin->params[i]);
    }
    for (size_t i = 0; i < plugin->n_courses; i++) {
        const gsc_spec_schedule *schedule = &plugin->courses[i].schedule;
        used = add_text(text, used, size, " to %.9g in %.9g by %d", schedule->to, schedule->steps,
                        (int)schedule->shape);
    }
    return used;
}

/* What must be the same for a run to go on from a checkpoint with the same bits. */
static void describe(lab *self) {
    const gsc_lm_recipe *r = &self->recipe;
    const gsc_lm_shape *s = &self->shape;
    char *text = self->identity;
    const size_t size = sizeof self->identity;
    size_t used =
        add_text(text, 0, size,
                 "seed %" PRIu64 ", %" PRId64
                 " steps of %zu / %zu sequences of %zu tokens, rate %.17g after %" PRId64
                 " to %.17g, clip %.17g, decay %.17g, betas %.17g %.17g, top %zu, drop "
                 "%.9g %d, jitter %.9g, data %.64s",
                 self->options.seed, r->steps, r->batch, r->accumulate, s->context,
                 r->learning_rate, r->warmup, r->floor, r->clip, r->decay, r->beta1, r->beta2,
                 s->top_k, s->capacity_factor, s->drop_by_score, s->jitter, self->tokens.hash);
    used = add_plugin(text, used, size, &s->gate);
    for (size_t k = 0; k < gsc_lm_kinds(s); k++) {
        used = add_plugin(text, used, size, gsc_lm_kind(s, k));
        used = add_text(text, used, size, " x %zu", gsc_lm_kind_count(s, k));
    }
    for (size_t i = 0; i < s->n_balancers; i++) {
        used = add_plugin(text, used, size, &s->balancers[i]);
        used = add_text(text, used, size, " * %.9g", s->balancers[i].coefficient);
    }
}

int64_t lm_lab_spacing(const lab *self) {
    const int64_t every = gsc_spec_int(self->spec, "lm.checkpoint_every");
    const int64_t tenth = (self->recipe.steps + 5) / 10;
    return every > 0 ? every : tenth > 0 ? tenth : 1;
}

static void add_stop(lab *self, int64_t at) {
    const int64_t stop = at > self->recipe.steps ? self->recipe.steps : at;
    if (self->n_stops == 0 || self->stops[self->n_stops - 1] < stop) {
        self->stops[self->n_stops++] = stop;
    }
}

/* Steps with a checkpoint: 0, the last, and multiples of the spacing, so that change rates are over
 * equal distances; where the spec asks for none, a tenth of the run, and 1, 2 and 5 percent. */
static gsc_status find_stops(lab *self, gsc_error *error) {
    static const double percents[] = {1, 2, 5};
    const int64_t steps = self->recipe.steps, spacing = lm_lab_spacing(self);
    const size_t most = (size_t)(steps / spacing) + 6;
    self->stops = malloc(most * sizeof *self->stops);
    if (self->stops == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for %zu checkpoints", most);
    }
    add_stop(self, 0);
    for (size_t i = 0; i < 3 && gsc_spec_int(self->spec, "lm.checkpoint_every") == 0; i++) {
        const int64_t at = (int64_t)(percents[i] / 100 * (double)steps + 0.5);
        if (at < spacing) {
            add_stop(self, at);
        }
    }
    for (int64_t at = spacing; at < steps; at += spacing) {
        add_stop(self, at);
    }
    add_stop(self, steps);
    return GSC_OK;
}

/* Why the last checkpoint has no change rate, where it has none. */
static gsc_status tell_spacing(lab *self, gsc_error *error) {
    const int64_t spacing = lm_lab_spacing(self), rest = self->recipe.steps % spacing;
    char text[256];
    if (rest == 0) {
        return GSC_OK;
    }
    snprintf(text, sizeof text,
             "the last checkpoint comes %" PRId64 " steps after the one before and has no change "
             "rate, which is over %" PRId64 " steps; a multiple of that for lm.steps gives it one",
             rest, spacing);
    return self->sink->event(self->sink, GSC_EVENT_INFO, "router", text, error);
}

static gsc_status make_model(lab *self, gsc_error *error) {
    const size_t workspace = gsc_lm_workspace_bytes(&self->shape, gsc_pool_threads(self->pool));
    gsc_status status = gsc_queue_new(gsc_device_cpu(), self->pool, workspace, &self->queue, error);
    if (status == GSC_OK) {
        status = gsc_lm_new(self->queue, &self->shape, &self->options, &self->model, error);
    }
    if (status == GSC_OK) {
        status =
            gsc_lm_trainer_init(&self->trainer, self->queue, self->model, &self->recipe, error);
    }
    const char *from = gsc_spec_string(self->spec, "lm.resume");
    if (status == GSC_OK) {
        gsc_lm_keep(self->model, "loads", self->trainer.loads,
                    self->shape.layers * self->shape.experts);
        gsc_lm_keep(self->model, "dropped", self->trainer.dropped, self->shape.layers);
        gsc_lm_keep(self->model, "imbalance_tail", self->tails, 2 * self->shape.layers);
    }
    if (status == GSC_OK && from != NULL && from[0] != '\0') {
        status = gsc_lm_load(self->model, from, self->identity, &self->trainer.step, error);
        self->saved_step = self->trainer.step;
    }
    self->first_step = self->told_step = self->trainer.step;
    return status;
}

static gsc_status make_room(lab *self, gsc_error *error) {
    const size_t batch = self->recipe.batch * (self->shape.context + 1);
    self->batch = malloc(batch * sizeof *self->batch);
    self->load = malloc(self->shape.experts * sizeof *self->load);
    self->load_series = malloc(self->shape.layers * sizeof *self->load_series);
    self->tails = calloc(2 * self->shape.layers, sizeof *self->tails);
    return self->tails == NULL || self->batch == NULL || self->load == NULL ||
                   self->load_series == NULL
               ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for a batch of %zu tokens", batch)
               : GSC_OK;
}

gsc_status lm_lab_set_up(lab *self, gsc_error *error) {
    read_recipe(self);
    if (self->recipe.batch % self->recipe.accumulate != 0) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "lm.batch is %zu, which lm.accumulate %zu does not divide",
                        self->recipe.batch, self->recipe.accumulate);
    }
    gsc_status (*const parts[])(lab *, gsc_error *) = {make_samples, find_stops,   foresee,
                                                       tell_text,    tell_spacing, make_room};
    /* Sizes and plugins first: they refuse at once, a corpus takes its time. */
    gsc_status status = gsc_lm_shape_read(self->spec, 2, &self->shape, error);
    if (status == GSC_OK) {
        status = read_corpus(self, error);
    }
    if (status == GSC_OK) {
        self->shape.vocabulary = (size_t)self->tokens.vocabulary;
        describe(self);
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == GSC_OK; i++) {
        status = parts[i](self, error);
    }
    return status == GSC_OK ? make_model(self, error) : status;
}

void lm_lab_tear_down(lab *self) {
    gsc_router_report_free(self->router);
    gsc_lm_trainer_clear(&self->trainer);
    gsc_lm_free(self->model);
    gsc_queue_free(self->queue);
    gsc_probe_clear(&self->validation);
    gsc_probe_clear(&self->interim);
    gsc_sampler_clear(&self->sampler);
    gsc_tokens_close(&self->tokens);
    gsc_tokenizer_free(self->tokenizer);
    free(self->batch);
    free(self->load);
    free(self->load_series);
    free(self->tails);
    free(self->course_series);
    free(self->stops);
}
