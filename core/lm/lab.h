/* SPDX-License-Identifier: MIT
 *
 * The language-model lab: runs one spec of kind "lm" and tells a sink what it finds.
 *
 * Series over steps: loss, balance_loss, gradient_norm, learning_rate, tokens_per_second,
 * validation_loss, and for each layer the vector load, the share of choices that each expert got in
 * a step; and the router's metrics of core/routing/report.h, on a fixed probe of lm.probe_positions
 * held-out tokens; and one of each parameter that has a schedule, KIND.NAME. A wish to stop is heeded
 * when all of a step is told, and leaves a checkpoint. Results: validation_loss, perplexity, bits_per_byte, tokens_per_second.
 *
 * Checkpoints go to the folder that the environment variable GATESCOPE_CHECKPOINTS names, as
 * step-NNNNNNN.safetensors; without it there are none. lm.resume goes on from one. Where one cannot be
 * written the run goes on and says so, once until they can be written again.
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_LAB_H
#define GSC_CORE_LM_LAB_H

#include "core/base/error.h"
#include "core/read/spec.h"
#include "core/run/sink.h"
#include "kernels/pool.h"

/* GSC_ERR_INPUT with one sentence for a spec that cannot run; GSC_ERR_MEMORY with the need where
 * the machine has less; GSC_ERR_NUMERIC naming step and layer; GSC_ERR_STOPPED when the sink says
 * so, after a checkpoint. */
gsc_status gsc_lm_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error);

#endif
