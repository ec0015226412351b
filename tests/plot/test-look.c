/* SPDX-License-Identifier: MIT
 *
 * How a figure was looked at, there and back as text.
 */
#include "ui/plot/look.h"

#include "tests/tap.h"

#include <stdlib.h>

static void test_round(void) {
    const gsc_plot_look look = {.figure = "load",
                                .how = {1, -1, 21, true, GSC_BAND_ERROR},
                                .at_step = true,
                                .step = 150,
                                .views = {{0.1, 3, -2, 1e-9}, {1, 2, 3, 4}},
                                .n_views = 2};
    gsc_plot_look back;
    char *text = gsc_plot_look_write(&look);
    TAP_OK(text != NULL && gsc_plot_look_read(text, &back), "a look is text and back");
    TAP_STRING(back.figure, "load", "with its figure");
    TAP_OK(back.how.log_x == 1 && back.how.log_y == -1 && back.how.smooth == 21,
           "axes and smoothing");
    TAP_OK(back.how.group && back.how.band == GSC_BAND_ERROR, "means and their band");
    TAP_OK(back.at_step && back.step == 150, "step");
    TAP_OK(back.n_views == 2 && back.views[0].x_low == 0.1 && back.views[0].y_high == 1e-9 &&
               back.views[1].y_low == 3,
           "and what was in sight, to the last digit");
    free(text);

    const gsc_plot_look plain = {.figure = "rate"};
    text = gsc_plot_look_write(&plain);
    TAP_OK(text != NULL && strstr(text, "views") == NULL && gsc_plot_look_read(text, &back) &&
               back.n_views == 0 && !back.at_step,
           "a figure at home has no views");
    free(text);
}

static void test_bad(void) {
    gsc_plot_look look;
    TAP_OK(!gsc_plot_look_read(NULL, &look) && look.figure[0] == '\0', "no text is no look");
    TAP_OK(!gsc_plot_look_read("{\"figure\": 3}", &look), "nor is one without a figure");
    TAP_OK(gsc_plot_look_read("{\"figure\": \"rate\", \"log_x\": 9, \"band\": -4, \"views\": "
                              "[[0, 1, 0, 1], [2, 1, 0, 1]]}",
                              &look) &&
               look.how.log_x == 0 && look.how.band == GSC_BAND_95 && look.n_views == 0,
           "what is out of range is left out");
}

int main(void) {
    test_round();
    test_bad();
    return tap_done();
}
