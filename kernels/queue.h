/* SPDX-License-Identifier: MIT
 *
 * A queue runs tensor ops on one device, in order. Ops return nothing: the first that fails leaves
 * its error in the queue (later ones do nothing), and gsc_queue_finish waits and reports it.
 *
 * Devices today: ref (plain C, sums in double, one thread) and cpu (OpenBLAS and vector code on the
 * pool), both of which run an op at once on the calling thread. A queue belongs to one thread at a
 * time.
 *
 * Layer: kernels.
 */
#ifndef GSC_KERNELS_QUEUE_H
#define GSC_KERNELS_QUEUE_H

#include "core/base/error.h"
#include "kernels/isa.h"
#include "kernels/pool.h"

#include <stddef.h>

typedef struct gsc_device gsc_device;
typedef struct gsc_queue gsc_queue;

const gsc_device *gsc_device_ref(void);
const gsc_device *gsc_device_cpu(void); /* at gsc_cpu_isa() */
/* cpu at one instruction set, for comparing them; NULL where this processor cannot run it. */
const gsc_device *gsc_device_cpu_at(gsc_isa isa);

const char *gsc_device_name(const gsc_device *device); /* "ref", "cpu/v4" */

/* pool is borrowed for the queue's life (NULL: one thread). workspace_bytes is the most scratch
 * that one op may use; ops that need any have a _workspace_bytes(). */
gsc_status gsc_queue_new(const gsc_device *device, gsc_pool *pool, size_t workspace_bytes,
                         gsc_queue **ret_queue, gsc_error *error);
void gsc_queue_free(gsc_queue *queue); /* NULL is fine */

/* What a queue of the device takes beside its workspace. */
size_t gsc_device_own_bytes(const gsc_device *device, unsigned threads);

const gsc_device *gsc_queue_device(const gsc_queue *queue);

/* Waits for all ops, then returns the first failure since the last finish, which is thereby
 * forgotten. */
gsc_status gsc_queue_finish(gsc_queue *queue, gsc_error *error);

#endif
