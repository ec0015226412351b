/* SPDX-License-Identifier: MIT
 *
 * Getting figures out of the window and back into it: the dialog of formats, the clipboard, a picture that
 * opens the experiment that made it, one that carries none; and the start page of a window without runs.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/x11_clipboard.h"
#include "ui/plot/png_text.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/* Opens the dialog and takes what it offers. */
static void export_once(desk *at) {
    desk_key(at, "e");
    TAP_OK(desk_wait_dialog("Export", 30), "e asks how to export");
    desk_press(at, "Return");
}

static void test_export(desk *at) {
    export_once(at);
    TAP_OK(desk_wait_file(at->export_path, 30), "and Return writes a picture");
    picture png = {0};
    TAP_OK(picture_read_png(at->export_path, &png) && png.width == 1600, "of 1600 pixels");
    picture_clear(&png);
}

static void test_copy(desk *at) {
    TAP_OK(!desk_flag(at, "copied"), "no picture is on the clipboard");
    desk_key(at, "ctrl+c");
    TAP_OK(desk_wait_flag(at, "copied", true, 20), "Ctrl+C puts the figure there");
    g_autofree char *path = g_build_filename(at->home, "pasted.png", NULL);
    unsigned char *bytes = NULL;
    char *spec = NULL, *look = NULL;
    picture png = {0};
    size_t n = 0;
    if (!TAP_OK(clipboard_read("image/png", 60, &bytes, &n), "another program pastes it") ||
        !g_file_set_contents(path, (const char *)bytes, (gssize)n, NULL)) {
        return;
    }
    TAP_OK(picture_read_png(path, &png) && png.width == 1600 &&
               picture_count_colored(&png, NULL) > 0,
           "as a picture of 1600 pixels with curves");
    TAP_OK(gsc_png_read_text(path, "gatescope-spec", &spec, NULL) == GSC_OK && spec != NULL &&
               strstr(spec, "theory") != NULL,
           "which brings its experiment along");
    TAP_OK(gsc_png_read_text(path, "gatescope-look", &look, NULL) == GSC_OK && look != NULL,
           "and how it was looked at");
    picture_clear(&png);
    free(bytes);
    free(spec);
    free(look);
    bytes = NULL;
    TAP_OK(!clipboard_read("text/nothing", 60, &bytes, &n), "but not as what it is not");
}

/* The choice of another format is remembered by the next window. */
static void test_remembered(desk *at, const char *run) {
    g_autofree char *folder = g_build_filename(at->home, "state", "gatescope", NULL);
    g_autofree char *ini = g_build_filename(folder, "window.ini", NULL);
    g_autofree char *csv = g_build_filename(at->home, "export.csv", NULL);
    g_autofree char *text = NULL;

    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(ini, "[window]\nexport-format=3\nexperiment=theorem3\n", -1, NULL);
    TAP_OK(desk_start(at, (const char *const[]){run, NULL}), "the window opens again");
    desk_wait_at_least(at, "points", 1, 30);
    export_once(at);
    TAP_OK(desk_wait_file(csv, 30), "with the format that was chosen last");
    TAP_OK(g_file_get_contents(csv, &text, NULL, NULL) && strstr(text, "panel,label") != NULL,
           "the numbers of the figure");
    desk_stop(at);
    TAP_OK(desk_start(at, NULL), "and again, with nothing to open");
    TAP_OK(desk_wait_text(at, "experiment", "theorem3", 20),
           "it has the experiment that it was left with");
    desk_stop(at);
    g_unlink(ini);
}

static void test_picture(desk *at) {
    g_autofree char *bare = g_build_filename(at->home, "bare.png", NULL);
    picture grey = {.width = 8, .height = 8, .rgb = calloc(1, 8 * 8 * 3)};

    TAP_OK(desk_start(at, (const char *const[]){at->export_path, NULL}), "it opens the picture");
    TAP_OK(desk_wait_text(at, "experiment", "export", 20), "which brings its experiment");
    g_autofree char *trouble = desk_text(at, "trouble");
    TAP_STRING(trouble, "", "without a complaint");
    g_autofree char *kept =
        g_build_filename(at->home, "data", "gatescope", "specs", "export.json", NULL);
    TAP_OK(g_file_test(kept, G_FILE_TEST_EXISTS), "as a spec of its own");
    desk_wait_ready(at);
    desk_click(at, "run");
    TAP_OK(desk_wait_at_least(at, "points", 6, 60), "Run makes its points anew");
    desk_wait_flag(at, "running", false, 60);
    desk_stop(at);

    picture_write_png(&grey, bare);
    picture_clear(&grey);
    TAP_OK(desk_start(at, (const char *const[]){bare, NULL}), "of another picture");
    TAP_OK(desk_wait_text(at, "trouble", "carries no experiment", 20),
           "it says that there is none in it");
    desk_stop(at);
}

/* The first minute of a person without runs. */
static void test_first_minute(desk *at) {
    TAP_OK(desk_start(at, NULL), "a window without runs opens");
    TAP_OK(desk_wait_flag(at, "start", true, 20), "at the start page");
    desk_wait_ready(at);
    bool left = false;
    for (int turn = 0; turn < 10 && !left; turn++) { /* the page may still be finding its place */
        desk_click(at, "start:theorem2");
        left = desk_wait_flag(at, "start", false, 3);
    }
    TAP_OK(left, "a click on a picture leaves it");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "and runs the experiment");
    g_autofree char *experiment = desk_text(at, "experiment");
    TAP_STRING(experiment, "theorem2", "that was clicked");
    TAP_OK(desk_wait_flag(at, "running", false, 60), "to its end");
    desk_stop(at);
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    test_first_minute(&at);
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 2, NULL);
    g_autofree char *run = g_build_filename(at.home, "runs", "small-1.gsc", NULL);
    if (TAP_OK(desk_start(&at, (const char *const[]){spec, NULL}), "the window opens a spec")) {
        desk_wait_ready(&at);
        desk_click(&at, "run");
        TAP_OK(desk_wait_at_least(&at, "points", 6, 60), "and runs it");
        desk_wait_flag(&at, "running", false, 60);
        test_export(&at);
        test_copy(&at);
    }
    desk_stop(&at);
    test_remembered(&at, run);
    test_picture(&at);
    desk_close(&at);
    return tap_done();
}
