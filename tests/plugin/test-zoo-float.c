/* SPDX-License-Identifier: MIT
 *
 * The device build of every shipped plugin (float, compiled as C++) against the host's (double): each stage of
 * a gate on the same numbers, own experts, losses; and that no plugin of the folder is left out.
 */
#define GSC_REAL float
#include "tests/tap.h"

#include <dirent.h>
#include <dlfcn.h>
#include <gatescope/plugin.h>
#include <stdlib.h>

enum {
    E = 6,
    D = 3,
    O = 3,
    T = 4,
    MOST = 40000
};

/* The same numbers for both builds; the host's functions are called through casts of their types. */
typedef struct both {
    const gsc_plugin *host, *device;
    double params[8], x[T * D], z[T * 32], p[T * E], out[MOST], tensor[4][MOST], *tensors[4];
    float x32[T * D], z32[T * 32], p32[T * E], out32[MOST], tensor32[4][MOST], *tensors32[4];
    int64_t tokens[T], start[T + 1];
    int32_t chosen[T];
    gsc_call call, call32;
    double worst;
} both;

static double number(size_t i, double seed) {
    const double v = sin(12.9898 * (double)i + 78.233 * seed) * 43758.5453;
    return 2 * (v - floor(v)) - 1;
}

static const gsc_plugin *open_host(const char *path) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const gsc_plugin *(*entry)(void);
    void *symbol = handle != NULL ? dlsym(handle, "gatescope_plugin") : NULL;
    if (symbol == NULL) {
        printf("Bail out! %s\n", dlerror());
        exit(1);
    }
    memcpy(&entry, &symbol, sizeof entry);
    return entry();
}

static void host_matmul(double *c, const double *a, const double *b, int64_t m, int64_t n,
                        int64_t k, int ta, int tb, int add) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = add != 0 ? c[i * n + j] : 0;
            for (int64_t l = 0; l < k; l++) {
                sum += (ta ? a[l * m + i] : a[i * k + l]) * (tb ? b[j * k + l] : b[l * n + j]);
            }
            c[i * n + j] = sum;
        }
    }
}

static void device_matmul(float *c, const float *a, const float *b, int64_t m, int64_t n, int64_t k,
                          int ta, int tb, int add) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            float sum = add != 0 ? c[i * n + j] : 0;
            for (int64_t l = 0; l < k; l++) {
                sum += (ta ? a[l * m + i] : a[i * k + l]) * (tb ? b[j * k + l] : b[l * n + j]);
            }
            c[i * n + j] = sum;
        }
    }
}

typedef void matmul_type(float *, const float *, const float *, int64_t, int64_t, int64_t, int, int,
                         int);
static gsc_host host_services, device_services;

static int64_t size_of(const both *b, int64_t size) {
    switch (size) {
    case GSC_SIZE_EXPERTS:
        return E;
    case GSC_SIZE_INPUTS:
        return D;
    case GSC_SIZE_LOGITS:
        return b->call.logits;
    case GSC_SIZE_OUTPUTS:
        return O;
    default:
        return size <= GSC_SIZE_PARAM(0) ? (int64_t)b->params[GSC_SIZE_PARAM(0) - size] : size;
    }
}

static both *both_new(const gsc_plugin *host, const gsc_plugin *device) {
    both *b = calloc(1, sizeof *b);
    b->host = host;
    b->device = device;
    for (uint32_t i = 0; i < host->n_params; i++) {
        b->params[i] = host->params[i].initial;
    }
    b->call = (gsc_call){.struct_size = sizeof(gsc_call),
                         .rows = T,
                         .inputs = D,
                         .experts = E,
                         .logits = E,
                         .outputs = O,
                         .top_k = 2,
                         .params = b->params,
                         .tokens = b->tokens,
                         .step = 2,
                         .random_key = 99,
                         .training = 1};
    if (host->kind == GSC_KIND_GATE && host->gate->logits != NULL) {
        b->call.logits = host->gate->logits(E, b->params);
    }
    for (uint32_t k = 0; k < host->n_tensors; k++) {
        size_t size = 1;
        for (uint32_t i = 0; i < host->tensors[k].dims; i++) {
            size *= (size_t)size_of(b, host->tensors[k].size[i]);
        }
        for (size_t i = 0; i < size && i < MOST; i++) {
            b->tensor[k][i] = (double)(b->tensor32[k][i] = (float)number(i, 5 + k));
        }
        b->tensors[k] = b->tensor[k];
        b->tensors32[k] = b->tensor32[k];
    }
    for (size_t i = 0; i < sizeof b->x / sizeof b->x[0]; i++) {
        b->x[i] = (double)(b->x32[i] = (float)(2 * number(i, 1)));
    }
    for (size_t i = 0; i < sizeof b->z / sizeof b->z[0]; i++) {
        b->z[i] = (double)(b->z32[i] = (float)(4 * number(i, 2)));
    }
    for (size_t i = 0; i < sizeof b->p / sizeof b->p[0]; i++) {
        b->p[i] = (double)(b->p32[i] = (float)(0.5 + 0.5 * number(i, 3)) / E);
    }
    for (int t = 0; t < T; t++) {
        b->tokens[t] = 17 * t;
        b->start[t + 1] = t + 1;
        b->chosen[t] = t;
    }
    b->call32 = b->call;
    b->call.tensors = (float *const *)(const void *)b->tensors;
    b->call32.tensors = b->tensors32;
    b->call.host = &host_services;
    b->call32.host = &device_services;
    return b;
}

/* Compares n outputs, then spoils them. */
static void compare(both *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const double right = b->out[i], given = (double)b->out32[i];
        if (isinf(right) || isinf(given)) {
            b->worst = right == given ? b->worst : INFINITY;
        } else {
            b->worst = fmax(b->worst, fabs(given - right) / (1 + fabs(right)));
        }
    }
    memset(b->out, 0xff, sizeof b->out);
    memset(b->out32, 0x7f, sizeof b->out32);
}

typedef void pointwise(const gsc_call *, int64_t, const double *, double *);
typedef void inner_type(const gsc_call *, int64_t, const double *, const double *, const double *,
                        double *);
typedef void score_type(const gsc_call *, const double *, double *);
typedef void probs_type(const gsc_call *, int64_t, const double *, double *);
typedef void back_type(const gsc_call *, int64_t, const double *, const double *, const double *,
                       double *);
typedef void rank_type(const gsc_call *, int64_t, const double *, const double *, double *);

static void compare_rows(both *b) {
    const gsc_gate *host = b->host->gate, *device = b->device->gate;
    const size_t m = (size_t)b->call.logits;
    for (int64_t t = 0; t < T; t++) {
        const double *z = b->z + (size_t)t * m;
        const float *z32 = b->z32 + (size_t)t * m;
        double p[E];
        float p32[E];
        if (host->probs != NULL) {
            ((probs_type *)host->probs)(&b->call, t, z, b->out);
            device->probs(&b->call32, t, z32, b->out32);
            memcpy(p, b->out, sizeof p);
            memcpy(p32, b->out32, sizeof p32);
            compare(b, E);
        } else {
            memcpy(p, b->p + t * E, sizeof p);
            memcpy(p32, b->p32 + t * E, sizeof p32);
        }
        if (host->probs_backward != NULL) {
            ((back_type *)host->probs_backward)(&b->call, t, z, p, b->p, b->out);
            device->probs_backward(&b->call32, t, z32, p32, b->p32, b->out32);
            compare(b, m);
        }
        if (host->rank != NULL) {
            ((rank_type *)host->rank)(&b->call, t, z, p, b->out);
            device->rank(&b->call32, t, z32, p32, b->out32);
            compare(b, E);
        }
    }
}

static void compare_gate(both *b) {
    const gsc_gate *host = b->host->gate, *device = b->device->gate;
    const size_t n = T * E;
    if (host->affinity != NULL) {
        ((pointwise *)host->affinity)(&b->call, (int64_t)n, b->z, b->out);
        device->affinity(&b->call32, (int64_t)n, b->z32, b->out32);
        compare(b, n);
        ((pointwise *)host->affinity_slope)(&b->call, (int64_t)n, b->z, b->out);
        device->affinity_slope(&b->call32, (int64_t)n, b->z32, b->out32);
        compare(b, n);
    }
    if (host->inner != NULL) {
        double xx[T * E], ww[T * E];
        float xx32[T * E], ww32[T * E];
        for (size_t i = 0; i < n; i++) { /* |x| = 5, |w| = 4: no product of them exceeds 20 */
            xx[i] = xx32[i] = 25;
            ww[i] = ww32[i] = 16;
        }
        ((inner_type *)host->inner)(&b->call, (int64_t)n, b->z, xx, ww, b->out);
        device->inner(&b->call32, (int64_t)n, b->z32, xx32, ww32, b->out32);
        compare(b, n);
    }
    if (host->score != NULL) {
        ((score_type *)host->score)(&b->call, b->x, b->out);
        device->score(&b->call32, b->x32, b->out32);
        compare(b, n);
    }
    compare_rows(b);
}

typedef double loss_type(const gsc_call *, const double *, const double *, const gsc_choice *,
                         double, double *, double *);

static void compare_balancer(both *b) {
    const gsc_balancer *host = b->host->balancer, *device = b->device->balancer;
    const gsc_choice choice = {.start = b->start, .chosen = b->chosen, .capacity = T};
    double dz[T * E] = {0};
    float dz32[T * E] = {0};
    if (host->loss == NULL) {
        return;
    }
    memset(b->out, 0, sizeof b->out);
    memset(b->out32, 0, sizeof b->out32);
    ((loss_type *)host->loss)(&b->call, b->z, b->p, &choice, 1, b->out, dz);
    device->loss(&b->call32, b->z32, b->p32, &choice, 1, b->out32, dz32);
    compare(b, T * E);
    for (size_t i = 0; i < T * E; i++) {
        b->out[i] = dz[i];
        b->out32[i] = dz32[i];
    }
    compare(b, T * E);
}

static void compare_plugin(const gsc_plugin *host, const gsc_plugin *device) {
    both *b = both_new(host, device);
    if (host->kind == GSC_KIND_GATE) {
        compare_gate(b);
    } else if (host->kind == GSC_KIND_BALANCER) {
        compare_balancer(b);
    } else if (host->expert->forward != NULL) {
        ((score_type *)host->expert->forward)(&b->call, b->x, b->out);
        device->expert->forward(&b->call32, b->x32, b->out32);
        compare(b, T * O);
    }
    TAP_NEAR(b->worst, 0, 2e-5, host->id);
    free(b);
}

int main(void) {
    void *handle = dlopen(GSC_TEST_FLOAT_PLUGINS "/zoo_float.so", RTLD_NOW | RTLD_LOCAL);
    const gsc_plugin *(*find)(gsc_kind kind, const char *id);
    void *symbol = handle != NULL ? dlsym(handle, "zoo_float") : NULL;
    DIR *folder = opendir(GSC_TEST_SHIPPED_PLUGINS);
    int plugins = 0;
    if (symbol == NULL || folder == NULL) {
        printf("Bail out! %s\n", symbol == NULL ? dlerror() : GSC_TEST_SHIPPED_PLUGINS);
        return 1;
    }
    memcpy(&find, &symbol, sizeof find);
    matmul_type *matmul;
    void (*typed)(double *, const double *, const double *, int64_t, int64_t, int64_t, int, int,
                  int) = host_matmul;
    memcpy(&matmul, &typed, sizeof matmul);
    host_services = (gsc_host){.struct_size = sizeof host_services, .matmul = matmul};
    device_services = (gsc_host){.struct_size = sizeof device_services, .matmul = device_matmul};
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 3, ".so") != 0) {
            continue;
        }
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", GSC_TEST_SHIPPED_PLUGINS, entry->d_name);
        const gsc_plugin *host = open_host(path), *device = find(host->kind, host->id);
        if (device == NULL) {
            TAP_OK(0, "every shipped plugin is in zoo_float.cc");
            printf("# %s is not\n", entry->d_name);
            continue;
        }
        compare_plugin(host, device);
        plugins++;
    }
    closedir(folder);
    TAP_OK(plugins >= 70, "all of them");
    return tap_done();
}
