/* SPDX-License-Identifier: MIT
 *
 * The commands that are programs of their own, so that this one starts without GTK or Pango: `plot`
 * runs gatescope-plot, no command at all runs gatescope-desktop. Both stand beside this program.
 *
 * Layer: app.
 */
#include "app/commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int gsc_beside(const char *program, char *ret_path, size_t size) {
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        return 0;
    }
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL) {
        return 0;
    }
    *slash = '\0';
    int used = snprintf(ret_path, size, "%s/%s", self, program);
    return used > 0 && (size_t)used < size && access(ret_path, X_OK) == 0;
}

/* Becomes the program at path; returns only where that failed. */
static int become(const char *path, int argc, char **argv) {
    char **words = calloc((size_t)argc + 1, sizeof *words);
    if (words == NULL) {
        fprintf(stderr, "gatescope: out of memory\n");
        return 1;
    }
    memcpy(words, argv, (size_t)argc * sizeof *words);
    words[0] = (char *)path;
    execv(path, words);
    fprintf(stderr, "gatescope: cannot run %s: %s\n", path, strerror(errno));
    free(words);
    return 1;
}

int gsc_cmd_plot(int argc, char **argv) {
    char path[PATH_MAX];
    if (!gsc_beside("gatescope-plot", path, sizeof path)) {
        fprintf(stderr, "gatescope plot: gatescope-plot was not built; install libcairo2-dev, "
                        "libpango1.0-dev, libepoxy-dev and libpng-dev, then run app/setup\n");
        return 1;
    }
    return become(path, argc, argv);
}

int gsc_cmd_desktop(int argc, char **argv) {
    static const char headless[] = "without a window the same experiment runs as "
                                   "`gatescope run preset:first -o first.gsc`, and its figure is "
                                   "`gatescope plot first.gsc --figure rate -o first.png`";
    char path[PATH_MAX];
    if (!gsc_beside("gatescope-desktop", path, sizeof path)) {
        fprintf(stderr,
                "gatescope: the window was not built (libgtk-4-dev and libadwaita-1-dev, "
                "then app/setup); %s\n",
                headless);
        return 1;
    }
    const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    if ((x11 == NULL || x11[0] == '\0') && (wayland == NULL || wayland[0] == '\0')) {
        fprintf(stderr, "gatescope: there is no display here; %s\n", headless);
        return 1;
    }
    return become(path, argc, argv);
}
