/* SPDX-License-Identifier: MIT
 *
 * Plans of sweeps: axes, arms, seeds, tuning, the hash, what is refused; and the folder.
 */
#include "core/read/sweep_folder.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

static gsc_sweep *parse(const char *text) {
    gsc_sweep *sweep = NULL;
    gsc_error error = {0};
    if (gsc_sweep_parse(text, "s.json", &sweep, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return sweep;
}

#define BASE "\"base\": {\"lab\": \"lm\", \"gate\": \"softmax\", \"expert\": \"relu\"}"

static void test_axes(void) {
    gsc_sweep *s = parse("{" BASE ", \"axes\": {\"gate\": [\"softmax\", {\"id\": \"sigmoid\", "
                         "\"scale\": 2}], \"lm.shared\": [0, 1], \"size\": {\"small\": "
                         "{\"lm.width\": 32, \"lm.heads\": 2}}}, \"baseline\": "
                         "\"softmax, shared=1, small\", \"hypothesis\": \"shared helps\"}");
    TAP_OK(s->n_arms == 4 && s->n_seeds == 8 && s->baseline == 1, "the product of the axes");
    TAP_STRING(s->arms[0].name, "softmax, shared=0, small", "an arm's name");
    TAP_STRING(s->arms[3].name, "sigmoid scale=2, shared=1, small", "with a plugin's parameter");
    TAP_STRING(s->arms[3].slug, "sigmoid-scale-2-shared-1-small", "and as part of a file name");
    gsc_sweep_run *runs = NULL;
    size_t n = 0;
    gsc_spec *spec = NULL;
    TAP_OK(gsc_sweep_runs(s, GSC_SWEEP_MAIN, NULL, &runs, &n, NULL) == GSC_OK && n == 32, "runs");
    TAP_OK(runs[0].seed == 1 && runs[3].seed == 1 && runs[3].arm == 3 && runs[4].seed == 2,
           "all arms of a seed before the next");
    TAP_OK(gsc_sweep_spec(s, &runs[7], &spec, NULL) == GSC_OK, "a spec");
    TAP_OK(gsc_spec_int(spec, "seed") == 2 && gsc_spec_int(spec, "lm.width") == 32 &&
               gsc_spec_int(spec, "lm.shared") == 1 &&
               gsc_spec_plugin_param(spec, "gate", "scale", 0) == 2,
           "has what the arm sets");
    const json_t *mark = gsc_spec_json(spec, "sweep");
    TAP_STRING(json_string_value(json_object_get(mark, "hash")), s->hash, "and the plan's hash");
    TAP_OK(json_integer_value(json_object_get(mark, "seeds")) == 8, "and the seeds set");
    gsc_spec_free(spec);
    free(runs);
    gsc_sweep_free(s);
}

/* The hash moves with what decides and with nothing else. */
static void test_hash(void) {
    gsc_sweep *a = parse("{" BASE ", \"axes\": {\"lm.shared\": [0, 1]}, \"title\": \"A\"}");
    gsc_sweep *b = parse("{\"title\": \"B\", \"axes\": {\"lm.shared\": [0, 1]}, " BASE "}");
    gsc_sweep *c = parse("{" BASE ", \"axes\": {\"lm.shared\": [0, 1]}, \"seeds\": 9}");
    gsc_sweep *d = parse("{" BASE ", \"axes\": {\"lm.shared\": [0, 1]}, \"hypothesis\": \"x\"}");
    TAP_STRING(a->hash, b->hash, "a title and the order of keys decide nothing");
    TAP_OK(strcmp(a->hash, c->hash) != 0 && strcmp(a->hash, d->hash) != 0 &&
               strcmp(c->hash, d->hash) != 0,
           "seeds and hypothesis do");
    char *text = json_dumps(a->text, 0);
    gsc_sweep *again = parse(text);
    TAP_STRING(again->hash, a->hash, "the plan as written is the same plan");
    free(text);
    gsc_sweep_free(a);
    gsc_sweep_free(b);
    gsc_sweep_free(c);
    gsc_sweep_free(d);
    gsc_sweep_free(again);
}

static void refuse(const char *text, const char *sentence) {
    gsc_sweep *sweep = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_sweep_parse(text, "s.json", &sweep, &error) == GSC_ERR_INPUT, text);
    TAP_CONTAINS(error.message, sentence, "with a sentence");
}

static void test_refusals(void) {
    refuse("[1]", "a sweep is a JSON object");
    refuse("{\"axis\": {}}", "the nearest is axes");
    refuse("{\"axes\": {}}", "base should be a spec");
    refuse("{" BASE ", \"seeds\": 4}", "a verdict needs at least 6");
    refuse("{" BASE ", \"axes\": {\"lm.sharde\": [0]}}", "the nearest is lm.shared");
    refuse("{" BASE ", \"axes\": {\"lm.shared\": []}}", "a list of values");
    refuse("{" BASE ", \"axes\": {\"lm.shared\": [0, -3]}}", "lm.shared");
    refuse("{" BASE ", \"axes\": {\"lm.shared\": [0, 0]}}", "two arms are called");
    refuse("{" BASE ", \"axes\": {\"lm.shared\": [0, 1]}, \"baseline\": \"shared=2\"}",
           "is no arm; shared=0 is one");
    refuse("{" BASE ", \"seeds\": [1, 2, 3, 3, 4, 5]}", "has 3 twice");
    refuse("{" BASE ", \"margin\": 0}", "a number above 0");
    refuse("{" BASE ", \"tune\": {\"key\": \"lm.learning_rate\", \"values\": [0.1, 0.2], "
           "\"seeds\": [3]}}",
           "tuning needs others");
    refuse("{" BASE ", \"tune\": {\"key\": \"gate\", \"values\": [1, 2], \"seeds\": [30]}}",
           "a key with one number");
    refuse("{\n\"base\": \"preset:lm-smo\"}", "the nearest is preset:lm-smoe");
}

static void test_presets(void) {
    size_t n;
    const gsc_sweep_preset *presets = gsc_sweep_presets(&n);
    for (size_t i = 0; i < n; i++) {
        gsc_sweep *s = NULL;
        gsc_error error = {0};
        const bool good = gsc_sweep_parse(presets[i].text, presets[i].name, &s, &error) == GSC_OK;
        TAP_OK(good && presets[i].title[0] != '\0' && s->hypothesis[0] != '\0', presets[i].name);
        /* equal active width: experts that a token uses, routed and shared, are the same in all arms */
        for (size_t a = 0; good && a < s->n_arms; a++) {
            const json_t *set = s->arms[a].set, *first = s->arms[0].set;
            const json_int_t active = json_integer_value(json_object_get(set, "lm.top_k")) +
                                      json_integer_value(json_object_get(set, "lm.shared"));
            TAP_OK(active == json_integer_value(json_object_get(first, "lm.top_k")) +
                                 json_integer_value(json_object_get(first, "lm.shared")),
                   s->arms[a].name);
        }
        gsc_sweep_free(s);
    }
}

static void finish_run(const char *folder, const gsc_sweep_run *run, double loss) {
    char path[600], made[400];
    sqlite3 *db = fixture_create("made.gsc", made, sizeof made);
    char *sql = sqlite3_mprintf("INSERT INTO results(name, arm, unit, definition, value) VALUES("
                                "'validation_loss', '', 'nat', 'd', %.17g)",
                                loss);
    fixture_exec(db, sql);
    sqlite3_free(sql);
    fixture_text(db, GSC_META_STATUS, "done");
    sqlite3_close(db);
    gsc_sweep_run_path(folder, run, path, sizeof path);
    rename(made, path);
}

/* Tuning done in the folder: the least mean loss wins, and arms whose best is another one run again. */
static void test_folder(void) {
    char path[300];
    gsc_sweep *s =
        parse("{" BASE ", \"axes\": {\"lm.shared\": [0, 1]}, \"seeds\": 6, \"tune\": {\"key\": "
              "\"lm.learning_rate\", \"values\": [0.01, 0.02], \"seeds\": [50, 51]}}");
    snprintf(path, sizeof path, "%s/sweep", fixture_folder());
    gsc_sweep_folder *f = NULL;
    gsc_error error = {0};
    TAP_OK(gsc_sweep_create(s, path, &error) == GSC_OK, "a folder");
    TAP_OK(gsc_sweep_folder_open(path, &f, &error) == GSC_OK && f->count == 20 &&
               f->n_state[GSC_SWEEP_TODO] == 20 && f->entries[0].run.stage == GSC_SWEEP_TUNE,
           "in which tuning comes first");
    for (size_t i = 0; i < f->count; i++) {
        gsc_sweep_entry *e = &f->entries[i];
        bool moved = false;
        if (e->run.stage == GSC_SWEEP_TUNE) {
            const double loss = 3 + (e->run.arm == 1 ? -1 : 1) * e->run.value;
            finish_run(path, &e->run, loss);
            TAP_OK(gsc_sweep_move(f, e, GSC_SWEEP_DONE, &moved, &error) == GSC_OK && moved,
                   e->run.name);
        }
    }
    TAP_OK(gsc_sweep_folder_read(f, true, &error) == GSC_OK && f->count == 26 &&
               f->n_state[GSC_SWEEP_TODO] == 18,
           "then the arm that is better elsewhere runs there too");
    TAP_OK(f->best[0] == 0.01 && f->best[1] == 0.02, "at its best value");
    TAP_OK(gsc_sweep_pause(path, true, &error) == GSC_OK &&
               gsc_sweep_folder_read(f, true, &error) == GSC_OK && f->paused,
           "paused");
    gsc_sweep *other = parse("{" BASE ", \"axes\": {\"lm.shared\": [0, 2]}}");
    TAP_OK(gsc_sweep_create(s, path, &error) == GSC_OK, "made again: nothing happens");
    TAP_OK(gsc_sweep_create(other, path, &error) == GSC_ERR_INPUT, "another sweep is kept out");
    TAP_CONTAINS(error.message, "holds another sweep", "with a sentence");
    gsc_sweep_folder_free(f);
    gsc_sweep_free(other);
    gsc_sweep_free(s);
}

int main(void) {
    test_axes();
    test_hash();
    test_refusals();
    test_presets();
    test_folder();
    return tap_done();
}
