/* SPDX-License-Identifier: MIT
 *
 * Comparisons of run files made by hand, whose verdicts are known.
 */
#include "core/read/compare.h"
#include "core/read/sweep_folder.h"
#include "tests/read/run_fixture.h"
#include "tests/tap.h"

enum {
    SEEDS = 8,
    MOST = 64
};

static const char *paths[MOST];
static size_t n_paths;

static void result(sqlite3 *db, const char *name, double value) {
    char *sql = sqlite3_mprintf(
        "INSERT INTO results(name, arm, unit, definition, value) VALUES(%Q, '', 'nat', 'a loss', "
        "%.17g)",
        name, value);
    fixture_exec(db, sql);
    sqlite3_free(sql);
}

typedef struct made_run {
    const char *arm, *stage, *status, *mark;
    int seed;
    double loss, rate, jain_mass;
    int experts; /* 0: not in the spec */
} made_run;

static void curve(sqlite3 *db, const made_run *run) {
    fixture_exec(db, "INSERT INTO series VALUES(1, 'validation_loss', '', 'v', 'nat', 'd', 'step', "
                     "'Step', 'loss', 'Loss', -1, NULL, '')");
    fixture_exec(db, "INSERT INTO series VALUES(2, 'jain_mass', '', 'j', '', 'd', 'step', "
                     "'Step', 'jain', 'Jain', 0, NULL, '')");
    for (int step = 0; step < 3; step++) {
        fixture_point(db, 1, step, (gsc_point){step * 10, 5 - step + run->loss, -1});
        fixture_point(db, 2, step, (gsc_point){step * 10, step * run->jain_mass / 2, -1});
    }
}

/* Of the last router with itself the last value is 1; at the middle of the run it tells arms apart. */
static void kappa(sqlite3 *db, const made_run *run) {
    const double middle = 0.4 + 0.01 * run->experts + 0.001 * run->seed;
    const double values[] = {0.1, 0.2, middle, 0.9, 1};
    fixture_exec(db, "INSERT INTO series VALUES(3, 'saturation_kappa', '', 's', '', 'd', 'step', "
                     "'Step', 'saturation_kappa', 'Saturation', 0, NULL, '')");
    for (int i = 0; i < 5; i++) {
        fixture_point(db, 3, i, (gsc_point){i * 5, values[i], -1});
    }
    result(db, "saturation_kappa", middle);
}

/* A copy of one empty run file, which need not outlive a crash. */
static sqlite3 *copy_empty(const char *name, char *ret_path, size_t size) {
    static char empty[300], bytes[1 << 20];
    sqlite3 *db = NULL;
    if (empty[0] == '\0') {
        sqlite3_close(fixture_create("empty.gsc", empty, sizeof empty));
    }
    snprintf(ret_path, size, "%s/%s", fixture_folder(), name);
    FILE *from = fopen(empty, "rb"), *to = fopen(ret_path, "wb");
    const size_t n = from != NULL ? fread(bytes, 1, sizeof bytes, from) : 0;
    const bool good = to != NULL && fwrite(bytes, 1, n, to) == n && fclose(to) == 0;
    if (!good || fclose(from) != 0 || sqlite3_open(ret_path, &db) != SQLITE_OK) {
        printf("Bail out! cannot make %s\n", ret_path);
        exit(1);
    }
    fixture_exec(db, "PRAGMA synchronous=OFF");
    return db;
}

/* A run file of one arm and seed; its path is added to paths. */
static void make_run(made_run run) {
    char name[100], spec[800], path[300];
    static int number;
    snprintf(name, sizeof name, "%s-%d.gsc", run.arm, number++);
    sqlite3 *db = copy_empty(name, path, sizeof path);
    snprintf(spec, sizeof spec,
             "{\"lab\": \"lm\", \"seed\": %d, \"gate\": \"%s\", \"lm\": {\"learning_rate\": %g, "
             "\"data\": \"literature\"%s%.0d}%s%s%s%s%s%s}",
             run.seed, run.arm, run.rate, run.experts > 0 ? ", \"experts\": " : "", run.experts,
             run.mark != NULL ? ", \"sweep\": {\"arm\": \"" : "", run.mark != NULL ? run.arm : "",
             run.mark != NULL ? "\", \"stage\": \"" : "", run.mark != NULL ? run.stage : "",
             run.mark != NULL ? "\", " : "", run.mark != NULL ? run.mark : "");
    fixture_text(db, GSC_META_SPEC, spec);
    fixture_text(db, GSC_META_STATUS, run.status);
    snprintf(spec, sizeof spec, "%d", run.seed);
    fixture_meta(db, GSC_META_SEED, spec);
    if (strcmp(run.status, "done") == 0) {
        result(db, "validation_loss", run.loss);
        result(db, "jain_count", 0.5 + 0.001 * run.seed);
        result(db, "jain_mass", run.jain_mass);
        curve(db, &run);
        if (run.experts > 0) {
            kappa(db, &run);
        }
    }
    sqlite3_close(db);
    paths[n_paths++] = strdup(path);
}

#define MARK(n)                                                                                    \
    "\"hash\": \"abc\", \"hypothesis\": \"it helps\", \"baseline\": \"base\", \"result\": "        \
    "\"validation_loss\", \"margin\": 0.005, \"seeds\": " n "}"

/* Differences around a mean with sd 0.001 or as given; the pattern sums to 0 over 8 seeds. */
static const double pattern[SEEDS] = {-1.5, -1, -0.5, 0, 0, 0.5, 1, 1.5};

static void make_arm(const char *arm, const char *mark, int seeds, double mean, double spread) {
    for (int s = 0; s < seeds; s++) {
        make_run((made_run){.arm = arm,
                            .stage = "main",
                            .status = "done",
                            .mark = mark,
                            .seed = s + 1,
                            .loss = 3 + 0.1 * pattern[s] + mean + spread * pattern[(s * 3) % SEEDS],
                            .rate = 0.01,
                            .jain_mass = 0.8 + mean});
    }
}

/* Arms of other numbers of experts: their saturations are at other levels of chance. */
static void test_chance(void) {
    static const char *const names[] = {"saturation", "saturation_types", "saturation_kappa"};
    static const gsc_status expected[] = {GSC_ERR_INPUT, GSC_ERR_INPUT, GSC_OK};
    n_paths = 0;
    for (int i = 0; i < 6; i++) {
        make_run((made_run){.arm = i % 2 == 0 ? "base" : "arm",
                            .stage = "main",
                            .status = "done",
                            .seed = 1 + i / 2,
                            .loss = 3,
                            .rate = 0.01,
                            .jain_mass = 0.9,
                            .experts = i % 2 == 0 ? 33 : 32});
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const gsc_compare_options options = {.result = names[i]};
        gsc_comparison *c = NULL;
        gsc_error error = {0};
        TAP_OK(gsc_compare_open(paths, n_paths, &options, &c, &error) == expected[i], names[i]);
        if (expected[i] != GSC_OK) {
            TAP_CONTAINS(error.message, "compare saturation_kappa", "with the way out");
            continue;
        }
        gsc_compare_point *points = NULL;
        gsc_claim claim;
        size_t n = 0;
        const size_t arm = c->baseline == 0 ? 1 : 0;
        TAP_OK(gsc_compare_curve(c, arm, "saturation", -1, &points, &n, &error) == GSC_ERR_INPUT,
               "nor is its curve drawn");
        TAP_OK(gsc_claim_read(c, arm, "saturation", 0, &claim, NULL) == GSC_OK &&
                   claim.count == 2 && claim.rows[1].layer == 0 &&
                   fabs(fabs(claim.rows[0].difference.mean) - 0.01) < 1e-12 &&
                   fabs(fabs(claim.rows[1].difference.mean) - 0.01) < 1e-12,
               "of a layer kappa is compared at the middle of the run, as its result is");
        gsc_claim_clear(&claim);
        gsc_comparison_free(c);
    }
}

static gsc_comparison *open_all(gsc_compare_options options) {
    gsc_comparison *c = NULL;
    gsc_error error = {0};
    if (gsc_compare_open(paths, n_paths, &options, &c, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    return c;
}

static const gsc_compare_arm *arm_of(const gsc_comparison *c, const char *name) {
    for (size_t a = 0; a < c->n_arms; a++) {
        if (strcmp(c->arms[a].name, name) == 0) {
            return &c->arms[a];
        }
    }
    return &c->arms[c->baseline];
}

static void test_verdicts(void) {
    n_paths = 0;
    make_arm("base", MARK("8"), SEEDS, 0, 0);
    make_arm("good", MARK("8"), SEEDS, -0.02, 0.002);
    make_arm("bad", MARK("8"), SEEDS, 0.03, 0.002);
    make_arm("same", MARK("8"), SEEDS, 0.0005, 0.001);
    make_arm("open", MARK("8"), SEEDS, 0.004, 0.01);
    gsc_comparison *c = open_all((gsc_compare_options){0});
    TAP_STRING(c->arms[c->baseline].name, "base", "the baseline that was set");
    TAP_OK(c->seeds == 8 && c->margin == 0.005 && !c->looks && c->n_warnings == 0, "what was set");
    TAP_STRING(c->hypothesis, "it helps", "the hypothesis");
    TAP_OK(arm_of(c, "good")->verdict == GSC_VERDICT_BETTER, "better");
    TAP_OK(arm_of(c, "bad")->verdict == GSC_VERDICT_WORSE, "worse");
    TAP_OK(arm_of(c, "same")->verdict == GSC_VERDICT_EQUIVALENT, "equivalent");
    TAP_OK(arm_of(c, "open")->verdict == GSC_VERDICT_UNDECIDED, "undecided");
    TAP_CONTAINS(arm_of(c, "open")->sentence, "8 seeds see", "with what could have been seen");
    TAP_NEAR(arm_of(c, "good")->difference.mean, -0.02, 1e-12,
             "pairs take the seed's own level out");
    TAP_NEAR(arm_of(c, "good")->difference.sd, 0.002 * sqrt(7.0 / 7), 1e-9, "and their spread");
    TAP_OK(isnan(arm_of(c, "good")->boot_low), "no documents, no bootstrap");

    gsc_compare_point *points = NULL;
    size_t n = 0;
    const size_t good = (size_t)(arm_of(c, "good") - c->arms);
    TAP_OK(gsc_compare_curve(c, good, "validation_loss", -1, &points, &n, NULL) == GSC_OK && n == 3,
           "a curve of differences");
    TAP_OK(n == 3 && points[2].x == 20 && points[2].difference.n == SEEDS &&
               fabs(points[2].difference.mean + 0.02) < 1e-9,
           "with its mean at a step");
    free(points);

    gsc_claim claim;
    TAP_OK(gsc_claim_read(c, good, "jain", 0, &claim, NULL) == GSC_OK, "a claim");
    /* jain_count all layers: always equal; jain_mass: less by 0.02, over all layers and in layer 0 */
    TAP_OK(claim.count == 3 && claim.rows[1].verdict == GSC_VERDICT_WORSE &&
               claim.rows[2].layer == 0 && claim.rows[2].verdict == GSC_VERDICT_WORSE,
           "has a row for each definition and layer");
    TAP_NEAR(claim.stands, 1.0 / 3, 1e-12, "and stands in one of three");
    gsc_claim_clear(&claim);
    gsc_comparison_free(c);
}

static void test_lock(void) {
    n_paths = 0;
    make_arm("early", MARK("8"), 3, -0.05, 0.0001);
    make_arm("base", MARK("8"), 5, 0, 0);
    gsc_comparison *c = open_all((gsc_compare_options){0});
    TAP_STRING(c->arms[c->baseline].name, "base", "the baseline need not come first");
    TAP_OK(arm_of(c, "early")->verdict == GSC_VERDICT_LOCKED, "no verdict before its time");
    TAP_STRING(arm_of(c, "early")->sentence, "3 of 8 seeds: locked", "and it says so");
    gsc_comparison_free(c);
    c = open_all((gsc_compare_options){.looks = true});
    TAP_OK(arm_of(c, "early")->verdict == GSC_VERDICT_BETTER && c->alpha < 0.0150,
           "a look is allowed at a level of its own");
    gsc_comparison_free(c);
    make_run((made_run){.arm = "early",
                        .stage = "main",
                        .status = "failed",
                        .mark = MARK("8"),
                        .seed = 4,
                        .rate = 0.01});
    c = open_all((gsc_compare_options){0});
    TAP_OK(arm_of(c, "early")->failed == 1 && c->n_warnings == 1, "a failed run is told");
    TAP_CONTAINS(c->warnings[0], "1 of 4 runs of early failed", "by name");
    gsc_comparison_free(c);
}

/* p = 0.02 of one arm of four decides nothing before the others are there. */
static void test_planned_arms(void) {
    static const char *const marks[] = {MARK("8"), MARK("8, \"arms\": 5")};
    for (int planned = 0; planned < 2; planned++) {
        n_paths = 0;
        make_arm("base", marks[planned], SEEDS, 0, 0);
        make_arm("edge", marks[planned], SEEDS, -0.0212, 0.02);
        gsc_comparison *c = open_all((gsc_compare_options){0});
        TAP_OK(arm_of(c, "edge")->difference.p < 0.05, "one test alone would say better");
        TAP_OK(arm_of(c, "edge")->verdict == (planned ? GSC_VERDICT_UNDECIDED : GSC_VERDICT_BETTER),
               planned ? "arms of the plan without runs count" : "where no other arm was planned");
        gsc_comparison_free(c);
    }
    make_arm("late", marks[1], 5, -0.03, 0.0001);
    gsc_comparison *c = open_all((gsc_compare_options){0});
    TAP_OK(arm_of(c, "late")->verdict == GSC_VERDICT_LOCKED && isnan(arm_of(c, "late")->p),
           "an arm that is locked has no p");
    TAP_OK(arm_of(c, "edge")->verdict == GSC_VERDICT_UNDECIDED, "and helps no other");
    gsc_comparison_free(c);
}

/* What was set holds whatever is asked for later. */
static void test_other_options(void) {
    n_paths = 0;
    make_arm("base", MARK("8"), SEEDS, 0, 0);
    make_arm("edge", MARK("8"), SEEDS, -0.0212, 0.02);
    gsc_comparison *c = open_all((gsc_compare_options){.seeds = 4});
    TAP_OK(c->looks && c->seeds == 8 && c->alpha < 0.0150 &&
               arm_of(c, "edge")->verdict == GSC_VERDICT_UNDECIDED,
           "another number of seeds is a look");
    TAP_STRING(c->warnings[0], "8 seeds were set beforehand, not 4", "and is told");
    gsc_comparison_free(c);
    c = open_all((gsc_compare_options){.margin = 0.1, .baseline = "edge"});
    TAP_OK(c->n_warnings == 2, "so is what else differs from the plan");
    TAP_STRING(c->warnings[0], "a margin of 0.005 was set beforehand, not 0.1", "the margin");
    TAP_STRING(c->warnings[1], "the baseline base was set beforehand, not edge", "the baseline");
    gsc_comparison_free(c);
    n_paths = 0;
    make_arm("one", MARK("8"), SEEDS, 0, 0);
    make_arm("two", MARK("8"), SEEDS, -0.0212, 0.02);
    c = open_all((gsc_compare_options){0});
    TAP_STRING(
        c->warnings[0],
        "the baseline base, set beforehand, has no run here, so one is compared with instead",
        "and a baseline without runs");
    gsc_comparison_free(c);
}

/* Robustness tells no verdict before its time, either. */
static void test_locked_claim(void) {
    gsc_claim claim;
    n_paths = 0;
    make_arm("base", MARK("8"), 5, 0, 0);
    make_arm("early", MARK("8"), 5, -0.05, 0.0001);
    for (int looks = 0; looks < 2; looks++) {
        gsc_comparison *c = open_all((gsc_compare_options){.looks = looks == 1});
        const size_t early = (size_t)(arm_of(c, "early") - c->arms);
        TAP_OK(gsc_claim_read(c, early, NULL, 0, &claim, NULL) == GSC_OK, "a claim of five pairs");
        TAP_OK(claim.verdict == (looks ? GSC_VERDICT_BETTER : GSC_VERDICT_LOCKED) &&
                   isnan(claim.stands) == !looks,
               looks ? "stands where looks are allowed for" : "is locked where eight were set");
        gsc_claim_clear(&claim);
        gsc_comparison_free(c);
    }
}

/* ---- A folder whose plan is changed ---- */

static char *read_text(const char *path) {
    char *text = calloc(1, 1 << 16);
    FILE *file = fopen(path, "rb");
    const size_t n = text != NULL && file != NULL ? fread(text, 1, (1 << 16) - 1, file) : 0;
    if (n == 0 || fclose(file) != 0) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    return text;
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        printf("Bail out! cannot write %s\n", path);
        exit(1);
    }
}

/* The same text with the first `from` as `to`; caller frees. */
static char *with(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    char *made = at != NULL ? malloc(strlen(text) + strlen(to) + 1) : NULL;
    if (made == NULL) {
        printf("Bail out! there is no \"%s\"\n", from);
        exit(1);
    }
    memcpy(made, text, (size_t)(at - text));
    strcpy(stpcpy(made + (at - text), to), at + strlen(from));
    return made;
}

/* A folder in which every run has ended, each with the spec that waited in todo/. */
static void make_folder(char *ret_path, size_t size) {
    gsc_sweep *sweep = NULL;
    gsc_sweep_folder *folder = NULL;
    snprintf(ret_path, size, "%s/sweep", fixture_folder());
    if (gsc_sweep_parse("{\"base\": {\"lab\": \"lm\"}, \"axes\": {\"lm.shared\": [0, 1]}, "
                        "\"seeds\": 6, \"hypothesis\": \"it helps\"}",
                        "s", &sweep, NULL) != GSC_OK ||
        gsc_sweep_create(sweep, ret_path, NULL) != GSC_OK ||
        gsc_sweep_folder_open(ret_path, &folder, NULL) != GSC_OK) {
        printf("Bail out! no folder\n");
        exit(1);
    }
    for (size_t i = 0; i < folder->count; i++) {
        const gsc_sweep_entry *entry = &folder->entries[i];
        char todo[600], name[300], path[300], seed[24];
        snprintf(todo, sizeof todo, "%s/todo/%s", ret_path, entry->file);
        snprintf(name, sizeof name, "sweep/runs/%s.gsc", entry->run.name);
        char *spec = read_text(todo);
        sqlite3 *db = copy_empty(name, path, sizeof path);
        snprintf(seed, sizeof seed, "%d", (int)entry->run.seed);
        fixture_text(db, GSC_META_SPEC, spec);
        fixture_text(db, GSC_META_STATUS, "done");
        fixture_meta(db, GSC_META_SEED, seed);
        result(db, "validation_loss", 3 + 0.1 * (double)entry->run.arm + 0.01 * (double)i);
        sqlite3_close(db);
        free(spec);
    }
    gsc_sweep_folder_free(folder);
    gsc_sweep_free(sweep);
}

static void expect_warning(const char *folder, const char *part, const char *what) {
    gsc_comparison *c = NULL;
    gsc_error error = {0};
    if (gsc_compare_open(&folder, 1, &(gsc_compare_options){0}, &c, &error) != GSC_OK) {
        printf("Bail out! %s\n", error.message);
        exit(1);
    }
    if (part == NULL) {
        TAP_OK(c->n_warnings == 0, what);
    } else {
        TAP_CONTAINS(c->n_warnings > 0 ? c->warnings[0] : "", part, what);
    }
    gsc_comparison_free(c);
}

static void test_changed_folder(void) {
    static const struct {
        const char *from, *to, *part, *what;
    } changes[] = {
        {"it helps", "it harms",
         "sweep.hypothesis is \"it helps\" here and \"it harms\" in the plan",
         "a hypothesis that was changed afterwards is told"},
        {"\"seeds\": 6", "\"seeds\": 7", "sweep.seeds is 6 here and 7 in the plan",
         "so is another number of seeds"},
        {"\"steps\": 300", "\"steps\": 301", "lm.steps is 300 here and 301 in the plan",
         "and another base"},
        {"\"seeds\": 6", "\"seeds\": [1, 2, 3, 4, 5, 7]",
         "10 of 10 runs carry the hash of another plan", "and other seeds, as many"},
        {"\"lab\": \"lm\"", "\"lab\": \"lm\"", NULL, "and a plan as it was is not"},
    };
    char folder[300], plan[320], run[400];
    make_folder(folder, sizeof folder);
    snprintf(plan, sizeof plan, "%s/sweep.json", folder);
    char *text = read_text(plan);
    expect_warning(folder, NULL, "nothing is said of a folder as it was made");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *changed = with(text, changes[i].from, changes[i].to);
        write_text(plan, changed);
        expect_warning(folder, changes[i].part, changes[i].what);
        free(changed);
    }
    snprintf(run, sizeof run, "%s/runs/shared-1-s3.gsc", folder);
    sqlite3 *db = NULL;
    if (sqlite3_open(run, &db) != SQLITE_OK) {
        printf("Bail out! cannot open %s\n", run);
        exit(1);
    }
    fixture_exec(db, "UPDATE meta SET value = replace(value, '\"seeds\": 6', '\"seeds\": 3')");
    fixture_exec(db, "UPDATE meta SET value = replace(value, '\"seeds\":6', '\"seeds\":3')");
    sqlite3_close(db);
    expect_warning(folder, "1 of 12 runs are not what sweep.json says",
                   "a run that was changed is told, too");
    free(text);
}

static void test_best(void) {
    n_paths = 0;
    make_arm("base", MARK("6"), 6, 0, 0);
    make_arm("slow", MARK("6"), 6, 0.02, 0.001);
    for (int s = 1; s <= 6; s++) {
        make_run((made_run){.arm = "slow",
                            .stage = "best",
                            .status = "done",
                            .mark = MARK("6"),
                            .seed = s,
                            .loss = 3 + 0.1 * pattern[s - 1] - 0.02 + 0.001 * (s % 2),
                            .rate = 0.02,
                            .jain_mass = 0.5});
    }
    gsc_comparison *c = open_all((gsc_compare_options){0});
    TAP_OK(c->tuned && arm_of(c, "slow")->verdict == GSC_VERDICT_WORSE, "worse at the shared rate");
    gsc_comparison_free(c);
    c = open_all((gsc_compare_options){.best = true});
    TAP_OK(arm_of(c, "slow")->verdict == GSC_VERDICT_BETTER && arm_of(c, "slow")->rate == 0.02,
           "better at its best rate");
    gsc_comparison_free(c);
}

static void test_loose_files(void) {
    n_paths = 0;
    make_arm("relu", NULL, 6, 0, 0);
    make_arm("gelu", NULL, 6, -0.05, 0.001);
    gsc_comparison *c = open_all((gsc_compare_options){0});
    TAP_OK(c->n_arms == 2 && c->looks && c->seeds == 0, "nothing was set beforehand");
    TAP_STRING(c->arms[0].name, "gate=relu", "arms are named by what differs");
    TAP_OK(arm_of(c, "gate=gelu")->verdict == GSC_VERDICT_BETTER, "and still judged");
    gsc_comparison_free(c);
    gsc_error error = {0};
    TAP_OK(gsc_compare_open(paths, 6, &(gsc_compare_options){0}, &c, &error) == GSC_ERR_INPUT,
           "one arm is no comparison");
    TAP_OK(gsc_compare_open(paths, n_paths, &(gsc_compare_options){.baseline = "gate=rely"}, &c,
                            &error) == GSC_ERR_INPUT,
           "an unknown baseline");
    TAP_CONTAINS(error.message, "the nearest is gate=relu", "with the nearest arm");
}

int main(void) {
    test_verdicts();
    test_chance();
    test_lock();
    test_planned_arms();
    test_other_options();
    test_locked_claim();
    test_changed_folder();
    test_best();
    test_loose_files();
    return tap_done();
}
