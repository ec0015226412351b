/* SPDX-License-Identifier: MIT
 *
 * A tensor of size 0.
 */
#include "tests/plugins/fixture.h"

static const gsc_gate gate = {FIXTURE_GATE, .affinity = fixture_affinity};

static const gsc_tensor tensors[] = {
    {"scale", GSC_TENSOR_TRAINED, GSC_INIT_ZERO, 0, 0, 2, {GSC_SIZE_EXPERTS, 0}},
};

static const gsc_plugin plugin = {FIXTURE_PLUGIN("bad_tensor"), GSC_TENSORS(tensors),
                                  .gate = &gate};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
