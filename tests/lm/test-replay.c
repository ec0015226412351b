/* SPDX-License-Identifier: MIT
 *
 * A run gone through once more from nothing but its checkpoint of step 0 and the files of replay.h: the same
 * losses to the last bit, around the end of the text too. And what keeps another corpus out.
 */
#include "core/lm/replay.h"

#include "core/lm/checkpoint.h"
#include "core/lm/trainer.h"
#include "tests/lm/small_run.h"
#include "tests/tap.h"

#include <jansson.h>

enum {
    STEPS = 20,
    CONTEXT = 512,
    BATCH = 8,
    MOST_TOKENS = 1 << 17
};

static const char *const settings[] = {"lm.context=512", "lm.batch=8", "lm.probe_positions=1024",
                                       "lm.validation_positions=2048", NULL};

static char place[200];

static const char *in_folder(const char *name) {
    snprintf(place, sizeof place, "%s/%s", folder, name);
    return place;
}

/* Two bytes each, the lower one first. */
static size_t read_tokens(const char *name, int32_t *ret_tokens) {
    FILE *file = fopen(in_folder(name), "rb");
    size_t n = 0;
    for (int low, high; file != NULL && (low = getc(file)) != EOF && (high = getc(file)) != EOF;
         n++) {
        ret_tokens[n] = low + 256 * high;
    }
    if (file != NULL) {
        fclose(file);
    }
    return n;
}

/* The losses of every step, from the checkpoint of step 0 on; how many are not those told. */
static size_t replay(const gsc_spec *spec, const memory_series *told, const int32_t *train,
                     size_t contexts) {
    gsc_error error = {0};
    gsc_lm_shape shape;
    gsc_pool *pool;
    gsc_queue *queue;
    gsc_lm *model;
    gsc_lm_trainer trainer = {0};
    static int32_t batch[BATCH * (CONTEXT + 1)];
    size_t differing = 0;
    int64_t step = -1;
    must(gsc_lm_shape_read(spec, 257, &shape, &error), &error);
    must(gsc_pool_new(1, &pool, &error), &error);
    must(gsc_queue_new(gsc_device_cpu(), pool, gsc_lm_workspace_bytes(&shape, 1), &queue, &error),
         &error);
    const gsc_lm_options options = {
        .dtype = GSC_F32, .sequences = BATCH, .seed = 1, .training = true, .pool = pool};
    const gsc_lm_recipe recipe = gsc_lm_recipe_read(spec);
    must(gsc_lm_new(queue, &shape, &options, &model, &error), &error);
    must(gsc_lm_trainer_init(&trainer, queue, model, &recipe, &error), &error);
    must(gsc_lm_load(model, in_folder("ckpt/step-0000000.safetensors"), NULL, &step, &error),
         &error);
    for (size_t s = 0; s < STEPS; s++) {
        gsc_lm_step done;
        for (size_t b = 0; b < BATCH; b++) {
            memcpy(batch + b * (CONTEXT + 1), train + CONTEXT * ((s * BATCH + b) % contexts),
                   (CONTEXT + 1) * sizeof *batch);
        }
        must(gsc_lm_trainer_step(&trainer, batch, &done, &error), &error);
        differing += done.loss != told->points[s].y;
    }
    gsc_lm_trainer_clear(&trainer);
    gsc_lm_free(model);
    gsc_queue_free(queue);
    gsc_pool_free(pool);
    return differing;
}

static void test_replay(void) {
    gsc_error error = {0};
    memory_sink *sink;
    static int32_t train[MOST_TOKENS], other[MOST_TOKENS];
    must(run(settings, 1, &sink, &error), &error);
    gsc_spec *spec = spec_of(settings);
    TAP_OK(gsc_lm_replay_write(spec, NULL, folder, NULL, &error) == GSC_OK, "files are written");
    json_t *order = json_load_file(in_folder("order.json"), 0, NULL);
    const size_t contexts = (size_t)json_integer_value(json_object_get(order, "contexts"));
    const size_t n = read_tokens("train.u16", train);
    TAP_OK(contexts > 100 && contexts < STEPS * BATCH && n == contexts * CONTEXT + 1,
           "the training text whole, which the run begins again");
    TAP_OK(replay(spec, memory_find(sink, "loss", ""), train, contexts) == 0,
           "they give the losses of every step, to the last bit");
    TAP_OK(json_integer_value(json_object_get(order, "validation_rows")) * (CONTEXT + 1) ==
                   (json_int_t)read_tokens("validation.u16", other) &&
               json_integer_value(json_object_get(order, "probe_rows")) * (CONTEXT + 1) ==
                   (json_int_t)read_tokens("probe.u16", other),
           "beside the validation's rows and the probe's");

    char hash[80];
    snprintf(hash, sizeof hash, "%s", json_string_value(json_object_get(order, "hash")));
    TAP_OK(gsc_lm_replay_write(spec, hash, folder, NULL, &error) == GSC_OK,
           "the tokens that a run was trained on are known again");
    hash[3] = hash[3] == '0' ? '1' : '0';
    TAP_OK(gsc_lm_replay_write(spec, hash, folder, NULL, &error) == GSC_ERR_INPUT,
           "others are refused");
    TAP_CONTAINS(error.message, "bring back the corpus", "with the way out");
    json_decref(order);
    gsc_spec_free(spec);
    memory_sink_free(sink);
}

int main(void) {
    begin_runs();
    test_replay();
    TAP_OK(end_runs(), "nothing else is left");
    return tap_done();
}
