/* SPDX-License-Identifier: MIT
 *
 * Exports beyond the figure in sight: all figures of the shown runs as one page; and a picture that remembers what
 * was in sight when it was taken, and shows that again.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "ui/plot/look.h"
#include "ui/plot/png_text.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>

static void set_state(const desk *at, const char *lines) {
    g_autofree char *folder = g_build_filename(at->home, "state", "gatescope", NULL);
    g_autofree char *ini = g_build_filename(folder, "window.ini", NULL);
    g_autofree char *text = g_strdup_printf("[window]\n%s", lines);

    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(ini, text, -1, NULL);
}

static void export_once(desk *at) {
    desk_key(at, "e");
    TAP_OK(desk_wait_dialog("Export", 30), "e asks how to export");
    desk_press(at, "Return");
}

static void test_page(desk *at, const char *run) {
    g_autofree char *csv = g_build_filename(at->home, "export.csv", NULL);
    g_autofree char *text = NULL;

    set_state(at, "export-page=1\nexport-format=3\n");
    TAP_OK(desk_start(at, (const char *const[]){run, NULL}), "a window with a run");
    TAP_OK(desk_wait_at_least(at, "points", 6, 60), "has its figure");
    export_once(at);
    TAP_OK(desk_wait_file(csv, 30) && g_file_get_contents(csv, &text, NULL, NULL),
           "the whole page is written");
    TAP_OK(text != NULL && g_str_has_prefix(text, "figure,panel,label,"),
           "with each figure's name");
    TAP_OK(text != NULL && strstr(text, "\nrate,") != NULL && strstr(text, "\ncomponents,") != NULL,
           "and all of them");
    desk_stop(at);
}

static void test_look(desk *at, const char *run) {
    gsc_plot_look look = {0};
    char *text = NULL;

    set_state(at, "export-page=0\nexport-format=0\n");
    TAP_OK(desk_start(at, (const char *const[]){run, NULL}), "the same run again");
    desk_wait_at_least(at, "points", 6, 60);
    desk_wait_ready(at);
    desk_key(at, "plus");
    TAP_OK(desk_wait_flag(at, "moved", true, 20), "looked at closely");
    export_once(at);
    TAP_OK(desk_wait_file(at->export_path, 30), "is written");
    TAP_OK(gsc_png_read_text(at->export_path, "gatescope-look", &text, NULL) == GSC_OK &&
               gsc_plot_look_read(text, &look),
           "with how it was looked at");
    TAP_STRING(look.figure, "rate", "which figure");
    TAP_OK(look.n_views > 1, "and what was in sight of each panel");
    free(text);
    desk_stop(at);

    set_state(at, "log-x-rate=0\n");
    TAP_OK(desk_start(at, (const char *const[]){at->export_path, NULL}), "the picture opens");
    desk_wait_ready(at);
    desk_click(at, "run");
    TAP_OK(desk_wait_at_least(at, "points", 6, 60), "and runs");
    TAP_OK(desk_wait_flag(at, "moved", true, 20), "and is looked at as closely");
    TAP_NEAR(desk_view(at, 0), look.views[0].x_low, 1e-9, "from the same sample size");
    TAP_NEAR(desk_view(at, 3), look.views[0].y_high, 1e-9, "to the same error");
    desk_stop(at);
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 2, NULL);
    g_autofree char *run = g_build_filename(at.home, "runs", "small-1.gsc", NULL);
    if (TAP_OK(small_spec_run(&at, spec, "small-1.gsc", 1, NULL), "there is a run")) {
        test_page(&at, run);
        test_look(&at, run);
    }
    desk_close(&at);
    return tap_done();
}
