/* SPDX-License-Identifier: MIT
 *
 * A suite: several experiments one after the other as parts of one run. theory.suite is a list of
 *
 *     {"preset": "theorem1", "name": "theorem1", "set": {"theory.replicates": 10}}
 *
 * name is the preset's where it is absent; members of "set" are keys of the spec in full. Every
 * part's arms begin with its name ("theorem1", "first k_shared=2"), its panels too ("first:
 * error"), so that one file holds them all and a reader can take one part out; a document "spec" of
 * the part's name holds its whole spec. The seed is the run's own unless the part's "set" says
 * otherwise.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_SUITE_H
#define GSC_CORE_THEORY_SUITE_H

#include "core/theory/lab.h"

/* Whether the spec has one. */
bool gsc_suite_has(const gsc_spec *spec);

/* Errors name the entry of theory.suite; a part may not be a suite. */
gsc_status gsc_suite_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error);

#endif
