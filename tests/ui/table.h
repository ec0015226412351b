/* SPDX-License-Identifier: MIT
 *
 * The run table at a desk: what it says of itself in the window's report, and its find entry.
 */
#ifndef GSC_TESTS_UI_TABLE_H
#define GSC_TESTS_UI_TABLE_H

#include "tests/ui/desk.h"

/* A number or a flag (1, 0) of the report's "table"; -1: it has none. */
double table_number(desk *at, const char *member);
char *table_text(desk *at, const char *member); /* "" where absent; caller frees */
bool table_wait(desk *at, const char *member, double value);
/* Waits until the first line's name is this. */
bool table_wait_first(desk *at, const char *name);
/* Opens the table where it is closed and finds this; nothing may be running, which Escape would stop. */
void table_find(desk *at, const char *text);

#endif
