# SPDX-License-Identifier: MIT
"""The textbook side of `gatescope bench em`: expectation maximisation with exact M-steps, as published simulators
do it. Every M-step is taken to its maximum before the next expectation: closed forms for weights, variances and
linear experts, inner Gauss-Newton for ReLU experts, inner Fisher scoring for the gate (Newton for softmax), each
with step control, until a step gains less than 1e-8 a row. Everything over rows is vectorised, log-sum-exp in
place; arrays and sums are those of em_numpy.py, which differs only in taking one pass an iteration.

Usage: em_numpy_exact.py PROBLEM.json   (written by `gatescope bench em`); prints one JSON object: a whole fit
from the problem's start until an iteration gains less than `tolerance` a row.
"""
import json
import sys
import time

import numpy as np

from em_numpy import Fit, boxed_step

INNER_GAIN, INNER_MOST = 1e-8, 100


class ExactFit(Fit):
    inner = 0

    def gate_maximise(self):
        """Fisher scoring to the maximum of sum r log pi."""
        q, damping = np.vdot(self.r[self.k1 :], self.gate[0]), self.least_damping
        for _ in range(INNER_MOST):
            g, fisher = self.scores
            shift = damping * np.trace(fisher) / len(g)
            step, predicted = boxed_step(fisher, g, self.beta.ravel(), self.box, shift)
            if predicted < INNER_GAIN * self.n:
                return
            trial = self.beta + step.reshape(self.beta.shape)
            gate = self.gate_at(trial)
            after = np.vdot(self.r[self.k1 :], gate[0])
            self.inner += 1
            if after < q:
                damping = max(10 * damping, 1e-2)
                continue
            gain = after - q
            self.beta, self.gate, q = trial, gate, after
            self.scores = self.gate_scores(gate)
            damping = max(damping / 10, self.least_damping) if gain > 0.75 * predicted else damping

    def expert_maximise(self, c):
        """Least squares of a linear expert; Gauss-Newton to the end for a ReLU one."""
        rss, g, h = self.normal[c]
        if self.expert[c].linear:
            step, gain = boxed_step(h, g, self.theta[c], self.box, 0.0)
            self.theta[c] = self.theta[c] + step
            return max(rss - 2 * gain, 0.0)
        damping = 1e-6
        for _ in range(INNER_MOST):
            shift = damping * np.trace(h) / len(g)
            step, gain = boxed_step(h, g, self.theta[c], self.box, shift)
            if gain / self.variance[c] < INNER_GAIN * self.n:
                break
            trial = self.theta[c] + step
            sums = self.sums(c, *self.moments(c, trial))
            self.inner += 1
            if sums[0] > rss:
                damping = max(10 * damping, 1e-2)
                continue
            damping = max(damping / 10, 1e-8)
            self.theta[c], (rss, g, h) = trial, sums
        return rss

    def fit(self, tolerance, most):
        before = self.expectation()
        for iteration in range(1, most + 1):
            shared = self.mass[: self.k1]
            self.omega = shared / shared.sum()
            for c in range(self.k1 + self.k2):
                if self.mass[c] >= 1e-8:
                    rss = self.expert_maximise(c)
                    self.variance[c] = max(rss / self.mass[c], self.floor)
            self.gate_maximise()
            after = self.expectation()
            if after - before < tolerance * self.n:
                break
            before = after
        return after, iteration


def main():
    with open(sys.argv[1]) as file:
        problem = json.load(file)
    data = np.fromfile(problem["data"])
    x, y = data[: problem["n"]].copy(), data[problem["n"] :].copy()
    best = np.inf
    for _ in range(problem["repeats"]):
        fit = ExactFit(problem, x, y)
        begin = time.process_time()
        log_likelihood, iterations = fit.fit(problem["tolerance"], problem["max_iterations"])
        best = min(best, time.process_time() - begin)
    print(json.dumps({"log_likelihood": log_likelihood, "numpy": np.__version__, "ms": 1e3 * best,
                      "iterations": iterations, "inner": fit.inner}))


if __name__ == "__main__":
    main()
