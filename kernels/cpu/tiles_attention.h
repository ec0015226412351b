/* SPDX-License-Identifier: MIT
 *
 * Causal attention's tasks on the tile unit. Keys and values are packed once for all blocks of queries.
 * Exactness of products: tiles.h. Layer: kernels, private.
 */
#ifndef GSC_KERNELS_CPU_TILES_ATTENTION_H
#define GSC_KERNELS_CPU_TILES_ATTENTION_H

#include "kernels/cpu/attention_task.h"

#include <stdbool.h>

/* What a worker's scratch holds for them. */
size_t gsc_tiles_attention_bytes(size_t context, size_t head_size);

/* Whether both tasks run there: by device and shape alone. */
bool gsc_tiles_attention_pays(const gsc_queue *queue, const gsc_attention_shape *shape);

/* data: gsc_attention_work. */
void gsc_tiles_attention_task(void *data, size_t task, size_t worker);
void gsc_tiles_attention_backward_task(void *data, size_t task, size_t worker);

#endif
