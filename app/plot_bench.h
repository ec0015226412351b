/* SPDX-License-Identifier: MIT
 *
 * `gatescope bench plot`, the half that draws. Layer: app.
 */
#ifndef GSC_APP_PLOT_BENCH_H
#define GSC_APP_PLOT_BENCH_H

/* argv[0] is "bench". Prints the cases; 0 done, 1 failed, 2 bad usage. */
int gsc_plot_bench(int argc, char **argv);

#endif
