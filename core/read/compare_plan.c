/* SPDX-License-Identifier: MIT
 *
 * What was set before the runs of a comparison, and what since differs from it: options, and in a sweep's
 * folder its plan or the runs themselves.
 *
 * Layer: core/read.
 */
#include "core/read/compare_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_text(const char *text) {
    return strdup(text != NULL ? text : "");
}

/* ---- A folder's plan against its runs ---- */

void compare_check_run(compare_reader *r, const gsc_sweep *sweep, const gsc_sweep_run *run) {
    const compare_seen *one = &r->seen[r->self->n_runs - 1];
    const char *hash = json_string_value(json_object_get(one->mark, "hash"));
    gsc_error error = {0};
    if (gsc_sweep_check_spec(sweep, run, one->spec, &error) == GSC_ERR_INPUT) {
        if (r->n_changed++ == 0) {
            snprintf(r->changed, sizeof r->changed, "%s", error.message);
        }
    } else if (hash != NULL && strcmp(hash, sweep->hash) != 0) {
        r->n_other_hash++;
    }
}

static gsc_status warn_of_changes(compare_reader *r, gsc_error *error) {
    gsc_status status = GSC_OK;
    if (r->n_changed > 0) {
        status = compare_warn(r->self, error,
                              "%zu of %zu runs are not what sweep.json says, so it was changed "
                              "afterwards, or they were: %.250s",
                              r->n_changed, r->self->n_runs, r->changed);
    } else if (r->n_other_hash > 0) {
        status =
            compare_warn(r->self, error,
                         "%zu of %zu runs carry the hash of another plan than sweep.json, which "
                         "was changed afterwards or made by another version",
                         r->n_other_hash, r->self->n_runs);
    }
    return status;
}

/* ---- What runs carry ---- */

/* The mark that all runs have in common; NULL where there is none. */
static gsc_status find_mark(compare_reader *r, const json_t **ret_mark, gsc_error *error) {
    gsc_comparison *self = r->self;
    const json_t *mark = NULL;
    for (size_t i = 0; i < self->n_runs; i++) {
        const char *hash = json_string_value(json_object_get(r->seen[i].mark, "hash"));
        if (i == 0 && hash != NULL) {
            snprintf(self->hash, sizeof self->hash, "%s", hash);
            mark = r->seen[i].mark;
        }
        r->mixed = r->mixed || strcmp(hash != NULL ? hash : "", self->hash) != 0;
        r->marked = r->marked || hash != NULL;
    }
    *ret_mark = r->mixed ? NULL : mark;
    if (r->mixed && r->marked) {
        self->hash[0] = '\0';
        return compare_warn(
            self, error,
            "the runs are not all of one sweep, so nothing was set before all of them");
    }
    return GSC_OK;
}

/* Options that say something else than what was set are heeded, and told. */
static gsc_status warn_of_options(compare_reader *r, double margin, const char *result,
                                  gsc_error *error) {
    const gsc_compare_options *options = r->options;
    gsc_comparison *self = r->self;
    gsc_status status = GSC_OK;
    if (options->result != NULL && result != NULL && strcmp(result, options->result) != 0) {
        status =
            compare_warn(self, error, "%s was set beforehand, not %s", result, options->result);
    }
    if (status == GSC_OK && options->margin > 0 && margin > 0 && options->margin != margin) {
        status = compare_warn(self, error, "a margin of %g was set beforehand, not %g", margin,
                              options->margin);
    }
    if (status == GSC_OK && options->baseline != NULL && r->set_baseline != NULL &&
        strcmp(options->baseline, r->set_baseline) != 0) {
        status = compare_warn(self, error, "the baseline %s was set beforehand, not %s",
                              r->set_baseline, options->baseline);
    }
    if (status == GSC_OK && options->seeds > 0 && self->seeds > 0 &&
        options->seeds != self->seeds) {
        status = compare_warn(self, error, "%zu seeds were set beforehand, not %zu", self->seeds,
                              options->seeds);
    }
    return status;
}

gsc_status compare_find_plan(compare_reader *r, gsc_error *error) {
    gsc_comparison *self = r->self;
    const gsc_compare_options *options = r->options;
    const json_t *mark = NULL;
    gsc_status status = find_mark(r, &mark, error);
    if (status == GSC_OK) {
        status = warn_of_changes(r, error);
    }
    if (status != GSC_OK) {
        return status;
    }
    const double margin = json_number_value(json_object_get(mark, "margin"));
    const char *result = json_string_value(json_object_get(mark, "result"));
    self->hypothesis = copy_text(json_string_value(json_object_get(mark, "hypothesis")));
    self->result = copy_text(options->result != NULL ? options->result
                             : result != NULL        ? result
                                                     : "validation_loss");
    if (self->hypothesis == NULL || self->result == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for the comparison");
    }
    self->margin = options->margin > 0 ? options->margin : margin > 0 ? margin : 0.005;
    self->seeds = (size_t)json_integer_value(json_object_get(mark, "seeds"));
    self->planned = (size_t)json_integer_value(json_object_get(mark, "arms"));
    r->set_baseline = json_string_value(json_object_get(mark, "baseline"));
    return warn_of_options(r, margin, result, error);
}
