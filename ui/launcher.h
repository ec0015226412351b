/* SPDX-License-Identifier: MIT
 *
 * The way to `gatescope`, the program beside this one: runs are started in their own session, so that they
 * survive the window.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_LAUNCHER_H
#define GSC_UI_LAUNCHER_H

#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

/* $GATESCOPE_PROGRAM, else `gatescope` in the folder of the running program, else the one on PATH; owned by
 * the launcher. */
const char *gsc_launcher_program(void);

/* status: the exit status, -1 where it was killed; message: the last sentence it wrote on stderr, or "". */
typedef void gsc_launcher_done(int status, const char *message, gpointer data);

/* Starts `gatescope run source [--set assignment]... -o path` at nice 5. done is called once, when the run is
 * over, with data; free_data follows. */
bool gsc_launcher_run(const char *source, const char *const *assignments, const char *path,
                      gsc_launcher_done *done, gpointer data, GDestroyNotify free_data,
                      GError **error);

/* `gatescope resume path`, in the same way. */
bool gsc_launcher_resume(const char *path, gsc_launcher_done *done, gpointer data,
                         GDestroyNotify free_data, GError **error);

/* `gatescope sweep folder`: schedules the runs of a folder until they are over. */
bool gsc_launcher_sweep(const char *folder, gsc_launcher_done *done, gpointer data,
                        GDestroyNotify free_data, GError **error);

/* What gsc_launcher_run starts, as a line for a terminal, quoted; caller frees. */
char *gsc_launcher_command_line(const char *source, const char *const *assignments,
                                const char *path);

G_END_DECLS

#endif
