/* SPDX-License-Identifier: MIT
 *
 * Low-rank expert: y = up (down x), down [R,D], up [O,R], R the parameter rank, as the adapters of
 * MixLoRA. up begins at 0, so that training begins at y = 0.
 *
 * Backward: with h = down x, dup += dy h', dh = up' dy, ddown += dh x', dx = down' dh. Jacobian (O
 * = 1), in the order down, up: (up_r x_d, h_r). down and up are known up to an invertible matrix
 * between them.
 * Sources: Hu et al. 2021, arXiv 2106.09685; MixLoRA, arXiv 2404.15159.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    DOWN,
    UP
};

static int64_t rank_of(const gsc_call *call) {
    return (int64_t)call->params[0];
}

/* Number r of down x. */
static real hidden(const gsc_call *call, int64_t r, const real *x) {
    const real *down = call->tensors[DOWN] + r * call->inputs;
    real sum = 0;
    for (int64_t d = 0; d < call->inputs; d++) {
        sum += down[d] * x[d];
    }
    return sum;
}

static void forward(const gsc_call *call, const real *x, real *ret_y) {
    const int64_t rank = rank_of(call), outputs = call->outputs;
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t o = 0; o < outputs; o++) {
            ret_y[t * outputs + o] = 0;
        }
        for (int64_t r = 0; r < rank; r++) {
            const real h = hidden(call, r, x + t * call->inputs);
            for (int64_t o = 0; o < outputs; o++) {
                ret_y[t * outputs + o] += call->tensors[UP][o * rank + r] * h;
            }
        }
    }
}

static void backward(const gsc_call *call, const real *x, const real *dy, real *ret_dx) {
    const int64_t rank = rank_of(call), inputs = call->inputs, outputs = call->outputs;
    for (int64_t i = 0; i < call->rows * inputs; i++) {
        ret_dx[i] = 0;
    }
    for (int64_t t = 0; t < call->rows; t++) {
        for (int64_t r = 0; r < rank; r++) {
            const real h = hidden(call, r, x + t * inputs);
            real dh = 0;
            for (int64_t o = 0; o < outputs; o++) {
                dh += call->tensors[UP][o * rank + r] * dy[t * outputs + o];
                call->gradients[UP][o * rank + r] += dy[t * outputs + o] * h;
            }
            for (int64_t d = 0; d < inputs; d++) {
                call->gradients[DOWN][r * inputs + d] += dh * x[t * inputs + d];
                ret_dx[t * inputs + d] += dh * call->tensors[DOWN][r * inputs + d];
            }
        }
    }
}

static void jacobian(const gsc_call *call, const real *x, real *ret_jacobian) {
    const int64_t rank = rank_of(call), inputs = call->inputs, size = rank * (inputs + 1);
    for (int64_t t = 0; t < call->rows; t++) {
        real *row = ret_jacobian + t * size;
        for (int64_t r = 0; r < rank; r++) {
            for (int64_t d = 0; d < inputs; d++) {
                row[r * inputs + d] = call->tensors[UP][r] * x[t * inputs + d];
            }
            row[rank * inputs + r] = hidden(call, r, x + t * inputs);
        }
    }
}

static const gsc_param params[] = {
    {"rank", "width of the bottleneck", NULL, GSC_PARAM_INT, 0, 1, 256, 4},
};

static const gsc_tensor tensors[] = {
    {"down", GSC_TENSOR_TRAINED, GSC_INIT_FAN_IN, 1, 0, 2, {GSC_SIZE_PARAM(0), GSC_SIZE_INPUTS}},
    {"up", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 0, 2, {GSC_SIZE_OUTPUTS, GSC_SIZE_PARAM(0)}},
};

static const char *const papers[] = {"arXiv:2106.09685", "arXiv:2404.15159", NULL};

static const gsc_expert expert = {
    .struct_size = sizeof(gsc_expert),
    .form = GSC_EXPERT_OWN,
    .forward = forward,
    .backward = backward,
    .jacobian = jacobian,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_EXPERT),
    .id = "low_rank",
    .version = "1.0.0",
    .title = "Low rank",
    .formula = "y = up (down x), down [rank,D], up [O,rank]",
    .doc = "A bottleneck without a bend: LoRA as an expert.",
    .papers = papers,
    GSC_PARAMS(params),
    GSC_TENSORS(tensors),
    GSC_SOURCE,
    .expert = &expert,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
