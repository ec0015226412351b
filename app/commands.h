/* SPDX-License-Identifier: MIT
 *
 * The subcommands of `gatescope`, one file each. argv[0] is the command's own name. Each prints
 * results on stdout and messages on stderr and returns the exit code: 0 done, 1 failed, 2 bad usage
 * or spec.
 *
 * Layer: app.
 */
#ifndef GSC_APP_COMMANDS_H
#define GSC_APP_COMMANDS_H

#include <jansson.h>
#include <stddef.h>

int gsc_cmd_run(int argc, char **argv);
int gsc_cmd_sweep(int argc, char **argv);
int gsc_cmd_compare(int argc, char **argv);
int gsc_cmd_score(int argc, char **argv);
int gsc_cmd_resume(int argc, char **argv);
int gsc_cmd_report(int argc, char **argv);
int gsc_cmd_export(int argc, char **argv);
int gsc_cmd_plot(int argc, char **argv); /* runs gatescope-plot */
int gsc_cmd_presets(int argc, char **argv);
int gsc_cmd_plugin(int argc, char **argv);
int gsc_cmd_formula(int argc, char **argv);
int gsc_cmd_data(int argc, char **argv);
int gsc_cmd_doctor(int argc, char **argv);
int gsc_cmd_bench(int argc, char **argv); /* picks one of the four below */
int gsc_cmd_bench_em(int argc, char **argv);
int gsc_cmd_bench_kernels(int argc, char **argv);
int gsc_cmd_bench_lm(int argc, char **argv);
int gsc_cmd_bench_plot(int argc, char **argv); /* runs gatescope-plot */

/* A row of the table of commands. */
typedef struct gsc_command {
    const char *name;
    const char *arguments; /* as in the help */
    const char *summary;   /* one line; NULL: internal */
    const char *details;   /* `help NAME`; NULL: it answers --help itself */
    int (*run)(int argc, char **argv);
} gsc_command;

/* Internal: what `run` and `plugin list` start. */
int gsc_cmd_worker(int argc, char **argv);
int gsc_cmd_plugin_scan(int argc, char **argv);

/* Says on stderr which plugin files of the list are loaded for the first time, and notes that they are trusted. */
void gsc_tell_new_plugins(json_t *rows);

/* No command: the window (runs gatescope-desktop). */
int gsc_cmd_desktop(int argc, char **argv);

/* Fills ret_path with the path of a program in this program's own folder; 0 where it is not there. */
int gsc_beside(const char *program, char *ret_path, size_t size);

#endif
