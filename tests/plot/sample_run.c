/* SPDX-License-Identifier: MIT
 *
 * See sample_run.h.
 */
#include "tests/plot/sample_run.h"

#include "core/read/spec.h"
#include "core/run/run_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double sizes[7] = {100, 200, 500, 1000, 2000, 5000, 10000};

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*state >> 33) + 0.5) / 2147483648.0;
}

static double normal(uint64_t *state) {
    double r = sqrt(-2 * log(uniform(state)));
    return r * cos(2 * M_PI * uniform(state));
}

static gsc_status declare(gsc_sink *sink, const gsc_sample *sample, int arm, int panel,
                          int32_t *ret_id, gsc_error *error) {
    static const char *const arms[] = {"k_shared=1", "k_shared=2", "k_shared=3"};
    static const char *const titles[] = {"1 expert fitted to 1", "2 experts fitted to 1",
                                         "3 experts fitted to 1"};
    static const char *const taus[] = {"tau_p1", "tau_p2", "tau_p3"};
    static const char *const bounds[] = {"n^{-1/2}", "n^{-1/4}", "n^{-1/6}"};
    gsc_series_info info = GSC_SERIES_INIT;
    info.name = panel == 0 ? taus[arm] : "n_kl";
    info.arm = arms[arm];
    info.title = titles[arm];
    info.unit = panel == 0 ? "" : "nat";
    info.definition = panel == 0
                          ? "power mean of order r of |τ − τ*| over the shared cell's atoms, "
                            "weighted by their mass"
                          : "n times KL(f* ‖ f), by quadrature";
    info.x_name = "n";
    info.x_title = "Sample size n";
    info.panel = panel == 0 ? "error" : "divergence";
    info.y_title = panel == 1 ? "n × KL" : sample->measure != NULL ? sample->measure : "Error of τ";
    info.bound = panel == 0 ? -0.5 / (arm + 1) : NAN;
    info.bound_title = panel == 0 ? bounds[arm] : "";
    return sink->series(sink, &info, ret_id, error);
}

static gsc_status fill(gsc_sink *sink, const gsc_sample *sample, gsc_error *error) {
    int32_t ids[2][3];
    gsc_status status = GSC_OK;
    uint64_t state = 7;
    for (int panel = 0; panel < 2; panel++) {
        for (int arm = 0; arm < sample->arms && status == GSC_OK; arm++) {
            status = declare(sink, sample, arm, panel, &ids[panel][arm], error);
        }
    }
    int bad = sample->n_bad;
    for (int i = 0; i < sample->n_sizes && status == GSC_OK; i++) {
        for (int arm = 0; arm < sample->arms; arm++) {
            for (int r = 0; r < sample->replicates && status == GSC_OK; r++) {
                double spread = exp(sample->noise * normal(&state));
                gsc_point error_point = {
                    sizes[i], (0.9 + 0.25 * arm) * pow(sizes[i] / 100, -0.5 / (arm + 1)) * spread,
                    r};
                gsc_point kl = {sizes[i], (2.2 + arm) * exp(0.5 * sample->noise * normal(&state)),
                                r};
                if (arm == 0 && bad > 0) {
                    bad--;
                    error_point.y = 0;
                }
                status = sink->points(sink, ids[0][arm], &error_point, 1, error);
                if (status == GSC_OK) {
                    status = sink->points(sink, ids[1][arm], &kl, 1, error);
                }
            }
        }
    }
    if (status == GSC_OK) {
        status = sink->progress(sink, sample->n_sizes / 7.0, "n = 1000, replicate 3 of 16", error);
    }
    return status;
}

gsc_status gsc_sample_run_write(const char *path, const gsc_sample *sample, gsc_error *error) {
    gsc_spec *spec = NULL;
    gsc_status status = gsc_spec_load("preset:first", &spec, error);
    if (status != GSC_OK) {
        return status;
    }
    char *text = gsc_spec_dump(spec);
    gsc_spec_free(spec);
    gsc_run_birth birth = {.experiment = "first",
                           .title = "One expert too many",
                           .spec = text,
                           .plugins = "[]",
                           .machine =
                               "{\"commit\": \"0123456789abcdef\", \"kernel_path\": \"avx2\", "
                               "\"version\": \"0.1.0\"}",
                           .seed = 1};
    gsc_run_writer *writer = NULL;
    status = gsc_run_writer_create(path, true, &birth, &writer, error);
    free(text);
    if (status != GSC_OK) {
        return status;
    }
    status = fill(gsc_run_writer_sink(writer), sample, error);
    if (status == GSC_OK) {
        status = gsc_run_writer_commit(writer, error);
    }
    if (status == GSC_OK && sample->status != GSC_RUN_RUNNING) {
        status = gsc_run_writer_finish(writer, sample->status, "", error);
    }
    gsc_run_writer_free(writer);
    return status;
}
