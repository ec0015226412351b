/* SPDX-License-Identifier: MIT
 *
 * A language model that is stopped and goes on: Stop leaves its points and its checkpoints, Resume in the list goes
 * on from them in the same file, and the figures that show one step at a time go back and forth by the slider.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps pictures of the steps.
 */
#include "core/read/spec.h"
#include "tests/tap.h"
#include "tests/ui/desk.h"
#include "tests/ui/tree.h"

#include <glib/gstdio.h>
#include <string.h>

static void write_corpus(const char *path) {
    static const char *const words[] = {"the ", "cat ",  "sat ", "on ",  "a ",       "mat, ",
                                        "and ", "then ", "it ",  "ran ", "home.\n\n"};
    g_autoptr(GString) text = g_string_new(NULL);
    guint32 state = 1;

    for (int i = 0; i < 20000; i++) {
        state = state * 1103515245u + 12345u;
        g_string_append(text, words[(state >> 16) % G_N_ELEMENTS(words)]);
    }
    g_file_set_contents(path, text->str, (gssize)text->len, NULL);
}

/* A small model with no end in sight, and a checkpoint every few steps; caller frees the path. */
static char *write_spec(const desk *at) {
    g_autofree char *corpus = g_build_filename(at->home, "corpus.txt", NULL);
    char *path = g_build_filename(at->home, "endless.json", NULL);
    json_t *spec = json_loads(gsc_preset_find("lm-deepseek-v3")->text, 0, NULL);
    json_t *lm = json_object_get(spec, "lm");
    static const struct {
        const char *key;
        int value;
    } numbers[] = {{"steps", 200000},
                   {"layers", 2},
                   {"width", 16},
                   {"heads", 2},
                   {"context", 32},
                   {"batch", 4},
                   {"experts", 6},
                   {"top_k", 2},
                   {"expert_width", 8},
                   {"validation_positions", 2048},
                   {"probe_positions", 1024},
                   {"checkpoint_every", 50}};

    write_corpus(corpus);
    json_object_set_new(spec, "title", json_string("An endless run"));
    json_object_set_new(lm, "data", json_string(corpus));
    json_object_set_new(lm, "tokenizer", json_string("bytes"));
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        json_object_set_new(lm, numbers[i].key, json_integer(numbers[i].value));
    }
    json_dump_file(spec, path, JSON_INDENT(2));
    json_decref(spec);
    return path;
}

static bool has_checkpoint(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(name, ".safetensors")) {
            return true;
        }
    }
    return false;
}

static bool wait_checkpoint(const char *folder) {
    for (int i = 0; i < 2400; i++) {
        if (has_checkpoint(folder)) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

static void test_resume(desk *at, AtspiAccessible *program) {
    g_autofree char *path = g_build_filename(at->home, "runs", "endless-1.gsc", NULL);
    g_autofree char *folder = g_build_filename(at->home, "runs", "endless-1.ckpt", NULL);

    TAP_OK(tree_press_button(program, "Run"), "Run");
    TAP_OK(desk_wait_flag(at, "running", true, 60), "starts the run");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "whose points come");
    TAP_OK(wait_checkpoint(folder), "and its checkpoints");
    TAP_OK(tree_press_button(program, "Stop"), "Stop");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "ends it");
    const double points = desk_number(at, "points");
    TAP_OK(points >= 1, "its points stay");
    desk_keep_picture("resume-stopped");
    TAP_OK(tree_press_button(program, "Resume endless-1 from its last checkpoint"), "Resume");
    TAP_OK(desk_wait_flag(at, "running", true, 60), "goes on");
    TAP_OK(desk_wait_at_least(at, "points", points + 1, 60), "to more points");
    TAP_OK(desk_number(at, "runs_shown") == 1, "of the same run");
    g_autofree char *second = g_build_filename(at->home, "runs", "endless-2.gsc", NULL);
    TAP_OK(g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(second, G_FILE_TEST_EXISTS),
           "in the same file");
    TAP_OK(tree_press_button(program, "Stop"), "Stop again");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "ends it again");
    g_autofree char *trouble = desk_text(at, "trouble");
    TAP_STRING(trouble, "", "which is no trouble");
}

static double value_of(AtspiAccessible *slider) {
    g_autoptr(AtspiValue) value = atspi_accessible_get_value_iface(slider);

    return value != NULL ? atspi_value_get_current_value(value, NULL) : -1;
}

static bool wait_value(AtspiAccessible *slider, double value) {
    for (int i = 0; i < 400; i++) {
        if (value_of(slider) == value) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

/* The list of figures is gone through until one has a slider. */
static void test_slider(desk *at, AtspiAccessible *program) {
    AtspiAccessible *slider = NULL;

    for (int i = 0; i < 12 && slider == NULL; i++) {
        g_autofree char *before = desk_text(at, "figure");
        desk_click(at, "figures");
        desk_wait_popup(true, 30);
        desk_press(at, "Down");
        desk_press(at, "Return");
        desk_wait_popup(false, 30);
        slider = tree_find(program, ATSPI_ROLE_SLIDER, "Step of training that is shown", 1);
        printf("# after %s: %s\n", before, slider != NULL ? "a slider" : "none");
    }
    if (!TAP_OK(slider != NULL, "a figure of one step at a time has a slider")) {
        return;
    }
    g_autoptr(AtspiValue) value = atspi_accessible_get_value_iface(slider);
    const double last = value_of(slider);
    TAP_OK(last >= 1, "which stands at the last step");
    desk_keep_picture("resume-last");
    TAP_OK(atspi_value_set_current_value(value, 0, NULL) && wait_value(slider, 0),
           "it goes back to the first");
    desk_keep_picture("resume-first");
    TAP_OK(atspi_value_set_current_value(value, last, NULL) && wait_value(slider, last),
           "and forth to the last");
    g_object_unref(slider);
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_autofree char *spec = write_spec(&at);
    if (TAP_OK(desk_start(&at, (const char *const[]){spec, NULL}), "the window opens")) {
        g_autoptr(AtspiAccessible) program = tree_program(at.window);
        if (TAP_OK(program != NULL, "and is on the accessibility bus") &&
            TAP_OK(desk_wait_ready(&at), "ready to run")) {
            test_resume(&at, program);
            test_slider(&at, program);
        }
    }
    desk_close(&at);
    return tap_done();
}
