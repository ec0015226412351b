/* SPDX-License-Identifier: MIT
 *
 * What a compiler wrote becomes places; a source becomes another gate's by its names alone.
 */
#include "ui/diagnostics.h"
#include "tests/tap.h"
#include "ui/workshop.h"

#include <stdlib.h>

static void test_compiler(void) {
    g_autoptr(GPtrArray) found = gsc_diagnostics_read(
        "/home/u/my gate.c: In function 'affinity':\n"
        "/home/u/my gate.c:11:9: warning: unused variable 'k' [-Wunused-variable]\n"
        "   11 |     int k;\n"
        "/home/u/my gate.c:13:20: error: 'y' undeclared (first use in this function)\n"
        "/home/u/my gate.c:13:20: note: each undeclared identifier is reported only once\n"
        "In file included from /home/u/my gate.c:6:\n"
        "/inc/gatescope/plugin.h:99: error: old style: no column\n");
    if (!TAP_OK(found->len == 3, "two errors and a warning, no notes")) {
        return;
    }
    const gsc_diagnostic *first = found->pdata[0], *second = found->pdata[1],
                         *third = found->pdata[2];
    TAP_OK(first->is_error && first->line == 13 && first->column == 20, "the error comes first");
    TAP_STRING(first->file, "my gate.c", "with its file");
    TAP_STRING(first->message, "'y' undeclared (first use in this function)", "and its message");
    TAP_OK(second->line == 99 && second->column == 0, "a place may have no column");
    TAP_OK(!third->is_error && third->line == 11, "warnings follow");
    g_autofree char *count = gsc_diagnostics_count(found);
    TAP_STRING(count, "2 errors, 1 warning", "they are counted");
}

static void test_rest(void) {
    g_autoptr(GPtrArray) linker =
        gsc_diagnostics_read("/usr/bin/ld: /tmp/cc1.o: in function `affinity':\n"
                             "my_gate.c:(.text+0x12): undefined reference to `missing'\n"
                             "collect2: error: ld returned 1 exit status\n");
    TAP_OK(linker->len == 1, "an undefined name is one error");
    const gsc_diagnostic *only = linker->len > 0 ? linker->pdata[0] : NULL;
    TAP_OK(only != NULL && only->line == 0 && strstr(only->message, "missing") != NULL,
           "without a line, but with the name");
    g_autoptr(GPtrArray) none = gsc_diagnostics_read("");
    g_autofree char *count = gsc_diagnostics_count(none);
    TAP_OK(none->len == 0 && *count == '\0', "silence is no error");
    GString *flood = g_string_new(NULL);
    for (int i = 0; i < 5000; i++) {
        g_string_append_printf(flood, "a.c:%d:1: error: x\n", i + 1);
    }
    g_autoptr(GPtrArray) many = gsc_diagnostics_read(flood->str);
    TAP_OK(many->len == 100, "a flood ends at 100");
    g_string_free(flood, TRUE);
}

static void test_rename(void) {
    g_autofree char *made = gsc_workshop_rename("static const gsc_plugin plugin = {\n"
                                                "    .id = \"softmax\",\n"
                                                "    .version = \"1.0.0\",\n"
                                                "    .title = \"Softmax\",\n"
                                                "    .formula = \"p_j = softmax\",\n",
                                                "sharper_gate");
    TAP_STRING(made,
               "static const gsc_plugin plugin = {\n"
               "    .id = \"sharper_gate\",\n"
               "    .version = \"0.1.0\",\n"
               "    .title = \"Sharper gate\",\n"
               "    .formula = \"p_j = softmax\",\n",
               "id, title and version become the new gate's");
}

int main(void) {
    test_compiler();
    test_rest();
    test_rename();
    return tap_done();
}
