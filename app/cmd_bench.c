/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench`: picks the benchmark.
 *
 * Layer: app.
 */
#include "app/commands.h"

#include <stdio.h>
#include <string.h>

int gsc_cmd_bench(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } benches[] = {{"em", gsc_cmd_bench_em},
                   {"kernels", gsc_cmd_bench_kernels},
                   {"lm", gsc_cmd_bench_lm},
                   {"plot", gsc_cmd_bench_plot}};
    for (size_t i = 0; argc > 1 && i < sizeof benches / sizeof benches[0]; i++) {
        if (strcmp(argv[1], benches[i].name) == 0) {
            return benches[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "gatescope bench: say what to measure, em, kernels, lm or plot%s%s\n",
            argc > 1 ? ", not " : "", argc > 1 ? argv[1] : "");
    return 2;
}
