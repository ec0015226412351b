/* SPDX-License-Identifier: MIT
 *
 * Every shipped plugin's own C file, unmodified, as C++ with float for double, each in a namespace of its own:
 * what a device compiles. zoo_float gives them by kind and id.
 */
#define GSC_REAL      float
#define GSC_ABI_MINOR 1 /* some files ask for it */
#define GSC_NO_CLONES
#include <gatescope/plugin.h>
#include <string.h>

/* The text in the .so is one for each file; here only the code is looked at. */
#undef GSC_OWN_SOURCE
#define GSC_OWN_SOURCE static const char *const gsc_source_begin = NULL, *const gsc_source_finish = NULL

namespace gate_base {
#include "plugins/gates/base.c"
}
namespace gate_cosine {
#include "plugins/gates/cosine.c"
}
namespace gate_dense_to_sparse {
#include "plugins/gates/dense_to_sparse.c"
}
namespace gate_dselect_k {
#include "plugins/gates/dselect_k.c"
}
namespace gate_entmax {
#include "plugins/gates/entmax.c"
}
namespace gate_euclidean_sigmoid {
#include "plugins/gates/euclidean_sigmoid.c"
}
namespace gate_expert_choice {
#include "plugins/gates/expert_choice.c"
}
namespace gate_expert_threshold {
#include "plugins/gates/expert_threshold.c"
}
namespace gate_frozen_random {
#include "plugins/gates/frozen_random.c"
}
namespace gate_gaussian {
#include "plugins/gates/gaussian.c"
}
namespace gate_grouped {
#include "plugins/gates/grouped.c"
}
namespace gate_gshard {
#include "plugins/gates/gshard.c"
}
namespace gate_hash {
#include "plugins/gates/hash.c"
}
namespace gate_hierarchical {
#include "plugins/gates/hierarchical.c"
}
namespace gate_hyper_router {
#include "plugins/gates/hyper_router.c"
}
namespace gate_laplace {
#include "plugins/gates/laplace.c"
}
namespace gate_noisy_top_k {
#include "plugins/gates/noisy_top_k.c"
}
namespace gate_normalized_sigmoid {
#include "plugins/gates/normalized_sigmoid.c"
}
namespace gate_null_experts {
#include "plugins/gates/null_experts.c"
}
namespace gate_one_expert {
#include "plugins/gates/one_expert.c"
}
namespace gate_perturbed_cosine {
#include "plugins/gates/perturbed_cosine.c"
}
namespace gate_product_key {
#include "plugins/gates/product_key.c"
}
namespace gate_quadratic {
#include "plugins/gates/quadratic.c"
}
namespace gate_random {
#include "plugins/gates/random.c"
}
namespace gate_relu {
#include "plugins/gates/relu.c"
}
namespace gate_round_robin {
#include "plugins/gates/round_robin.c"
}
namespace gate_sigmoid {
#include "plugins/gates/sigmoid.c"
}
namespace gate_sinkhorn {
#include "plugins/gates/sinkhorn.c"
}
namespace gate_soft_moe {
#include "plugins/gates/soft_moe.c"
}
namespace gate_softmax {
#include "plugins/gates/softmax.c"
}
namespace gate_softmax_keep {
#include "plugins/gates/softmax_keep.c"
}
namespace gate_softplus {
#include "plugins/gates/softplus.c"
}
namespace gate_sparsemax {
#include "plugins/gates/sparsemax.c"
}
namespace gate_sparsemixer {
#include "plugins/gates/sparsemixer.c"
}
namespace gate_stable_moe {
#include "plugins/gates/stable_moe.c"
}
namespace gate_switch {
#include "plugins/gates/switch.c"
}
namespace gate_temperature {
#include "plugins/gates/temperature.c"
}
namespace gate_ternary {
#include "plugins/gates/ternary.c"
}
namespace gate_top_p {
#include "plugins/gates/top_p.c"
}
namespace gate_uniform {
#include "plugins/gates/uniform.c"
}
namespace expert_blend {
#include "plugins/experts/blend.c"
}
namespace expert_clamped_swiglu {
#include "plugins/experts/clamped_swiglu.c"
}
#undef LIMIT_
#undef ALPHA_
#undef W
#undef C
#undef SIGMA
namespace expert_constant {
#include "plugins/experts/constant.c"
}
namespace expert_copy {
#include "plugins/experts/copy.c"
}
namespace expert_diagonal {
#include "plugins/experts/diagonal.c"
}
namespace expert_gaussian {
#include "plugins/experts/gaussian.c"
}
namespace expert_geglu {
#include "plugins/experts/geglu.c"
}
#undef PHI
#undef DENSITY
namespace expert_gelu {
#include "plugins/experts/gelu.c"
}
namespace expert_gelu_tanh {
#include "plugins/experts/gelu_tanh.c"
}
#undef TANH
namespace expert_linear {
#include "plugins/experts/linear.c"
}
namespace expert_low_rank {
#include "plugins/experts/low_rank.c"
}
namespace expert_polynomial {
#include "plugins/experts/polynomial.c"
}
namespace expert_reglu {
#include "plugins/experts/reglu.c"
}
namespace expert_relu {
#include "plugins/experts/relu.c"
}
namespace expert_relu_squared {
#include "plugins/experts/relu_squared.c"
}
namespace expert_sigmoid {
#include "plugins/experts/sigmoid.c"
}
namespace expert_silu {
#include "plugins/experts/silu.c"
}
#undef SIGMA
namespace expert_softplus {
#include "plugins/experts/softplus.c"
}
namespace expert_swiglu {
#include "plugins/experts/swiglu.c"
}
#undef SIGMA
namespace expert_tanh {
#include "plugins/experts/tanh.c"
}
namespace expert_zero {
#include "plugins/experts/zero.c"
}
namespace balancer_bias_pid {
#include "plugins/balancers/bias_pid.c"
}
namespace balancer_bias_proportional {
#include "plugins/balancers/bias_proportional.c"
}
namespace balancer_bias_recentred {
#include "plugins/balancers/bias_recentred.c"
}
namespace balancer_bias_sign {
#include "plugins/balancers/bias_sign.c"
}
namespace balancer_dynamic_entropy {
#include "plugins/balancers/dynamic_entropy.c"
}
namespace balancer_entropy {
#include "plugins/balancers/entropy.c"
}
namespace balancer_global_batch {
#include "plugins/balancers/global_batch.c"
}
namespace balancer_importance_cv {
#include "plugins/balancers/importance_cv.c"
}
namespace balancer_l1_adaptive {
#include "plugins/balancers/l1_adaptive.c"
}
namespace balancer_switch {
#include "plugins/balancers/switch.c"
}
namespace balancer_variance {
#include "plugins/balancers/variance.c"
}
namespace balancer_z_loss {
#include "plugins/balancers/z_loss.c"
}

static const gsc_plugin *(*const plugins[])(void) = {
    gate_base::gatescope_plugin,
    gate_cosine::gatescope_plugin,
    gate_dense_to_sparse::gatescope_plugin,
    gate_dselect_k::gatescope_plugin,
    gate_entmax::gatescope_plugin,
    gate_euclidean_sigmoid::gatescope_plugin,
    gate_expert_choice::gatescope_plugin,
    gate_expert_threshold::gatescope_plugin,
    gate_frozen_random::gatescope_plugin,
    gate_gaussian::gatescope_plugin,
    gate_grouped::gatescope_plugin,
    gate_gshard::gatescope_plugin,
    gate_hash::gatescope_plugin,
    gate_hierarchical::gatescope_plugin,
    gate_hyper_router::gatescope_plugin,
    gate_laplace::gatescope_plugin,
    gate_noisy_top_k::gatescope_plugin,
    gate_normalized_sigmoid::gatescope_plugin,
    gate_null_experts::gatescope_plugin,
    gate_one_expert::gatescope_plugin,
    gate_perturbed_cosine::gatescope_plugin,
    gate_product_key::gatescope_plugin,
    gate_quadratic::gatescope_plugin,
    gate_random::gatescope_plugin,
    gate_relu::gatescope_plugin,
    gate_round_robin::gatescope_plugin,
    gate_sigmoid::gatescope_plugin,
    gate_sinkhorn::gatescope_plugin,
    gate_soft_moe::gatescope_plugin,
    gate_softmax::gatescope_plugin,
    gate_softmax_keep::gatescope_plugin,
    gate_softplus::gatescope_plugin,
    gate_sparsemax::gatescope_plugin,
    gate_sparsemixer::gatescope_plugin,
    gate_stable_moe::gatescope_plugin,
    gate_switch::gatescope_plugin,
    gate_temperature::gatescope_plugin,
    gate_ternary::gatescope_plugin,
    gate_top_p::gatescope_plugin,
    gate_uniform::gatescope_plugin,
    expert_blend::gatescope_plugin,
    expert_clamped_swiglu::gatescope_plugin,
    expert_constant::gatescope_plugin,
    expert_copy::gatescope_plugin,
    expert_diagonal::gatescope_plugin,
    expert_gaussian::gatescope_plugin,
    expert_geglu::gatescope_plugin,
    expert_gelu::gatescope_plugin,
    expert_gelu_tanh::gatescope_plugin,
    expert_linear::gatescope_plugin,
    expert_low_rank::gatescope_plugin,
    expert_polynomial::gatescope_plugin,
    expert_reglu::gatescope_plugin,
    expert_relu::gatescope_plugin,
    expert_relu_squared::gatescope_plugin,
    expert_sigmoid::gatescope_plugin,
    expert_silu::gatescope_plugin,
    expert_softplus::gatescope_plugin,
    expert_swiglu::gatescope_plugin,
    expert_tanh::gatescope_plugin,
    expert_zero::gatescope_plugin,
    balancer_bias_pid::gatescope_plugin,
    balancer_bias_proportional::gatescope_plugin,
    balancer_bias_recentred::gatescope_plugin,
    balancer_bias_sign::gatescope_plugin,
    balancer_dynamic_entropy::gatescope_plugin,
    balancer_entropy::gatescope_plugin,
    balancer_global_batch::gatescope_plugin,
    balancer_importance_cv::gatescope_plugin,
    balancer_l1_adaptive::gatescope_plugin,
    balancer_switch::gatescope_plugin,
    balancer_variance::gatescope_plugin,
    balancer_z_loss::gatescope_plugin,
};

extern "C" GSC_EXPORT const gsc_plugin *zoo_float(gsc_kind kind, const char *id);

const gsc_plugin *zoo_float(gsc_kind kind, const char *id) {
    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        const gsc_plugin *plugin = plugins[i]();
        if (plugin->kind == kind && strcmp(plugin->id, id) == 0) {
            return plugin;
        }
    }
    return NULL;
}
