/* SPDX-License-Identifier: MIT
 *
 * The run table at a desk. See table.h.
 */
#include "tests/ui/table.h"

#include <stdio.h>
#include <string.h>

enum {
    TURNS = 1200 /* of 50 ms: a machine with much else to do */
};

double table_number(desk *at, const char *member) {
    json_t *report = desk_read(at);
    const json_t *value = json_object_get(json_object_get(report, "table"), member);
    const double number = json_is_boolean(value)  ? json_is_true(value)
                          : json_is_number(value) ? json_number_value(value)
                                                  : -1;

    json_decref(report);
    return number;
}

char *table_text(desk *at, const char *member) {
    json_t *report = desk_read(at);
    const char *text = json_string_value(json_object_get(json_object_get(report, "table"), member));
    char *copy = g_strdup(text != NULL ? text : "");

    json_decref(report);
    return copy;
}

bool table_wait(desk *at, const char *member, double value) {
    for (int i = 0; i < TURNS; i++) {
        if (table_number(at, member) == value) {
            return true;
        }
        desk_rest(0.05);
    }
    printf("# %s is %g, not %g\n", member, table_number(at, member), value);
    return false;
}

bool table_wait_first(desk *at, const char *name) {
    for (int i = 0; i < TURNS; i++) {
        g_autofree char *first = table_text(at, "first");
        if (strcmp(first, name) == 0) {
            return true;
        }
        desk_rest(0.05);
    }
    g_autofree char *first = table_text(at, "first");
    printf("# the first is \"%s\", not \"%s\"\n", first, name);
    return false;
}

void table_find(desk *at, const char *text) {
    if (table_number(at, "open") == 1) {
        if (desk_flag(at, "typing")) {
            desk_key(at, "Escape"); /* the letter t is a key again */
            desk_wait_flag(at, "typing", false, 20);
        }
        desk_key(at, "t");
        table_wait(at, "open", 0);
    }
    desk_key(at, "t");
    table_wait(at, "open", 1);
    desk_wait_flag(at, "typing", true, 20);
    desk_press(at, "ctrl+a");
    desk_press(at, "BackSpace");
    if (*text != '\0') {
        desk_type(at, text);
        desk_wait_text(at, "typed", text, 20);
    }
}
