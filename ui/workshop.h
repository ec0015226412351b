/* SPDX-License-Identifier: MIT
 *
 * The workshop: the user's own plugin sources, $XDG_DATA_HOME/gatescope/sources. It makes new ones, opens them
 * in the user's editor, and rebuilds one whenever its file is saved, by whatever program.
 *
 * Layer: ui. Main thread only; nothing here blocks.
 */
#ifndef GSC_UI_WORKSHOP_H
#define GSC_UI_WORKSHOP_H

#include "ui/diagnostics.h"

#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define GSC_TYPE_WORKSHOP (gsc_workshop_get_type())
G_DECLARE_FINAL_TYPE(GscWorkshop, gsc_workshop, GSC, WORKSHOP, GObject)

/* How a build ended. */
typedef struct gsc_build {
    const char *source;     /* path of the C file */
    const char *object;     /* path of the plugin; NULL: not built */
    GPtrArray *diagnostics; /* of gsc_diagnostic */
    const char *problem;    /* one sentence where it was not built and no place says why; or NULL */
    double seconds;
    bool is_first; /* the file was just made: nobody has saved it yet */
} gsc_build;

/* Emits "created" (path of a new file), "building" (path), "built" (const gsc_build *) and "problem" (a
 * sentence). */
GscWorkshop *gsc_workshop_new(void);

/* The folder of the sources; it need not exist before the first one. */
const char *gsc_workshop_get_folder(GscWorkshop *self);
/* The path that a plugin of this name has or would have; caller frees. */
char *gsc_workshop_path(GscWorkshop *self, const char *name);

/* Makes NAME.c, from source with its id, title and version made new, or from the kit's template of a gate
 * where source is NULL; then builds it. "created" or "problem" follows. */
void gsc_workshop_create(GscWorkshop *self, const char *name, const char *source);
/* Opens $GATESCOPE_EDITOR, else the desktop's editor for C files, else $VISUAL; "problem" follows where there
 * is none. line 0: at the top. */
void gsc_workshop_edit(GscWorkshop *self, const char *path, int line);
/* "building", then "built". A second call while it is being built waits for the end of the first. */
void gsc_workshop_build(GscWorkshop *self, const char *path);

/* source with the id and title of another plugin: pure; caller frees. */
char *gsc_workshop_rename(const char *source, const char *name);

G_END_DECLS

#endif
