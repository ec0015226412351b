/* SPDX-License-Identifier: MIT
 *
 * Checkpoints in the safetensors format: a header in JSON, then numbers, little-endian, row-major.
 * A file holds the weights by the names of shape.h, AdamW's moments as adamw.m.NAME and
 * adamw.v.NAME, the gate's states and selection biases in double, run.NAME what the run itself has
 * to remember, and as metadata the step, a text that says what the run was, and a sum over the numbers
 * of each tensor, so that a damaged file is refused. It is written beside its place and renamed, so that
 * a full disk leaves the old one.
 *
 * For PyTorch: names are those of modules, weights [out, in] as nn.Linear has them, the experts of a
 * layer in one tensor, expert first; tests/golden/lm_state.py maps them in ten lines and loads them
 * strictly. With width d, h = heads times head size, E experts of width e, S shared ones, vocabulary V:
 *
 *     embed.weight [V, d] · norm.weight, norm.bias [d] · head.weight [V, d], head.bias [V]
 *     layers.N.attention_norm.weight, .bias [d] · layers.N.experts_norm.weight, .bias [d]
 *     layers.N.attention.qkv.weight [3 h, d] (rows q, k, v, each by heads)
 *     layers.N.attention.out.weight [d, h] · layers.N.gate.weight [E, d]
 *     layers.N.experts.in.weight [E, e, d] · layers.N.experts.out.weight [E, d, e]
 *     layers.N.shared.in.weight [S e, d] · layers.N.shared.out.weight [d, S e]
 *     layers.N.gate.selection_bias [E], in double
 *
 * Layer: core/lm.
 */
#ifndef GSC_CORE_LM_CHECKPOINT_H
#define GSC_CORE_LM_CHECKPOINT_H

#include "core/lm/model.h"

enum {
    GSC_LM_IDENTITY_SIZE = 2048
};

/* identity is any text shorter than GSC_LM_IDENTITY_SIZE that a resume compares: what must be the
 * same. */
gsc_status gsc_lm_save(gsc_lm *self, int64_t step, const char *identity, const char *path,
                       gsc_error *error);

/* Into a model of the same shape. Errors: GSC_ERR_IO; GSC_ERR_INPUT for a file that is no
 * checkpoint, breaks off, is damaged, or has other names, types or shapes (both are named), or where identity,
 * unless NULL, is another. The model is then not to be used. */
gsc_status gsc_lm_load(gsc_lm *self, const char *path, const char *identity, int64_t *ret_step,
                       gsc_error *error);

#endif
