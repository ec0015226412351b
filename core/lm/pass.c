/* SPDX-License-Identifier: MIT
 *
 * A pass through the model, forward and backward. Layer: core/lm.
 */
#include "core/lm/model_internal.h"

#include "kernels/bias.h"
#include "kernels/cross_entropy.h"
#include "kernels/elementwise.h"
#include "kernels/embed.h"
#include "kernels/matmul.h"
#include "kernels/norm.h"
#include "kernels/rope.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Norms ---- */

typedef struct norm_views {
    const gsc_view *x, *y, *mean, *rstd, *gain, *bias, *dgain, *dbias;
} norm_views;

static norm_views norm_1(const lm_layer *l) {
    return (norm_views){&l->x,
                        &l->normed_1,
                        &l->mean_1,
                        &l->rstd_1,
                        &l->values[GSC_LM_GAIN_1],
                        &l->values[GSC_LM_BIAS_1],
                        &l->gradients[GSC_LM_GAIN_1],
                        &l->gradients[GSC_LM_BIAS_1]};
}
static norm_views norm_2(const lm_layer *l) {
    return (norm_views){&l->x_mid,
                        &l->normed_2,
                        &l->mean_2,
                        &l->rstd_2,
                        &l->values[GSC_LM_GAIN_2],
                        &l->values[GSC_LM_BIAS_2],
                        &l->gradients[GSC_LM_GAIN_2],
                        &l->gradients[GSC_LM_BIAS_2]};
}
static norm_views norm_last(const gsc_lm *self) {
    return (norm_views){&self->last,
                        &self->normed,
                        &self->mean,
                        &self->rstd,
                        &self->globals[GSC_LM_FINAL_GAIN],
                        &self->globals[GSC_LM_FINAL_BIAS],
                        &self->global_gradients[GSC_LM_FINAL_GAIN],
                        &self->global_gradients[GSC_LM_FINAL_BIAS]};
}

static void norm_forward(gsc_lm *self, norm_views v) {
    if (self->shape.rms_norm) {
        gsc_rms_norm(self->queue, v.y, v.rstd, v.x, v.gain, self->shape.norm_epsilon);
    } else {
        gsc_layer_norm(self->queue, v.y, v.mean, v.rstd, v.x, v.gain, v.bias,
                       self->shape.norm_epsilon);
    }
}

/* dx (+)= what dn says. */
static void norm_backward(gsc_lm *self, norm_views v, bool accumulate) {
    if (self->shape.rms_norm) {
        gsc_rms_norm_backward(self->queue, &self->dx, v.dgain, &self->dn, v.x, v.gain, v.rstd,
                              accumulate);
    } else {
        gsc_layer_norm_backward(self->queue, &self->dx, v.dgain, v.dbias, &self->dn, v.x, v.gain,
                                v.mean, v.rstd, accumulate);
    }
}

/* ---- Attention ---- */

static void attention_forward(gsc_lm *self, lm_layer *l) {
    const gsc_lm_shape *s = &self->shape;
    gsc_queue *queue = self->queue;
    norm_forward(self, norm_1(l));
    gsc_matmul(queue, &l->qkv, &l->normed_1, &l->values[GSC_LM_QKV], false, true, false);
    if (s->rotated > 0) {
        gsc_rope(queue, &l->qkv, &self->rope, s->context, 2 * s->heads, s->head_size, false);
    }
    gsc_attention(queue, &l->heads, &l->lse, &l->qkv, self->attention);
    gsc_copy(queue, &l->x_mid, &l->x);
    gsc_matmul(queue, &l->x_mid, &l->heads, &l->values[GSC_LM_OUT], false, true, true);
}

static void attention_backward(gsc_lm *self, lm_layer *l) {
    const gsc_lm_shape *s = &self->shape;
    gsc_queue *queue = self->queue;
    gsc_matmul(queue, &l->gradients[GSC_LM_OUT], &self->dx, &l->heads, true, false,
               !self->forgotten);
    gsc_matmul(queue, &self->dheads, &self->dx, &l->values[GSC_LM_OUT], false, false, false);
    gsc_attention_backward(queue, &self->dqkv, &self->dheads, &l->heads, &l->lse, &l->qkv,
                           self->attention);
    if (s->rotated > 0) {
        gsc_rope(queue, &self->dqkv, &self->rope, s->context, 2 * s->heads, s->head_size, true);
    }
    gsc_matmul(queue, &l->gradients[GSC_LM_QKV], &self->dqkv, &l->normed_1, true, false,
               !self->forgotten);
    gsc_matmul(queue, &self->dn, &self->dqkv, &l->values[GSC_LM_QKV], false, false, false);
    norm_backward(self, norm_1(l), true);
}

/* ---- Ends of the model ---- */

static double embedding_scale(const gsc_lm *self) {
    return self->shape.scaled_embedding ? sqrt((double)self->shape.width) : 1.0;
}

static gsc_lm_role head_role(const gsc_lm *self) {
    return self->shape.tied ? GSC_LM_EMBED : GSC_LM_HEAD;
}

static void head_forward(gsc_lm *self, const gsc_view *logits, const gsc_view *x) {
    gsc_matmul(self->queue, logits, x, &self->globals[head_role(self)], false, true, false);
    if (self->shape.output_bias) {
        gsc_bias(self->queue, logits, logits, &self->globals[GSC_LM_HEAD_BIAS]);
    }
}

/* The first layer whose output is not finite; as many as there are where all are. */
static gsc_status find_layer(gsc_lm *self, size_t *ret_layer, gsc_error *error) {
    const size_t layers = self->shape.layers, count = self->rows * self->shape.width;
    const size_t bytes = gsc_dtype_bytes(self->dtype);
    void *values = malloc(count * bytes);
    gsc_status status =
        values != NULL ? GSC_OK
                       : gsc_fail(error, GSC_ERR_MEMORY, "no memory to look for a layer's fault");
    size_t layer = 0;
    for (bool finite = true; status == GSC_OK && layer < layers; layer++) {
        const gsc_view *out = layer + 1 < layers ? &self->layers[layer + 1].x : &self->last;
        status =
            gsc_buf_read(self->queue, out->buf, out->offset * bytes, count * bytes, values, error);
        for (size_t i = 0; i < count && finite; i++) {
            finite = isfinite(self->dtype == GSC_F32 ? ((const float *)values)[i]
                                                     : ((const double *)values)[i]);
        }
        if (!finite) {
            break;
        }
    }
    free(values);
    *ret_layer = layer;
    return status;
}

static gsc_status refuse_loss(gsc_lm *self, double loss, int64_t step, gsc_error *error) {
    size_t layer;
    char where[80] = "the head's weights are too large";
    const gsc_status status = find_layer(self, &layer, error);
    if (status != GSC_OK) {
        return status;
    }
    if (layer < self->shape.layers) {
        snprintf(where, sizeof where, "the output of layer %zu is the first that is not finite",
                 layer);
    }
    return gsc_fail(error, GSC_ERR_NUMERIC,
                    "the loss is %g after %" PRId64
                    " steps: %s; a lower learning rate or a tighter clip may keep it finite",
                    isnan(loss) ? NAN : loss, step, where);
}

/* Logits, losses and, with gradient, dn of the last norm, a chunk of rows at a time. */
static gsc_status head_and_loss(gsc_lm *self, const gsc_lm_batch *batch, bool gradient,
                                gsc_lm_loss *loss, gsc_error *error) {
    for (size_t first = 0; first < self->rows; first += self->chunk) {
        const size_t left = self->rows - first, rows = left < self->chunk ? left : self->chunk;
        const gsc_view logits = lm_rows(self->logits, rows),
                       x = lm_rows_from(self->normed, first, rows);
        const gsc_view dn = lm_rows_from(self->dn, first, rows);
        const gsc_view targets = lm_rows_from(self->targets, first, rows);
        const gsc_view losses = lm_rows(self->losses, rows);
        head_forward(self, &logits, &x);
        gsc_cross_entropy(self->queue, &losses, gradient ? &logits : NULL, &logits, &targets,
                          batch->loss_scale);
        if (gradient) {
            const gsc_lm_role head = head_role(self);
            const bool add = !self->forgotten || first > 0 || self->shape.tied;
            gsc_matmul(self->queue, &self->global_gradients[head], &logits, &x, true, false, add);
            gsc_matmul(self->queue, &dn, &logits, &self->globals[head], false, false, false);
            if (self->shape.output_bias) {
                gsc_bias_backward(self->queue, &self->global_gradients[GSC_LM_HEAD_BIAS], &logits);
            }
        }
        const gsc_status status =
            gsc_buf_read(self->queue, losses.buf, losses.offset * sizeof(double),
                         rows * sizeof(double), self->loss_host, error);
        if (status != GSC_OK) {
            return status;
        }
        for (size_t t = 0; t < rows; t++) {
            if (batch->ret_losses != NULL && first + t < batch->n_losses) {
                batch->ret_losses[first + t] = self->loss_host[t];
            }
            loss->sum += self->loss_host[t];
            loss->targets += batch->targets[first + t] >= 0;
        }
    }
    return isfinite(loss->sum) ? GSC_OK : refuse_loss(self, loss->sum, batch->step, error);
}

/* ---- The whole ---- */

static gsc_status run_layers(gsc_lm *self, const gsc_lm_batch *batch, bool training,
                             gsc_lm_loss *loss, gsc_error *error) {
    const size_t layers = self->shape.layers;
    gsc_status status = lm_gates_begin(self, batch, error);
    gsc_embed(self->queue, &self->layers[0].x, &self->globals[GSC_LM_EMBED], &self->tokens,
              embedding_scale(self));
    for (size_t i = 0; i < layers && status == GSC_OK; i++) {
        lm_layer *l = &self->layers[i];
        attention_forward(self, l);
        norm_forward(self, norm_2(l));
        status = lm_experts_forward(self, i, i + 1 < layers ? &self->layers[i + 1].x : &self->last,
                                    batch, training, &loss->balance, error);
    }
    if (status == GSC_OK) {
        norm_forward(self, norm_last(self));
    }
    return status;
}

/* The queue's own error, where a pass stopped at another or at none. */
static gsc_status finish(gsc_lm *self, gsc_status status, gsc_error *error) {
    gsc_error own = {0};
    const gsc_status queue_status = gsc_queue_finish(self->queue, &own);
    if (status == GSC_OK && queue_status != GSC_OK) {
        return gsc_fail(error, queue_status, "%s", own.message);
    }
    return status;
}

gsc_status gsc_lm_forward(gsc_lm *self, const gsc_lm_batch *batch, gsc_lm_loss *ret_loss,
                          gsc_error *error) {
    gsc_lm_loss loss = {0};
    gsc_status status = run_layers(self, batch, false, &loss, error);
    if (status == GSC_OK) {
        status = head_and_loss(self, batch, false, &loss, error);
    }
    status = finish(self, status, error);
    if (status == GSC_OK) {
        *ret_loss = loss;
    }
    return status;
}

static gsc_status run_backward(gsc_lm *self, const gsc_lm_batch *batch, gsc_error *error) {
    gsc_status status = GSC_OK;
    norm_backward(self, norm_last(self), false);
    for (size_t i = self->shape.layers; i-- > 0 && status == GSC_OK;) {
        lm_layer *l = &self->layers[i];
        status = lm_experts_backward(self, i, batch, error);
        norm_backward(self, norm_2(l), true);
        attention_backward(self, l);
    }
    gsc_embed_backward(self->queue, &self->global_gradients[GSC_LM_EMBED], &self->dx, &self->tokens,
                       embedding_scale(self));
    return status;
}

gsc_status gsc_lm_gradient(gsc_lm *self, const gsc_lm_batch *batch, gsc_lm_loss *ret_loss,
                           gsc_error *error) {
    assert(self->options.training);
    gsc_lm_loss loss = {0};
    self->balance = 0;
    gsc_status status = run_layers(self, batch, true, &loss, error);
    if (status == GSC_OK) {
        status = head_and_loss(self, batch, true, &loss, error);
    }
    if (status == GSC_OK) {
        status = run_backward(self, batch, error);
        self->forgotten = false;
    }
    status = finish(self, status, error);
    if (status == GSC_OK) {
        loss.balance = self->balance;
        *ret_loss = loss;
    }
    return status;
}

gsc_status gsc_lm_logits(gsc_lm *self, size_t first, size_t rows, double *ret_logits,
                         gsc_error *error) {
    gsc_status status = GSC_OK;
    const size_t columns = self->shape.vocabulary, bytes = gsc_dtype_bytes(self->dtype);
    for (size_t done = 0; done < rows && status == GSC_OK;) {
        const size_t left = rows - done, n = left < self->chunk ? left : self->chunk;
        const gsc_view logits = lm_rows(self->logits, n);
        const gsc_view x = lm_rows_from(self->normed, first + done, n);
        double *to = ret_logits + done * columns;
        head_forward(self, &logits, &x);
        status = gsc_buf_read(self->queue, logits.buf, logits.offset * bytes, n * columns * bytes,
                              to, error);
        for (size_t i = n * columns; status == GSC_OK && self->dtype == GSC_F32 && i > 0; i--) {
            float value;
            memcpy(&value, (const char *)to + (i - 1) * sizeof value, sizeof value);
            to[i - 1] = value;
        }
        done += n;
    }
    return finish(self, status, error);
}
