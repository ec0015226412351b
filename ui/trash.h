/* SPDX-License-Identifier: MIT
 *
 * Files to the desktop's trash and back. They come back by what the trash itself writes down of each (the
 * trash specification of freedesktop.org, version 1.0): in the user's trash, or in that of the file's disk.
 * Between the two a file is renamed, never copied.
 *
 * Layer: ui; GIO alone. Main thread only: a rename does not wait.
 */
#ifndef GSC_UI_TRASH_H
#define GSC_UI_TRASH_H

#include <gio/gio.h>
#include <stdbool.h>

G_BEGIN_DECLS

/* A file or a folder with all in it. false: it is where it was, and *error says why in GIO's words. */
bool gsc_trash_move(const char *path, GError **error);

/* Brings back what was moved from path last. false, with *error one sentence without its full stop: it is in
 * no trash, its folder is gone, or there is something else at path. */
bool gsc_trash_restore(const char *path, GError **error);

/* Without a trash and for good: a file, or a folder with all in it; a link, not what it leads to. false: at
 * least one file is still there. */
bool gsc_trash_delete(const char *path, GError **error);

G_END_DECLS

#endif
