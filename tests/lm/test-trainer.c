/* SPDX-License-Identifier: MIT
 *
 * Training: it learns, accumulates, balances by bias; a run that goes on from a checkpoint and one
 * with another number of threads give the same bits; checkpoints refuse what does not fit and
 * survive a full disk.
 */
#include "core/lm/checkpoint.h"
#include "core/lm/trainer.h"
#include "kernels/elementwise.h"
#include "tests/kernels/locked_device.h"
#include "tests/lm/small_lm.h"
#include "tests/tap.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH = 4,
    STEPS = 8,
    MOST = 1 << 15
};

static char folder[] = "/tmp/gatescope-lm-XXXXXX";

typedef struct run {
    gsc_pool *pool;
    gsc_queue *queue;
    gsc_lm *model;
    gsc_lm_trainer trainer;
} run;

static gsc_lm_shape trained_shape(void) {
    gsc_lm_shape s = small_shape("normalized_sigmoid");
    s.width = 16;
    s.context = 12;
    s.expert_width = 8;
    s.n_balancers = 2;
    small_plugin(GSC_KIND_BALANCER, "bias_sign", 0, 0.01, &s.balancers[1]);
    return s;
}

static run begin(const gsc_device *device, unsigned threads, size_t accumulate,
                 const gsc_lm_shape *shape) {
    run r = {0};
    gsc_error error = {0};
    const gsc_lm_recipe recipe = {.batch = BATCH,
                                  .accumulate = accumulate,
                                  .steps = 100,
                                  .warmup = 2,
                                  .learning_rate = 0.02,
                                  .floor = 0.1,
                                  .clip = 1,
                                  .decay = 0.01,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .epsilon = 1e-8};
    must(gsc_pool_new(threads, &r.pool, &error), &error);
    r.queue = small_queue(device, r.pool, shape);
    r.model = small_model(r.queue, r.pool, shape, GSC_F32, BATCH / accumulate);
    must(gsc_lm_trainer_init(&r.trainer, r.queue, r.model, &recipe, &error), &error);
    return r;
}

static void end(run *r) {
    gsc_lm_trainer_clear(&r->trainer);
    gsc_lm_free(r->model);
    gsc_queue_free(r->queue);
    gsc_pool_free(r->pool);
}

/* A text that one token predicts. */
static void write_text(const gsc_lm_shape *s, int64_t step, int32_t *ret_tokens) {
    for (size_t row = 0; row < BATCH; row++) {
        for (size_t t = 0; t <= s->context; t++) {
            ret_tokens[row * (s->context + 1) + t] =
                (int32_t)((row * 3 + (size_t)step * 5 + t * 4) % s->vocabulary);
        }
    }
}

static gsc_lm_step train(run *r, int64_t until) {
    gsc_error error = {0};
    gsc_lm_step step = {0};
    int32_t tokens[BATCH * 13];
    while (r->trainer.step < until) {
        write_text(gsc_lm_get_shape(r->model), r->trainer.step, tokens);
        must(gsc_lm_trainer_step(&r->trainer, tokens, &step, &error), &error);
    }
    return step;
}

/* Weights, moments and states, one after another. */
static size_t everything(gsc_lm *model, double *values) {
    gsc_error error = {0};
    const gsc_lm_parameters *list = gsc_lm_get_parameters(model);
    size_t n = 0, n_states;
    for (int arena = 0; arena < GSC_LM_ARENAS; arena++) {
        for (size_t i = 0; i < list->count && arena != GSC_LM_GRADIENTS; i++) {
            const gsc_lm_parameter *p = &list->list[i];
            must(gsc_lm_read(model, (gsc_lm_arena)arena, p, 0, p->count, values + n, &error),
                 &error);
            n += p->count;
        }
    }
    const gsc_lm_state *states = gsc_lm_states(model, &n_states);
    for (size_t i = 0; i < n_states; i++) {
        memcpy(values + n, states[i].values, states[i].count * sizeof *values);
        n += states[i].count;
    }
    return n;
}

static double one[MOST], other[MOST];

static void test_bits(const gsc_lm_shape *s, const char *path) {
    gsc_error error = {0};
    run r = begin(gsc_device_cpu(), 1, 1, s);
    train(&r, STEPS / 2);
    must(gsc_lm_save(r.model, r.trainer.step, "tests", path, &error), &error);
    train(&r, STEPS);
    const size_t n = everything(r.model, one);
    TAP_OK(n > 1000 && n < MOST, "there is something to compare");
    double moved = 0;
    size_t n_states;
    for (size_t e = 0; e < s->experts; e++) {
        moved += fabs(gsc_lm_states(r.model, &n_states)[0].values[e]);
    }
    TAP_OK(moved > 0.01, "the selection bias moved");
    end(&r);

    r = begin(gsc_device_cpu(), 1, 1, s);
    must(gsc_lm_load(r.model, path, "tests", &r.trainer.step, &error), &error);
    TAP_OK(r.trainer.step == STEPS / 2, "a checkpoint knows its step");
    train(&r, STEPS);
    TAP_OK(everything(r.model, other) == n && memcmp(one, other, n * sizeof *one) == 0,
           "a run that goes on from a checkpoint gives the same bits");
    end(&r);

    r = begin(gsc_device_cpu(), 3, 1, s);
    train(&r, STEPS);
    everything(r.model, other);
    TAP_OK(memcmp(one, other, n * sizeof *one) == 0, "three threads give the same bits");
    end(&r);

    r = begin(gsc_device_locked(), 2, 1, s);
    must(gsc_lm_load(r.model, path, NULL, &r.trainer.step, &error), &error);
    train(&r, STEPS);
    everything(r.model, other);
    TAP_OK(memcmp(one, other, n * sizeof *one) == 0, "so does a device that the host cannot read");
    end(&r);
}

static void test_learning(const gsc_lm_shape *s) {
    gsc_error error = {0};
    int32_t tokens[BATCH * 13];
    double before, after;
    run r = begin(gsc_device_cpu(), 1, 1, s), parts = begin(gsc_device_cpu(), 1, 2, s);
    write_text(s, 0, tokens);
    must(gsc_lm_trainer_evaluate(&r.trainer, tokens, 3, NULL, NULL, NULL, &before, &error), &error);
    const gsc_lm_step first = train(&r, 1), again = train(&parts, 1);
    TAP_NEAR(first.loss, again.loss, 1e-5, "micro-batches give the loss of the batch");
    TAP_NEAR(first.balance, again.balance, 1e-6, "and its balancing loss");
    TAP_NEAR(first.norm, again.norm, 1e-4, "and its gradient");
    TAP_NEAR(first.rate, 0.01, 1e-12, "the rate warms up");
    train(&r, 100);
    must(gsc_lm_trainer_evaluate(&r.trainer, tokens, 3, NULL, NULL, NULL, &after, &error), &error);
    printf("# loss %.3f before, %.3f after 100 steps\n", before, after);
    TAP_OK(before > 2 && after < 0.3, "it learns a text that one token predicts");
    TAP_NEAR(gsc_lm_rate(&r.trainer.recipe, 100), 0.002, 1e-12, "the rate ends at a tenth");
    double sum = 0;
    for (size_t i = 0; i < s->layers * s->experts; i++) {
        sum += r.trainer.loads[i];
    }
    TAP_OK(sum == (double)(s->layers * BATCH * s->context * s->top_k), "loads are those of a step");
    end(&r);
    end(&parts);
}

static void test_not_finite(const gsc_lm_shape *s) {
    gsc_error error = {0};
    gsc_lm_step step;
    int32_t tokens[BATCH * 13];
    run r = begin(gsc_device_cpu(), 1, 1, s);
    const gsc_lm_parameter *p =
        gsc_lm_parameters_find(gsc_lm_get_parameters(r.model), GSC_LM_OUT, 1, 0);
    const double bad = NAN;
    write_text(s, 0, tokens);
    must(gsc_lm_write(r.model, GSC_LM_VALUES, p, 0, 1, &bad, &error), &error);
    TAP_OK(gsc_lm_trainer_step(&r.trainer, tokens, &step, &error) == GSC_ERR_NUMERIC,
           "numbers that are not finite end a step");
    TAP_CONTAINS(error.message, "layer 1", "with the layer");
    TAP_CONTAINS(error.message, "step 0", "and the step");
    end(&r);

    /* What goes wrong in the last layer no gate sees: the loss does. */
    r = begin(gsc_device_cpu(), 1, 1, s);
    const size_t last = s->layers - 1;
    p = gsc_lm_parameters_find(gsc_lm_get_parameters(r.model), GSC_LM_SHARED_DOWN, last, 0);
    char named[120];
    snprintf(
        named, sizeof named,
        "the loss is nan after 0 steps: the output of layer %zu is the first that is not finite",
        last);
    must(gsc_lm_write(r.model, GSC_LM_VALUES, p, 0, 1, &bad, &error), &error);
    TAP_OK(gsc_lm_trainer_step(&r.trainer, tokens, &step, &error) == GSC_ERR_NUMERIC,
           "nor is a loss that is not finite taken");
    TAP_CONTAINS(error.message, named, "whose layer is named");
    end(&r);
    r = begin(gsc_device_cpu(), 1, 1, s);
    p = gsc_lm_parameters_find(gsc_lm_get_parameters(r.model), GSC_LM_HEAD, 0, 0);
    must(gsc_lm_write(r.model, GSC_LM_VALUES, p, 0, 1, &bad, &error), &error);
    TAP_OK(gsc_lm_trainer_step(&r.trainer, tokens, &step, &error) == GSC_ERR_NUMERIC &&
               strstr(error.message, "the head's weights") != NULL,
           "nor where it is the head");
    end(&r);
}

/* Turns one bit of a file, from its end; false: it cannot. */
static bool turn_bit(const char *path, long from_end) {
    FILE *file = fopen(path, "r+");
    bool done = file != NULL && fseek(file, -from_end, SEEK_END) == 0;
    const int byte = done ? fgetc(file) : EOF;
    done =
        done && byte != EOF && fseek(file, -from_end, SEEK_END) == 0 && fputc(byte ^ 4, file) >= 0;
    return file != NULL && fclose(file) == 0 && done;
}

static void test_refusals(const gsc_lm_shape *s, const char *path) {
    gsc_error error = {0};
    int64_t step = -1;
    gsc_lm_shape wider = *s;
    wider.expert_width++;
    run r = begin(gsc_device_cpu(), 1, 1, &wider);
    TAP_OK(gsc_lm_load(r.model, path, NULL, &step, &error) == GSC_ERR_INPUT,
           "a checkpoint of another shape is refused");
    TAP_CONTAINS(error.message, "[4, 8, 16]", "with its shape");
    TAP_CONTAINS(error.message, "[4, 9, 16]", "and the model's");
    end(&r);

    r = begin(gsc_device_cpu(), 1, 1, s);
    TAP_OK(gsc_lm_load(r.model, path, "another", &step, &error) == GSC_ERR_INPUT && step == -1,
           "a checkpoint of another run is refused");
    /* A full disk: no file may grow beyond a few kilobytes. */
    const struct rlimit little = {4096, RLIM_INFINITY}, any = {RLIM_INFINITY, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    const gsc_status status = gsc_lm_save(r.model, 99, "tests", path, &error);
    setrlimit(RLIMIT_FSIZE, &any);
    TAP_OK(status == GSC_ERR_IO, "a full disk is reported");
    must(gsc_lm_load(r.model, path, "tests", &step, &error), &error);
    TAP_OK(step == STEPS / 2, "and leaves the old checkpoint");
    struct stat size;
    TAP_OK(stat(path, &size) == 0 && turn_bit(path, size.st_size / 2) &&
               gsc_lm_load(r.model, path, "tests", &step, &error) == GSC_ERR_INPUT,
           "a checkpoint with a changed bit is refused");
    TAP_CONTAINS(error.message, "is damaged: the numbers of ", "and says where");
    TAP_OK(turn_bit(path, size.st_size / 2) &&
               gsc_lm_load(r.model, path, "tests", &step, &error) == GSC_OK,
           "not so when it is turned back");
    TAP_OK(stat(path, &size) == 0 && truncate(path, size.st_size - 100) == 0 &&
               gsc_lm_load(r.model, path, "tests", &step, &error) == GSC_ERR_INPUT,
           "a checkpoint that breaks off is refused");
    TAP_CONTAINS(error.message, "breaks off", "and says so");
    end(&r);
}

int main(void) {
    char path[64];
    const gsc_lm_shape s = trained_shape();
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/step-0000004.safetensors", folder);
    test_bits(&s, path);
    test_learning(&s);
    test_not_finite(&s);
    test_refusals(&s, path);
    unlink(path);
    TAP_OK(rmdir(folder) == 0, "no unfinished file is left");
    return tap_done();
}
