/* SPDX-License-Identifier: MIT
 *
 * The words of `gatescope plugin`, a file for each group. argv[0] is the word itself ("new"); they return the
 * exit code as commands.h says.
 *
 * Layer: app.
 */
#ifndef GSC_APP_CMD_PLUGIN_H
#define GSC_APP_CMD_PLUGIN_H

#include <jansson.h>

int gsc_cmd_plugin_info(int argc, char **argv);
int gsc_cmd_plugin_new(int argc, char **argv);
int gsc_cmd_plugin_check(int argc, char **argv);
int gsc_cmd_plugin_trust(int argc, char **argv);
int gsc_cmd_plugin_build(int argc, char **argv);

/* "" where the row has no such text. */
const char *gsc_plugin_row_text(const json_t *row, const char *key);
/* Prints JSON on stdout; 1 where memory ran out. */
int gsc_plugin_print_json(const json_t *json);
/* The list, or a message on stderr and NULL; new files are told. The caller owns it. */
json_t *gsc_plugin_list(void);
/* "gatescope plugin: there is no plugin ID; did you mean ...?" on stderr; returns 2. */
int gsc_plugin_unknown(const json_t *array, const char *id);

#endif
