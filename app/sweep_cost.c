/* SPDX-License-Identifier: MIT
 *
 * The cost of a sweep: see sweep_cost.h.
 *
 * Layer: app.
 */
#include "app/sweep_cost.h"

#include "core/sweep/forecast.h"
#include "core/sweep/scheduler.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_TIMED = 8 /* arms */
};

/* What a child tells. */
typedef struct answer {
    gsc_sweep_cost cost;
    gsc_error error; /* status GSC_OK: cost is good */
} answer;

typedef struct question {
    pid_t pid;
    int pipe;
} question;

static size_t cores(void) {
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (size_t)n : 1;
}

static void answer_in_child(const gsc_spec *spec, size_t threads, bool timed, int out) {
    answer told = {0};
    const gsc_status status =
        gsc_sweep_forecast(spec, (unsigned)threads, timed, &told.cost, &told.error);
    told.error.status = status;
    const bool sent = write(out, &told, sizeof told) == (ssize_t)sizeof told;
    _exit(sent ? 0 : 1);
}

static gsc_status ask(const gsc_sweep *sweep, size_t arm, size_t threads, bool timed,
                      question *ret_question, gsc_error *error) {
    const gsc_sweep_run run = {.stage = GSC_SWEEP_MAIN, .arm = arm, .seed = sweep->seeds[0]};
    gsc_spec *spec = NULL;
    int ends[2];
    gsc_status status = gsc_sweep_spec(sweep, &run, &spec, error);
    if (status != GSC_OK) {
        return status;
    }
    if (pipe(ends) != 0) {
        gsc_spec_free(spec);
        return gsc_fail(error, GSC_ERR_SYSTEM, "no pipe for a forecast: %s", strerror(errno));
    }
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        answer_in_child(spec, threads, timed, ends[1]);
    }
    close(ends[1]);
    gsc_spec_free(spec);
    if (pid < 0) {
        close(ends[0]);
        return gsc_fail(error, GSC_ERR_SYSTEM, "a forecast cannot be begun: %s", strerror(errno));
    }
    *ret_question = (question){pid, ends[0]};
    return GSC_OK;
}

static gsc_status hear(const gsc_sweep *sweep, size_t arm, const question *asked,
                       gsc_sweep_cost *ret_cost, gsc_error *error) {
    answer told;
    int state;
    const bool whole = read(asked->pipe, &told, sizeof told) == (ssize_t)sizeof told;
    close(asked->pipe);
    waitpid(asked->pid, &state, 0);
    if (!whole) {
        return gsc_fail(error, GSC_ERR_PLUGIN,
                        "arm %s cannot be tried: the process that tried it died%s%s",
                        sweep->arms[arm].name, WIFSIGNALED(state) ? " of " : "",
                        WIFSIGNALED(state) ? strsignal(WTERMSIG(state)) : "");
    }
    if (told.error.status != GSC_OK) {
        return gsc_fail(error, told.error.status, "arm %s: %s", sweep->arms[arm].name,
                        told.error.message);
    }
    *ret_cost = told.cost;
    return GSC_OK;
}

/* Costs of arms [0, n), `jobs` at once. */
static gsc_status ask_all(const gsc_sweep *sweep, size_t n, size_t jobs, size_t threads, bool timed,
                          gsc_sweep_cost *ret_costs, gsc_error *error) {
    question *asked = calloc(n, sizeof *asked);
    gsc_status status =
        asked == NULL ? gsc_fail(error, GSC_ERR_MEMORY, "no memory for a forecast") : GSC_OK;
    size_t begun = 0, heard = 0;
    while (heard < begun || (status == GSC_OK && begun < n)) {
        if (status == GSC_OK && begun < n && begun - heard < jobs) {
            status = ask(sweep, begun, threads, timed, &asked[begun], error);
            begun += status == GSC_OK;
            continue;
        }
        gsc_error failed = {0};
        const gsc_status one = hear(sweep, heard, &asked[heard], &ret_costs[heard], &failed);
        if (status == GSC_OK && one != GSC_OK) {
            status = gsc_fail(error, one, "%s", failed.message);
        }
        heard++;
    }
    free(asked);
    return status;
}

static void choose_jobs(gsc_sweep_plan *plan, size_t jobs, size_t threads) {
    const double has = gsc_sweep_available_bytes();
    const size_t most =
        plan->run_bytes > 0 && has > 0 ? (size_t)(0.9 * has / plan->run_bytes) : cores();
    size_t chosen = jobs > 0 ? jobs : cores();
    if (jobs == 0 && chosen > most) {
        chosen = most > 0 ? most : 1;
    }
    plan->jobs = chosen < plan->runs ? chosen : plan->runs;
    const size_t each = cores() / plan->jobs;
    plan->threads = threads > 0 ? threads : each > 0 ? each : 1;
}

gsc_status gsc_sweep_plan_of(const gsc_sweep *sweep, size_t jobs, size_t threads, bool timed,
                             gsc_sweep_plan *ret_plan, gsc_error *error) {
    const size_t arms = sweep->n_arms;
    gsc_sweep_plan plan = {.run_s = NAN, .total_s = NAN};
    gsc_sweep_cost *costs = calloc(arms, sizeof *costs);
    if (costs == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a forecast");
    }
    plan.runs = arms * (sweep->n_seeds * (sweep->tune_key != NULL ? 2 : 1) +
                        sweep->n_tune_seeds * sweep->n_tune_values);
    gsc_status status = ask_all(sweep, arms, cores(), 1, false, costs, error);
    for (size_t a = 0; a < arms; a++) {
        plan.run_bytes = fmax(plan.run_bytes, costs[a].bytes);
    }
    choose_jobs(&plan, jobs, threads);
    const size_t n = arms < MOST_TIMED ? arms : MOST_TIMED;
    if (status == GSC_OK && timed) {
        status = ask_all(sweep, n, plan.jobs, plan.threads, true, costs, error);
        plan.run_s = 0;
        for (size_t a = 0; a < n; a++) {
            plan.run_s += costs[a].seconds / (double)n;
        }
        plan.total_s = plan.run_s * (double)plan.runs / (double)plan.jobs;
    }
    free(costs);
    if (status == GSC_OK) {
        *ret_plan = plan;
    }
    return status;
}
