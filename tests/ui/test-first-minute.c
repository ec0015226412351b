/* SPDX-License-Identifier: MIT
 *
 * The first minute of a person without runs, with every picture of the start page: a click runs that experiment,
 * as small as the page says, and its figure draws itself; then back to the start page for the next.
 *
 * That the runs end within a minute on two cores is measured, not tested: machines differ.
 */
#include "tests/tap.h"
#include "tests/ui/desk.h"

#include <glib/gstdio.h>
#include <stdio.h>

/* What the page offers, with a word that the run's own spec has because the page made it small. */
static const struct card {
    const char *preset, *figure, *small;
} cards[] = {
    {"first", "rate", ""},
    {"theorem1", "rate", "\"sizes\":[200,500,1000,2000,5000]"},
    {"theorem2", "rate", "\"sizes\":[200,500,1000,2000,5000]"},
    {"theorem4", "rate", "\"sizes\":[200,500,1000,2000,5000]"},
    {"fingerprint", "fingerprint", ""},
    {"lm-deepseek-v3", "loss", "\"steps\":40"},
};

/* A corpus under the name that the language models ask for: words that a tokenizer can learn. */
static void write_corpus(const desk *at) {
    static const char *const parts[] = {"ka", "lo", "mi", "tu",  "ser", "an",  "ve", "don",
                                        "ri", "pa", "ne", "gol", "sh",  "ten", "u",  "ima"};
    g_autofree char *folder =
        g_build_filename(at->home, "data", "gatescope", "data", "literature", NULL);
    g_autofree char *path = g_build_filename(folder, "text.txt", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    guint32 state = 1;

    for (int i = 0; i < 120000; i++) {
        state = state * 1103515245u + 12345u;
        g_string_append(text, parts[(state >> 16) % G_N_ELEMENTS(parts)]);
        g_string_append(text, (state >> 24) % 97 == 0  ? ".\n\n"
                              : (state >> 20) % 3 == 0 ? " "
                                                       : "");
    }
    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(path, text->str, (gssize)text->len, NULL);
}

/* What `gatescope export` says of the run's spec; caller frees. */
static char *dup_spec(const desk *at, const char *preset) {
    g_autofree char *folder = g_path_get_dirname(g_getenv("GATESCOPE_DESKTOP"));
    g_autofree char *program = g_build_filename(folder, "gatescope", NULL);
    g_autofree char *file = g_strdup_printf("%s-1.gsc", preset);
    g_autofree char *path = g_build_filename(at->home, "runs", file, NULL);
    g_autofree char *output = g_build_filename(at->home, preset, NULL);
    g_autofree char *spec = g_build_filename(output, "run.json", NULL);
    const char *line[] = {program, "export", path, "--to", "jsonl", "-o", output, NULL};
    json_t *value = NULL;

    g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, NULL, NULL);
    value = json_load_file(spec, 0, NULL);
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    char *copy = g_strdup(text != NULL ? text : "");
    free(text);
    return copy;
}

static bool leave_start(desk *at, const char *preset) {
    g_autofree char *widget = g_strconcat("start:", preset, NULL);

    for (int turn = 0; turn < 20; turn++) { /* the page may still be finding its place */
        desk_click(at, widget);
        if (desk_wait_flag(at, "start", false, 3)) {
            return true;
        }
    }
    return false;
}

static void test_card(desk *at, const struct card *card) {
    g_autofree char *file = g_strdup_printf("%s-1.gsc", card->preset);
    g_autofree char *path = g_build_filename(at->home, "runs", file, NULL);
    const gint64 start = g_get_monotonic_time();

    TAP_OK(leave_start(at, card->preset), card->preset);
    TAP_OK(desk_wait_text(at, "experiment", card->preset, 20),
           "is the experiment that was clicked");
    TAP_OK(desk_wait_file(path, 60), "a run of it begins");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "and draws its figure");
    printf("# %s: first point after %.1f s\n", card->preset,
           (double)(g_get_monotonic_time() - start) / 1e6);
    TAP_OK(desk_wait_text(at, "figure", card->figure, 20), card->figure);
    g_autofree char *trouble = desk_text(at, "trouble");
    TAP_STRING(trouble, "", "without a complaint");
    g_autofree char *shot = g_strdup_printf("first-minute-%s", card->preset);
    desk_keep_picture(shot);
    g_autofree char *spec = dup_spec(at, card->preset);
    TAP_CONTAINS(spec, card->small, "it is as small as the page says");
    desk_key(at, "ctrl+period");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "and is over, or stopped");
    desk_key(at, "alt+Home");
    TAP_OK(desk_wait_flag(at, "start", true, 20), "Alt+Home leads back to the start");
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    write_corpus(&at);
    if (TAP_OK(desk_start(&at, NULL), "a window without runs opens") &&
        TAP_OK(desk_wait_flag(&at, "start", true, 20), "at the start page")) {
        desk_wait_ready(&at);
        for (size_t i = 0; i < G_N_ELEMENTS(cards); i++) {
            test_card(&at, &cards[i]);
        }
    }
    desk_close(&at);
    return tap_done();
}
