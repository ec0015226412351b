/* SPDX-License-Identifier: MIT
 *
 * `gatescope worker`: the process that `gatescope run` starts, with every lab of this program.
 *
 * Layer: app.
 */
#include "app/commands.h"
#include "core/lm/lab.h"
#include "core/run/worker.h"
#include "core/theory/lab.h"

int gsc_cmd_worker(int argc, char **argv) {
    static const gsc_lab labs[] = {{"theory", gsc_theory_run}, {"lm", gsc_lm_run}};
    return gsc_worker_main(argc, argv, labs, sizeof labs / sizeof labs[0]);
}
