/* SPDX-License-Identifier: MIT
 *
 * A pass through the stages: services of the host, sizes, room. Layer: core/plugin.
 */
#include "core/plugin/stages.h"

#include "core/plugin/guard.h"
#include "core/plugin/stages_private.h"
#include "kernels/host.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Services of the host ---- */

static void host_matmul(double *c, const double *a, const double *b, int64_t m, int64_t n,
                        int64_t k, int transpose_a, int transpose_b, int accumulate) {
    gsc_host_matmul(c, a, b, (size_t)m, (size_t)n, (size_t)k, transpose_a != 0, transpose_b != 0,
                    accumulate != 0);
}

static void host_top_k(int32_t *ret_index, const double *value, int64_t n, int64_t k) {
    gsc_host_top_k(ret_index, value, (size_t)n, (size_t)k);
}

const gsc_host *gsc_stages_host(void) {
    static const gsc_host host = {
        .struct_size = sizeof(gsc_host), .matmul = host_matmul, .top_k = host_top_k};
    return &host;
}

/* ---- Names for the guard, which compares pointers: one per plugin, for good ---- */

typedef struct guard_name {
    struct guard_name *next;
    char text[GSC_GUARD_NAME];
} guard_name;

static guard_name *names;
static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *intern_name(const gsc_plugin *plugin) {
    char text[GSC_GUARD_NAME];
    snprintf(text, sizeof text, "gate %s", plugin->id);
    pthread_mutex_lock(&names_mutex);
    guard_name *found = names;
    while (found != NULL && strcmp(found->text, text) != 0) {
        found = found->next;
    }
    if (found == NULL && (found = calloc(1, sizeof *found)) != NULL) {
        memcpy(found->text, text, sizeof text);
        found->next = names;
        names = found;
    }
    pthread_mutex_unlock(&names_mutex);
    return found != NULL ? found->text : NULL;
}

/* ---- Sizes ---- */

enum {
    MAX_TENSORS = 64
}; /* the backward pass keeps one bit for each */

static int64_t resolve_size(int64_t size, const gsc_call *call) {
    switch (size) {
    case GSC_SIZE_EXPERTS:
        return call->experts;
    case GSC_SIZE_INPUTS:
        return call->inputs;
    case GSC_SIZE_LOGITS:
        return call->logits;
    case GSC_SIZE_HIDDEN:
        return call->hidden;
    case GSC_SIZE_OUTPUTS:
        return call->outputs;
    default:
        return size <= GSC_SIZE_PARAM(0) ? (int64_t)call->params[GSC_SIZE_PARAM(0) - size] : size;
    }
}

int64_t gsc_tensor_count(const gsc_tensor *tensor, const gsc_call *call) {
    int64_t count = 1;
    for (uint32_t i = 0; i < tensor->dims && i < GSC_MAX_DIMS; i++) {
        int64_t size = resolve_size(tensor->size[i], call);
        if (size < 0 || __builtin_mul_overflow(count, size, &count)) {
            return -1;
        }
    }
    return count;
}

gsc_status gsc_gate_logits(const gsc_loaded *loaded, int64_t experts, const double *params,
                           int64_t *ret_logits, gsc_error *error) {
    const gsc_gate *gate = loaded->gate;
    const char *id = loaded->plugin->id;
    int64_t logits = experts;
    if (gate->score_form == GSC_SCORE_NONE) {
        logits = 0;
    } else if (gate->logits != NULL) {
        logits = gate->logits(experts, params);
    }
    if (logits < 0 || logits > INT32_MAX) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "gate %s: logits returned %" PRId64 " for %" PRId64
                        " experts; it must be 0 to 2^31 - 1",
                        id, logits, experts);
    }
    if (gate->affinity_form != GSC_AFFINITY_NONE && logits != experts) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "gate %s: an affinity needs one logit per expert, and it has %" PRId64
                        " logits for %" PRId64 " experts; write it with probs instead",
                        id, logits, experts);
    }
    *ret_logits = logits;
    return GSC_OK;
}

bool gsc_gate_trains(const gsc_loaded *loaded) {
    bool trains = false;
    for (uint32_t i = 0; i < loaded->plugin->n_tensors; i++) {
        trains = trains || loaded->plugin->tensors[i].role == GSC_TENSOR_TRAINED;
    }
    return trains;
}

/* ---- The pass ---- */

static gsc_status check_declaration(const gsc_gate *gate, const char *name, gsc_error *error) {
    const char *missing = NULL;
    if (gate->score_form == GSC_SCORE_INNER && gate->inner == NULL) {
        missing = "inner";
    } else if (gate->score_form == GSC_SCORE_OWN && gate->score == NULL) {
        missing = "score";
    } else if (gate->affinity_form != GSC_AFFINITY_NONE && gate->affinity == NULL) {
        missing = "affinity";
    } else if (gate->affinity_form == GSC_AFFINITY_NONE && gate->probs == NULL) {
        missing = "affinity or probs";
    } else if (gate->combine_form == GSC_COMBINE_OWN && gate->combine == NULL) {
        missing = "combine";
    }
    if (missing != NULL) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "%s declares a form without its function: %s is missing", name, missing);
    }
    return GSC_OK;
}

/* An input that the gate did not declare does not reach it. */
static void censor(gsc_call *call, gsc_capabilities has) {
    if ((has & GSC_CAP_TOKENS) == 0) {
        call->tokens = NULL;
    }
    if ((has & GSC_CAP_STEP) == 0) {
        call->step = -1;
    }
    if ((has & GSC_CAP_RANDOM) == 0) {
        call->random_key = 0;
    }
    if ((has & GSC_CAP_IGNORES_BIAS) != 0) {
        call->bias = NULL;
    }
}

static gsc_status find_capacity(const gsc_gate_pass *pass, const gsc_gate *gate,
                                size_t *ret_capacity, gsc_error *error) {
    int64_t most = pass->call.top_k;
    if (gate->max_chosen != NULL) {
        gsc_guard_enter(pass->name, "max_chosen");
        most = gate->max_chosen(&pass->call);
        gsc_guard_leave();
    } else if (gate->count != NULL || gate->select != NULL) {
        most = pass->call.experts;
    }
    if (most < 0 || most > pass->call.experts) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "%s: max_chosen returned %" PRId64 "; it must be 0 to the %" PRId64
                        " experts",
                        pass->name, most, pass->call.experts);
    }
    if (__builtin_mul_overflow(pass->rows, (size_t)most, ret_capacity)) {
        return gsc_fail(error, GSC_ERR_MEMORY,
                        "%s: %zu rows of up to %" PRId64 " experts are too many", pass->name,
                        pass->rows, most);
    }
    return GSC_OK;
}

/* count * each doubles, zeroed; *good falls to false where that failed. */
static void *room(size_t count, size_t each, bool *good) {
    size_t total = 0;
    bool fits = !__builtin_mul_overflow(count, each, &total) && total < SIZE_MAX / 16;
    void *memory = fits ? calloc(total + 1, sizeof(double)) : NULL;
    *good = *good && memory != NULL;
    return memory;
}

/* Elements of the largest trained tensor. */
static gsc_status find_largest_tensor(const gsc_gate_pass *pass, size_t *ret_largest,
                                      gsc_error *error) {
    const gsc_plugin *plugin = pass->loaded->plugin;
    *ret_largest = 0;
    if (plugin->n_tensors > MAX_TENSORS) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "%s declares %" PRIu32 " tensors; at most %d are possible", pass->name,
                        plugin->n_tensors, MAX_TENSORS);
    }
    for (uint32_t i = 0; i < plugin->n_tensors; i++) {
        int64_t count = gsc_tensor_count(&plugin->tensors[i], &pass->call);
        if (count < 0) {
            return gsc_fail(error, GSC_ERR_PLUGIN,
                            "%s: the sizes of tensor %s make no sense; each must be 1 or more",
                            pass->name, plugin->tensors[i].name);
        }
        bool larger = (size_t)count > *ret_largest;
        *ret_largest =
            plugin->tensors[i].role == GSC_TENSOR_TRAINED && larger ? (size_t)count : *ret_largest;
    }
    return GSC_OK;
}

static gsc_status make_room(gsc_gate_pass *pass, const gsc_gate *gate, size_t capacity,
                            gsc_error *error) {
    size_t t = pass->rows, m = pass->logits, e = pass->experts, largest = 0;
    gsc_status status = find_largest_tensor(pass, &largest, error);
    if (status != GSC_OK) {
        return status;
    }
    bool good = true;
    pass->z = room(t, m, &good);
    pass->p = room(t, e, &good);
    pass->dp = room(t, e, &good);
    pass->affinity_sum = room(t, 1, &good);
    if (gate->affinity_form != GSC_AFFINITY_NONE && gsc_gate_trains(pass->loaded)) {
        pass->affinity = room(t, e, &good);
    }
    if (gate->score_form == GSC_SCORE_INNER) {
        pass->dot = room(t, m, &good);
        pass->w_norm = room(m, 1, &good);
        pass->slopes = room(t, m, &good);
        pass->ww = room(m, 1, &good);
    }
    pass->saved = room(largest, 1, &good);
    pass->row = room(GSC_STAGE_ROWS, m > e ? m : e, &good);
    pass->order = room(e, 1, &good);
    pass->choice.start = room(t + 1, 1, &good);
    pass->choice.chosen = room(capacity, 1, &good);
    pass->choice.weight = room(capacity, 1, &good);
    pass->choice.capacity = (int64_t)capacity;
    if (gate->select != NULL && gate->select_scratch != NULL) {
        gsc_guard_enter(pass->name, "select_scratch");
        size_t bytes = gate->select_scratch(&pass->call);
        gsc_guard_leave();
        pass->select_scratch = room(bytes / sizeof(double) + 1, 1, &good);
    }
    if (!good) {
        return gsc_fail(error, GSC_ERR_MEMORY, "%s: no memory for %zu rows of %zu experts",
                        pass->name, t, e);
    }
    return GSC_OK;
}

gsc_status gsc_gate_pass_init(gsc_gate_pass *pass, const gsc_loaded *loaded, const gsc_call *call,
                              gsc_error *error) {
    if (call->rows < 0 || call->inputs < 0 || call->experts < 1 || call->top_k < 1 ||
        call->top_k > call->experts) {
        return gsc_fail(error, GSC_ERR_INPUT,
                        "gate %s: %" PRId64 " rows, %" PRId64 " experts, top_k %" PRId64
                        "; top_k must be 1 to the number of experts",
                        loaded->plugin->id, call->rows, call->experts, call->top_k);
    }
    gsc_gate_pass made = {.loaded = loaded, .call = *call, .name = intern_name(loaded->plugin)};
    if (made.name == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "gate %s: no memory for its name",
                        loaded->plugin->id);
    }
    made.call.struct_size = sizeof(gsc_call);
    made.call.host = gsc_stages_host();
    censor(&made.call, loaded->plugin->capabilities);
    gsc_status status =
        gsc_gate_logits(loaded, call->experts, call->params, &made.call.logits, error);
    made.rows = (size_t)call->rows;
    made.inputs = (size_t)call->inputs;
    made.experts = (size_t)call->experts;
    made.logits = (size_t)made.call.logits;
    size_t capacity = 0;
    status = status == GSC_OK ? check_declaration(loaded->gate, made.name, error) : status;
    status = status == GSC_OK ? find_capacity(&made, loaded->gate, &capacity, error) : status;
    status = status == GSC_OK ? make_room(&made, loaded->gate, capacity, error) : status;
    if (status != GSC_OK) {
        gsc_gate_pass_clear(&made);
        return status;
    }
    *pass = made;
    return GSC_OK;
}

void gsc_gate_pass_clear(gsc_gate_pass *pass) {
    void *const owned[] = {pass->z,
                           pass->p,
                           pass->dp,
                           pass->affinity_sum,
                           pass->affinity,
                           pass->dot,
                           pass->w_norm,
                           pass->slopes,
                           pass->ww,
                           pass->row,
                           pass->saved,
                           pass->order,
                           pass->choice.start,
                           pass->choice.chosen,
                           pass->choice.weight,
                           pass->select_scratch};
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        free(owned[i]);
    }
    *pass = (gsc_gate_pass){0};
}
