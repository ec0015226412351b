/* SPDX-License-Identifier: MIT
 *
 * The manual page, from the table of commands, so that it says what `gatescope help` says.
 *
 * Layer: app.
 */
#ifndef GSC_APP_MAN_PAGE_H
#define GSC_APP_MAN_PAGE_H

#include "app/commands.h"

#include <stdio.h>

/* Writes gatescope(1) in roff: what the program is, each command's help, environment, exit codes. */
void gsc_print_man_page(FILE *out, const gsc_command *commands, size_t n);

#endif
