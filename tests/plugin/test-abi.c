/* SPDX-License-Identifier: MIT
 *
 * The layout of ABI 1.0, frozen: what a plugin that was built once relies on. A later minor may only grow
 * these structs at their ends; then it adds lines here and changes none.
 */
#include "tests/tap.h"

#include <gatescope/plugin.h>

#define AT(type, member, offset)                                                                   \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " moved")

AT(gsc_plugin, magic, 0);
AT(gsc_plugin, struct_size, 4);
AT(gsc_plugin, abi_major, 8);
AT(gsc_plugin, abi_minor, 10);
AT(gsc_plugin, kind, 12);
AT(gsc_plugin, id, 16);
AT(gsc_plugin, params, 72);
AT(gsc_plugin, tensors, 88);
AT(gsc_plugin, capabilities, 104);
AT(gsc_plugin, source, 112);
AT(gsc_plugin, gate, 128);
AT(gsc_plugin, needs, 160);
AT(gsc_param, lowest, 32);
AT(gsc_tensor, size, 32);
AT(gsc_call, rows, 8);
AT(gsc_call, params, 64);
AT(gsc_call, bias, 88);
AT(gsc_call, step, 128);
AT(gsc_call, host, 144);
AT(gsc_call, training, 152);
AT(gsc_gate, logits, 16);
AT(gsc_gate, affinity, 56);
AT(gsc_gate, rank, 88);
AT(gsc_gate, update, 160);
AT(gsc_expert, biased, 8);
AT(gsc_expert, forward, 48);
AT(gsc_expert, linear, 72);
AT(gsc_balancer, loss, 8);
AT(gsc_balancer, control, 16);

/* The draws are compiled into plugins: the same numbers for ever. */
static void test_random(void) {
    gsc_call call = {.struct_size = sizeof call, .first_row = 40, .random_key = 7};
    TAP_OK(gsc_random_bits(7, 42, 3) == 0x88f2ccbcf056ae42u, "the random bits of ABI 1");
    TAP_NEAR(gsc_uniform(&call, 2, 3), ((double)(gsc_random_bits(7, 42, 3) >> 41) + 0.5) / 8388608,
             0, "a uniform is its 23 high bits, counted from the step's first row");
    double sum = 0, squares = 0, least = 1, most = 0;
    enum {
        N = 100000
    };
    for (int i = 0; i < N; i++) {
        double normal = gsc_normal(&call, i, 0), uniform = gsc_uniform(&call, i, 5);
        sum += normal;
        squares += normal * normal;
        least = fmin(least, uniform);
        most = fmax(most, uniform);
    }
    TAP_NEAR(sum / N, 0, 4.0 / sqrt(N), "normals have mean 0");
    TAP_NEAR(squares / N, 1, 4 * sqrt(2.0 / N), "and variance 1");
    TAP_OK(least > 0 && most < 1 && (float)most < 1, "uniforms stay inside (0, 1), in float too");
}

int main(void) {
    TAP_OK(sizeof(gsc_plugin) == 168 && sizeof(gsc_param) == 56 && sizeof(gsc_tensor) == 64 &&
               sizeof(gsc_call) == 160 && sizeof(gsc_choice) == 32 && sizeof(gsc_host) == 24,
           "the descriptor's and the call's structs have their sizes");
    TAP_OK(sizeof(gsc_gate) == 168 && sizeof(gsc_expert) == 80 && sizeof(gsc_balancer) == 24,
           "the tables have their sizes");
    test_random();
    return tap_done();
}
