/* SPDX-License-Identifier: MIT
 *
 * Where corpora live: $GATESCOPE_DATA, else $XDG_DATA_HOME/gatescope/data, else
 * ~/.local/share/gatescope/data. In it NAME/ is a corpus (*.jsonl.zst and corpus.json), tokens/
 * holds cached token streams, tokenizers/ trained models; .get-PID is a corpus on its way in.
 *
 * Layer: core/data; libc.
 */
#ifndef GSC_CORE_DATA_FOLDER_H
#define GSC_CORE_DATA_FOLDER_H

#include "core/base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    GSC_DATA_PATH_SIZE = 4096
};

/* The data folder, made if missing. part, unless NULL, is a folder in it, made too. */
gsc_status gsc_data_folder(const char *part, char ret_path[GSC_DATA_PATH_SIZE], gsc_error *error);

/* folder/name; GSC_ERR_INPUT where that is too long. */
gsc_status gsc_data_path(const char *folder, const char *name, char ret_path[GSC_DATA_PATH_SIZE],
                         gsc_error *error);

bool gsc_is_folder(const char *path);
bool gsc_is_file(const char *path);

/* mkdir -p. */
gsc_status gsc_folder_make(const char *path, gsc_error *error);
/* rm -r; what is not there is fine. Never follows links. */
gsc_status gsc_folder_remove(const char *path, gsc_error *error);

/* The regular files below folder (any depth; through links too where follow says so), sorted by their path's bytes;
 * paths are relative to folder. The caller frees with gsc_paths_clear. At most
 * GSC_MAX_CORPUS_FILES. */
enum {
    GSC_MAX_CORPUS_FILES = 1 << 20
};
typedef struct gsc_paths {
    char **names;
    size_t count;
} gsc_paths;
gsc_status gsc_folder_files(const char *folder, bool follow, gsc_paths *ret_paths,
                            gsc_error *error);
void gsc_paths_clear(gsc_paths *self);

/* Shell-like match of a relative path: * and ? stay within one folder, a part "**" stands for any
 * number of folders, and {a,b} is one of the two. */
bool gsc_path_matches(const char *pattern, const char *path);

#endif
