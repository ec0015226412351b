/* SPDX-License-Identifier: MIT
 *
 * A plugin from elsewhere, as a person meets it: the window asks before anything of it is loaded, says what it is
 * and where it lies; "Not now" is remembered and undone in the list of plugins, "Load it" loads it and asks no
 * more.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps pictures of the steps.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"

#include <glib/gstdio.h>
#include <string.h>

static bool run_program(const char *const *arguments) {
    g_autofree char *folder = g_path_get_dirname(g_getenv("GATESCOPE_DESKTOP"));
    g_autofree char *program = g_build_filename(folder, "gatescope", NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    int status = -1;

    g_strv_builder_add(builder, program);
    g_strv_builder_addv(builder, (const char **)arguments);
    g_auto(GStrv) line = g_strv_builder_end(builder);
    return g_spawn_sync(NULL, line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
           status == 0;
}

/* stranger.so in the user's plugin folder, and nobody's word that it may be loaded. */
static bool make_stranger(const desk *at) {
    g_autofree char *source = g_build_filename(at->home, "stranger.c", NULL);
    g_autofree char *object =
        g_build_filename(at->home, "data", "gatescope", "plugins", "stranger.so", NULL);
    g_autofree char *trusted = g_build_filename(at->home, "data", "gatescope", "trusted", NULL);
    const bool made =
        run_program((const char *const[]){"plugin", "new", "gate", "stranger", at->home, NULL}) &&
        run_program((const char *const[]){"plugin", "build", source, NULL});

    g_unlink(trusted);
    return made && g_file_test(object, G_FILE_TEST_EXISTS);
}

static AtspiAccessible *open_window(desk *at, const char *spec) {
    return desk_start(at, (const char *const[]){spec, NULL}) ? tree_program(at->window) : NULL;
}

/* Asked, and told not now. */
static void test_not_now(desk *at, const char *spec) {
    g_autoptr(AtspiAccessible) program = open_window(at, spec);

    if (!TAP_OK(program != NULL, "the window opens")) {
        return;
    }
    TAP_OK(desk_wait_text(at, "trust", "Load stranger.so?", 60), "it asks about the file");
    g_autofree char *said = desk_text(at, "trust");
    TAP_CONTAINS(said, "did not come with Gatescope", "says why it asks");
    TAP_CONTAINS(said, at->home, "and where the file lies");
    TAP_OK(desk_wait_text(at, "problem", "stranger", 30), "a spec that wants it cannot run yet");
    TAP_OK(!desk_flag(at, "ready"), "and Run is not ready");
    desk_keep_picture("trust-asked");
    TAP_OK(tree_press_button(program, "Not now"), "Not now");
    bool gone = false;
    for (int i = 0; i < 600 && !gone; i++) {
        g_autofree char *text = desk_text(at, "trust");
        gone = *text == '\0';
        desk_rest(0.05);
    }
    TAP_OK(gone, "takes the question away");
    TAP_OK(!desk_flag(at, "ready"), "and loads nothing");
    TAP_OK(desk_quit(at), "the window closes");
}

/* Not asked again, but a way is left. */
static void test_changed_mind(desk *at, const char *spec) {
    g_autofree char *trusted = g_build_filename(at->home, "data", "gatescope", "trusted", NULL);
    g_autoptr(AtspiAccessible) program = open_window(at, spec);

    if (!TAP_OK(program != NULL, "the window opens again")) {
        return;
    }
    TAP_OK(desk_wait_text(at, "problem", "stranger", 60), "the list of plugins is there");
    g_autofree char *said = desk_text(at, "trust");
    TAP_STRING(said, "", "nothing is asked twice");
    TAP_OK(!g_file_test(trusted, G_FILE_TEST_EXISTS), "nobody has trusted it");
    TAP_OK(tree_press_button(program, "Plugins"), "the list of plugins");
    TAP_OK(tree_press_button(program, "Load stranger.so"), "has a button for it");
    TAP_OK(desk_wait_flag(at, "ready", true, 60), "which loads it, and Run is ready");
    TAP_OK(g_file_test(trusted, G_FILE_TEST_EXISTS), "the word is kept");
    TAP_OK(desk_quit(at), "the window closes");
}

/* A file with other bytes is another file: asked, and loaded. */
static void test_load(desk *at, const char *spec) {
    g_autofree char *trusted = g_build_filename(at->home, "data", "gatescope", "trusted", NULL);
    g_autofree char *state = g_build_filename(at->home, "state", "gatescope", "window.ini", NULL);

    g_unlink(trusted);
    g_unlink(state);
    g_autoptr(AtspiAccessible) program = open_window(at, spec);
    if (!TAP_OK(program != NULL && desk_wait_text(at, "trust", "Load stranger.so?", 60),
                "a window that knows of no answer asks")) {
        return;
    }
    TAP_OK(tree_press_button(program, "Load it"), "Load it");
    TAP_OK(desk_wait_flag(at, "ready", true, 60), "loads it, and Run is ready");
    g_autofree char *problem = desk_text(at, "problem");
    TAP_STRING(problem, "", "without a complaint");
    TAP_OK(tree_press_button(program, "Run"), "Run");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "draws the stranger's curve");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "to its end");
    TAP_OK(desk_quit(at), "the window closes");
    g_autoptr(AtspiAccessible) next = open_window(at, spec);
    TAP_OK(next != NULL && desk_wait_flag(at, "ready", true, 60), "the next window loads it");
    g_autofree char *said = desk_text(at, "trust");
    TAP_STRING(said, "", "and asks no more");
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    if (TAP_OK(make_stranger(&at), "there is a plugin from elsewhere")) {
        g_autofree char *spec =
            small_spec_write(&at, "strange.json", "A strange run", 2, "stranger");
        test_not_now(&at, spec);
        test_changed_mind(&at, spec);
        test_load(&at, spec);
    }
    desk_close(&at);
    return tap_done();
}
