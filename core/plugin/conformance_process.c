/* SPDX-License-Identifier: MIT
 *
 * Tests of what a plugin does to its process: symbols, writes, allocations, statics, output.
 *
 * Allocations are seen where they are made: the plugin's own table of imported functions is turned to
 * functions here that note who was called. What the C library allocates for it shows in the heap's size.
 *
 * Layer: core/plugin; libdl.
 */
#include "core/plugin/conformance_private.h"

#include "core/plugin/elf_check.h"
#include "core/plugin/open.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

gsc_verdict gsc_test_symbols(gsc_trial *trial) {
    gsc_error error = {0};
    if (gsc_elf_check_exports(trial->bytes, trial->size, &error) != GSC_OK) {
        return gsc_trial_fail(trial, "it %s", error.message);
    }
    return GSC_VERDICT_OK;
}

gsc_verdict gsc_test_loads(gsc_trial *trial) {
    static gsc_descriptor descriptor;
    const gsc_plugin *raw = NULL;
    void *handle = NULL;
    gsc_error error = {0};
    gsc_status status = gsc_elf_check(trial->bytes, trial->size, &error);
    if (status == GSC_OK) {
        status = gsc_plugin_open(trial->path, gsc_exercise_enter, &handle, &raw, &error);
    }
    if (status == GSC_OK) {
        gsc_exercise_enter("descriptor");
        status = gsc_descriptor_complete(raw, &descriptor, &error);
    }
    if (status != GSC_OK) {
        return gsc_trial_fail(trial, "it %s", error.message);
    }
    trial->handle = handle;
    trial->plugin = &descriptor.plugin;
    return GSC_VERDICT_OK;
}

/* ---- Bounds ---- */

gsc_verdict gsc_test_bounds(gsc_trial *trial) {
    static const int64_t sizes[][3] = {{12, 8, 2}, {5, 8, 1}, {1, 8, 3}, {33, 16, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gsc_plan plan;
        gsc_exercise exercise;
        gsc_plan_init(&plan, trial->plugin);
        plan.rows = sizes[i][0];
        plan.experts = sizes[i][1];
        plan.top_k = sizes[i][2];
        plan.watch = true;
        if (!gsc_trial_run(trial, &exercise, &plan)) {
            return GSC_VERDICT_SKIPPED;
        }
        bool good = exercise.trespass[0] == '\0';
        if (!good) {
            gsc_trial_fail(trial, "%s (%lld rows, %lld experts)", exercise.trespass,
                           (long long)plan.rows, (long long)plan.experts);
        }
        gsc_exercise_clear(&exercise);
        if (!good) {
            return GSC_VERDICT_FAILED;
        }
    }
    return GSC_VERDICT_OK;
}

/* ---- Allocation ---- */

/* In a call into the plugin: its function; NULL outside. */
static const char *volatile inside;
static const char *caught_call, *caught_in;
static size_t heap_before, heap_left;

static void note(const char *name) {
    if (inside != NULL && caught_call == NULL) {
        caught_call = name;
        caught_in = inside;
    }
}

static void *noting_malloc(size_t size) {
    note("malloc");
    return malloc(size);
}
static void *noting_calloc(size_t n, size_t size) {
    note("calloc");
    return calloc(n, size);
}
static void *noting_realloc(void *old, size_t size) {
    note("realloc");
    return realloc(old, size);
}
static void *noting_aligned_alloc(size_t align, size_t size) {
    note("aligned_alloc");
    return aligned_alloc(align, size);
}
static int noting_posix_memalign(void **ret, size_t align, size_t size) {
    note("posix_memalign");
    return posix_memalign(ret, align, size);
}
static void *noting_mmap(void *at, size_t size, int rights, int flags, int file, off_t offset) {
    note("mmap");
    return mmap(at, size, rights, flags, file, offset);
}
static void *noting_sbrk(intptr_t by) {
    note("sbrk");
    return sbrk(by);
}
static FILE *noting_fopen(const char *path, const char *mode) {
    note("fopen");
    return fopen(path, mode);
}
static char *noting_strdup(const char *text) {
    note("strdup");
    return strdup(text);
}

typedef void (*any_function)(void);
static const struct {
    const char *name;
    any_function function;
} noting[] = {
    {"malloc", (any_function)noting_malloc},
    {"calloc", (any_function)noting_calloc},
    {"realloc", (any_function)noting_realloc},
    {"aligned_alloc", (any_function)noting_aligned_alloc},
    {"memalign", (any_function)noting_aligned_alloc},
    {"posix_memalign", (any_function)noting_posix_memalign},
    {"mmap", (any_function)noting_mmap},
    {"mmap64", (any_function)noting_mmap},
    {"sbrk", (any_function)noting_sbrk},
    {"fopen", (any_function)noting_fopen},
    {"fopen64", (any_function)noting_fopen},
    {"strdup", (any_function)noting_strdup},
};

/* Turns one slot of the table of imports. */
static void turn(uintptr_t base, const Elf64_Rela *relocation, const Elf64_Sym *symbols,
                 const char *strings) {
#if defined(__x86_64__)
    enum {
        SLOT = R_X86_64_JUMP_SLOT,
        DATA = R_X86_64_GLOB_DAT
    };
#else
    enum {
        SLOT = R_AARCH64_JUMP_SLOT,
        DATA = R_AARCH64_GLOB_DAT
    };
#endif
    uint64_t type = ELF64_R_TYPE(relocation->r_info);
    const char *name = strings + symbols[ELF64_R_SYM(relocation->r_info)].st_name;
    for (size_t i = 0; (type == SLOT || type == DATA) && i < sizeof noting / sizeof *noting; i++) {
        if (strcmp(noting[i].name, name) == 0) {
            uintptr_t slot = base + relocation->r_offset, page = (uintptr_t)sysconf(_SC_PAGESIZE);
            mprotect((void *)(slot & ~(page - 1)), 2 * page, PROT_READ | PROT_WRITE);
            memcpy((void *)slot, &noting[i].function, sizeof noting[i].function);
        }
    }
}

static void turn_imports(void *handle) {
    struct link_map *map = NULL;
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        return;
    }
    uintptr_t tables[2] = {0, 0}, symbols = 0, strings = 0;
    size_t sizes[2] = {0, 0};
    for (const Elf64_Dyn *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        uintptr_t at =
            entry->d_un.d_ptr < map->l_addr ? entry->d_un.d_ptr + map->l_addr : entry->d_un.d_ptr;
        switch (entry->d_tag) {
        case DT_RELA:
            tables[0] = at;
            break;
        case DT_RELASZ:
            sizes[0] = entry->d_un.d_val;
            break;
        case DT_JMPREL:
            tables[1] = at;
            break;
        case DT_PLTRELSZ:
            sizes[1] = entry->d_un.d_val;
            break;
        case DT_SYMTAB:
            symbols = at;
            break;
        case DT_STRTAB:
            strings = at;
            break;
        default:
            break;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        const Elf64_Rela *table = (const Elf64_Rela *)tables[i];
        for (size_t k = 0; table != NULL && k < sizes[i] / sizeof *table; k++) {
            turn(map->l_addr, &table[k], (const Elf64_Sym *)symbols, (const char *)strings);
        }
    }
}

static size_t heap_size(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void (*outer_enter)(const char *function);

static void enter_measured(const char *function) {
    if (outer_enter != NULL) {
        outer_enter(function);
    }
    heap_before = heap_size();
    inside = function;
}

static void leave_measured(void) {
    const char *function = inside;
    inside = NULL;
    size_t now = heap_size();
    if (now > heap_before && caught_call == NULL) {
        caught_call = "";
        caught_in = function;
        heap_left = now - heap_before;
    }
}

gsc_verdict gsc_test_allocation(gsc_trial *trial) {
    gsc_plan plan;
    gsc_plan_init(&plan, trial->plugin);
    turn_imports(trial->handle);
    caught_call = NULL;
    outer_enter = gsc_exercise_get_watcher();
    gsc_exercise_set_watcher(enter_measured, leave_measured);
    gsc_exercise exercise;
    bool ran = gsc_trial_run(trial, &exercise, &plan);
    gsc_exercise_set_watcher(outer_enter, NULL);
    if (!ran) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_exercise_clear(&exercise);
    if (caught_call != NULL && caught_call[0] != '\0') {
        return gsc_trial_fail(trial,
                              "%s calls %s; a plugin allocates nothing: small scratch stands on "
                              "the stack, other scratch is declared (select_scratch, tensors)",
                              caught_in, caught_call);
    }
    return caught_call == NULL
               ? GSC_VERDICT_OK
               : gsc_trial_fail(trial,
                                "%s leaves %zu bytes of the heap allocated; a plugin "
                                "allocates nothing",
                                caught_in, heap_left);
}

/* ---- Statics ---- */

enum {
    MAX_SEGMENTS = 8
};

typedef struct writable {
    uintptr_t base; /* in: of the plugin */
    size_t count;
    struct {
        const unsigned char *bytes;
        size_t size;
        unsigned char *kept;
    } part[MAX_SEGMENTS];
} writable;

static int add_writable(struct dl_phdr_info *info, size_t size, void *argument) {
    writable *self = argument;
    (void)size;
    if (info->dlpi_addr != self->base) {
        return 0;
    }
    for (size_t i = 0; i < info->dlpi_phnum && self->count < MAX_SEGMENTS; i++) {
        const Elf64_Phdr *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) != 0) {
            self->part[self->count].bytes = (const unsigned char *)(self->base + segment->p_vaddr);
            self->part[self->count].size = segment->p_memsz;
            self->part[self->count++].kept = malloc(segment->p_memsz + 1);
        }
    }
    return 1;
}

gsc_verdict gsc_test_statics(gsc_trial *trial) {
    struct link_map *map = NULL;
    writable statics = {0};
    if (dlinfo(trial->handle, RTLD_DI_LINKMAP, &map) != 0) {
        return gsc_trial_skip(trial, "the loader does not say where the plugin lies");
    }
    statics.base = map->l_addr;
    dl_iterate_phdr(add_writable, &statics);
    for (size_t i = 0; i < statics.count; i++) {
        if (statics.part[i].kept != NULL) {
            memcpy(statics.part[i].kept, statics.part[i].bytes, statics.part[i].size);
        }
    }
    gsc_plan plan;
    gsc_exercise exercise;
    gsc_plan_init(&plan, trial->plugin);
    bool ran = gsc_trial_run(trial, &exercise, &plan);
    size_t changed = 0;
    for (size_t i = 0; i < statics.count; i++) {
        for (size_t k = 0; statics.part[i].kept != NULL && k < statics.part[i].size; k++) {
            changed += statics.part[i].kept[k] != statics.part[i].bytes[k];
        }
        free(statics.part[i].kept);
    }
    if (!ran) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_exercise_clear(&exercise);
    return changed == 0 ? GSC_VERDICT_OK
                        : gsc_trial_fail(trial,
                                         "%zu bytes of its static variables changed while its "
                                         "functions ran; what changes is declared as a state "
                                         "tensor, and statics are constant",
                                         changed);
}

/* ---- Printing ---- */

gsc_verdict gsc_test_printing(gsc_trial *trial) {
    int file = memfd_create("plugin-output", MFD_CLOEXEC), kept[2];
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        kept[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 100);
        dup2(file, i + 1);
    }
    gsc_plan plan;
    gsc_exercise exercise;
    gsc_plan_init(&plan, trial->plugin);
    bool ran = gsc_trial_run(trial, &exercise, &plan);
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(kept[i], i + 1);
        close(kept[i]);
    }
    char text[64] = "";
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    close(file);
    if (!ran) {
        return GSC_VERDICT_SKIPPED;
    }
    gsc_exercise_clear(&exercise);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return n <= 0 ? GSC_VERDICT_OK
                  : gsc_trial_fail(trial,
                                   "its functions print, beginning with \"%s\"; output belongs "
                                   "to the program",
                                   text);
}

/* ---- GPU ---- */

gsc_verdict gsc_test_gpu(gsc_trial *trial) {
    return gsc_trial_skip(trial, "this program has no kernels for a GPU");
}
