/* SPDX-License-Identifier: MIT
 *
 * What the window says of files and folders that it cannot use: runs that are cut, of a newer format, another
 * program's or no database at all, links that lead nowhere, a runs folder that is none, places that cannot be
 * written, thousands of bad files. Each is said in one sentence where it is, and the good run among them still
 * has its figure.
 *
 * Needs no permissions taken away, which would not bind a superuser. GATESCOPE_TEST_PICTURES, if set, names a
 * folder for screenshots.
 */
#include "tests/read/library_fixture.h"
#include "tests/tap.h"
#include "tests/ui/small_spec.h"
#include "tests/ui/tree.h"

#include <glib/gstdio.h>
#include <sys/wait.h>

enum {
    MANY = 3000,
    POINTS = 6, /* of the good run: three sizes, two replicates at the least */
};

/* What stands in for a run, by the name of its file, and what is said of it behind its path. */
static const struct bad {
    const char *name, *sentence;
} bad_files[] = {
    {"cut.gsc", " is damaged: "},
    {"newer.gsc", " has run file format 99; this version reads 1 to 1, a newer one is needed"},
    {"foreign.gsc", " is not a run file: it is another program's SQLite file"},
    {"text.gsc", " is not a run file: it is not SQLite"},
    {"empty.gsc", " is not a run file: it is empty or another program's SQLite file"},
    {"folder.gsc", " is not a run file: it is not a file"},
};

/* ---- Files --------------------------------------------------------------------------------------- */

static char *in_folder(const char *folder, const char *name) {
    return g_build_filename(folder, name, NULL);
}

static void change(const char *path, const char *sql) {
    sqlite3 *db = NULL;

    if (sqlite3_open(path, &db) == SQLITE_OK) {
        fixture_exec(db, sql);
    }
    sqlite3_close(db);
}

/* One of each kind. */
static void write_bad_files(const char *folder, const char *good) {
    g_autofree char *cut = in_folder(folder, "cut.gsc");
    g_autofree char *newer = in_folder(folder, "newer.gsc");
    g_autofree char *foreign = in_folder(folder, "foreign.gsc");
    g_autofree char *text = in_folder(folder, "text.gsc");
    g_autofree char *empty = in_folder(folder, "empty.gsc");
    g_autofree char *directory = in_folder(folder, "folder.gsc");
    GStatBuf info;

    library_copy(good, cut);
    TAP_OK(g_stat(cut, &info) == 0 && truncate(cut, info.st_size / 2) == 0, "a run is cut");
    library_copy(good, newer);
    change(newer, "PRAGMA user_version=99");
    change(foreign, "PRAGMA application_id=7; CREATE TABLE songs(name TEXT)");
    g_file_set_contents(text, "this is no run file at all, whatever its name may say\n", -1, NULL);
    g_file_set_contents(empty, "", 0, NULL);
    g_mkdir(directory, 0700);
}

/* A good run of theorem2 at path. */
static bool write_good_run(const desk *at, const char *path) {
    g_autofree char *spec = small_spec_write(at, "small.json", "A small run", 2, NULL);
    g_autofree char *made = g_build_filename(at->home, "runs", "good.gsc", NULL);

    if (!small_spec_run(at, spec, "good.gsc", 1, NULL)) {
        return false;
    }
    change(made, "UPDATE meta SET value = 'theorem2' WHERE key = 'experiment'");
    return g_rename(made, path) == 0;
}

static void set_state(const desk *at) {
    g_autofree char *folder = g_build_filename(at->home, "state", "gatescope", NULL);
    g_autofree char *ini = g_build_filename(folder, "window.ini", NULL);

    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(ini, "[window]\nexperiment=theorem2\n", -1, NULL);
}

/* Makes a folder of this name in the desk's home the runs folder. */
static char *new_runs_folder(const desk *at, const char *name) {
    char *folder = g_build_filename(at->home, name, NULL);

    g_mkdir_with_parents(folder, 0700);
    g_setenv("GATESCOPE_RUNS", folder, TRUE);
    return folder;
}

/* ---- The window ---------------------------------------------------------------------------------- */

/* Another start of the program hands the file to the window that is there. */
static bool open_in_window(const char *path) {
    const char *line[] = {g_getenv("GATESCOPE_DESKTOP"), path, NULL};
    int status = -1;

    return g_spawn_sync(NULL, (char **)line, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                        NULL, &status, NULL) &&
           status == 0;
}

static json_t *read_table(desk *at) {
    json_t *report = desk_read(at);
    json_t *table = json_incref(json_object_get(report, "table"));

    json_decref(report);
    return table;
}

static bool wait_found(desk *at, int count) {
    json_int_t found = -1;

    for (int i = 0; i < 1200; i++) {
        json_t *table = read_table(at);
        const json_t *number = json_object_get(table, "found");
        found = number != NULL && json_is_true(json_object_get(table, "open"))
                    ? json_integer_value(number)
                    : -1;
        json_decref(table);
        if (found == count) {
            return true;
        }
        desk_rest(0.05);
    }
    printf("# %d are found, not %d\n", (int)found, count);
    return false;
}

static bool wait_table_problem(desk *at, const char *part) {
    for (int i = 0; i < 1200; i++) {
        json_t *table = read_table(at);
        const char *problem = json_string_value(json_object_get(table, "problem"));
        const bool said = problem != NULL && strstr(problem, part) != NULL;
        json_decref(table);
        if (said) {
            return true;
        }
        desk_rest(0.05);
    }
    return false;
}

/* Into the find entry, which has the focus. */
static void find(desk *at, const char *text) {
    desk_press(at, "ctrl+a");
    desk_type(at, text);
}

static bool is_one_sentence(const char *text) {
    return *text != '\0' && strchr(text, '\n') == NULL && strstr(text, ". ") == NULL;
}

static void has_good_figure(desk *at) {
    TAP_OK(desk_wait_at_least(at, "points", POINTS, 60), "the good run has its figure");
}

static void export_fails(desk *at, const char *part) {
    desk_key(at, "e");
    TAP_OK(desk_wait_dialog("Export", 30), "e asks how to export");
    desk_press(at, "Return");
    TAP_OK(desk_wait_text(at, "trouble", part, 30), "a place that cannot be written is said");
    g_autofree char *said = desk_text(at, "trouble");
    TAP_OK(is_one_sentence(said), "in one sentence");
}

static void is_alive(desk *at) {
    siginfo_t end = {0};

    TAP_OK(waitid(P_PID, (id_t)at->window, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               end.si_pid == 0,
           "the window is alive");
}

/* ---- Tests --------------------------------------------------------------------------------------- */

/* Handed to a window that shows the good run. */
static void test_opened(desk *at, const char *bad, const char *good) {
    g_autofree char *runs = new_runs_folder(at, "runs-none");
    g_autofree char *text = in_folder(bad, "text.gsc");
    g_autofree char *below_file = in_folder(text, "figure.png");
    g_autofree char *absent = in_folder(bad, "absent.gsc");

    g_setenv("GATESCOPE_TEST_EXPORT", below_file, TRUE);
    if (!TAP_OK(desk_start(at, (const char *const[]){good, NULL}), "the good run opens")) {
        return;
    }
    has_good_figure(at);
    for (size_t i = 0; i < G_N_ELEMENTS(bad_files); i++) {
        g_autofree char *path = in_folder(bad, bad_files[i].name);
        g_autofree char *sentence = g_strconcat(path, bad_files[i].sentence, NULL);
        TAP_OK(open_in_window(path), bad_files[i].name);
        TAP_OK(desk_wait_text(at, "trouble", sentence, 20), "is said what it is");
        g_autofree char *said = desk_text(at, "trouble");
        TAP_OK(is_one_sentence(said), "in one sentence");
    }
    desk_keep_picture("bad-opened");
    TAP_OK(open_in_window(absent), "a file that is not there is opened");
    TAP_OK(desk_wait_text(at, "trouble", "There is no file ", 20), "and said");
    TAP_OK(open_in_window(good), "the good run is opened again");
    has_good_figure(at);
    export_fails(at, "text.gsc/figure.png");
    has_good_figure(at);
    is_alive(at);
    desk_stop(at);
}

/* In the runs folder beside the good run, with links that lead nowhere. */
static void test_listed(desk *at, const char *good) {
    enum {
        LINKS = 2
    };
    const int n_bad = (int)G_N_ELEMENTS(bad_files) + LINKS;
    g_autofree char *runs = new_runs_folder(at, "runs-mixed");
    g_autofree char *copy = in_folder(runs, "good.gsc");
    g_autofree char *dangling = in_folder(runs, "dangling.gsc");
    g_autofree char *loop = in_folder(runs, "loop.gsc");

    library_copy(good, copy);
    write_bad_files(runs, good);
    TAP_OK(symlink("/nowhere/at/all.gsc", dangling) == 0 && symlink("loop.gsc", loop) == 0,
           "links lead nowhere");
    g_setenv("GATESCOPE_TEST_EXPORT", "/proc/gatescope.png", TRUE);
    set_state(at);
    if (!TAP_OK(desk_start(at, NULL), "a window opens on a folder with all of them")) {
        return;
    }
    has_good_figure(at);
    g_autoptr(AtspiAccessible) program = tree_program(at->window);
    for (size_t i = 0; program != NULL && i < G_N_ELEMENTS(bad_files); i++) {
        if (g_str_has_suffix(bad_files[i].sentence, ": ")) {
            continue; /* what SQLite says follows */
        }
        /* the name stands above it */
        g_autoptr(AtspiAccessible) label =
            tree_find(program, ATSPI_ROLE_LABEL, bad_files[i].sentence + 1, 30);
        TAP_OK(label != NULL, bad_files[i].name);
    }
    export_fails(at, "/proc/gatescope.png");
    desk_key(at, "t");
    TAP_OK(wait_found(at, n_bad + 1), "the table lists every file");
    desk_keep_picture("bad-listed");
    desk_type(at, "status:unreadable");
    TAP_OK(wait_found(at, n_bad), "those that cannot be read as such");
    find(at, "status:unreadable symbolic");
    TAP_OK(wait_found(at, 1), "the link in a loop with its reason");
    find(at, "\"not a run file\"");
    TAP_OK(wait_found(at, 4), "so are what never was a run");
    find(at, "damaged");
    TAP_OK(wait_found(at, 1), "and the run that is cut");
    find(at, "status:unreadable");
    TAP_OK(wait_found(at, n_bad), "all of them unreadable");
    find(at, "status:done");
    TAP_OK(wait_found(at, 1), "the good run among them");
    has_good_figure(at);
    is_alive(at);
    desk_stop(at);
}

/* The runs folder is a file; so is the place where the window keeps what people add. */
static void test_no_folders(desk *at, const char *good) {
    g_autofree char *file = g_build_filename(at->home, "no-folder", NULL);
    g_autofree char *sentence = g_strdup_printf("the folder of runs %s ", file);

    g_file_set_contents(file, "a file\n", -1, NULL);
    g_setenv("GATESCOPE_RUNS", file, TRUE);
    if (!TAP_OK(desk_start(at, (const char *const[]){good, NULL}), "runs have no folder")) {
        return;
    }
    has_good_figure(at);
    desk_wait_ready(at);
    desk_key(at, "r");
    TAP_OK(desk_wait_text(at, "trouble", sentence, 20), "Run says so");
    has_good_figure(at);
    desk_key(at, "t");
    TAP_OK(wait_table_problem(at, sentence), "so does the table");
    TAP_OK(wait_found(at, 1), "which has the run that was opened");
    desk_keep_picture("bad-no-folder");
    is_alive(at);
    desk_stop(at);

    g_autofree char *runs = new_runs_folder(at, "runs-none");
    g_setenv("XDG_DATA_HOME", file, TRUE);
    g_setenv("XDG_STATE_HOME", file, TRUE);
    if (!TAP_OK(desk_start(at, (const char *const[]){good, NULL}), "nothing can be kept")) {
        return;
    }
    has_good_figure(at);
    desk_key(at, "t");
    TAP_OK(wait_table_problem(at, "Notes, tags and colours cannot be kept: "), "the table says so");
    TAP_OK(wait_found(at, 1), "and has the run that was opened");
    desk_keep_picture("bad-no-library");
    is_alive(at);
    desk_stop(at);
}

/* Half are empty, half are another program's. */
static void test_many(desk *at, const char *good) {
    g_autofree char *runs = new_runs_folder(at, "runs-many");
    g_autofree char *copy = in_folder(runs, "good.gsc");
    g_autofree char *data = g_build_filename(at->home, "data", NULL);
    g_autofree char *state = g_build_filename(at->home, "state", NULL);

    g_setenv("XDG_DATA_HOME", data, TRUE);
    g_setenv("XDG_STATE_HOME", state, TRUE);
    set_state(at);
    library_copy(good, copy);
    for (int i = 0; i < MANY; i++) {
        g_autofree char *name = g_strdup_printf("bad-%d.gsc", i);
        g_autofree char *path = in_folder(runs, name);
        FILE *file = fopen(path, "w");
        if (file != NULL) {
            fputs(i % 2 == 0 ? "" : "another program's", file);
            fclose(file);
        }
    }
    if (!TAP_OK(desk_start(at, NULL), "a window opens on thousands of bad files")) {
        return;
    }
    has_good_figure(at);
    desk_key(at, "t");
    TAP_OK(wait_found(at, MANY + 1), "the table lists them all");
    desk_keep_picture("bad-many");
    desk_type(at, "status:unreadable");
    TAP_OK(wait_found(at, MANY), "none of the bad ones is hidden");
    find(at, "status:unreadable empty");
    TAP_OK(wait_found(at, MANY / 2), "each has its reason");
    find(at, "status:done");
    TAP_OK(wait_found(at, 1), "the good one is found");
    has_good_figure(at);
    is_alive(at);
    desk_stop(at);
}

int main(int argc, char **argv) {
    desk at;

    if (!tree_open_desk(&at, argv)) {
        return 0;
    }
    g_autofree char *bad = g_build_filename(at.home, "bad", NULL);
    g_autofree char *good = g_build_filename(at.home, "good.gsc", NULL);
    g_mkdir(bad, 0700);
    if (TAP_OK(write_good_run(&at, good), "there is a good run")) {
        write_bad_files(bad, good);
        test_opened(&at, bad, good);
        test_listed(&at, good);
        test_no_folders(&at, good);
        test_many(&at, good);
    }
    desk_close(&at);
    return tap_done();
}
