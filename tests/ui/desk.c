/* SPDX-License-Identifier: MIT
 *
 * A desk to drive the real window at. See desk.h.
 */
#include "tests/ui/desk.h"

#include "tests/ui/x11_windows.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCREEN "1400x880x24" /* GATESCOPE_TEST_SCREEN asks for another */

enum {
    SERVER_WAIT_MS = 60000,
    END_TURNS = 500, /* of 20 ms until a program is killed */
    KEY_TRIES = 5
};

static const double FIRST_FRAME_S = 60;
static const double KEY_S = 2;    /* until a key is lost */
static const double PATIENCE = 3; /* for machines with much else to do */

/* ---- Processes ----------------------------------------------------------------------------------- */

/* A group of its own, which ends with this program however that ends. */
static void own_group(gpointer data) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static bool have(const char *program) {
    g_autofree char *path = g_find_program_in_path(program);

    if (path == NULL) {
        printf("# %s is not installed\n", program);
    }
    return path != NULL;
}

static void end_group(GPid *pid) {
    if (*pid <= 0) {
        return;
    }
    kill(-*pid, SIGTERM);
    for (int i = 0; waitpid(*pid, NULL, WNOHANG) == 0; i++) {
        g_usleep(20000);
        if (i == END_TURNS) {
            kill(-*pid, SIGKILL);
        }
    }
    kill(-*pid, SIGKILL); /* what the first of the group left */
    *pid = 0;
}

/* Reads the number of the display that the server tells once it listens; -1: it told none. */
static int read_display(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char text[16] = "";
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && strchr(text, '\n') == NULL && length + 1 < sizeof text &&
           poll(&wait, 1, SERVER_WAIT_MS) == 1) {
        got = read(fd, text + length, sizeof text - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        text[length] = '\0';
    }
    return strchr(text, '\n') != NULL ? atoi(text) : -1;
}

/* Starts Xvfb on a display that it chooses itself, so that tests beside each other never share one. */
static bool start_server(desk *self) {
    const char *asked = g_getenv("GATESCOPE_TEST_SCREEN");
    int ends[2] = {-1, -1};

    if (!g_unix_open_pipe(ends, 0, NULL)) {
        return false;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    g_autofree char *tell = g_strdup_printf("%d", ends[1]);
    const char *line[] = {
        "Xvfb",      "-displayfd", tell,       "-screen", "0", asked != NULL ? asked : SCREEN,
        "-nolisten", "tcp",        "-noreset", NULL};
    const bool started =
        g_spawn_async(NULL, (char **)line, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL |
                          G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
                      own_group, NULL, &self->server, NULL);
    close(ends[1]);
    const int number = started ? read_display(ends[0]) : -1;
    close(ends[0]);
    if (number < 0) {
        printf("# no X server started\n");
        end_group(&self->server);
        return false;
    }
    g_autofree char *display = g_strdup_printf(":%d", number);
    g_setenv("DISPLAY", display, TRUE);
    return true;
}

/* A folder in the desk's home, under a variable that programs ask for it. */
static void set_folder(desk *self, const char *variable, const char *name) {
    g_autofree char *path = g_build_filename(self->home, name, NULL);

    g_setenv(variable, path, TRUE);
}

bool desk_open(desk *self) {
    *self = (desk){0};
    if (g_getenv("GATESCOPE_DESKTOP") == NULL) {
        printf("# GATESCOPE_DESKTOP does not name the program\n");
        return false;
    }
    if (!have("Xvfb") || !have("dbus-run-session") || !have("xdotool") || !start_server(self)) {
        return false;
    }
    self->home = g_dir_make_tmp("gatescope-ui-XXXXXX", NULL);
    self->report = g_build_filename(self->home, "report.json", NULL);
    self->export_path = g_build_filename(self->home, "export.png", NULL);
    set_folder(self, "GATESCOPE_RUNS", "runs");
    set_folder(self, "XDG_STATE_HOME", "state");
    set_folder(self, "XDG_DATA_HOME", "data");
    set_folder(self, "XDG_CONFIG_HOME", "config");
    g_setenv("GATESCOPE_TEST_REPORT", self->report, TRUE);
    g_setenv("GATESCOPE_TEST_EXPORT", self->export_path, TRUE);
    g_setenv("GSETTINGS_BACKEND", "memory", TRUE);
    g_setenv("GDK_BACKEND", "x11", TRUE);
    g_setenv("LIBGL_ALWAYS_SOFTWARE", "1", TRUE);
    return true;
}

void desk_remove_tree(const char *path) {
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK)) {
            desk_remove_tree(child);
        } else {
            g_unlink(child);
        }
    }
    g_rmdir(path);
}

void desk_close(desk *self) {
    desk_stop(self);
    end_group(&self->server);
    if (self->home != NULL) {
        desk_remove_tree(self->home);
    }
    if (g_getenv("GATESCOPE_TEST_BUS") != NULL) {
        desk_remove_tree(g_getenv("XDG_RUNTIME_DIR"));
    }
    g_free(self->home);
    g_free(self->report);
    g_free(self->export_path);
    *self = (desk){0};
}

bool desk_start(desk *self, const char *const *arguments) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GError) error = NULL;

    g_unlink(self->report);
    if (!self->on_own_bus) {
        /* each session's bus of accessibility makes its socket there: the one before may still be going */
        g_autofree char *name = g_strdup_printf("runtime-%d", ++self->starts);
        set_folder(self, "XDG_RUNTIME_DIR", name);
        g_mkdir(g_getenv("XDG_RUNTIME_DIR"), 0700);
        g_strv_builder_add_many(builder, "dbus-run-session", "--", NULL);
    }
    g_strv_builder_add(builder, g_getenv("GATESCOPE_DESKTOP"));
    for (int i = 0; arguments != NULL && arguments[i] != NULL; i++) {
        g_strv_builder_add(builder, arguments[i]);
    }
    g_auto(GStrv) line = g_strv_builder_end(builder);
    if (!g_spawn_async(NULL, line, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                       own_group, NULL, &self->window, &error)) {
        printf("# %s\n", error->message);
        return false;
    }
    return desk_wait_at_least(self, "first_frame_ms", 1, FIRST_FRAME_S);
}

void desk_stop(desk *self) {
    end_group(&self->window);
}

/* Lets a moment pass; returns how long the wait has been, below 0 when that is enough. */
static double wait_turn(double waited, double seconds) {
    desk_rest(0.05);
    return waited + 0.05 < PATIENCE * seconds ? waited + 0.05 : -1;
}

bool desk_quit(desk *self) {
    int status = -1;

    desk_key(self, "ctrl+q");
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, 30)) {
        if (self->window > 0 && waitpid(self->window, &status, WNOHANG) != 0) {
            kill(-self->window, SIGKILL); /* what the session left */
            self->window = 0;
            if (status != 0) { /* the bus passes a signal on as 128 and its number */
                printf("# the window ended with status %d, signal %d\n", WEXITSTATUS(status),
                       WTERMSIG(status));
            }
            return status == 0;
        }
    }
    desk_stop(self);
    return false;
}

bool desk_wait_ready(desk *self) {
    return desk_wait_flag(self, "ready", true, 60);
}

/* ---- The report ---------------------------------------------------------------------------------- */

json_t *desk_read(desk *self) {
    return json_load_file(self->report, 0, NULL);
}

double desk_number(desk *self, const char *member) {
    json_t *report = desk_read(self);
    double value = json_number_value(json_object_get(report, member));

    json_decref(report);
    return value;
}

bool desk_flag(desk *self, const char *member) {
    json_t *report = desk_read(self);
    bool value = json_is_true(json_object_get(report, member));

    json_decref(report);
    return value;
}

char *desk_text(desk *self, const char *member) {
    json_t *report = desk_read(self);
    const char *text = json_string_value(json_object_get(report, member));
    char *copy = g_strdup(text != NULL ? text : "");

    json_decref(report);
    return copy;
}

double desk_view(desk *self, int i) {
    json_t *report = desk_read(self);
    double value = json_number_value(json_array_get(json_object_get(report, "view"), (size_t)i));

    json_decref(report);
    return value;
}

void desk_rest(double seconds) {
    g_usleep((gulong)(seconds * 1e6));
}

bool desk_wait_at_least(desk *self, const char *member, double limit, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if (desk_number(self, member) >= limit) {
            return true;
        }
    }
    return false;
}

bool desk_wait_flag(desk *self, const char *member, bool value, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if (desk_flag(self, member) == value) {
            return true;
        }
    }
    return false;
}

bool desk_wait_text(desk *self, const char *member, const char *part, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        g_autofree char *text = desk_text(self, member);
        if (strstr(text, part) != NULL) {
            return true;
        }
    }
    return false;
}

bool desk_wait_no_text(desk *self, const char *member, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        g_autofree char *text = desk_text(self, member);
        if (*text == '\0') {
            return true;
        }
    }
    return false;
}

bool desk_wait_number(desk *self, const char *member, double value, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if (desk_number(self, member) == value) {
            return true;
        }
    }
    printf("# %s is %g, not %g\n", member, desk_number(self, member), value);
    return false;
}

bool desk_wait_dialog(const char *title, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if (windows_has_focus(title)) {
            return true;
        }
    }
    printf("# the dialog “%s” does not have the keyboard\n", title);
    return false;
}

bool desk_wait_no_dialog(const char *title, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if (!windows_has_title(title)) {
            return true;
        }
    }
    printf("# the dialog “%s” is still there\n", title);
    return false;
}

bool desk_wait_popup(bool open, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if ((windows_count_popups() > 0) == open) {
            return true;
        }
    }
    printf("# no popover %s\n", open ? "opened" : "closed");
    return false;
}

bool desk_wait_file(const char *path, double seconds) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, seconds)) {
        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            return true;
        }
    }
    return false;
}

bool desk_box(desk *self, const char *widget, double ret_box[4]) {
    json_t *report = desk_read(self);
    const json_t *box = json_object_get(json_object_get(report, "widgets"), widget);
    bool found = json_array_size(box) == 4;

    for (size_t i = 0; i < 4; i++) {
        ret_box[i] = json_number_value(json_array_get(box, i));
    }
    json_decref(report);
    return found;
}

/* ---- Hand ---------------------------------------------------------------------------------------- */

/* False where it could not: a window that it found was gone before it got there. */
static bool hand(const char *format, ...) {
    va_list arguments;
    int status = -1;
    va_start(arguments, format);
    g_autofree char *tail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *line = g_strconcat("timeout 20 xdotool ", tail, NULL);

    return g_spawn_command_line_sync(line, NULL, NULL, &status, NULL) && status == 0;
}

void desk_point(desk *self, const char *widget, double fraction_x, double fraction_y) {
    double box[4];

    if (desk_box(self, widget, box)) {
        hand("mousemove --sync %d %d", (int)(box[0] + fraction_x * box[2]),
             (int)(box[1] + fraction_y * box[3]));
    }
}

void desk_button(bool down) {
    hand(down ? "mousedown 1" : "mouseup 1");
}

void desk_move_to(double x, double y) {
    hand("mousemove --sync %d %d", (int)x, (int)y);
}

void desk_click(desk *self, const char *widget) {
    desk_point(self, widget, 0.5, 0.5);
    desk_rest(0.1);
    hand("click 1");
}

void desk_click_here(desk *self) {
    desk_rest(0.1);
    hand("click 1");
}

void desk_wheel(desk *self, const char *widget, int clicks) {
    desk_point(self, widget, 0.5, 0.5);
    desk_rest(0.1);
    hand("click --repeat %d --delay 30 %d", abs(clicks), clicks > 0 ? 4 : 5);
}

void desk_drag(desk *self, const char *widget, int dx, int dy, int button) {
    desk_point(self, widget, 0.5, 0.5);
    desk_rest(0.1);
    hand("mousedown %d", button);
    for (int i = 0; i < 5; i++) {
        hand("mousemove_relative --sync -- %d %d", dx / 5, dy / 5);
        desk_rest(0.03);
    }
    hand("mouseup %d", button);
}

/* The window's process is over, and still there to be waited for. */
static bool has_ended(const desk *self) {
    siginfo_t end = {0};

    return self->window <= 0 ||
           waitid(P_PID, (id_t)self->window, &end, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           end.si_pid != 0;
}

/* Waits until the window got more keys than before, or ended of one. */
static bool wait_heard(desk *self, double before) {
    for (double waited = 0; waited >= 0; waited = wait_turn(waited, KEY_S)) {
        if (desk_number(self, "keys") > before || has_ended(self)) {
            return true;
        }
    }
    return false;
}

void desk_key(desk *self, const char *key) {
    for (int i = 0; i < KEY_TRIES; i++) {
        const double before = desk_number(self, "keys");
        if (!hand("search --onlyvisible --name Gatescope windowfocus --sync")) {
            desk_rest(0.1);
            continue;
        }
        desk_press(self, key);
        if (wait_heard(self, before)) {
            return;
        }
        printf("# the key %s was lost\n", key);
    }
    printf("# no window took the key %s\n", key);
}

void desk_press(desk *self, const char *key) {
    hand("key %s", key);
}

void desk_type(desk *self, const char *text) {
    g_autofree char *quoted = g_shell_quote(text);

    hand("type --delay 12 %s", quoted);
}

/* ---- Eyes ---------------------------------------------------------------------------------------- */

void desk_keep_picture(const char *name) {
    const char *folder = g_getenv("GATESCOPE_TEST_PICTURES");
    picture screen = {0};

    if (folder == NULL) {
        return;
    }
    g_autofree char *file = g_strconcat(name, ".png", NULL);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    desk_rest(0.7); /* pictures are for people: what fades in has come */
    if (picture_grab(&screen)) {
        picture_write_png(&screen, path);
    }
    picture_clear(&screen);
}

int picture_count_colored(const picture *self, const double box[4]) {
    int x0 = box != NULL ? (int)box[0] : 0, y0 = box != NULL ? (int)box[1] : 0;
    int x1 = box != NULL ? x0 + (int)box[2] : self->width;
    int y1 = box != NULL ? y0 + (int)box[3] : self->height;
    int count = 0;

    for (int y = MAX(y0, 0); y < MIN(y1, self->height); y++) {
        for (int x = MAX(x0, 0); x < MIN(x1, self->width); x++) {
            const uint8_t *at = self->rgb + 3 * ((size_t)y * (size_t)self->width + (size_t)x);
            int high = MAX(at[0], MAX(at[1], at[2])), low = MIN(at[0], MIN(at[1], at[2]));
            count += high - low > 80;
        }
    }
    return count;
}

double picture_mean_brightness(const picture *self) {
    size_t n = (size_t)self->width * (size_t)self->height * 3;
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += self->rgb[i];
    }
    return n > 0 ? sum / (double)n : 0;
}
