/* SPDX-License-Identifier: MIT
 *
 * Reads every #include line of the tree and fails on an arrow that the design does not have. Run with the
 * root of the checkout as its argument; a fixture under tests/tools/fixture must be caught.
 */
#include "tests/tap.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdlib.h>

/* What the files of a folder may include: prefixes of project paths, and of <system> headers beyond libc,
 * libm and pthreads. The first matching row wins, so the special stands before the general. */
typedef struct layer_rule {
    const char *folder;
    const char *project; /* space-separated prefixes */
    const char *system;  /* space-separated prefixes of headers only this layer may name */
} layer_rule;

static const layer_rule rules[] = {
    {"core/base/", "core/base/", ""},
    {"core/read/", "core/base/ core/read/", "jansson.h sqlite3.h zstd.h"},
    {"core/", "core/ kernels/", "jansson.h sqlite3.h zstd.h gatescope/plugin.h dlfcn.h"},
    {"kernels/", "core/base/ kernels/", "cblas.h lapacke.h"},
    {"plugins/", "", "gatescope/plugin.h"},
    {"ui/plot/", "core/base/ core/read/ ui/plot/", "jansson.h epoxy/ EGL/ cairo pango/ png.h"},
    {"ui/", "core/base/ core/read/ ui/",
     "jansson.h epoxy/ cairo pango/ png.h gtk/ gdk/ adwaita.h glib gio/"},
    {"app/plot_", "core/base/ core/read/ ui/plot/ app/", "jansson.h cairo"},
    {"app/desktop_", "core/base/ core/read/ ui/ app/", "jansson.h gtk/ adwaita.h glib gio/"},
    {"app/", "core/ kernels/ app/", "jansson.h sqlite3.h zstd.h gatescope/plugin.h dlfcn.h"},
};

/* Headers that need a layer's leave; everything else in <> is libc or the system's. */
static const char *const guarded[] = {"jansson.h",  "sqlite3.h", "zstd.h", "cblas.h", "lapacke.h",
                                      "gatescope/", "dlfcn.h",   "epoxy/", "EGL/",    "cairo",
                                      "pango/",     "png.h",     "gtk/",   "gdk/",    "adwaita.h",
                                      "glib",       "gio/",      "cuda",   "nlopt",   "X11/"};

static const char *root;
static int files_read, arrows_refused;
static bool quiet;

static bool has_prefix(const char *text, const char *list) {
    while (*list != '\0') {
        size_t length = strcspn(list, " ");
        if (length > 0 && strncmp(text, list, length) == 0) {
            return true;
        }
        list += length;
        list += strspn(list, " ");
    }
    return false;
}

static const layer_rule *rule_of(const char *path) {
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strncmp(path, rules[i].folder, strlen(rules[i].folder)) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool is_guarded(const char *header) {
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        if (strncmp(header, guarded[i], strlen(guarded[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void refuse(const char *path, int line, const char *header) {
    arrows_refused++;
    if (!quiet) {
        printf("# %s:%d may not include %s\n", path, line, header);
    }
}

static void check_file(const char *file, const char *path) {
    const layer_rule *rule = rule_of(path);
    FILE *stream = fopen(file, "r");
    if (rule == NULL || stream == NULL) {
        if (stream != NULL) {
            fclose(stream);
        }
        return;
    }
    files_read++;
    char text[1024], header[512];
    for (int line = 1; fgets(text, sizeof text, stream) != NULL; line++) {
        if (sscanf(text, " # include \"%511[^\"]\"", header) == 1) {
            bool local =
                strchr(header, '/') == NULL; /* generated or included source beside the file */
            if (!local && !has_prefix(header, rule->project)) {
                refuse(path, line, header);
            }
        } else if (sscanf(text, " # include <%511[^>]>", header) == 1) {
            if (is_guarded(header) && !has_prefix(header, rule->system)) {
                refuse(path, line, header);
            }
        }
    }
    fclose(stream);
}

static int visit(const char *file, const struct stat *info, int type, struct FTW *where) {
    (void)info, (void)where;
    const char *dot = strrchr(file, '.');
    if (type == FTW_F && dot != NULL && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0)) {
        check_file(file, file + strlen(root) + 1);
    }
    return 0;
}

static void walk(const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, folder);
    nftw(path, visit, 16, FTW_PHYS);
}

int main(int argc, char **argv) {
    static char fixture[4096];
    if (argc != 2) {
        fprintf(stderr, "usage: test-layering ROOT\n");
        return 2;
    }
    root = argv[1];
    const char *const folders[] = {"core", "kernels", "plugins", "ui", "app"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        walk(folders[i]);
    }
    TAP_OK(files_read > 40, "the tree was read");
    TAP_OK(arrows_refused == 0, "every include follows the design's table");

    snprintf(fixture, sizeof fixture, "%s/tests/tools/fixture", argv[1]);
    root = fixture;
    quiet = true;
    arrows_refused = 0;
    walk("core");
    TAP_OK(arrows_refused == 2, "a fixture that includes GTK and ui/ from core is caught twice");
    return tap_done();
}
