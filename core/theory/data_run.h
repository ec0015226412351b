/* SPDX-License-Identifier: MIT
 *
 * The study of the user's own data (theory.data): one fit for each arm, an arm being an entry of theory.arms x
 * theory.k_shared x theory.k_routed. No truth is needed; theory.sizes, theory.replicates and the losses are not used.
 *
 * Told to the sink, for each arm: series log_likelihood against the iteration (of the start that is kept); a document
 * "fit" with the parameters, the start, the stopping reason and the certificate; results log_likelihood,
 * log_likelihood_per_sample, iterations, parameters and bic; for one input the fitted experts' lines; alarms as events.
 *
 * Layer: core/theory.
 */
#ifndef GSC_CORE_THEORY_DATA_RUN_H
#define GSC_CORE_THEORY_DATA_RUN_H

#include "core/base/error.h"
#include "core/read/spec.h"
#include "core/run/sink.h"
#include "kernels/pool.h"

/* As gsc_theory_run. Refuses data with fewer rows than an arm has free parameters, and a y with one value only. */
gsc_status gsc_data_run(const gsc_spec *spec, gsc_pool *pool, gsc_sink *sink, gsc_error *error);

#endif
