/* SPDX-License-Identifier: MIT
 *
 * The shipped experts: values of each activation and own form against a second formula in long double, given
 * slopes, backward and Jacobians against differences, float against double.
 */
#include "tests/plugin/zoo_bench.h"

#include <string.h>

typedef long double wide;

/* ---- Activations ------------------------------------------------------------------------------------- */

static wide logistic(wide t) {
    return 1 / (1 + expl(-t));
}

static wide slow_relu(wide u, wide v) {
    return fmaxl(u, 0);
}

static wide slow_gelu(wide u, wide v) {
    return u * 0.5L * erfcl(-u / sqrtl(2));
}

static wide slow_tanh(wide u, wide v) {
    return tanhl(u);
}

static wide slow_sigmoid(wide u, wide v) {
    return logistic(u);
}

static wide slow_silu(wide u, wide v) {
    return u * logistic(u);
}

static wide slow_relu_squared(wide u, wide v) {
    return u > 0 ? u * u : 0;
}

static wide slow_gelu_tanh(wide u, wide v) {
    return 0.5L * u * (1 + tanhl(sqrtl(2 / acosl(-1)) * (u + 0.044715L * u * u * u)));
}

static wide slow_softplus(wide u, wide v) {
    return logl(1 + expl(u));
}

static wide slow_gaussian(wide u, wide v) {
    return expl(-u * u / 2);
}

static wide slow_swiglu(wide u, wide v) {
    return u * v * logistic(v);
}

static wide slow_geglu(wide u, wide v) {
    return u * slow_gelu(v, 0);
}

static wide slow_reglu(wide u, wide v) {
    return u * fmaxl(v, 0);
}

static wide slow_clamped(wide u, wide v) {
    const wide w = fminl(v, 7), c = fmaxl(fminl(u, 7), -7);
    return (c + 1) * w * logistic(1.702L * w);
}

typedef struct activation {
    const char *id;
    wide (*slow)(wide u, wide v);
    bool gated;
} activation;

static const activation activations[] = {
    {"relu", slow_relu, false},
    {"gelu", slow_gelu, false},
    {"tanh", slow_tanh, false},
    {"sigmoid", slow_sigmoid, false},
    {"silu", slow_silu, false},
    {"relu_squared", slow_relu_squared, false},
    {"gelu_tanh", slow_gelu_tanh, false},
    {"softplus", slow_softplus, false},
    {"gaussian", slow_gaussian, false},
    {"swiglu", slow_swiglu, true},
    {"geglu", slow_geglu, true},
    {"reglu", slow_reglu, true},
    {"clamped_swiglu", slow_clamped, true},
};

/* Inputs in [-12, 12], past the limit of the clamped one; no kink is met. */
static void check_activation(const activation *a) {
    enum {
        N = 403
    };
    const gsc_loaded *loaded = zoo_load(GSC_KIND_EXPERT, a->id);
    const gsc_expert *expert = loaded->expert;
    double u[N], v[N], f[N], du[N], dv[N], params[8] = {0};
    float u32[N], v32[N], f32[N], du32[N], dv32[N];
    double worst = 0, worst_slope = 0, worst_f32 = 0;
    for (uint32_t i = 0; i < loaded->plugin->n_params; i++) {
        params[i] = loaded->plugin->params[i].initial;
    }
    gsc_call call = {.struct_size = sizeof call, .params = params};
    for (size_t i = 0; i < N; i++) {
        u[i] = (double)(u32[i] = (float)(12 * zoo_number(i, 1)));
        v[i] = (double)(v32[i] = (float)(12 * zoo_number(i, 2)));
    }
    TAP_OK(expert->form == (a->gated ? GSC_EXPERT_GATED_FFN : GSC_EXPERT_FFN), a->id);
    expert->activation(&call, N, u, a->gated ? v : NULL, f);
    expert->activation_slope(&call, N, u, a->gated ? v : NULL, du, a->gated ? dv : NULL);
    expert->activation_f32(&call, N, u32, a->gated ? v32 : NULL, f32);
    expert->activation_slope_f32(&call, N, u32, a->gated ? v32 : NULL, du32,
                                 a->gated ? dv32 : NULL);
    for (size_t i = 0; i < N; i++) {
        const wide h = 1e-6L, x = u[i], y = v[i];
        const double right = (double)a->slow(x, y);
        const double by_u = (double)((a->slow(x + h, y) - a->slow(x - h, y)) / (2 * h));
        const double by_v = (double)((a->slow(x, y + h) - a->slow(x, y - h)) / (2 * h));
        const double size = 1 + fabs(right) + fabs(by_u);
        worst = fmax(worst, fabs(f[i] - right) / size);
        worst_slope = fmax(worst_slope, fabs(du[i] - by_u) / size);
        worst_f32 = fmax(worst_f32, fabs((double)f32[i] - right) / size);
        worst_f32 = fmax(worst_f32, fabs((double)du32[i] - by_u) / size);
        if (a->gated) {
            worst_slope = fmax(worst_slope, fabs(dv[i] - by_v) / (size + fabs(by_v)));
            worst_f32 = fmax(worst_f32, fabs((double)dv32[i] - by_v) / (size + fabs(by_v)));
        }
    }
    TAP_NEAR(worst, 0, 1e-14, "values");
    TAP_NEAR(worst_slope, 0, 1e-9, "slopes");
    TAP_NEAR(worst_f32, 0, 1e-5, "in float too");
    const double far[] = {-1e4, -800, 800, 1e4}, one[] = {1, 1, 1, 1};
    double at[4];
    expert->activation(&call, 4, a->gated ? one : far, a->gated ? far : NULL, at);
    TAP_OK(isfinite(at[0]) && isfinite(at[1]) && isfinite(at[2]) && isfinite(at[3]),
           "finite far out");
}

/* ---- Own forms --------------------------------------------------------------------------------------- */

enum {
    T = 5,
    D = 3,
    MOST = 64
};

typedef struct own_bench {
    const gsc_loaded *loaded;
    gsc_call call;
    double params[8], x[T * D], dy[T * 4], tensor[2][MOST], gradient[2][MOST];
    double *tensors[2], *gradients[2];
    size_t sizes[2];
} own_bench;

static own_bench *own_new(const char *id, int64_t outputs) {
    own_bench *b = calloc(1, sizeof *b);
    b->loaded = zoo_load(GSC_KIND_EXPERT, id);
    const gsc_plugin *plugin = b->loaded->plugin;
    for (uint32_t i = 0; i < plugin->n_params; i++) {
        b->params[i] = plugin->params[i].initial;
    }
    b->call = (gsc_call){.struct_size = sizeof(gsc_call),
                         .rows = T,
                         .inputs = D,
                         .outputs = outputs,
                         .params = b->params,
                         .tensors = b->tensors,
                         .gradients = b->gradients};
    for (uint32_t k = 0; k < plugin->n_tensors; k++) {
        b->tensors[k] = b->tensor[k];
        b->gradients[k] = b->gradient[k];
        b->sizes[k] = (size_t)gsc_tensor_count(&plugin->tensors[k], &b->call);
        for (size_t i = 0; i < b->sizes[k]; i++) {
            b->tensor[k][i] = zoo_number(i, 5 + k);
        }
    }
    for (size_t i = 0; i < T * D; i++) {
        b->x[i] = 2 * zoo_number(i, 3);
    }
    for (size_t i = 0; i < T * 4; i++) {
        b->dy[i] = zoo_number(i, 4);
    }
    return b;
}

static double slow_linear(const own_bench *b, const double *x, int64_t o) {
    return b->tensor[1][o] + zoo_dot(x, b->tensor[0] + o * D);
}

static double slow_polynomial(const own_bench *b, const double *x, int64_t o) {
    double y = b->tensor[1][o];
    for (int d = 0; d < D; d++) { /* degree 2 */
        y += b->tensor[0][(o * D + d) * 2] * x[d] + b->tensor[0][(o * D + d) * 2 + 1] * x[d] * x[d];
    }
    return y;
}

static double slow_constant(const own_bench *b, const double *x, int64_t o) {
    return b->tensor[0][o];
}

static double slow_zero(const own_bench *b, const double *x, int64_t o) {
    return 0;
}

static double slow_copy(const own_bench *b, const double *x, int64_t o) {
    return o < D ? x[o] : 0;
}

static double slow_blend(const own_bench *b, const double *x, int64_t o) {
    const double first = exp(zoo_dot(x, b->tensor[0])), second = exp(zoo_dot(x, b->tensor[0] + D));
    return (first * slow_copy(b, x, o) + second * b->tensor[1][o]) / (first + second);
}

static double slow_low_rank(const own_bench *b, const double *x, int64_t o) {
    double y = 0;
    for (int d = 0; d < D; d++) {
        double product = 0; /* (up down)_od */
        for (int r = 0; r < 4; r++) {
            product += b->tensor[1][o * 4 + r] * b->tensor[0][r * D + d];
        }
        y += product * x[d];
    }
    return y;
}

static double slow_diagonal(const own_bench *b, const double *x, int64_t o) {
    return b->tensor[0][o] * x[o < D ? o : o - D] + b->tensor[1][o];
}

/* sum dy y */
static double loss(own_bench *b) {
    double y[T * 4], sum = 0;
    b->loaded->expert->forward(&b->call, b->x, y);
    for (int64_t i = 0; i < T * b->call.outputs; i++) {
        sum += b->dy[i] * y[i];
    }
    return sum;
}

static double difference(own_bench *b, double *number) {
    const double kept = *number, h = 1e-5;
    *number = kept + h;
    const double above = loss(b);
    *number = kept - h;
    const double below = loss(b);
    *number = kept;
    return (above - below) / (2 * h);
}

static void check_jacobian(const char *id) {
    own_bench *b = own_new(id, 1);
    double jacobian[T * MOST], worst = 0;
    const size_t size = b->sizes[0] + b->sizes[1];
    b->loaded->expert->jacobian(&b->call, b->x, jacobian);
    for (size_t t = 0; t < T; t++) {
        memset(b->dy, 0, sizeof b->dy);
        b->dy[t] = 1;
        for (size_t i = 0; i < size; i++) {
            double *number = i < b->sizes[0] ? &b->tensor[0][i] : &b->tensor[1][i - b->sizes[0]];
            worst = fmax(worst, fabs(jacobian[t * size + i] - difference(b, number)));
        }
    }
    TAP_NEAR(worst, 0, 1e-9, "its Jacobian");
    free(b);
}

static void check_own(const char *id, int64_t outputs,
                      double (*slow)(const own_bench *b, const double *x, int64_t o)) {
    own_bench *b = own_new(id, outputs);
    double y[T * 4], dx[T * D], worst = 0, worst_slope = 0;
    b->loaded->expert->forward(&b->call, b->x, y);
    for (int64_t t = 0; t < T; t++) {
        for (int64_t o = 0; o < outputs; o++) {
            worst = fmax(worst, fabs(y[t * outputs + o] - slow(b, b->x + t * D, o)));
        }
    }
    char what[64];
    snprintf(what, sizeof what, "%s, %d outputs", id, (int)outputs);
    TAP_NEAR(worst, 0, 1e-14, what);
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < b->sizes[k]; i++) {
            b->gradient[k][i] = 7; /* added to */
        }
    }
    b->loaded->expert->backward(&b->call, b->x, b->dy, dx);
    for (int i = 0; i < T * D; i++) {
        worst_slope = fmax(worst_slope, fabs(dx[i] - difference(b, &b->x[i])));
    }
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < b->sizes[k]; i++) {
            const double right = difference(b, &b->tensor[k][i]);
            worst_slope = fmax(worst_slope, fabs(b->gradient[k][i] - 7 - right));
        }
    }
    TAP_NEAR(worst_slope, 0, 1e-8, "its backward");
    if (b->loaded->expert->jacobian != NULL && outputs == 1) {
        check_jacobian(id);
    }
    free(b);
}

int main(void) {
    static const struct {
        const char *id;
        double (*slow)(const own_bench *b, const double *x, int64_t o);
    } own[] = {
        {"linear", slow_linear},     {"polynomial", slow_polynomial},
        {"constant", slow_constant}, {"zero", slow_zero},
        {"copy", slow_copy},         {"blend", slow_blend},
        {"low_rank", slow_low_rank}, {"diagonal", slow_diagonal},
    };
    for (size_t i = 0; i < sizeof activations / sizeof activations[0]; i++) {
        check_activation(&activations[i]);
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        check_own(own[i].id, 1, own[i].slow);
        check_own(own[i].id, D, own[i].slow);
        check_own(own[i].id, 4, own[i].slow);
    }
    return tap_done();
}
