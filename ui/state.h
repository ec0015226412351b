/* SPDX-License-Identifier: MIT
 *
 * What the window remembers between starts: sizes, theme, which runs are shown. Losing it loses only that.
 *
 * Layer: ui. Main thread only.
 */
#ifndef GSC_UI_STATE_H
#define GSC_UI_STATE_H

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct gsc_state gsc_state;

/* Reads $XDG_STATE_HOME/gatescope/window.ini; an absent or broken file is an empty state. */
gsc_state *gsc_state_new(void);
/* Why nothing will be remembered, as a sentence; NULL: it will. Looks at the folder, writes nothing but it. */
char *gsc_state_dup_problem(gsc_state *self);
void gsc_state_free(gsc_state *self); /* writes first what has not been written */

int gsc_state_get_int(gsc_state *self, const char *key, int fallback);
void gsc_state_set_int(gsc_state *self, const char *key, int value);
char *gsc_state_dup_string(gsc_state *self, const char *key); /* NULL: never said; caller frees */
void gsc_state_set_string(gsc_state *self, const char *key, const char *value);
/* Of a run that the library does not know yet, or of which a version before it kept these here. 1 shown, 0 hidden
 * by the user, -1 never said. */
int gsc_state_get_shown(gsc_state *self, const char *run_path);
void gsc_state_set_shown(gsc_state *self, const char *run_path, bool shown);
/* The palette index that the run was drawn in last, or -1. */
int gsc_state_get_color(gsc_state *self, const char *run_path);
void gsc_state_set_color(gsc_state *self, const char *run_path, int color);
void gsc_state_forget_run(gsc_state *self, const char *run_path);
void gsc_state_save(gsc_state *self);

G_END_DECLS

#endif
