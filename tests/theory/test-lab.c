/* SPDX-License-Identifier: MIT
 *
 * The lab as a sink sees it: series, points, documents, results; the same values at any number of threads; stopping;
 * one sentence for each spec it cannot run.
 */
#include "core/theory/lab.h"

#include "tests/tap.h"
#include "tests/theory/memory_sink.h"
#include "tests/theory/support.h"

static gsc_spec *spec_of(const char *preset, const char *const *settings) {
    gsc_error error;
    gsc_spec *spec;
    char name[64];
    snprintf(name, sizeof name, "preset:%s", preset);
    need(gsc_spec_load(name, &spec, &error), &error);
    for (; *settings != NULL; settings++) {
        need(gsc_spec_set(spec, *settings, &error), &error);
    }
    return spec;
}

static memory_sink *run(const char *preset, const char *const *settings, unsigned threads) {
    gsc_error error = {0};
    gsc_pool *pool;
    gsc_spec *spec = spec_of(preset, settings);
    memory_sink *sink = memory_sink_new();
    need(gsc_pool_new(threads, &pool, &error), &error);
    need(gsc_theory_run(spec, pool, &sink->sink, &error), &error);
    gsc_pool_free(pool);
    gsc_spec_free(spec);
    return sink;
}

static void check_first(void) {
    static const char *const small[] = {"theory.sizes=[100,300,1000]", "theory.replicates=6", NULL};
    memory_sink *one = run("first", small, 1), *two = run("first", small, 2);
    const memory_series *tau[] = {memory_find(one, "tau_p1", "k_shared=1"),
                                  memory_find(one, "tau_p2", "k_shared=2"),
                                  memory_find(one, "tau_p3", "k_shared=3")};
    static const char *const titles[] = {"1 expert fitted to 1", "2 fitted to 1", "3 fitted to 1"};
    static const char *const bounds[] = {"n^{-1/2}", "n^{-1/4}", "n^{-1/6}"};
    for (int i = 0; i < 3; i++) {
        TAP_OK(tau[i] != NULL && tau[i]->n == 18, "first: an error of tau for every fit");
        TAP_STRING(tau[i]->panel, "error", "it is drawn");
        TAP_STRING(tau[i]->title, titles[i], "with its legend");
        TAP_STRING(tau[i]->bound_title, bounds[i], "beside its bound");
    }
    TAP_STRING(memory_find(one, "n_kl", "k_shared=3")->panel, "divergence",
               "n KL is drawn beside it");
    TAP_STRING(memory_find(one, "loss", "k_shared=3")->panel, "", "the loss is kept, not drawn");
    TAP_OK(one->fits == 54, "one document for each fit");
    TAP_CONTAINS(one->last_fit, "\"certificate\"", "with its certificate");
    TAP_NEAR(one->progress, 1, 0, "progress ends at 1");
    TAP_OK(memory_result_of(one, "slope_log_n[tau_p3]", "k_shared=3") != NULL &&
               memory_result_of(one, "slope_log_n_over_n", "k_shared=3") != NULL &&
               memory_result_of(one, "wall_time", "") != NULL,
           "slopes on both axes, wall time");
    bool same = one->n_series == two->n_series, finite = true;
    for (size_t s = 0; s < one->n_series && same; s++) {
        same = one->series[s].n == two->series[s].n;
        for (size_t i = 0; i < one->series[s].n; i++) {
            const gsc_point *point = &one->series[s].points[i];
            same &= memory_value(&two->series[s], point->x, point->replicate) == point->y;
            finite &= isfinite(point->y);
        }
    }
    TAP_OK(same, "the same bits with one thread and two");
    TAP_OK(finite, "every value is finite");
    memory_sink_free(one);
    memory_sink_free(two);
}

static void check_theorems(void) {
    static const char *const small[] = {"theory.sizes=[300,1000]", "theory.replicates=3", NULL};
    static const char *const presets[] = {"theorem1", "theorem2", "theorem3", "theorem4"};
    for (int i = 0; i < 4; i++) {
        memory_sink *sink = run(presets[i], small, 2);
        const memory_series *loss = memory_find(sink, "loss", "");
        TAP_OK(loss != NULL && loss->n == 6, presets[i]);
        if (i < 3) {
            TAP_NEAR(loss->bound, -0.5, 0, "its theorem's bound");
        } else {
            TAP_OK(isnan(loss->bound), "theorem 4 bounds no distance to the truth");
            TAP_NEAR(memory_find(sink, "loss_shared", "")->bound, -0.5, 0, "but the shared part");
        }
        TAP_STRING(loss->panel, "error", "drawn");
        TAP_NEAR(memory_value(loss, 1000, 0),
                 memory_value(memory_find(sink, "loss_shared", ""), 1000, 0) +
                     memory_value(memory_find(sink, "loss_routed", ""), 1000, 0),
                 1e-12, "shared and routed parts sum to it");
        memory_sink_free(sink);
    }
    static const char *const gelu[] = {
        "theory.sizes=[300]",
        "theory.replicates=1",
        "expert={\"id\":\"gelu\",\"bias\":1}",
        "theory.shared_expert={\"id\":\"gelu\",\"bias\":1}",
        "theory.k_shared=1",
        "theory.truth={\"x\":[-3,3],\"shared\":[{\"omega\":1,\"expert\":{"
        "\"in\":[2],\"bias\":[0],\"out\":[3]},\"variance\":0.2}],"
        "\"routed\":[{\"beta0\":0,\"beta1\":[0],\"expert\":{\"in\":[1],"
        "\"bias\":[0],\"out\":[-4]},\"variance\":0.3}]}",
        NULL};
    memory_sink *sink = run("theorem2", gelu, 1);
    TAP_OK(isnan(memory_find(sink, "loss", "")->bound),
           "D2 with GELU experts: no theorem, no bound");
    memory_sink_free(sink);
    static const char *const plain[] = {
        "theory.sizes=[300]", "theory.replicates=2", "theory.k_shared=0",
        "theory.truth={\"x\":[-3,3],\"routed\":[{\"beta0\":0,\"beta1\":[1],"
        "\"expert\":{\"weight\":[4],\"bias\":[0]},\"variance\":0.3}]}",
        NULL};
    sink = run("theorem2", plain, 1);
    TAP_OK(memory_find(sink, "loss", "")->n == 2, "no shared experts: the plain mixture");
    memory_sink_free(sink);
}

static void refused(const char *const *settings, const char *sentence) {
    gsc_error error = {0};
    gsc_spec *spec = spec_of("theorem2", settings);
    memory_sink *sink = memory_sink_new();
    TAP_OK(gsc_theory_run(spec, NULL, &sink->sink, &error) == GSC_ERR_INPUT, "refused as input");
    TAP_CONTAINS(error.message, sentence, sentence);
    memory_sink_free(sink);
    gsc_spec_free(spec);
}

static void check_stop(void) {
    static const char *const small[] = {"theory.sizes=[300]", "theory.replicates=200", NULL};
    gsc_error error = {0};
    gsc_spec *spec = spec_of("theorem2", small);
    memory_sink *sink = memory_sink_new();
    sink->stop = true;
    TAP_OK(gsc_theory_run(spec, NULL, &sink->sink, &error) == GSC_ERR_STOPPED,
           "a sink that says stop stops the lab");
    memory_sink_free(sink);
    gsc_spec_free(spec);
}

int main(void) {
    check_first();
    check_theorems();
    check_stop();
    refused((const char *const[]){"theory.sizes=[10,1000]", NULL},
            "theory.sizes has 10, below the 22 free parameters");
    refused((const char *const[]){"theory.k_routed=1", NULL},
            "theory.k_routed is 1, but theory.truth has 2");
    refused(
        (const char *const[]){"theory.truth={\"x\":[-3,3],\"shared\":[{\"expert\":{\"weight\":[2],"
                              "\"bias\":[0]},\"variance\":0.2}]}",
                              NULL},
        "theory.k_routed is 3, but theory.truth has none");
    return tap_done();
}
