/* SPDX-License-Identifier: MIT
 *
 * The window's program where no display can be opened: one sentence with a way out and an exit status of its
 * own, by which app/run knows that it has to do without; and --help all the same.
 *
 * GATESCOPE_DESKTOP names the program.
 */
#include "tests/tap.h"

#include <stdlib.h>
#include <sys/wait.h>

static int run(const char *arguments, char *ret_text, size_t size) {
    char line[4096];

    snprintf(line, sizeof line, "'%s' %s 2>&1", getenv("GATESCOPE_DESKTOP"), arguments);
    FILE *pipe = popen(line, "r");
    if (pipe == NULL) {
        return -1;
    }
    size_t got = fread(ret_text, 1, size - 1, pipe);
    ret_text[got] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void) {
    char text[4096];

    unsetenv("WAYLAND_DISPLAY");
    setenv("DISPLAY", ":no-such-display", 1);
    TAP_OK(run("--run first", text, sizeof text) == 3, "a display that is not there: status 3");
    TAP_CONTAINS(text, "no display can be opened", "and a sentence");
    TAP_CONTAINS(text, "gatescope run preset:first", "with a way out");
    unsetenv("DISPLAY");
    TAP_OK(run("", text, sizeof text) == 3, "no display at all: the same");
    TAP_OK(run("--help", text, sizeof text) == 0, "--help needs none");
    TAP_CONTAINS(text, "--run", "and tells the options");
    return tap_done();
}
