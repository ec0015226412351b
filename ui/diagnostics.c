/* SPDX-License-Identifier: MIT
 *
 * What a compiler wrote, as places in a file. See diagnostics.h.
 */
#include "ui/diagnostics.h"

#include <string.h>

enum {
    MOST = 100
};

void gsc_diagnostic_free(gsc_diagnostic *self) {
    g_free(self->file);
    g_free(self->message);
    g_free(self);
}

static void free_one(gpointer data) {
    gsc_diagnostic_free(data);
}

static gsc_diagnostic *new_one(const char *file, int line, int column, bool is_error,
                               const char *message) {
    gsc_diagnostic *self = g_new0(gsc_diagnostic, 1);

    *self = (gsc_diagnostic){.file = g_path_get_basename(file),
                             .line = line,
                             .column = column,
                             .is_error = is_error,
                             .message = g_strdup(message)};
    return self;
}

static gsc_diagnostic *read_place(const GRegex *place, const char *line) {
    g_autoptr(GMatchInfo) match = NULL;

    if (!g_regex_match(place, line, 0, &match)) {
        return NULL;
    }
    g_autofree char *file = g_match_info_fetch(match, 1);
    g_autofree char *at = g_match_info_fetch(match, 2);
    g_autofree char *column = g_match_info_fetch(match, 3);
    g_autofree char *severity = g_match_info_fetch(match, 4);
    g_autofree char *message = g_match_info_fetch(match, 5);
    return new_one(file, atoi(at), *column != '\0' ? atoi(column) : 0,
                   strcmp(severity, "warning") != 0, message);
}

/* "…/ld: /tmp/x.o: in function `f': x.c:12: undefined reference to `g'": the linker knows no column. */
static gsc_diagnostic *read_linker(const char *line) {
    const char *undefined = strstr(line, "undefined reference to ");

    if (undefined == NULL) {
        return NULL;
    }
    gsc_diagnostic *self = new_one("", 0, 0, true, undefined);
    g_free(self->file);
    self->file = g_strdup("");
    return self;
}

GPtrArray *gsc_diagnostics_read(const char *output) {
    g_autoptr(GRegex) place =
        g_regex_new("^(.+?):(\\d+):(?:(\\d+):)? (fatal error|error|warning): (.*)$", 0, 0, NULL);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    GPtrArray *found = g_ptr_array_new_with_free_func(free_one);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new();

    for (gsize i = 0; lines[i] != NULL && found->len + warnings->len < MOST; i++) {
        gsc_diagnostic *one = read_place(place, lines[i]);
        one = one != NULL ? one : read_linker(lines[i]);
        if (one != NULL) {
            g_ptr_array_add(one->is_error ? found : warnings, one);
        }
    }
    for (guint i = 0; i < warnings->len; i++) {
        g_ptr_array_add(found, warnings->pdata[i]);
    }
    return found;
}

char *gsc_diagnostics_count(const GPtrArray *diagnostics) {
    guint errors = 0, warnings = 0;

    for (guint i = 0; i < diagnostics->len; i++) {
        const gsc_diagnostic *one = diagnostics->pdata[i];
        errors += one->is_error;
        warnings += !one->is_error;
    }
    g_autofree char *first =
        errors > 0 ? g_strdup_printf("%u error%s", errors, errors == 1 ? "" : "s") : g_strdup("");
    g_autofree char *second =
        warnings > 0 ? g_strdup_printf("%u warning%s", warnings, warnings == 1 ? "" : "s")
                     : g_strdup("");
    return g_strconcat(first, errors > 0 && warnings > 0 ? ", " : "", second, NULL);
}
