/* SPDX-License-Identifier: MIT
 *
 * The window without a pointer: Tab reaches every control and comes round, and where the keyboard is can be seen;
 * keys of a figure say so where there is none; a search takes letters at once and gives the keyboard back;
 * from the start page to an ablation, an arm shown large, its picture exported and copied.
 */
#include "tests/tap.h"
#include "tests/ui/small_spec.h"

#include <stdlib.h>

enum {
    MOST_STOPS = 160,
    TURNS = 200 /* of 50 ms until the keyboard has gone on */
};

/* ---- Where the keyboard is ----------------------------------------------------------------------- */

typedef struct stop {
    char *what; /* "GtkButton Run" */
    double box[4];
} stop;

static void clear_stop(stop *self) {
    g_clear_pointer(&self->what, g_free);
}

static stop read_stop(desk *at) {
    stop now = {NULL, {0}};
    json_t *report = desk_read(at);
    const json_t *focus = json_object_get(report, "focus"), *box = json_object_get(focus, "box");
    const char *what = json_string_value(json_object_get(focus, "what"));

    now.what = g_strdup(what != NULL ? what : "");
    for (size_t i = 0; i < 4; i++) {
        now.box[i] = json_number_value(json_array_get(box, i));
    }
    json_decref(report);
    return now;
}

static bool is_same(const stop *a, const stop *b) {
    return strcmp(a->what, b->what) == 0 && memcmp(a->box, b->box, sizeof a->box) == 0;
}

/* Presses a key and waits until the keyboard is elsewhere; *now follows. */
static bool go(desk *at, const char *key, stop *now) {
    desk_press(at, key);
    for (int turn = 0; turn < TURNS; turn++) {
        stop next = read_stop(at);
        if (!is_same(&next, now)) {
            clear_stop(now);
            *now = next;
            return true;
        }
        clear_stop(&next);
        desk_rest(0.05);
    }
    printf("# %s does not lead on from %s\n", key, now->what);
    return false;
}

/* Presses Tab until the keyboard is on what begins so. */
static bool tab_to(desk *at, const char *what) {
    stop now = read_stop(at);
    bool there = g_str_has_prefix(now.what, what);

    for (int i = 0; i < MOST_STOPS && !there && go(at, "Tab", &now); i++) {
        there = g_str_has_prefix(now.what, what);
    }
    if (!there) {
        printf("# Tab does not lead to %s\n", what);
    }
    clear_stop(&now);
    return there;
}

static bool wait_focus(desk *at, const char *what) {
    for (int turn = 0; turn < TURNS; turn++) {
        stop now = read_stop(at);
        const bool there = g_str_has_prefix(now.what, what);
        clear_stop(&now);
        if (there) {
            return true;
        }
        desk_rest(0.05);
    }
    stop now = read_stop(at);
    printf("# the keyboard is on %s, not on %s\n", now.what, what);
    clear_stop(&now);
    return false;
}

/* ---- Round the window ---------------------------------------------------------------------------- */

/* Whether two pictures differ around the box, where a ring is. */
static bool differ(const picture *a, const picture *b, const double box[4]) {
    const int x0 = MAX((int)box[0] - 4, 0), x1 = MIN((int)(box[0] + box[2]) + 4, a->width);
    const int y0 = MAX((int)box[1] - 4, 0), y1 = MIN((int)(box[1] + box[3]) + 4, a->height);
    int count = 0;

    for (int y = y0; y < y1; y++) {
        const size_t row = 3 * ((size_t)y * (size_t)a->width + (size_t)x0);
        count += memcmp(a->rgb + row, b->rgb + row, 3 * (size_t)MAX(x1 - x0, 0)) != 0;
    }
    return count > 2;
}

/* Waits until the place of the keyboard looks another way than when it was elsewhere. */
static bool wait_ring(desk *at, const picture *before) {
    for (int turn = 0; turn < 100; turn++) {
        picture now = {0};
        stop here = read_stop(at); /* which may still be scrolling into sight */
        const bool there = picture_grab(&now) && differ(before, &now, here.box);
        picture_clear(&now);
        clear_stop(&here);
        if (there) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

static void test_round(desk *at) {
    static const char *const wanted[] = {
        "GtkButton Run",        "GtkToggleButton Menu", "GtkButton One expert too many",
        "GtkToggleButton Gate", "GtkListBoxRow",        "GtkToggleButton Find a run",
        "GtkButton Plugins",    "AdwActionRow Gate",    "GtkText"};
    bool met[G_N_ELEMENTS(wanted)] = {false};
    stop first = {NULL, {0}}, now = read_stop(at);
    bool round = false;
    int n = 0, seen = 0;

    go(at, "Tab", &now);
    first = (stop){g_strdup(now.what), {0}};
    memcpy(first.box, now.box, sizeof now.box);
    while (n < MOST_STOPS && !round) {
        picture before = {0};
        const bool grabbed = picture_grab(&before);
        const bool on = go(at, "Tab", &now), visible = on && grabbed && wait_ring(at, &before);
        picture_clear(&before);
        if (!on) {
            break;
        }
        if (!visible) {
            printf("# nothing shows that the keyboard is on %s\n", now.what);
        }
        for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
            met[i] = met[i] || g_str_has_prefix(now.what, wanted[i]);
        }
        n++;
        seen += visible;
        round = is_same(&first, &now);
    }
    printf("# %d stops\n", n);
    TAP_OK(round && n > 30, "Tab comes round to where it began: no trap");
    TAP_OK(seen == n, "wherever the keyboard is, it shows");
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        TAP_OK(met[i], wanted[i]);
    }
    clear_stop(&first);
    clear_stop(&now);
}

/* ---- Keys where there is no figure --------------------------------------------------------------- */

static void test_start_page(desk *at) {
    static const char *const keys[] = {"x", "y", "s", "g", "0", "plus", "minus", "e", "ctrl+c"};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *what = g_strconcat("without a figure it is said: ", keys[i], NULL);
        desk_press(at, keys[i]);
        TAP_OK(desk_wait_text(at, "hint", "There is no figure here", 20), what);
        TAP_OK(desk_wait_no_text(at, "hint", 20), "for a moment");
    }
    TAP_OK(desk_flag(at, "start"), "the start page stays");
    desk_press(at, "question");
    TAP_OK(desk_wait_flag(at, "sheet", true, 20), "? shows the sheet");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "sheet", false, 20), "Escape takes it away");
}

/* ---- Finding ------------------------------------------------------------------------------------- */

static void test_find(desk *at) {
    TAP_OK(tab_to(at, "GtkButton One expert too many"), "the keyboard is on a picture");
    desk_press(at, "slash a b c");
    TAP_OK(desk_wait_text(at, "typed", "abc", 10), "letters right after / are all there");
    desk_press(at, "Escape");
    TAP_OK(wait_focus(at, "GtkButton One expert too many"),
           "Escape gives the keyboard back to the picture");
    desk_press(at, "F9");
    desk_press(at, "slash x y");
    TAP_OK(desk_wait_text(at, "typed", "xy", 10), "also where the list was hidden");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "typing", false, 10), "Escape leaves it");
}

/* ---- The walk ------------------------------------------------------------------------------------ */

static void walk_to_sweep(desk *at) {
    TAP_OK(tab_to(at, "GtkToggleButton Gate"), "Tab leads to the chip of the gate");
    desk_press(at, "space");
    TAP_OK(desk_wait_text(at, "cost", "Choose two or more", 20), "Space presses it");
    TAP_OK(tab_to(at, "GtkToggleButton Choose"), "Tab leads to its list");
    desk_press(at, "space");
    TAP_OK(desk_wait_popup(true, 20), "which opens");
    desk_type(at, "normalized");
    desk_press(at, "Return");
    TAP_OK(desk_wait_text(at, "cost", "2 arms × 8 seeds", 20), "a word and Return choose a gate");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_popup(false, 20), "Escape closes the list");
    TAP_OK(tab_to(at, "GtkButton Run all"), "Tab leads to Run all");
    desk_press(at, "space");
    TAP_OK(desk_wait_at_least(at, "arms", 2, 30), "whose sweep has two arms");
}

static void walk_to_picture(desk *at) {
    TAP_OK(desk_wait_at_least(at, "arms_done", 2, 60), "runs come in");
    desk_press(at, "x");
    TAP_OK(desk_wait_text(at, "hint", "There is no single figure here: open an arm first", 20),
           "keys of a figure say what to do first");
    TAP_OK(tab_to(at, "GtkFlowBoxChild"), "Tab leads to an arm");
    desk_press(at, "Return");
    TAP_OK(desk_wait_at_least(at, "runs_shown", 1, 30), "Return shows it large");
    desk_press(at, "e");
    TAP_OK(desk_wait_dialog("Export", 30), "e asks how to export");
    desk_press(at, "Return");
    TAP_OK(desk_wait_file(at->export_path, 30), "Return writes the picture");
    TAP_OK(desk_wait_no_dialog("Export", 30), "and closes the dialog");
    TAP_OK(!desk_flag(at, "copied"), "nothing is on the clipboard");
    desk_key(at, "ctrl+c");
    TAP_OK(desk_wait_flag(at, "copied", true, 20), "until Ctrl+C puts the figure there");
}

static void test_walk(desk *at) {
    desk_key(at, "alt+Home");
    TAP_OK(desk_wait_flag(at, "start", true, 20), "Alt+Home leads to the start page");
    TAP_OK(wait_focus(at, "GtkButton"), "where the keyboard is on a picture");
    desk_press(at, "Escape");
    TAP_OK(desk_wait_flag(at, "start", false, 20), "Escape leads back");
    walk_to_sweep(at);
    walk_to_picture(at);
    desk_press(at, "Escape");
    TAP_OK(wait_focus(at, "GtkToggleButton Arms"),
           "Escape leads back to all arms, whatever toast is there");
    TAP_OK(desk_wait_no_text(at, "hint", 20), "no word is in the way");
    desk_press(at, "slash q");
    TAP_OK(desk_wait_text(at, "typed", "q", 10), "a letter in the search");
    TAP_OK(desk_quit(at), "does not keep Ctrl+Q from ending the window");
}

static bool open_window(desk *at, const char *argument) {
    const bool open =
        TAP_OK(desk_start(at, (const char *const[]){argument, NULL}), "the window opens");

    desk_wait_ready(at);
    desk_key(at, "Tab");
    const double keys = desk_number(at, "keys");
    return TAP_OK(keys >= 1, "and hears the keyboard") && open;
}

int main(void) {
    desk at;

    if (!desk_open(&at)) {
        printf("1..0 # SKIP no X server to test at\n");
        return 0;
    }
    if (open_window(&at, NULL)) {
        TAP_OK(desk_wait_flag(&at, "start", true, 30), "at the start page");
        test_round(&at);
        test_start_page(&at);
        test_find(&at);
    }
    desk_stop(&at);
    g_autofree char *spec = small_spec_write(&at, "small.json", "small", 2, NULL);
    if (open_window(&at, spec)) {
        test_walk(&at);
    }
    desk_close(&at);
    return tap_done();
}
