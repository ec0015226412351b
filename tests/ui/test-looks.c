/* SPDX-License-Identifier: MIT
 *
 * The window's pages and dialogs as people with other eyes and other screens have them: in the dark, in high contrast,
 * with text of 200 %, in a small window. On every page every word has a contrast of at least 4.5 to its ground (7 in
 * high contrast), measured in the pixels; none lies where nobody can get it into sight; no control's name is cut
 * short; the ground is as dark or bright as it should be; and nothing is complained about on stderr.
 *
 * GATESCOPE_DESKTOP names the program; GATESCOPE_TEST_PICTURES a folder that keeps a picture of each page.
 */
#include "tests/read/library_fixture.h"
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

enum {
    POINTS = 6,      /* of the run, at the least */
    FEWEST_WORDS = 8 /* of a page */
};

typedef struct look {
    const char *name;
    const char *resources;     /* of the display */
    const char *state;         /* of the window */
    const char *high_contrast; /* "1" or "0" */
    double least;              /* contrast of a word */
    bool dark;
} look;

static const look looks[] = {
    {"dark", "Xft.dpi: 96\n", "theme=4\n", "0", 4.5, true},
    {"contrast", "Xft.dpi: 96\n", "", "1", 7, false},
    {"large", "Xft.dpi: 192\n", "", "0", 4.5, false},
    {"small", "Xft.dpi: 96\n", "width=900\nheight=600\n", "0", 4.5, false},
};

/* ---- What the window says on stderr -------------------------------------------------------------- */

/* What this process starts from now on writes its complaints into this file. */
static void catch_complaints(const char *path) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

    dup2(fd, STDERR_FILENO);
    close(fd);
}

static int count_complaints(const char *path) {
    g_autofree char *text = NULL;
    int count = 0;

    g_file_get_contents(path, &text, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        const bool ours = strstr(*line, "(gatescope-desktop:") != NULL; /* not the bus's */
        if (ours && (strstr(*line, "CRITICAL") != NULL || strstr(*line, "WARNING") != NULL ||
                     strstr(*line, "ERROR") != NULL)) {
            printf("# %s\n", *line);
            count++;
        }
    }
    return count;
}

/* ---- Contrast ------------------------------------------------------------------------------------ */

static double linear(uint8_t value) {
    const double c = value / 255.0;

    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Relative luminance of a pixel as the Web Content Accessibility Guidelines 2.1 define it. */
static double luminance(const uint8_t *rgb) {
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

static double contrast(double a, double b) {
    return (fmax(a, b) + 0.05) / (fmin(a, b) + 0.05);
}

/* The colour that most pixels of the box have is the ground; the pixel that is farthest from it is what a stroke of a
 * letter covers best. The box lies on the screen. */
static double box_contrast(const picture *screen, const int box[4], double *ret_ground) {
    g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
    guint most = 0;
    double low = 1, high = 0;

    for (int y = box[1]; y < box[1] + box[3]; y++) {
        for (int x = box[0]; x < box[0] + box[2]; x++) {
            const uint8_t *rgb = screen->rgb + 3 * ((size_t)y * (size_t)screen->width + (size_t)x);
            gpointer key = GUINT_TO_POINTER((guint)rgb[0] << 16 | (guint)rgb[1] << 8 | rgb[2]);
            const guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, key)) + 1;
            const double here = luminance(rgb);
            g_hash_table_insert(counts, key, GUINT_TO_POINTER(n));
            low = fmin(low, here);
            high = fmax(high, here);
            if (n > most) {
                most = n;
                *ret_ground = here;
            }
        }
    }
    return fmax(contrast(low, *ret_ground), contrast(high, *ret_ground));
}

/* ---- A page -------------------------------------------------------------------------------------- */

/* The word's box on the screen; false: it is not in sight. */
static bool get_box(const json_t *word, const picture *screen, int ret_box[4]) {
    const json_t *box = json_object_get(word, "box");
    double at[4];

    for (size_t i = 0; i < 4; i++) {
        at[i] = json_number_value(json_array_get(box, i));
    }
    ret_box[0] = (int)fmax(floor(at[0]), 0);
    ret_box[1] = (int)fmax(floor(at[1]), 0);
    ret_box[2] = (int)fmin(ceil(at[0] + at[2]), screen->width) - ret_box[0];
    ret_box[3] = (int)fmin(ceil(at[1] + at[3]), screen->height) - ret_box[1];
    return ret_box[2] > 1 && ret_box[3] > 1;
}

static bool is(const json_t *word, const char *member) {
    return json_is_true(json_object_get(word, member));
}

/* What is wrong with a word, to be freed; NULL: nothing. Adds it to the grounds that are dark, or to all. */
static char *dup_fault(const json_t *word, const picture *screen, const look *as, int grounds[2]) {
    double ground = 0;
    int box[4];

    if (is(word, "lost")) {
        return g_strdup("lies where it cannot be scrolled to");
    }
    if (is(word, "short")) {
        return g_strdup("is cut short, and names a control");
    }
    if (!is(word, "active") || !is(word, "seen")) {
        return NULL;
    }
    if (!get_box(word, screen, box)) {
        return g_strdup("is beyond the screen");
    }
    const double reached = box_contrast(screen, box, &ground);
    grounds[0] += ground < 0.2;
    grounds[1]++;
    return reached < as->least ? g_strdup_printf("has a contrast of %.2f", reached) : NULL;
}

static int count_faults(const json_t *words, const picture *screen, const look *as, bool tells) {
    int count = 0, grounds[2] = {0};

    for (size_t i = 0; i < json_array_size(words); i++) {
        const json_t *word = json_array_get(words, i);
        g_autofree char *fault = dup_fault(word, screen, as, grounds);
        count += fault != NULL;
        if (fault != NULL && tells) {
            printf("# “%.60s” %s\n", json_string_value(json_object_get(word, "text")), fault);
        }
    }
    const bool dark = 2 * grounds[0] > grounds[1];
    if (tells && dark != as->dark) {
        printf("# %d of %d grounds are dark\n", grounds[0], grounds[1]);
    }
    return count + (dark != as->dark);
}

static bool has_word(const json_t *words, const char *text) {
    for (size_t i = 0; i < json_array_size(words); i++) {
        const json_t *word = json_array_get(words, i);
        if (g_strcmp0(json_string_value(json_object_get(word, "text")), text) == 0) {
            return true;
        }
    }
    return false;
}

/* The words and the screen of one moment: those did not change while this was taken. */
static json_t *take(desk *at, picture *screen) {
    json_t *before = desk_read(at);
    const bool grabbed = picture_grab(screen);
    json_t *after = desk_read(at);
    json_t *words = json_object_get(before, "words");

    words =
        grabbed && json_equal(words, json_object_get(after, "words")) ? json_incref(words) : NULL;
    json_decref(before);
    json_decref(after);
    return words;
}

/* The page that has this word is in order, as soon as what slides and fades in has come. */
static void check_page(desk *at, const look *as, const char *page, const char *word) {
    g_autofree char *what = g_strdup_printf("%s-%s", as->name, page);
    int faults = -1;
    size_t n = 0;

    for (int turn = 0; turn < 60 && faults != 0; turn++) {
        picture screen = {0};
        desk_rest(0.25);
        json_t *words = take(at, &screen);
        if (words != NULL && has_word(words, word)) {
            n = json_array_size(words);
            faults = count_faults(words, &screen, as, turn == 59);
        }
        json_decref(words);
        picture_clear(&screen);
    }
    if (faults < 0) {
        printf("# there is no “%s”\n", word);
    }
    desk_keep_picture(what);
    printf("# %s: %zu words\n", what, n);
    TAP_OK(faults == 0 && n >= FEWEST_WORDS, what);
}

/* ---- The window ---------------------------------------------------------------------------------- */

/* What programs on this display are to know of it. */
static void set_resources(const char *text) {
    Display *display = XOpenDisplay(NULL);

    XChangeProperty(display, DefaultRootWindow(display), XA_RESOURCE_MANAGER, XA_STRING, 8,
                    PropModeReplace, (const unsigned char *)text, (int)strlen(text));
    XCloseDisplay(display);
}

static AtspiAccessible *open_window(desk *at, const look *as, const char *argument) {
    g_autofree char *state = g_build_filename(at->home, "state", "gatescope", NULL);
    g_autofree char *ini = g_build_filename(state, "window.ini", NULL);
    g_autofree char *text = g_strconcat("[window]\n", as->state, NULL);

    g_mkdir_with_parents(state, 0700);
    g_file_set_contents(ini, text, -1, NULL);
    set_resources(as->resources);
    g_setenv("ADW_DEBUG_HIGH_CONTRAST", as->high_contrast, TRUE);
    if (!TAP_OK(desk_start(at, (const char *const[]){argument, NULL}), as->name)) {
        return NULL;
    }
    AtspiAccessible *program = tree_program(at->window);
    TAP_OK(program != NULL, "the window is on the accessibility bus");
    desk_wait_ready(at);
    return program;
}

/* Another start of the program hands the file to the window that is there. */
static void open_in_window(const char *path) {
    const char *line[] = {g_getenv("GATESCOPE_DESKTOP"), path, NULL};

    TAP_OK(g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, NULL, NULL),
           path);
}

/* A key that comes while the dialog before is still going is lost with it: what may be pressed twice is. */
static bool press_for_dialog(desk *at, const char *key, const char *title) {
    for (int turn = 0; turn < 6; turn++) {
        desk_key(at, key);
        if (desk_wait_dialog(title, 4)) {
            return true;
        }
    }
    return false;
}

static bool press_for_start_page(desk *at) {
    for (int turn = 0; turn < 6; turn++) {
        desk_key(at, "alt+Home");
        if (desk_wait_flag(at, "start", true, 4)) {
            return true;
        }
    }
    return false;
}

static void check_dialog(desk *at, const look *as, const char *key, const char *title,
                         const char *word) {
    TAP_OK(press_for_dialog(at, key, title), title);
    check_page(at, as, title, word);
    desk_press(at, "Escape");
    TAP_OK(desk_wait_no_dialog(title, 30), "Escape closes it");
}

static void check_sweep(desk *at, AtspiAccessible *program, const look *as, const char *sweep) {
    static const char *const tabs[] = {"Results", "Waiting"}; /* the others hold a figure alone */

    open_in_window(sweep);
    TAP_OK(desk_wait_at_least(at, "arms_done", 4, 60), "the sweep's runs are there");
    check_page(at, as, "arms", "Looks");
    for (gsize i = 0; i < G_N_ELEMENTS(tabs); i++) {
        g_autoptr(AtspiAccessible) tab = tree_find(program, ATSPI_ROLE_PAGE_TAB, tabs[i], 20);
        TAP_OK(tree_press(tab), tabs[i]);
        check_page(at, as, tabs[i], "Looks");
    }
}

static void check_look(desk *at, const look *as, const char *run, const char *sweep,
                       const char *lost) {
    g_autoptr(AtspiAccessible) program = open_window(at, as, run);

    if (program == NULL) {
        return;
    }
    TAP_OK(desk_wait_at_least(at, "points", POINTS, 60), "the run is in the figure");
    check_page(at, as, "figure", "A small run");
    desk_key(at, "ctrl+t");
    check_page(at, as, "numbers", "First quartile");
    desk_key(at, "ctrl+t");
    check_dialog(at, as, "e", "Export", "Resolution");
    check_dialog(at, as, "ctrl+n", "New gate", "Start from");
    TAP_OK(press_for_start_page(at), "Alt+Home shows the start page");
    check_page(at, as, "start", "Start with an experiment");
    open_in_window(lost);
    check_page(at, as, "lost", "a run that lost its process");
    open_in_window("/nowhere/run.gsc");
    check_page(at, as, "trouble", "There is no file /nowhere/run.gsc.");
    check_sweep(at, program, as, sweep);
    desk_key(at, "t");
    check_page(at, as, "table", "Differing only");
    desk_stop(at);
}

/* ---- Files --------------------------------------------------------------------------------------- */

/* A sweep of two arms that is over, as somebody made it in a terminal. */
static bool make_sweep(const desk *at, const char *spec, const char *folder) {
    g_autofree char *plan = g_build_filename(at->home, "plan.json", NULL);
    g_autofree char *bin = g_path_get_dirname(g_getenv("GATESCOPE_DESKTOP"));
    g_autofree char *program = g_build_filename(bin, "gatescope", NULL);
    json_t *sweep = json_pack("{s:s, s:{s:[s,s]}, s:i, s:b, s:s, s:o}", "title", "Looks", "axes",
                              "gate", "softmax", "normalized_sigmoid", "seeds", 2, "verdict", 0,
                              "result", "slope_log_n", "base", json_load_file(spec, 0, NULL));
    const char *line[] = {program, "sweep", plan, "-o", folder, "--quiet", NULL};
    int status = 1;

    json_dump_file(sweep, plan, JSON_INDENT(2));
    json_decref(sweep);
    return g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           status == 0;
}

/* A run whose process is gone: this one's child that has ended. */
static bool lose_run(const char *path) {
    sqlite3 *db = NULL;
    const bool opened = sqlite3_open(path, &db) == SQLITE_OK;

    if (opened) {
        fixture_exec(db, "UPDATE meta SET value='running' WHERE key='status';"
                         "UPDATE meta SET value='a run that lost its process' WHERE key='title';"
                         "UPDATE meta SET value='1' WHERE key='pid_start'");
    }
    sqlite3_close(db);
    return opened;
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_setenv("GATESCOPE_TEST_WORDS", "1", TRUE);
    g_autofree char *spec = small_spec_write(&at, "small.json", "A small run", 2, NULL);
    g_autofree char *run = g_build_filename(at.home, "runs", "small-1.gsc", NULL);
    g_autofree char *lost = g_build_filename(at.home, "runs", "lost.gsc", NULL);
    g_autofree char *sweep = g_build_filename(at.home, "runs", "sweep-looks", NULL);
    g_autofree char *said = g_build_filename(at.home, "stderr", NULL);
    if (TAP_OK(small_spec_run(&at, spec, "small-1.gsc", 1, NULL), "a run is made") &&
        TAP_OK(small_spec_run(&at, spec, "lost.gsc", 2, NULL) && lose_run(lost), "one is lost") &&
        TAP_OK(make_sweep(&at, spec, sweep), "and a sweep is made")) {
        catch_complaints(said);
        for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
            check_look(&at, &looks[i], run, sweep, lost);
        }
        TAP_OK(count_complaints(said) == 0, "nothing is complained about");
    }
    desk_close(&at);
    return tap_done();
}
