/* SPDX-License-Identifier: MIT
 *
 * The language-model lab as a sink sees it: series, results, checkpoints and a run that goes on
 * from one; the same values at any number of threads; stopping; the presets' sizes; one sentence
 * for each spec it cannot run.
 */
#include "core/data/text.h"
#include "core/lm/checkpoint.h"
#include "tests/lm/small_run.h"
#include "tests/tap.h"

#include <jansson.h>
#include <sys/stat.h>
#include <zstd.h>

static void test_run(void) {
    gsc_error error = {0};
    memory_sink *one, *two;
    must(run(NULL, 1, &one, &error), &error);
    const memory_series *loss = memory_find(one, "loss", ""),
                        *validation = memory_find(one, "validation_loss", "");
    const memory_result *last = memory_result_of(one, "validation_loss", "");
    const memory_result *bits = memory_result_of(one, "bits_per_byte", "");
    TAP_OK(loss->n == 20 && loss->points[19].x == 20, "a loss for every step");
    TAP_OK(loss->points[19].y < loss->points[0].y - 0.5, "it falls");
    TAP_OK(memory_find(one, "learning_rate", "")->n == 20 &&
               memory_find(one, "gradient_norm", "")->n == 20 &&
               memory_find(one, "balance_loss", "")->n == 20,
           "so are rate, norm and balance");
    TAP_OK(validation->n == 12 && validation->points[0].x == 0 && validation->points[11].x == 20,
           "validations at 0, 1, 2, 4, 6, ... 20 of 20 steps: 0, 1, 2, 5, 10, ... percent");
    TAP_OK(vectors == 2 * 11, "loads of two layers at each, shares that sum to 1");
    TAP_OK(last != NULL && last->value == validation->points[11].y, "the last one is the result");
    TAP_NEAR(memory_result_of(one, "perplexity", "")->value, exp(last->value), 1e-12,
             "with its perplexity");
    /* Bytes are tokens, but for the ends of documents. */
    TAP_OK(bits->value >= last->value / log(2) && bits->value < 1.02 * last->value / log(2),
           "and its bits per byte");
    TAP_OK(memory_result_of(one, "saturation", "")->value > 0 &&
               memory_result_of(one, "jain_count_min", "")->value <=
                   memory_result_of(one, "jain_count", "")->value &&
               memory_result_of(one, "experts_per_token", "") != NULL,
           "the router is measured");
    TAP_CONTAINS(one->events[0], "active for a token; the run needs", "memory is told before");
    TAP_CONTAINS(one->events[0], "the program itself", "with what the program takes");
    TAP_CONTAINS(one->events[1], "2 documents are held out", "and what of the text is seen");

    must(run(NULL, 3, &two, &error), &error);
    bool same = true;
    const memory_series *other = memory_find(two, "loss", "");
    for (size_t i = 0; i < 20; i++) {
        same &= other->points[i].y == loss->points[i].y;
    }
    TAP_OK(same && memory_result_of(two, "validation_loss", "")->value == last->value,
           "three threads give the same bits");
    memory_sink_free(two);

    /* On from step 10, in a process of its own as far as the lab knows. */
    char from[160];
    snprintf(from, sizeof from, "lm.resume=%s/ckpt/step-0000010.safetensors", folder);
    must(run((const char *const[]){from, NULL}, 1, &two, &error), &error);
    other = memory_find(two, "loss", "");
    same = other->n == 10;
    for (size_t i = 0; i < other->n && i < 10; i++) {
        same &= other->points[i].y == loss->points[10 + i].y;
    }
    TAP_OK(same && memory_result_of(two, "validation_loss", "")->value == last->value,
           "a run that goes on from a checkpoint gives the same bits");
    memory_sink_free(two);
    TAP_OK(run((const char *const[]){from, "seed=2", NULL}, 1, &two, &error) == GSC_ERR_INPUT,
           "another seed cannot go on from it");
    TAP_STRING(
        error.message,
        "step-0000010.safetensors is of another run: it has seed 1 where this one has seed 2; "
        "go on with the same spec, or run this one from its start",
        "and says why");
    memory_sink_free(two);
    TAP_OK(run((const char *const[]){from, "gate=softmax", NULL}, 1, &two, &error) == GSC_ERR_INPUT,
           "nor can another gate");
    TAP_CONTAINS(error.message, "it has gate normalized_sigmoid ", "which is named");
    memory_sink_free(two);
    memory_sink_free(one);
}

static void test_stop(void) {
    gsc_error error = {0};
    memory_sink *sink;
    char path[160];
    char setting[200];
    struct stat ignored;
    stop_at = 3;
    TAP_OK(run((const char *const[]){"lm.checkpoint_every=1000", NULL}, 1, &sink, &error) ==
               GSC_ERR_STOPPED,
           "a stop ends the run");
    snprintf(path, sizeof path, "%s/ckpt/step-0000003.safetensors", folder);
    TAP_OK(stat(path, &ignored) == 0, "and leaves a checkpoint");
    stop_at = 0;
    memory_sink_free(sink);

    /* A corpus that was never read, so that its tokens are to be cut. */
    snprintf(path, sizeof path, "%s/unread.txt", folder);
    write_corpus(path);
    snprintf(setting, sizeof setting, "lm.data=%s", path);
    stop_first = true;
    TAP_OK(run((const char *const[]){setting, NULL}, 1, &sink, &error) == GSC_ERR_STOPPED &&
               sink->n_series == 0,
           "a stop while the corpus is read waits for nothing");
    stop_first = false;
    memory_sink_free(sink);
}

/* Packed JSON lines in SlimPajama's schema, two of them bad. */
static void write_packed_lines(const char *path) {
    static const char *const sets[] = {"RedPajamaC4", "RedPajamaGithub", "RedPajamaBook"};
    static const char *const words[] = {"the cat ", "for (i) ", "Call me "};
    gsc_text lines = {0};
    for (int i = 0; i < 240; i++) {
        char head[64], meta[96];
        gsc_text_append(&lines, head, (size_t)snprintf(head, sizeof head, "{\"text\": \""));
        for (int w = 0; w < 40; w++) {
            gsc_text_append(&lines, words[(i + (w % 5 == i % 5)) % 3], 8);
        }
        const char *bad = i == 50 || i == 90 ? "" : "}";
        gsc_text_append(&lines, meta,
                        (size_t)snprintf(meta, sizeof meta,
                                         "\", \"meta\": {\"redpajama_set_name\": \"%s\"}%s\n",
                                         sets[i % 3], bad));
    }
    const size_t room = ZSTD_compressBound(lines.size);
    void *packed = malloc(room);
    const size_t size = ZSTD_compress(packed, room, lines.bytes, lines.size, 3);
    FILE *file = fopen(path, "wb");
    fwrite(packed, 1, size, file);
    fclose(file);
    free(packed);
    gsc_text_clear(&lines);
}

/* From such a file to the metrics of its domains. */
static void test_packed_lines(void) {
    gsc_error error = {0};
    memory_sink *sink;
    char path[160], setting[200];
    bool told = false;
    snprintf(path, sizeof path, "%s/train.jsonl.zst", folder);
    write_packed_lines(path);
    snprintf(setting, sizeof setting, "lm.data=%s", path);
    must(run((const char *const[]){setting, NULL}, 1, &sink, &error), &error);
    for (size_t i = 0; i < sink->n_events; i++) {
        told = told || (strstr(sink->events[i], "2 bad lines of ") != NULL &&
                        strstr(sink->events[i], "train.jsonl.zst:51: no JSON object") != NULL);
    }
    TAP_OK(told, "packed lines: bad ones are counted, the first is named");
    const memory_result *domains = memory_result_of(sink, "domain_information", "");
    TAP_OK(domains != NULL && domains->value > 0,
           "experts have something to say of the text's domains");
    TAP_OK(memory_result_of(sink, "perplexity", "")->value < 60, "and the text was learned from");
    memory_sink_free(sink);
}

/* Where checkpoints cannot be written the run goes on: one alarm, and one when they can be again. */
static void test_lost_checkpoints(void) {
    gsc_error error = {0};
    memory_sink *sink;
    char place[160], path[200], kept[160];
    struct stat ignored;
    size_t lost = 0, again = 0;
    snprintf(kept, sizeof kept, "%s", getenv("GATESCOPE_CHECKPOINTS"));
    snprintf(place, sizeof place, "%s/taken", folder);
    setenv("GATESCOPE_CHECKPOINTS", place, 1);
    fclose(fopen(place, "w")); /* a file where the folder should be, until step 9 */
    clear_at = 9;
    must(run(NULL, 1, &sink, &error), &error);
    for (size_t i = 0; i < sink->n_events; i++) {
        lost += strstr(sink->events[i], "the run goes on without checkpoints") != NULL;
        again += strstr(sink->events[i], "written again from step 10 on; 6 are missing") != NULL;
    }
    TAP_OK(lost == 1, "checkpoints that cannot be written are told once");
    TAP_OK(again == 1, "and that they can be again, with how many are missing");
    snprintf(path, sizeof path, "%s/step-0000020.safetensors", place);
    TAP_OK(stat(path, &ignored) == 0, "the later ones are there");
    setenv("GATESCOPE_CHECKPOINTS", kept, 1);
    memory_sink_free(sink);
}

/* The header of a checkpoint; NULL: it is none. */
static json_t *header_of(const char *path) {
    unsigned char bytes[8] = {0};
    static char text[1 << 18];
    size_t size = 0;
    FILE *file = fopen(path, "rb");
    if (file != NULL && fread(bytes, 1, 8, file) == 8) {
        size = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16;
        size = size < sizeof text ? fread(text, 1, size, file) : 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return json_loadb(text, size, 0, NULL);
}

/* A reader in another language goes by these names and shapes (checkpoint.h). */
static void test_names(void) {
    static const char *const expected[] = {
        "embed.weight F32 [257,16]",
        "norm.weight F32 [16]",
        "norm.bias F32 [16]",
        "head.weight F32 [257,16]",
        "head.bias F32 [257]",
        "layers.1.attention_norm.weight F32 [16]",
        "layers.1.attention_norm.bias F32 [16]",
        "layers.1.experts_norm.weight F32 [16]",
        "layers.1.experts_norm.bias F32 [16]",
        "layers.1.attention.qkv.weight F32 [48,16]",
        "layers.1.attention.out.weight F32 [16,16]",
        "layers.1.gate.weight F32 [6,16]",
        "layers.1.experts.in.weight F32 [6,8,16]",
        "layers.1.experts.out.weight F32 [6,16,8]",
        "layers.1.shared.in.weight F32 [8,16]",
        "layers.1.shared.out.weight F32 [16,8]",
        "layers.1.gate.selection_bias F64 [6]",
    };
    char path[160];
    snprintf(path, sizeof path, "%s/ckpt/step-0000000.safetensors", folder);
    json_t *header = header_of(path), *entry;
    const char *name;
    size_t found = 0, others = 0;
    json_object_foreach(header, name, entry) {
        char text[200], *shape = json_dumps(json_object_get(entry, "shape"), JSON_COMPACT);
        const char *type = json_string_value(json_object_get(entry, "dtype"));
        snprintf(text, sizeof text, "%s %s %s", name, type != NULL ? type : "?",
                 shape != NULL ? shape : "?");
        bool known = strncmp(name, "adamw.", 6) == 0 || strncmp(name, "run.", 4) == 0 ||
                     strncmp(name, "layers.0.", 9) == 0 || strcmp(name, "__metadata__") == 0;
        for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
            const bool same = strcmp(text, expected[i]) == 0;
            found += same;
            known = known || same;
        }
        others += !known;
        free(shape);
    }
    TAP_OK(found == sizeof expected / sizeof expected[0],
           "step 0 has every tensor that PyTorch wants, by its name and shape");
    TAP_OK(header != NULL && others == 0, "and no other");
    json_decref(header);
}

static void refuse(const char *const *settings, gsc_status status, const char *part) {
    gsc_error error = {0};
    memory_sink *sink;
    TAP_OK(run(settings, 1, &sink, &error) == status, part);
    TAP_CONTAINS(error.message, part, "in these words");
    memory_sink_free(sink);
}

static void test_refusals(void) {
    refuse((const char *const[]){"lm.top_k=7", NULL}, GSC_ERR_INPUT, "lm.top_k is 7");
    refuse((const char *const[]){"lm.heads=3", NULL}, GSC_ERR_INPUT, "3 heads do not divide");
    refuse((const char *const[]){"lm.accumulate=3", NULL}, GSC_ERR_INPUT, "lm.accumulate 3");
    refuse((const char *const[]){"expert=linear", NULL}, GSC_ERR_INPUT, "set lm.shared=0");
    refuse((const char *const[]){"lm.data=/nowhere/at/all", NULL}, GSC_ERR_INPUT,
           "/nowhere/at/all");
    refuse((const char *const[]){"lm.context=1000000", NULL}, GSC_ERR_INPUT, "shorter");
    refuse(
        (const char *const[]){"lm.width=65536", "lm.experts=4096", "lm.expert_width=65536", NULL},
        GSC_ERR_MEMORY, "this machine has");
    refuse((const char *const[]){"lm.learning_rate=10", "lm.clip=0", "lm.steps=200",
                                 "lm.norm=rms_norm", "lm.weight_decay=10", NULL},
           GSC_ERR_NUMERIC, "the last good checkpoint is step");
    refuse((const char *const[]){"lm.learning_rate=10", "lm.clip=0", "lm.steps=200",
                                 "lm.norm=rms_norm", "lm.weight_decay=10", NULL},
           GSC_ERR_NUMERIC, "this was in step ");
}

/* The presets of the paper have the paper's sizes. For the DeepSeek models it counts 64 entries of a bias in each
 * layer that nothing uses (157,919,040 at the small size): ours are without. */
static void test_presets(void) {
    static const struct {
        const char *name;
        size_t parameters;
    } all[] = {{"lm-smoe-158m", 157934400},
               {"lm-smoe-sg-158m", 157934400},
               {"lm-deepseek-v2-158m", 157919040 - 16 * 64},
               {"lm-deepseek-v3-158m", 157919040 - 16 * 64},
               {"lm-smoe-679m", 678287168},
               {"lm-smoe-sg-679m", 678287168},
               {"lm-deepseek-v2-679m", 678287168 - 18 * 2048},
               {"lm-deepseek-v3-679m", 678287168 - 18 * 2048}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        gsc_error error = {0};
        gsc_spec *spec;
        gsc_lm_shape shape;
        gsc_lm_parameters list;
        char name[64];
        snprintf(name, sizeof name, "preset:%s", all[i].name);
        must(gsc_spec_load(name, &spec, &error), &error);
        must(gsc_spec_check(spec, NULL, &error), &error);
        must(gsc_lm_shape_read(spec, 8000, &shape, &error), &error);
        must(gsc_lm_parameters_init(&list, &shape, &error), &error);
        TAP_OK(list.trained == all[i].parameters, all[i].name);
        TAP_OK(shape.rotated == (shape.width == 512 ? 42 : 64), "about half of each head turns");
        gsc_lm_parameters_clear(&list);
        gsc_spec_free(spec);
    }
}

int main(void) {
    begin_runs();
    test_run();
    test_names();
    test_stop();
    test_lost_checkpoints();
    test_packed_lines();
    test_refusals();
    test_presets();
    TAP_OK(end_runs(), "all files were in one folder");
    return tap_done();
}
