/* SPDX-License-Identifier: MIT
 *
 * Gates that mix a sequence's tokens (gate.mix/1), router jitter, capacity and drops: gradients of
 * the whole model against differences, the same bits at any number of threads, what is counted and
 * what is refused.
 */
#include "core/plugin/stages_mix.h"
#include "tests/lm/differences.h"
#include "tests/tap.h"

/* ---- Soft MoE with two slots an expert, from the header's words alone ---- */

static int64_t two_each(int64_t experts, const double *params) {
    (void)params;
    return 2 * experts;
}

/* What a token hears of expert j: its slots' share of softmax over all slots. */
static void heard(const gsc_call *call, int64_t row, const real *z, real *ret_p) {
    real top = z[0], sum = 0;
    (void)row;
    for (int64_t s = 1; s < call->logits; s++) {
        top = z[s] > top ? z[s] : top;
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] = exp(z[2 * j] - top) + exp(z[2 * j + 1] - top);
        sum += ret_p[j];
    }
    for (int64_t j = 0; j < call->experts; j++) {
        ret_p[j] /= sum;
    }
}

static int64_t slots(const gsc_call *call) {
    (void)call;
    return 2;
}

/* dispatch: softmax over tokens; combine: tensor[0] * softmax over slots. */
static void mix(const gsc_call *call, const real *z, real *ret_dispatch, real *ret_combine) {
    const int64_t n = call->rows, m = call->logits;
    for (int64_t s = 0; s < m; s++) {
        real sum = 0;
        for (int64_t t = 0; t < n; t++) {
            sum += ret_dispatch[t * m + s] = exp(z[t * m + s]);
        }
        for (int64_t t = 0; t < n; t++) {
            ret_dispatch[t * m + s] /= sum;
        }
    }
    for (int64_t t = 0; t < n; t++) {
        real sum = 0;
        for (int64_t s = 0; s < m; s++) {
            sum += ret_combine[t * m + s] = exp(z[t * m + s]);
        }
        for (int64_t s = 0; s < m; s++) {
            ret_combine[t * m + s] *= call->tensors[0][0] / sum;
        }
    }
}

static void mix_backward(const gsc_call *call, const real *z, const real *dispatch,
                         const real *combine, const real *ddispatch, const real *dcombine,
                         real *ret_dz) {
    const int64_t n = call->rows, m = call->logits;
    (void)z;
    for (int64_t s = 0; s < m; s++) {
        real mean = 0;
        for (int64_t t = 0; t < n; t++) {
            mean += ddispatch[t * m + s] * dispatch[t * m + s];
        }
        for (int64_t t = 0; t < n; t++) {
            ret_dz[t * m + s] = dispatch[t * m + s] * (ddispatch[t * m + s] - mean);
        }
    }
    for (int64_t t = 0; t < n; t++) {
        real sum = 0;
        for (int64_t s = 0; s < m; s++) {
            sum += dcombine[t * m + s] * combine[t * m + s];
        }
        call->gradients[0][0] += sum / call->tensors[0][0];
        for (int64_t s = 0; s < m; s++) {
            ret_dz[t * m + s] +=
                combine[t * m + s] * (dcombine[t * m + s] - sum / call->tensors[0][0]);
        }
    }
}

static const gsc_gate_mix soft_mix = {
    .struct_size = sizeof(gsc_gate_mix), .slots = slots, .mix = mix, .mix_backward = mix_backward};
static const void *extension(const char *id) {
    return strcmp(id, GSC_EXTENSION_MIX) == 0 ? &soft_mix : NULL;
}
static const gsc_tensor volume[] = {
    {"volume", GSC_TENSOR_TRAINED, GSC_INIT_CONSTANT, 1.5, 1, 1, {1}}};
static const gsc_gate soft_gate = {
    .struct_size = sizeof(gsc_gate), .logits = two_each, .probs = heard};
static const gsc_plugin soft_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_GATE),
                                       .id = "soft",
                                       GSC_TENSORS(volume),
                                       .capabilities = GSC_CAP_NOT_CAUSAL | GSC_CAP_CHOICE_DEFINED,
                                       .gate = &soft_gate,
                                       .extension = extension};
static const gsc_loaded soft_loaded = {.plugin = &soft_plugin, .gate = &soft_gate};

/* z = 2 x.w / |w|: with an inner form as its score. */
static void sharp(const gsc_call *call, int64_t n, const real *dot, const real *xx, const real *ww,
                  real *ret_z) {
    (void)call, (void)xx;
    for (int64_t i = 0; i < n; i++) {
        ret_z[i] = 2 * dot[i] / sqrt(ww[i]);
    }
}
static const gsc_gate inner_gate = {.struct_size = sizeof(gsc_gate),
                                    .score_form = GSC_SCORE_INNER,
                                    .logits = two_each,
                                    .inner = sharp,
                                    .probs = heard};
static const gsc_plugin inner_plugin = {GSC_PLUGIN_HEAD(GSC_KIND_GATE),
                                        .id = "soft_inner",
                                        GSC_TENSORS(volume),
                                        .capabilities = GSC_CAP_NOT_CAUSAL | GSC_CAP_CHOICE_DEFINED,
                                        .gate = &inner_gate,
                                        .extension = extension};
static const gsc_loaded inner_loaded = {.plugin = &inner_plugin, .gate = &inner_gate};

static gsc_lm_shape mix_shape(const gsc_loaded *gate) {
    gsc_lm_shape s = small_shape("softmax");
    s.gate = (gsc_lm_plugin){.loaded = gate};
    s.n_balancers = 0;
    s.allow_not_causal = true;
    s.routed_scale = 1.3;
    return s;
}

static void check_gradient(gsc_lm_shape s, bool training, const char *of, const char *what) {
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = pose_problem(queue, &s, training);
    const char *where;
    double largest;
    const double worst = worst_difference(&p, of, &where, &largest);
    printf("# %s: worst %.2g at %s, largest of %s %.2g\n", what, worst, where, of, largest);
    TAP_OK(worst < 1e-7, what);
    TAP_OK(largest > 1e-5, "the gate's own are among them");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

static double loss_with(const gsc_lm_shape *s, unsigned threads, double *ret_gradients, size_t n) {
    gsc_error error = {0};
    gsc_pool *pool = NULL;
    gsc_lm_loss loss;
    int32_t tokens[64], targets[64];
    must(gsc_pool_new(threads, &pool, &error), &error);
    gsc_queue *queue = small_queue(gsc_device_cpu(), pool, s);
    gsc_lm *model = small_model(queue, pool, s, GSC_F32, 4);
    small_text(s, 4 * s->context, 3, tokens, targets);
    const gsc_lm_batch batch = {
        .tokens = tokens, .targets = targets, .step = 5, .loss_scale = 0.05, .balance_scale = 1};
    must(gsc_lm_gradient(model, &batch, &loss, &error), &error);
    const gsc_lm_parameters *list = gsc_lm_get_parameters(model);
    memset(ret_gradients, 0, n * sizeof *ret_gradients);
    for (size_t i = 0; i < list->count; i++) {
        const gsc_lm_parameter *p = &list->list[i];
        must(
            gsc_lm_read(model, GSC_LM_GRADIENTS, p, 0, p->count, ret_gradients + p->offset, &error),
            &error);
    }
    gsc_lm_free(model);
    gsc_queue_free(queue);
    gsc_pool_free(pool);
    return loss.sum;
}

static void test_bits(const gsc_lm_shape *s, const char *what) {
    enum {
        MOST = 1 << 14
    };
    static double one[MOST], other[MOST];
    const double loss = loss_with(s, 1, one, MOST), again = loss_with(s, 3, other, MOST);
    TAP_OK(loss == again && memcmp(one, other, sizeof one) == 0, what);
}

/* ---- Drops ---- */

static void test_drops(void) {
    gsc_lm_shape s = small_shape("softmax");
    s.capacity_factor = 0.6; /* 20 choices of 4 experts: at most 3 each */
    gsc_queue *queue = small_queue(gsc_device_cpu(), NULL, &s);
    problem p = pose_problem(queue, &s, true);
    for (size_t layer = 0; layer < s.layers; layer++) {
        const double *loads = gsc_lm_loads(p.model, layer);
        double sum = 0, over = 0;
        for (size_t e = 0; e < s.experts; e++) {
            sum += loads[e];
            over += loads[e] > 3 ? loads[e] - 3 : 0;
        }
        TAP_OK(sum == 20, "loads are counted before drops");
        TAP_OK(over > 0 && gsc_lm_dropped(p.model, layer) == over, "what is over is dropped");
    }
    p.batch.as_training = false;
    const double whole = objective(&p);
    p.batch.as_training = true;
    TAP_OK(fabs(objective(&p) - whole) > 1e-6, "an evaluation drops nothing");
    gsc_lm_end_step(p.model, 1);
    TAP_OK(gsc_lm_dropped(p.model, 0) == 0, "a new step begins at none");
    gsc_lm_free(p.model);
    gsc_queue_free(queue);
}

static void refuse(gsc_lm_shape s, const char *part) {
    gsc_error error = {0};
    TAP_OK(gsc_lm_shape_check(&s, &error) != GSC_OK, part);
    TAP_CONTAINS(error.message, part, "in these words");
}

static void test_refusals(void) {
    gsc_lm_shape s = mix_shape(&soft_loaded);
    s.allow_not_causal = false;
    refuse(s, "set lm.allow_not_causal=true");
    s = mix_shape(&soft_loaded);
    s.capacity_factor = 1;
    refuse(s, "nothing to drop; set lm.capacity_factor=0");
    s = mix_shape(&soft_loaded);
    s.n_balancers = 1;
    refuse(s, "nothing to balance; set lm.balance=0");
    s = small_shape("softmax");
    s.capacity_factor = 1;
    s.drop_by_score = true;
    refuse(s, "push out earlier ones");
    gsc_plugin causal = soft_plugin;
    const gsc_loaded loaded = {.plugin = &causal, .gate = &soft_gate};
    causal.capabilities = 0;
    refuse(mix_shape(&loaded), "does not declare GSC_CAP_NOT_CAUSAL");
}

int main(void) {
    gsc_lm_shape s = mix_shape(&soft_loaded);
    check_gradient(s, false, "gate", "gradients of a gate that mixes tokens");
    check_gradient(s, false, "volume", "with a trained tensor of its own");
    check_gradient(mix_shape(&inner_loaded), false, "gate", "with an inner form as its score");
    test_bits(&s, "a gate that mixes: one thread and three give the same bits");

    s = small_shape("softmax");
    s.jitter = 0.2;
    check_gradient(s, true, "gate.weight", "gradients with router jitter");
    test_bits(&s, "jitter draws the same on any thread");
    s.gate = (gsc_lm_plugin){.loaded = &inner_loaded};
    s.n_balancers = 0;
    s.allow_not_causal = true;
    check_gradient(s, true, "gate.weight", "jitter before an inner form");

    s = small_shape("normalized_sigmoid");
    s.capacity_factor = 0.7;
    check_gradient(s, true, "gate.weight", "gradients where full experts drop by position");
    s.drop_by_score = s.allow_not_causal = true;
    check_gradient(s, true, "gate.weight", "and by score");
    test_bits(&s, "drops: one thread and three give the same bits");
    test_drops();
    test_refusals();
    return tap_done();
}
