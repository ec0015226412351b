/* SPDX-License-Identifier: MIT
 *
 * The router's metrics of a run: the probe's routing at every checkpoint, the loads of every step.
 * Layer: core/lm.
 */
#include "core/lm/lab_internal.h"

#include "core/data/folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The probe's inputs without the targets that end its rows. */
static gsc_status probe_tokens(const lab *self, int32_t **ret_tokens, gsc_error *error) {
    const gsc_probe *probe = &self->interim;
    const size_t context = probe->context;
    int32_t *tokens = malloc(probe->positions * sizeof *tokens);
    if (tokens == NULL) {
        return gsc_fail(error, GSC_ERR_MEMORY, "no memory for a probe of %" PRIu64 " positions",
                        probe->positions);
    }
    for (size_t row = 0; row < probe->rows; row++) {
        memcpy(tokens + row * context, probe->tokens + row * (context + 1),
               context * sizeof *tokens);
    }
    *ret_tokens = tokens;
    return GSC_OK;
}

/* A token's text in quotes' stead: a leading space as "▁" (as SentencePiece writes it), line feeds and
 * tabs by their letters, other controls and bytes that are no character as <0xHH>. */
static void name_token(void *data, int32_t token, char *ret_name, size_t size) {
    const lab *self = data;
    const uint16_t id = (uint16_t)token;
    gsc_text text = {0};
    size_t used = 0;
    if (token == gsc_tokenizer_end(self->tokenizer)) {
        snprintf(ret_name, size, "<end>");
        return;
    }
    if (gsc_tokenizer_decode(self->tokenizer, &id, 1, &text, NULL) != GSC_OK || text.size == 0) {
        gsc_text_clear(&text); /* a mark: by its number */
        return;
    }
    enum {
        MOST = 8
    }; /* bytes that one character takes here, and the zero */
    for (size_t at = 0; at < text.size && used + MOST < size;) {
        const char *from = text.bytes + at;
        const size_t length = gsc_utf8_length(from, text.size - at);
        if (*from == ' ' || *from == '\n' || *from == '\t') {
            used += (size_t)snprintf(ret_name + used, size - used, "%s",
                                     *from == ' '    ? "▁"
                                     : *from == '\n' ? "\\n"
                                                     : "\\t");
        } else if (length == 0 || (unsigned char)*from < ' ' || *from == 0x7f) {
            used += (size_t)snprintf(ret_name + used, size - used, "<0x%02X>",
                                     (unsigned)(unsigned char)*from);
        } else {
            used += (size_t)snprintf(ret_name + used, size - used, "%.*s", (int)length, from);
        }
        at += length > 0 ? length : 1;
    }
    gsc_text_clear(&text);
}

gsc_status lm_lab_watch_router(lab *self, gsc_error *error) {
    int32_t *tokens = NULL;
    gsc_status status = probe_tokens(self, &tokens, error);
    if (status != GSC_OK) {
        return status;
    }
    const char *names[GSC_MAX_DOMAINS];
    for (int d = 0; d < GSC_MAX_DOMAINS; d++) {
        names[d] = d < self->tokens.domain_count ? self->tokens.domains[d] : NULL;
    }
    const gsc_router_plan plan = {.arm = "",
                                  .layers = self->shape.layers,
                                  .experts = self->shape.experts,
                                  .top_k = self->shape.top_k,
                                  .steps = self->recipe.steps,
                                  .spacing = lm_lab_spacing(self),
                                  .batches = true,
                                  .capacity = self->shape.capacity_factor > 0,
                                  .positions = self->interim.positions,
                                  .tokens = tokens,
                                  .documents = self->interim.document,
                                  .domains =
                                      self->interim.domains > 1 ? self->interim.domain : NULL,
                                  .domain_names = names,
                                  .token_name = name_token,
                                  .token_name_data = self};
    status = gsc_router_report_new(&plan, self->sink, &self->router, error);
    free(tokens);
    return status;
}

/* One layer of one micro-batch of the probe. */
typedef struct watch {
    lab *owner;
    gsc_router_report *report;
    size_t valid;
} watch;

static gsc_status see(void *data, const gsc_lm_routing *routing, gsc_error *error) {
    const watch *self = data;
    gsc_status status =
        gsc_router_report_add(self->report, routing->layer, self->valid, routing->choice->start,
                              routing->choice->chosen, routing->choice->weight, routing->p, error);
    if (status == GSC_OK && routing->layer == 0) {
        gsc_sink *sink = self->owner->sink;
        status = sink->progress(sink, lm_lab_fraction(self->owner), "", error);
    }
    return status == GSC_OK ? lm_lab_heed_stop(self->owner, error) : status;
}

gsc_status lm_lab_probe(lab *self, bool quiet, double *ret_loss, gsc_error *error) {
    watch watching = {.owner = self, .report = self->router};
    gsc_status status = gsc_router_report_begin(self->router, self->trainer.step, quiet, error);
    if (status == GSC_OK) {
        status = gsc_lm_trainer_evaluate(&self->trainer, self->interim.tokens, self->interim.rows,
                                         see, &watching, &watching.valid, ret_loss, error);
    }
    return status == GSC_OK ? gsc_router_report_end(self->router, error) : status;
}

gsc_status lm_lab_tell_step_loads(lab *self, gsc_error *error) {
    gsc_status status = GSC_OK;
    for (size_t layer = 0; layer < self->shape.layers && status == GSC_OK; layer++) {
        status = gsc_router_report_batch(self->router, self->trainer.step, layer,
                                         self->trainer.loads + layer * self->shape.experts,
                                         self->trainer.dropped[layer], error);
    }
    return status;
}

void lm_lab_keep_tails(lab *self) {
    for (size_t layer = 0; self->router != NULL && layer < self->shape.layers; layer++) {
        gsc_router_report_tail(self->router, layer, &self->tails[2 * layer],
                               &self->tails[2 * layer + 1]);
    }
}

void lm_lab_restore_tails(lab *self) {
    for (size_t layer = 0; layer < self->shape.layers; layer++) {
        gsc_router_report_set_tail(self->router, layer, self->tails[2 * layer],
                                   self->tails[2 * layer + 1]);
    }
}

gsc_status lm_lab_probe_earlier(lab *self, gsc_error *error) {
    const char *from = gsc_spec_string(self->spec, "lm.resume");
    const int64_t resumed = self->trainer.step;
    bool moved = false;
    gsc_status status = GSC_OK;
    for (size_t i = 0; i < self->n_stops && self->stops[i] < resumed && status == GSC_OK; i++) {
        char path[GSC_DATA_PATH_SIZE];
        double loss;
        if (self->folder == NULL ||
            snprintf(path, sizeof path, "%s/step-%07" PRId64 ".safetensors", self->folder,
                     self->stops[i]) >= (int)sizeof path ||
            access(path, R_OK) != 0) {
            continue;
        }
        moved = true;
        status = gsc_lm_load(self->model, path, self->identity, &self->trainer.step, error);
        if (status == GSC_OK) {
            status = lm_lab_probe(self, true, &loss, error);
        }
    }
    return status == GSC_OK && moved
               ? gsc_lm_load(self->model, from, self->identity, &self->trainer.step, error)
               : status;
}
