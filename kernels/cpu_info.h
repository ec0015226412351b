/* SPDX-License-Identifier: MIT
 *
 * What this machine's processor is, read once: the instruction set that the kernels use, its name,
 * cores, caches and memory.
 *
 * GATESCOPE_ISA = baseline | v3 | v4 | v4+amx lowers the instruction set (never raises it); another value is
 * ignored and remembered in isa_request, so that `gatescope doctor` can say so.
 *
 * Layer: kernels; libc.
 */
#ifndef GSC_KERNELS_CPU_INFO_H
#define GSC_KERNELS_CPU_INFO_H

#include "kernels/isa.h"

#include <stdbool.h>

typedef struct gsc_cpu_info {
    char model[96];   /* "Intel(R) Xeon(R) Processor"; "unknown" where the system does not say */
    gsc_isa isa_best; /* what the processor and the system can */
    gsc_isa isa;      /* what the kernels use */
    char isa_request[32]; /* GATESCOPE_ISA as given; "" where unset */
    bool isa_request_known;
    unsigned cores;        /* online cores that this process may use (affinity), >= 1 */
    uint64_t memory_bytes; /* physical */
    size_t l1_bytes;       /* data, per core; 0 where the system does not say; so l2, l3 */
    size_t l2_bytes, l3_bytes;
} gsc_cpu_info;

/* Borrowed, constant for the process; the first call reads it. Any thread. */
const gsc_cpu_info *gsc_cpu_info_get(void);

/* gsc_cpu_info_get()->isa: for GSC_ISA_PICK. */
gsc_isa gsc_cpu_isa(void);

const char *gsc_isa_name(gsc_isa isa); /* "baseline", "v3", "v4", "v4+amx" */

/* The kernel path, as runs record it: "cpu/v4+amx". */
const char *gsc_cpu_path(void);

#endif
