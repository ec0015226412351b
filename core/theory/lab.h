/* SPDX-License-Identifier: MIT
 *
 * The theory lab: runs one spec of kind "theory" and tells a sink what it finds.
 *
 * An arm is one pair of theory.k_shared x theory.k_routed of one entry of theory.arms (arms.h; the
 * spec itself where it has none); its name is the entry's and then the lists that vary:
 * "k_shared=2", "sigmoid k_shared=2 k_routed=3",
 * "" where there is one arm. Entries may have truths, gates (theory.truth.gate beside gate),
 * losses, starts and tolerances of their own; sizes, replicates and slope draws are the run's. Arms
 * of one truth and seed see the same samples. Every (size, replicate, arm) is one fit, in ascending
 * order of size over the pool; its points go to the sink as soon as it is done. Values do not
 * depend on the number of threads.
 *
 * Gates in general form (gate_general.h), and theory.loss none, have no loss: errors by block, with
 * mean gate probabilities as masses and the exponents of D1, without bounds and pseudo-truths.
 *
 * Where theory.data names a file there is no sampling: the fit of the user's own data, data_run.h.
 *
 * theory.study fingerprint is another study of the same laboratory: fingerprint.h.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_LAB_H
#define GSC_CORE_THEORY_LAB_H

#include "core/base/error.h"
#include "core/read/spec.h"
#include "core/run/sink.h"
#include "kernels/pool.h"

/* GSC_ERR_INPUT with one sentence for a spec the lab cannot run; GSC_ERR_PLUGIN naming plugin,
 * function and EM step; GSC_ERR_STOPPED when the sink says so. */
gsc_status gsc_theory_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error);

#endif
