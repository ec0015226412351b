/* SPDX-License-Identifier: MIT
 *
 * Checkpoints in the safetensors format: a header in JSON, then numbers, little-endian, row-major.
 * A file holds the weights by the names of shape.h, AdamW's moments as adamw.m.NAME and
 * adamw.v.NAME, the gate's states and selection biases in double, run.NAME what the run itself has
 * to remember, and as metadata the step and a text that says what the run was. It is written beside its place and renamed, so that a full disk
 * leaves the old one.
 *
 * For PyTorch: {k: v for k, v in safetensors.torch.load_file(path).items() if not
 * k.startswith("adamw.")}.
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
 * checkpoint, breaks off, or has other names, types or shapes (both are named), or where identity,
 * unless NULL, is another. The model is then not to be used. */
gsc_status gsc_lm_load(gsc_lm *self, const char *path, const char *identity, int64_t *ret_step,
                       gsc_error *error);

#endif
