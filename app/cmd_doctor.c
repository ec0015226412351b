/* SPDX-License-Identifier: MIT
 *
 * `gatescope doctor [--json]`: what this machine has for Gatescope, measured where that is cheap
 * (under a second), and for each problem a way out. Exit 0 also with problems that leave the
 * command line working, 1 where runs or plugins cannot work.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/plugin/search.h"
#include "core/read/json_text.h"
#include "core/read/run_file.h"
#include "core/run/build_info.h"
#include "kernels/blas_info.h"
#include "kernels/cpu_info.h"
#include "kernels/matmul.h"

#include <dlfcn.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

enum {
    MAX_FINDINGS = 48
};

typedef struct finding {
    char name[40];
    char value[640];
    char problem[800]; /* with the way out; "" where all is well */
    bool serious;
} finding;

typedef struct report {
    size_t count;
    finding findings[MAX_FINDINGS];
} report;

__attribute__((format(printf, 3, 4))) static finding *add(report *r, const char *name,
                                                          const char *format, ...) {
    finding *f = &r->findings[r->count < MAX_FINDINGS - 1 ? r->count++ : MAX_FINDINGS - 1];
    *f = (finding){0};
    snprintf(f->name, sizeof f->name, "%s", name);
    va_list list;
    va_start(list, format);
    vsnprintf(f->value, sizeof f->value, format, list);
    va_end(list);
    return f;
}

static void add_processor(report *r) {
    const gsc_cpu_info *cpu = gsc_cpu_info_get();
    add(r, "processor", "%s", cpu->model);
    add(r, "cores", "%u", cpu->cores);
    add(r, "caches", "%zu KiB L1, %zu KiB L2, %zu KiB L3", cpu->l1_bytes / 1024,
        cpu->l2_bytes / 1024, cpu->l3_bytes / 1024);
    add(r, "memory", "%.1f GiB", (double)cpu->memory_bytes / 1073741824.0);
    finding *f =
        add(r, "kernel path", "%s (processor: %s)", gsc_cpu_path(), gsc_isa_name(cpu->isa_best));
    if (cpu->isa_request[0] != '\0' && !cpu->isa_request_known) {
        snprintf(
            f->problem, sizeof f->problem,
            "GATESCOPE_ISA is \"%s\" and was ignored; set it to baseline, v3, v4 or v4+amx, or unset it",
            cpu->isa_request);
    } else if (cpu->isa < cpu->isa_best) {
        snprintf(f->problem, sizeof f->problem,
                 "GATESCOPE_ISA=%s lowers the instruction set; unset it for full speed",
                 cpu->isa_request);
    }
}

static void add_blas(report *r) {
    add(r, "BLAS", "%s", gsc_blas_config());
    finding *f = add(r, "BLAS code", "for %s, threads by %s, one inside each of our tasks",
                     gsc_blas_core(), gsc_blas_threading());
    if (strcmp(gsc_blas_threading(), "OpenMP") == 0) {
        snprintf(f->problem, sizeof f->problem,
                 "the OpenMP build can hang in a child process; install libopenblas0-pthread");
    }
}

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* GFLOP/s of square products of that size, the best within 0.2 s. */
static gsc_status measure(const gsc_device *device, gsc_pool *pool, gsc_dtype dtype, int64_t size,
                          double *ret_gflops, gsc_error *error) {
    gsc_queue *queue = NULL;
    gsc_buf *buf = NULL;
    gsc_view views[3];
    size_t count = (size_t)(size * size);
    gsc_status status = gsc_queue_new(device, pool, 0, &queue, error);
    if (status == GSC_OK) {
        status = gsc_buf_new(queue, 3 * count * gsc_dtype_bytes(dtype), &buf, error);
    }
    const int64_t shape[2] = {size, size};
    for (size_t i = 0; i < 3 && status == GSC_OK; i++) {
        status = gsc_view_init(&views[i], buf, dtype, i * count, 2, shape, error);
    }
    double best = INFINITY;
    double begin = now_s();
    for (int i = 0; status == GSC_OK && (i < 3 || now_s() - begin < 0.2); i++) {
        double before = now_s();
        gsc_matmul(queue, &views[2], &views[0], &views[1], false, false, false);
        status = gsc_queue_finish(queue, error);
        best = fmin(best, now_s() - before);
    }
    if (status == GSC_OK) {
        *ret_gflops = gsc_matmul_flops((size_t)size, (size_t)size, (size_t)size) / best * 1e-9;
    }
    gsc_buf_free(buf);
    gsc_queue_free(queue);
    return status;
}

static void add_speed(report *r) {
    gsc_pool *pool = NULL;
    gsc_error error = {0};
    double single = 0.0, sgemm = 0.0, twofold = 0.0;
    const gsc_device *device = gsc_device_cpu();
    const bool tiles = gsc_cpu_isa() > GSC_ISA_V4;
    const gsc_device *vectors = tiles ? gsc_device_cpu_at(GSC_ISA_V4) : device;
    if (gsc_pool_new(0, &pool, &error) != GSC_OK ||
        measure(device, pool, GSC_F32, 1024, &single, &error) != GSC_OK ||
        measure(vectors, pool, GSC_F32, 1024, &sgemm, &error) != GSC_OK ||
        measure(device, pool, GSC_F64, 768, &twofold, &error) != GSC_OK) {
        finding *f = add(r, "matrix products", "not measured");
        snprintf(f->problem, sizeof f->problem, "%s", error.message);
    } else if (tiles) {
        add(r, "matrix products",
            "%.1f GFLOP/s f32 on tiles (%.1f by sgemm), %.1f GFLOP/s f64, %u threads", single,
            sgemm, twofold, gsc_pool_threads(pool));
    } else {
        add(r, "matrix products", "%.1f GFLOP/s f32, %.1f GFLOP/s f64, %u threads", single, twofold,
            gsc_pool_threads(pool));
    }
    gsc_pool_free(pool);
}

static void add_libraries(report *r) {
    add(r, "program", "gatescope %s (%s)", gsc_build_version(), gsc_build_commit());
    add(r, "libraries", "jansson %s, SQLite %s, zstd %s", jansson_version_str(),
        sqlite3_libversion(), ZSTD_versionString());
}

static void add_plugins(report *r) {
    gsc_plugin_folders folders;
    gsc_plugin_folders_find(&folders);
    for (size_t i = 0; i < folders.count; i++) {
        add(r, "plugin folder", "%s", folders.path[i]);
    }
    gsc_plugin_files files = {0};
    gsc_error error = {0};
    gsc_status status = gsc_plugin_files_find(&files, &error);
    finding *f = add(r, "plugin files", "%zu", status == GSC_OK ? files.count : 0);
    if (status != GSC_OK) {
        snprintf(f->problem, sizeof f->problem, "%s", error.message);
        f->serious = true;
    } else if (files.count == 0) {
        snprintf(f->problem, sizeof f->problem,
                 "no plugin was found; run app/setup, or put folders of plugins in "
                 "GATESCOPE_PLUGIN_PATH");
        f->serious = true;
    }
    gsc_plugin_files_clear(&files);
}

static void add_runs_folder(report *r) {
    char path[PATH_MAX];
    gsc_error error = {0};
    if (gsc_runs_folder(path, sizeof path, &error) != GSC_OK) {
        finding *f = add(r, "runs folder", "none");
        snprintf(f->problem, sizeof f->problem, "%s; name another one in GATESCOPE_RUNS",
                 error.message);
        f->serious = true;
        return;
    }
    finding *f = add(r, "runs folder", "%.600s", path);
    if (access(path, W_OK | X_OK) != 0) {
        snprintf(
            f->problem, sizeof f->problem,
            "it cannot be written; change its permissions or name another one in GATESCOPE_RUNS");
        f->serious = true;
    }
}

static void add_programs(report *r) {
    static const char *const programs[][2] = {
        {"gatescope-plot", "figures need it; install libcairo2-dev libpango1.0-dev libepoxy-dev "
                           "libpng-dev, then run app/setup"},
        {"gatescope-desktop",
         "the window needs it; install libgtk-4-dev libadwaita-1-dev, then run "
         "app/setup"},
    };
    for (int i = 0; i < 2; i++) {
        char path[PATH_MAX];
        if (gsc_beside(programs[i][0], path, sizeof path)) {
            add(r, programs[i][0], "%.600s", path);
        } else {
            finding *f = add(r, programs[i][0], "not built");
            snprintf(f->problem, sizeof f->problem, "%s", programs[i][1]);
        }
    }
    const char *display = getenv("WAYLAND_DISPLAY");
    display = display != NULL && display[0] != '\0' ? display : getenv("DISPLAY");
    add(r, "display", "%s",
        display != NULL && display[0] != '\0' ? display : "none; runs and figures need none");
}

/* For information: nothing uses it yet. */
static void add_gpu(report *r) {
    void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    add(r, "CUDA driver", "%s", driver != NULL ? "found (libcuda.so.1)" : "none; not needed");
    if (driver != NULL) {
        dlclose(driver);
    }
}

static void print_text(const report *r) {
    size_t problems = 0;
    for (size_t i = 0; i < r->count; i++) {
        printf("%-18s %s\n", r->findings[i].name, r->findings[i].value);
        problems += r->findings[i].problem[0] != '\0';
    }
    printf("\n%s\n", problems == 0 ? "All is well." : "What could be better:");
    for (size_t i = 0; i < r->count; i++) {
        if (r->findings[i].problem[0] != '\0') {
            printf("  %s: %s\n", r->findings[i].name, r->findings[i].problem);
        }
    }
}

static int print_json(const report *r) {
    json_t *array = json_array();
    for (size_t i = 0; i < r->count; i++) {
        const finding *f = &r->findings[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:b}", "name", f->name, "value", f->value,
                                        "problem", f->problem, "serious", (int)f->serious));
    }
    char *text = gsc_json_dump(array, JSON_INDENT(2));
    json_decref(array);
    if (text == NULL) {
        fprintf(stderr, "gatescope doctor: out of memory\n");
        return 1;
    }
    puts(text);
    free(text);
    return 0;
}

int gsc_cmd_doctor(int argc, char **argv) {
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        fprintf(stderr, "gatescope doctor: \"%s\" is no option; only --json is\n",
                argv[argc > 2 && strcmp(argv[1], "--json") == 0 ? 2 : 1]);
        return 2;
    }
    report *r = calloc(1, sizeof *r);
    if (r == NULL) {
        fprintf(stderr, "gatescope doctor: out of memory\n");
        return 1;
    }
    add_libraries(r);
    add_processor(r);
    add_blas(r);
    add_speed(r);
    add_plugins(r);
    add_runs_folder(r);
    add_programs(r);
    add_gpu(r);
    bool serious = false;
    for (size_t i = 0; i < r->count; i++) {
        serious = serious || r->findings[i].serious;
    }
    int code = 0;
    if (json) {
        code = print_json(r);
    } else {
        print_text(r);
    }
    free(r);
    return serious ? 1 : code;
}
