/* SPDX-License-Identifier: MIT
 *
 * Reads the processor through CPUID (by the compiler's own reader, which also asks the system for
 * the wide registers), /proc/cpuinfo, sysconf and the affinity mask. Layer: kernels.
 */
#include "kernels/cpu_info.h"

#include <ctype.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef GSC_HAVE_TILES
#include <cpuid.h>
#include <sys/syscall.h>
#endif

static gsc_cpu_info info;
static pthread_once_t info_once = PTHREAD_ONCE_INIT;

#ifdef GSC_HAVE_TILES
/* Whether the processor has tiles of bfloat16, and the system gives this process their registers. */
static bool read_tiles(void) {
    enum {
        LEAF = 7,
        BF16_BIT = 22,
        TILE_BIT = 24,
        ASK_FOR_STATE = 0x1023, /* ARCH_REQ_XCOMP_PERM */
        TILE_DATA = 18
    };
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(LEAF, 0, &a, &b, &c, &d) == 0) {
        return false;
    }
    const unsigned both = 1u << BF16_BIT | 1u << TILE_BIT;
    return (d & both) == both && syscall(SYS_arch_prctl, ASK_FOR_STATE, TILE_DATA) == 0;
}
#endif

static gsc_isa read_isa(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
              __builtin_cpu_supports("popcnt");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
              __builtin_cpu_supports("avx512vl");
#ifdef GSC_HAVE_TILES
    if (v4 && read_tiles()) {
        return GSC_ISA_AMX;
    }
#endif
    return v4 ? GSC_ISA_V4 : v3 ? GSC_ISA_V3 : GSC_ISA_BASELINE;
#else
    return GSC_ISA_BASELINE;
#endif
}

static void read_model(char *model, size_t size) {
    snprintf(model, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (file == NULL) {
        return;
    }
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL) {
            continue;
        }
        colon++;
        while (isspace((unsigned char)*colon)) {
            colon++;
        }
        size_t length = strcspn(colon, "\n");
        snprintf(model, size, "%.*s", (int)length, colon);
        break;
    }
    fclose(file);
}

static unsigned read_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return (unsigned)CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

static size_t read_cache(int name) {
    long bytes = sysconf(name);
    return bytes > 0 ? (size_t)bytes : 0;
}

static void read_info(void) {
    read_model(info.model, sizeof info.model);
    info.isa_best = read_isa();
    info.isa = info.isa_best;
    const char *request = getenv("GATESCOPE_ISA");
    if (request != NULL && request[0] != '\0') {
        snprintf(info.isa_request, sizeof info.isa_request, "%s", request);
        for (int i = 0; i < GSC_ISA_COUNT; i++) {
            if (strcmp(request, gsc_isa_name((gsc_isa)i)) == 0) {
                info.isa_request_known = true;
                info.isa = (gsc_isa)i < info.isa_best ? (gsc_isa)i : info.isa_best;
            }
        }
    }
    info.cores = read_cores();
    info.memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    info.l1_bytes = read_cache(_SC_LEVEL1_DCACHE_SIZE);
    info.l2_bytes = read_cache(_SC_LEVEL2_CACHE_SIZE);
    info.l3_bytes = read_cache(_SC_LEVEL3_CACHE_SIZE);
}

const gsc_cpu_info *gsc_cpu_info_get(void) {
    pthread_once(&info_once, read_info);
    return &info;
}

gsc_isa gsc_cpu_isa(void) {
    return gsc_cpu_info_get()->isa;
}

const char *gsc_isa_name(gsc_isa isa) {
    switch (isa) {
    case GSC_ISA_AMX:
        return "v4+amx";
    case GSC_ISA_V4:
        return "v4";
    case GSC_ISA_V3:
        return "v3";
    default:
        return "baseline";
    }
}

const char *gsc_cpu_path(void) {
    switch (gsc_cpu_isa()) {
    case GSC_ISA_AMX:
        return "cpu/v4+amx";
    case GSC_ISA_V4:
        return "cpu/v4";
    case GSC_ISA_V3:
        return "cpu/v3";
    default:
        return "cpu/baseline";
    }
}
