/* SPDX-License-Identifier: MIT
 *
 * The plugin kit: from a name to a file of C, from that to a shared object, with the system's compiler alone.
 * Header and templates are inside the program: no source tree is needed, and what is built fits the program
 * that builds it.
 *
 * Layer: core/plugin; libc. [any thread]
 */
#ifndef GSC_CORE_PLUGIN_KIT_H
#define GSC_CORE_PLUGIN_KIT_H

#include "core/base/error.h"
#include "core/plugin/search.h"

#include <gatescope/plugin.h>
#include <stdbool.h>

/* Writes FOLDER/NAME.c from the template of its kind, making the folder where it is missing; a file that is
 * there stays (GSC_ERR_INPUT). name is the plugin's id: a-z, 0-9 and _, a letter first. */
gsc_status gsc_kit_new(gsc_kind kind, const char *name, const char *folder,
                       char ret_path[GSC_PLUGIN_PATH_SIZE], gsc_error *error);

/* $XDG_DATA_HOME/gatescope/plugins, where the program finds what a user built; made where it is missing. */
gsc_status gsc_kit_user_folder(char ret_path[GSC_PLUGIN_PATH_SIZE], gsc_error *error);

/* Writes this program's gatescope/plugin.h into the cache; ret_path is the folder for -I. */
gsc_status gsc_kit_include_folder(char ret_path[GSC_PLUGIN_PATH_SIZE], gsc_error *error);

/* Compiles one C file into out, whole or not at all (a file that is loaded keeps its old bytes). The compiler
 * is $CC, else cc; its messages go to this process's standard error as they are. GSC_ERR_PLUGIN: the compiler
 * refused the file; GSC_ERR_SYSTEM: there is no compiler. */
gsc_status gsc_kit_build(const char *source, const char *out, gsc_error *error);

/* The command that gsc_kit_build runs, as one line for a shell. */
gsc_status gsc_kit_command(const char *source, const char *out, char *ret_text, size_t size,
                           gsc_error *error);

#endif
