/* SPDX-License-Identifier: MIT
 *
 * The memory and the inputs of an exercise: see exercise.h.
 */
#include "core/plugin/exercise.h"

#include "core/plugin/stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BAND = 128,       /* bytes on either side */
    BAND_BYTE = 0xa5, /* what they hold */
    SPARE = 64 /* bytes beyond the band that are ours too, so that a wide trespass is no crash */
};

static void (*watcher_enter)(const char *function);
static void (*watcher_leave)(void);

void gsc_exercise_set_watcher(void (*enter)(const char *function), void (*leave)(void)) {
    watcher_enter = enter;
    watcher_leave = leave;
}

void (*gsc_exercise_get_watcher(void))(const char *function) {
    return watcher_enter;
}

double gsc_exercise_noise(uint64_t seed, uint64_t index) {
    uint64_t bits = gsc_random_bits(seed, index, 17) >> 11;
    return ((double)bits + 0.5) / (double)(1ull << 52) - 1.0;
}

void gsc_plan_init(gsc_plan *plan, const gsc_plugin *plugin) {
    *plan = (gsc_plan){.rows = 12,
                       .inputs = 5,
                       .experts = 8,
                       .hidden = 7,
                       .outputs = 1,
                       .top_k = 2,
                       .seed = 11,
                       .random_key = 0x5eed,
                       .scale = 1.5,
                       .favoured = -1,
                       .changed = -1,
                       .fill = 0xff};
    for (size_t i = 0; i < plugin->n_params; i++) {
        plan->params[i] = plugin->params[i].initial;
    }
}

/* ---- Memory ---- */

void *gsc_exercise_room(gsc_exercise *self, const char *name, size_t bytes) {
    bool fits = self->n_blocks < GSC_EXERCISE_BLOCKS && bytes < ((size_t)1 << 31);
    unsigned char *whole = fits ? malloc(bytes + 2 * (BAND + SPARE)) : NULL;
    if (whole == NULL) {
        self->failed = true;
        snprintf(self->why, sizeof self->why, "needs %zu bytes for %s, more than can be tried",
                 bytes, name);
        return NULL;
    }
    memset(whole, BAND_BYTE, bytes + 2 * (BAND + SPARE));
    unsigned char *inner = whole + BAND + SPARE;
    memset(inner, self->plan.fill, bytes);
    self->blocks[self->n_blocks++] = (gsc_block){.name = name, .bytes = inner, .size = bytes};
    return inner;
}

double *gsc_exercise_numbers(gsc_exercise *self, const char *name, size_t count) {
    return gsc_exercise_room(self, name, count * sizeof(double));
}

static gsc_block *block_of(gsc_exercise *self, const void *bytes) {
    for (size_t i = 0; i < self->n_blocks; i++) {
        if (self->blocks[i].bytes == bytes) {
            return &self->blocks[i];
        }
    }
    return NULL;
}

void gsc_exercise_release(gsc_exercise *self, const void *bytes) {
    gsc_block *block = block_of(self, bytes);
    if (block != NULL) {
        free(block->kept);
        block->kept = NULL;
    }
}

void gsc_exercise_keep(gsc_exercise *self, const void *bytes) {
    gsc_block *block = block_of(self, bytes);
    if (block == NULL || !self->plan.watch) {
        return;
    }
    gsc_exercise_release(self, bytes);
    block->kept = malloc(block->size + 1);
    if (block->kept != NULL) {
        memcpy(block->kept, block->bytes, block->size);
    }
}

/* How many bytes of n, from the start or from the end, reach over the last one that was changed. */
static size_t changed_up_to(const unsigned char *band, size_t n) {
    while (n > 0 && band[n - 1] == BAND_BYTE) {
        n--;
    }
    return n;
}

static size_t changed_down_to(const unsigned char *band, size_t n) {
    size_t i = 0;
    while (i < n && band[i] == BAND_BYTE) {
        i++;
    }
    return n - i;
}

static void look(gsc_exercise *self, const char *function) {
    for (size_t i = 0; i < self->n_blocks && self->trespass[0] == '\0'; i++) {
        const gsc_block *block = &self->blocks[i];
        const unsigned char *before = block->bytes - BAND, *after = block->bytes + block->size;
        size_t below = changed_down_to(before, BAND), above = changed_up_to(after, BAND);
        if (above > 0) {
            snprintf(self->trespass, sizeof self->trespass,
                     "%s writes up to %zu bytes behind the end of %s, which has %zu bytes",
                     function, above, block->name, block->size);
        } else if (below > 0) {
            snprintf(self->trespass, sizeof self->trespass,
                     "%s writes up to %zu bytes before the start of %s", function, below,
                     block->name);
        } else if (block->kept != NULL && memcmp(block->kept, block->bytes, block->size) != 0) {
            snprintf(self->trespass, sizeof self->trespass,
                     "%s writes into %s, which it may only read", function, block->name);
        }
    }
}

void gsc_exercise_enter(const char *function) {
    if (watcher_enter != NULL) {
        watcher_enter(function);
    }
}

void gsc_exercise_leave(gsc_exercise *self, const char *function) {
    if (watcher_leave != NULL) {
        watcher_leave();
    }
    if (self->plan.watch) {
        look(self, function);
    }
}

void gsc_exercise_clear(gsc_exercise *self) {
    for (size_t i = 0; i < self->n_blocks; i++) {
        free(self->blocks[i].bytes - BAND - SPARE);
        free(self->blocks[i].kept);
    }
    self->n_blocks = 0;
}

void gsc_exercise_record(gsc_exercise *self, const char *function, const double *values,
                         size_t count, size_t per_row, bool forward) {
    if (self->n_outputs < GSC_EXERCISE_OUTPUTS) {
        self->outputs[self->n_outputs++] = (gsc_output){function, values, count, per_row, forward};
    }
}

const gsc_output *gsc_exercise_find(const gsc_exercise *self, const char *function) {
    for (size_t i = 0; i < self->n_outputs; i++) {
        if (strcmp(self->outputs[i].function, function) == 0) {
            return &self->outputs[i];
        }
    }
    return NULL;
}

/* ---- Tensors ---- */

static double first_value(const gsc_tensor *tensor, const gsc_plan *plan, double noise,
                          double last_size) {
    switch (tensor->init) {
    case GSC_INIT_CONSTANT:
        return tensor->scale;
    case GSC_INIT_NORMAL:
        return tensor->scale * noise * 1.7;
    case GSC_INIT_FAN_IN:
        return tensor->scale * noise * 1.7 / sqrt(last_size);
    case GSC_INIT_PARAM:
        return plan->params[(size_t)tensor->scale];
    default:
        return 0;
    }
}

static int64_t size_along(const gsc_exercise *self, const gsc_tensor *tensor, uint32_t k) {
    gsc_tensor one = {.dims = 1, .size = {tensor->size[k]}};
    return gsc_tensor_count(&one, &self->call);
}

/* Where number `index` stood before the experts were put in another order. */
static size_t source_of(const gsc_exercise *self, const gsc_tensor *tensor, size_t index) {
    size_t at = 0, stride = 1;
    for (uint32_t k = tensor->dims; k-- > 0;) {
        size_t along = (size_t)size_along(self, tensor, k), place = index % along;
        index /= along;
        if (tensor->size[k] == GSC_SIZE_EXPERTS && self->plan.expert_order != NULL) {
            place = (size_t)self->plan.expert_order[place];
        }
        at += place * stride;
        stride *= along;
    }
    return at;
}

/* Trained tensors are moved off their birth, so that no gradient is 0 for want of a value. */
static void make_tensors(gsc_exercise *self) {
    const gsc_plugin *plugin = self->plugin;
    for (size_t i = 0; i < plugin->n_tensors && !self->failed; i++) {
        const gsc_tensor *tensor = &plugin->tensors[i];
        int64_t count = gsc_tensor_count(tensor, &self->call);
        if (count < 0 || count > GSC_EXERCISE_MAX_NUMBERS) {
            self->failed = true;
            snprintf(self->why, sizeof self->why, "has the tensor %s with too many numbers to try",
                     tensor->name);
            return;
        }
        bool trained = tensor->role == GSC_TENSOR_TRAINED;
        self->sizes[i] = (size_t)count;
        self->tensors[i] = gsc_exercise_numbers(self, tensor->name, self->sizes[i]);
        self->gradients[i] =
            trained ? gsc_exercise_numbers(self, "the gradients", self->sizes[i]) : NULL;
        double last = (double)size_along(self, tensor, tensor->dims - 1);
        for (size_t k = 0; !self->failed && k < self->sizes[i]; k++) {
            size_t at = source_of(self, tensor, k);
            double noise = gsc_exercise_noise(self->plan.seed + 100 + i, at);
            double value = first_value(tensor, &self->plan, noise, last);
            self->tensors[i][k] = trained ? value + 0.2 * noise : value;
            if (trained) {
                self->gradients[i][k] = 0;
            }
        }
    }
    self->call.tensors = (real *const *)self->tensors;
    self->call.gradients = (real *const *)self->gradients;
}

/* ---- The call ---- */

static void make_call(gsc_exercise *self) {
    const gsc_plan *plan = &self->plan;
    const gsc_plugin *plugin = self->plugin;
    gsc_capabilities has = plugin->capabilities;
    self->call = (gsc_call){.struct_size = sizeof(gsc_call),
                            .rows = plan->rows,
                            .inputs = plan->inputs,
                            .experts = plan->experts,
                            .logits = plan->experts,
                            .hidden = plan->hidden,
                            .outputs = plan->outputs,
                            .top_k = plan->top_k,
                            .params = self->plan.params,
                            .first_row = plan->first_row,
                            .step = (has & GSC_CAP_STEP) != 0 ? 3 : -1,
                            .random_key = (has & GSC_CAP_RANDOM) != 0 ? plan->random_key : 0,
                            .host = gsc_stages_host(),
                            .training = !plan->judged};
    if (plugin->kind == GSC_KIND_GATE) {
        gsc_exercise_enter("logits");
        if (plugin->gate->score_form == GSC_SCORE_NONE) {
            self->call.logits = 0;
        } else if (plugin->gate->logits != NULL) {
            self->call.logits = plugin->gate->logits(plan->experts, plan->params);
        }
        gsc_exercise_leave(self, "logits");
        if (self->call.logits < 0 || self->call.logits > 1 << 20) {
            self->failed = true;
            snprintf(self->why, sizeof self->why, "returns %lld from logits for %lld experts",
                     (long long)self->call.logits, (long long)plan->experts);
        }
    }
}

/* Bias, tokens and sequences, as far as they are declared; called by the kinds that have them. */
static void make_row_inputs(gsc_exercise *self) {
    const gsc_plan *plan = &self->plan;
    size_t rows = (size_t)plan->rows, experts = (size_t)plan->experts;
    gsc_capabilities has = self->plugin->capabilities;
    self->bias = gsc_exercise_numbers(self, "the bias", experts);
    self->tokens = gsc_exercise_room(self, "the tokens", rows * sizeof(int64_t));
    self->sequences = gsc_exercise_room(self, "the sequences", 3 * sizeof(int64_t));
    if (self->failed) {
        return;
    }
    for (size_t j = 0; j < experts; j++) {
        size_t from = plan->expert_order != NULL ? (size_t)plan->expert_order[j] : j;
        self->bias[j] = plan->bias_scale * gsc_exercise_noise(plan->seed + 5, from) +
                        ((int64_t)from == plan->favoured ? 1e4 : 0);
    }
    for (size_t t = 0; t < rows; t++) {
        int64_t from = plan->row_order != NULL ? plan->row_order[t] : (int64_t)t + plan->first_row;
        bool other = plan->changed >= 0 && from >= plan->changed;
        self->tokens[t] = (from * 37 + 5 + (other ? 11 : 0)) % 1000;
    }
    self->sequences[0] = 0;
    self->sequences[1] = plan->rows / 3;
    self->sequences[2] = plan->rows;
    bool biased = plan->bias_scale != 0 || plan->favoured >= 0;
    self->call.bias = biased && (has & GSC_CAP_IGNORES_BIAS) == 0 ? self->bias : NULL;
    self->call.tokens = (has & GSC_CAP_TOKENS) != 0 ? self->tokens : NULL;
    if (self->plugin->kind == GSC_KIND_BALANCER && plan->rows > 3) {
        self->call.sequences = self->sequences;
        self->call.n_sequences = 2;
    }
}

gsc_status gsc_exercise_init(gsc_exercise *self, const gsc_plugin *plugin, const gsc_plan *plan,
                             gsc_error *error) {
    *self = (gsc_exercise){.plugin = plugin, .plan = *plan};
    make_call(self);
    if (!self->failed) {
        make_tensors(self);
    }
    if (!self->failed && plugin->kind != GSC_KIND_EXPERT) {
        make_row_inputs(self);
    }
    if (!self->failed) {
        static void (*const inputs[])(gsc_exercise *) = {
            gsc_exercise_gate_inputs, gsc_exercise_expert_inputs, gsc_exercise_balancer_inputs};
        inputs[plugin->kind - GSC_KIND_GATE](self);
    }
    for (size_t i = 0; i < self->n_blocks && !self->failed; i++) {
        gsc_exercise_keep(self, self->blocks[i].bytes);
    }
    for (size_t i = 0; i < plugin->n_tensors && !self->failed; i++) {
        gsc_exercise_release(self, self->gradients[i]);
    }
    return self->failed ? gsc_fail(error, GSC_ERR_MEMORY, "%s", self->why) : GSC_OK;
}

gsc_status gsc_exercise_run(gsc_exercise *self, const gsc_plugin *plugin, const gsc_plan *plan,
                            gsc_error *error) {
    gsc_status status = gsc_exercise_init(self, plugin, plan, error);
    if (status == GSC_OK) {
        static void (*const functions[])(gsc_exercise *) = {gsc_exercise_gate, gsc_exercise_expert,
                                                            gsc_exercise_balancer};
        functions[plugin->kind - GSC_KIND_GATE](self);
    }
    return self->failed ? gsc_fail(error, GSC_ERR_MEMORY, "%s", self->why) : status;
}
