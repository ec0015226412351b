/* SPDX-License-Identifier: MIT
 *
 * The window as a person uses it, under Xvfb: see the list, click Run, wait for points, pan, zoom, reset,
 * export, look at the picture; then the dark theme, Cairo instead of OpenGL, and a wrong argument.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES, if set, a folder for screenshots.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"

#include <glib/gstdio.h>

/* Coloured pixels in the plot area of the screen as it is now. */
static int count_curves(desk *at, double *ret_brightness) {
    picture screen = {0};
    double box[4];
    int count = -1;

    if (desk_box(at, "plot", box) && picture_grab(&screen)) {
        count = picture_count_colored(&screen, box);
        if (ret_brightness != NULL) {
            *ret_brightness = picture_mean_brightness(&screen);
        }
    }
    picture_clear(&screen);
    return count;
}

/* A loaded machine draws late: waits for more than that many coloured pixels. */
static bool wait_curves(desk *at, const char *name, int more_than, double *ret_brightness) {
    for (int i = 0; i < 60; i++) {
        if (count_curves(at, ret_brightness) > more_than) {
            desk_keep_picture(name);
            return true;
        }
        desk_rest(0.25);
    }
    return false;
}

/* Waits until the view spans less than that from member low to member low + 1. */
static bool wait_span_below(desk *at, int low, double span) {
    for (int i = 0; i < 400; i++) {
        if (desk_view(at, low + 1) - desk_view(at, low) < span) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

static bool wait_left_below(desk *at, double left) {
    for (int i = 0; i < 400; i++) {
        if (desk_view(at, 0) < left) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

static void test_start(desk *at) {
    g_autofree char *renderer = desk_text(at, "renderer");
    double box[4];

    TAP_OK(desk_number(at, "experiments") >= 6, "presets and the spec are listed");
    TAP_OK(desk_flag(at, "gl"), "OpenGL draws");
    TAP_OK(*renderer != '\0' && strcmp(renderer, "Cairo") != 0, "OpenGL says its name");
    printf("# drawn by %s, first frame after %.0f ms\n", renderer,
           desk_number(at, "first_frame_ms"));
    TAP_OK(desk_number(at, "frames") > 0, "frames were drawn by OpenGL");
    TAP_OK(desk_box(at, "sidebar", box) && box[2] > 200 && box[3] > 400, "the list has its place");
    TAP_OK(desk_box(at, "plot", box) && box[2] > 300 && box[3] > 200, "the axes have theirs");
    TAP_OK(desk_wait_ready(at), "Run can be pressed");
    g_autofree char *problem = desk_text(at, "problem");
    TAP_STRING(problem, "", "the set-up of an untouched spec is fine");
    TAP_OK(desk_number(at, "points") == 0, "there are no points before Run");
    TAP_OK(count_curves(at, NULL) == 0, "the axes are empty");
}

static void test_run(desk *at) {
    double frames = desk_number(at, "frames");

    desk_click(at, "run");
    TAP_OK(desk_wait_at_least(at, "points", 1, 60), "Run brings points");
    TAP_OK(desk_wait_flag(at, "running", false, 120), "the run ends");
    TAP_OK(desk_number(at, "points") >= 12, "every fit is in the figure");
    TAP_OK(desk_wait_at_least(at, "frames", frames + 1, 20), "OpenGL drew them");
    TAP_OK(wait_curves(at, "light", 200, NULL), "curves are on the screen");
}

static void test_moves(desk *at) {
    double home[4];

    for (int i = 0; i < 4; i++) {
        home[i] = desk_view(at, i);
    }
    desk_wheel(at, "plot", 1); /* one step: nothing is left to come when the view has changed */
    TAP_OK(desk_wait_flag(at, "moved", true, 20), "the wheel zooms");
    TAP_OK(wait_span_below(at, 0, 0.9 * (home[1] - home[0])), "x shows less");
    TAP_OK(wait_span_below(at, 2, 0.9 * (home[3] - home[2])), "y shows less");

    double low = desk_view(at, 0), width = desk_view(at, 1) - low;
    desk_drag(at, "plot", 100, 0, 1);
    TAP_OK(wait_left_below(at, low - 0.02 * width), "dragging to the right shows what is left");
    TAP_NEAR(desk_view(at, 1) - desk_view(at, 0), width, 1e-6 * width, "and keeps the scale");

    desk_key(at, "0");
    TAP_OK(desk_wait_flag(at, "moved", false, 20), "0 shows all again");
    TAP_NEAR(desk_view(at, 0), home[0], 1e-6, "as before");
    desk_key(at, "plus");
    TAP_OK(desk_wait_flag(at, "moved", true, 20), "+ zooms");
    desk_key(at, "Home");
    TAP_OK(desk_wait_flag(at, "moved", false, 20), "Home shows all again");
    desk_drag(at, "plot", 120, 90, 3);
    TAP_OK(desk_wait_flag(at, "moved", true, 20), "a right drag zooms to its rectangle");
    desk_key(at, "0");
    desk_wait_flag(at, "moved", false, 20);
}

static void test_export(desk *at) {
    picture png = {0};

    desk_key(at, "ctrl+e");
    TAP_OK(desk_wait_dialog("Export", 30), "Ctrl+E asks how to export");
    desk_press(at, "Return");
    TAP_OK(desk_wait_file(at->export_path, 30), "and Return writes a file");
    TAP_OK(picture_read_png(at->export_path, &png), "it is a PNG");
    TAP_OK(png.width == 1600 && png.height == 1000, "of 1600 x 1000 pixels");
    TAP_OK(png.rgb != NULL && picture_count_colored(&png, NULL) > 500, "with curves in it");
    TAP_OK(png.rgb != NULL && picture_mean_brightness(&png) > 200, "on white");
    picture_clear(&png);
}

/* The list above the figure offers what else the run has, and Export follows it. */
static void test_figures(desk *at) {
    g_autofree char *first = desk_text(at, "figure");

    TAP_STRING(first, "rate", "the figure of rates comes first");
    desk_click(at, "figures");
    TAP_OK(desk_wait_popup(true, 30), "a click opens the list of figures");
    desk_press(at, "Down");
    desk_press(at, "Return");
    TAP_OK(desk_wait_at_least(at, "panels", 3, 30), "another figure is a click away");
    g_autofree char *second = desk_text(at, "figure");
    TAP_STRING(second, "components", "that of every parameter");
    g_unlink(at->export_path);
    TAP_OK(desk_wait_popup(false, 30), "and the list is gone");
    desk_key(at, "ctrl+e");
    desk_wait_dialog("Export", 30);
    desk_press(at, "Return");
    TAP_OK(desk_wait_file(at->export_path, 30), "Export writes that one");
    picture png = {0};
    TAP_OK(picture_read_png(at->export_path, &png) && png.width == 2400,
           "on a sheet for many panels");
    picture_clear(&png);
}

/* What a newcomer sees first: the curve moves by itself; then Escape. */
static void test_first(desk *at) {
    gint64 start = g_get_monotonic_time();

    TAP_OK(desk_start(at, (const char *const[]){"--run", "first", NULL}),
           "the window opens with its first experiment running");
    TAP_OK(desk_wait_at_least(at, "points", 1, 40), "and a curve moves");
    printf("# first points %.0f ms after the start\n",
           (double)(g_get_monotonic_time() - start) / 1e3);
    TAP_OK(desk_flag(at, "running"), "the run goes on");
    desk_key(at, "Escape");
    TAP_OK(desk_wait_flag(at, "running", false, 40), "Escape stops it");
    g_autofree char *trouble = desk_text(at, "trouble");
    TAP_STRING(trouble, "", "which is no trouble");
    TAP_OK(desk_number(at, "points") >= 1, "its points stay");
    desk_stop(at);
}

static void test_dark(desk *at, const char *run) {
    g_autofree char *folder = g_build_filename(at->home, "state", "gatescope", NULL);
    g_autofree char *ini = g_build_filename(folder, "window.ini", NULL);
    double brightness = 255;

    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(ini, "[window]\ntheme=4\n", -1, NULL);
    TAP_OK(desk_start(at, (const char *const[]){run, NULL}), "the window opens a run file");
    TAP_OK(desk_wait_at_least(at, "points", 12, 40), "and shows its points");
    TAP_OK(wait_curves(at, "dark", 200, &brightness), "curves are on the screen in the dark");
    TAP_OK(brightness < 90, "it is dark");
    desk_stop(at);
    g_unlink(ini);
}

static void test_cairo(desk *at, const char *run) {
    g_setenv("GATESCOPE_RENDERER", "cairo", TRUE);
    TAP_OK(desk_start(at, (const char *const[]){run, NULL}), "the window opens without OpenGL");
    g_unsetenv("GATESCOPE_RENDERER");
    TAP_OK(desk_wait_at_least(at, "points", 12, 40), "and shows the points");
    TAP_OK(desk_wait_flag(at, "gl", false, 20), "OpenGL does not draw");
    TAP_OK(desk_wait_text(at, "fallback", "without OpenGL", 20), "a bar says so");
    TAP_OK(wait_curves(at, "cairo", 200, NULL), "Cairo draws the curves");
    desk_stop(at);
}

static void test_wrong(desk *at) {
    g_autofree char *foreign = g_build_filename(at->home, "foreign.gsc", NULL);

    TAP_OK(desk_start(at, (const char *const[]){"--run", "nosuch", NULL}),
           "a wrong experiment opens the window all the same");
    TAP_OK(desk_wait_text(at, "trouble", "nosuch", 20), "and is named in it");
    desk_stop(at);

    g_file_set_contents(foreign, "no run at all", -1, NULL);
    TAP_OK(desk_start(at, (const char *const[]){foreign, NULL}),
           "a foreign file opens the window all the same");
    TAP_OK(desk_wait_text(at, "trouble", "foreign.gsc", 20), "and is named in it");
    desk_stop(at);
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 4, NULL);
    if (TAP_OK(desk_start(&at, (const char *const[]){spec, NULL}), "the window opens")) {
        test_start(&at);
        test_run(&at);
        test_moves(&at);
        test_export(&at);
        test_figures(&at);
    }
    desk_stop(&at);
    g_autofree char *run = g_build_filename(at.home, "runs", "small-1.gsc", NULL);
    TAP_OK(g_file_test(run, G_FILE_TEST_EXISTS), "the run is a file of its own");
    test_first(&at);
    test_dark(&at, run);
    test_cairo(&at, run);
    test_wrong(&at);
    desk_close(&at);
    return tap_done();
}
