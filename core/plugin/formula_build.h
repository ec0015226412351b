/* SPDX-License-Identifier: MIT
 *
 * Formula gates as plugins: compiled once into $XDG_CACHE_HOME/gatescope/formulas by the hash of their text,
 * with the kit's compiler and flags. The registry loads them under their text, so that a spec (and the run
 * file made from it) holds the whole gate.
 *
 * Layer: core/plugin; libc, jansson.
 */
#ifndef GSC_CORE_PLUGIN_FORMULA_BUILD_H
#define GSC_CORE_PLUGIN_FORMULA_BUILD_H

#include "core/base/error.h"
#include "core/plugin/search.h"

#include <jansson.h>

/* Compiles the formula unless its plugin is there; ret_path is the shared object. The compiler's messages go
 * to stderr. GSC_ERR_INPUT: the formula is wrong; GSC_ERR_SYSTEM: no compiler or no folder. [any thread] */
gsc_status gsc_formula_build(const char *text, char ret_path[GSC_PLUGIN_PATH_SIZE],
                             gsc_error *error);

/* Builds it and describes it as gsc_registry_list would, with the formula's text as its id. */
gsc_status gsc_formula_describe(const char *text, json_t **ret_row, gsc_error *error);

/* Appends to descriptors the row of every formula that stands as a "gate" anywhere in the spec's JSON text:
 * in the spec itself, its arms, its truth. */
gsc_status gsc_formula_resolve(const char *spec_text, json_t *descriptors, gsc_error *error);

#endif
