# SPDX-License-Identifier: MIT
"""The NumPy side of `gatescope bench em`: expectation maximisation for the Gaussian mixture of shared and
routed experts, vectorised over the rows, arrays by component and row, sums by BLAS. It takes the same
decisions as core/theory (same inner steps, same damping, same tests), so that from the same start the same
number of iterations gives the same likelihood. One input, linear and ReLU experts, softmax and normalized
sigmoid gates.

Usage: em_numpy.py PROBLEM.json   (written by `gatescope bench em`); prints one JSON object.
"""
import json
import sys
import time

import numpy as np

LEAST_MASS, IDLE_GAIN, LAST_GAIN = 1e-8, 1e-14, 1e-7


def boxed_step(hessian, gradient, point, box, damping):
    """The damped step inside the box and its predicted gain."""
    n = len(gradient)
    trace = np.trace(hessian)
    if not trace > 0:
        return np.zeros(n), 0.0
    free = ~(((point >= box) & (gradient > 0)) | ((point <= -box) & (gradient < 0)))
    step, shift = np.zeros(n), damping
    for _ in range(21):
        try:
            matrix = hessian[np.ix_(free, free)] + shift * np.eye(free.sum())
            lower = np.linalg.cholesky(matrix)
            if np.any(np.diag(lower) ** 2 <= 1e-14 * np.diag(matrix)):
                raise np.linalg.LinAlgError
            step[free] = np.linalg.solve(lower.T, np.linalg.solve(lower, gradient[free]))
            break
        except np.linalg.LinAlgError:
            shift = max(10 * shift, 1e-12 * trace / n)
    else:
        return np.zeros(n), 0.0
    line, moved = step.copy(), point + step
    out = (np.abs(moved) > box) & (np.abs(point) <= box)
    step[out] = np.copysign(box, moved[out]) - point[out]
    gain = step @ (gradient - 0.5 * hessian @ step)
    if out.any() and not gain > 0:
        step = np.min(step[out] / line[out]) * line
        gain = step @ (gradient - 0.5 * hessian @ step)
    return step, max(gain, 0.0)


class Expert:
    """h(x, theta) and its Jacobian [P][n]."""

    def __init__(self, form, biased, x):
        self.linear, self.biased, self.x = form == "linear", biased, x
        if self.linear:
            self.columns = np.stack([x, np.ones_like(x)])

    def evaluate(self, theta):
        if self.linear:
            return theta[0] * self.x + theta[1], self.columns
        u = theta[0] * self.x
        if self.biased:
            u += theta[1]
        out = theta[-1]
        active = out * (u > 0)
        f = np.maximum(u, 0)
        jacobian = [active * self.x] + ([active] if self.biased else []) + [f]
        return out * f, np.stack(jacobian)


class Fit:
    def __init__(self, problem, x, y):
        self.x, self.y, self.n = x, y, len(x)
        self.powers = np.stack([np.ones_like(x), x, x * x])
        self.k1, self.k2 = problem["k_shared"], problem["k_routed"]
        self.box, self.floor = problem["box"], problem["variance_floor"]
        self.gate_steps, self.expert_steps = problem["gate_steps"], problem["expert_steps"]
        self.softmax = problem["gate"] == "softmax"
        shared = Expert(problem["shared"]["form"], problem["shared"]["biased"], x)
        routed = Expert(problem["routed"]["form"], problem["routed"]["biased"], x)
        self.expert = [shared] * self.k1 + [routed] * self.k2
        self.read(np.array(problem["mixture"]), problem["shared"]["size"], problem["routed"]["size"])
        self.least_damping = 1e-8 if self.softmax else 1e-2
        self.gate_damping = self.least_damping
        self.damping = [1e-6] * (self.k1 + self.k2)

    def read(self, flat, p1, p2):
        k1, k2 = self.k1, self.k2
        sizes = [k1, k1 * p1, k1, k2, k2, k2 * p2, k2]
        omega, kappa, tau, beta0, beta1, eta, nu = np.split(flat, np.cumsum(sizes)[:-1])
        self.omega, self.beta = omega, np.stack([beta0, beta1], axis=1)
        self.theta = list(kappa.reshape(k1, p1)) + list(eta.reshape(k2, p2))
        self.variance = np.concatenate([tau, nu])

    # ---- Gate ----
    def gate_at(self, beta):
        """log pi, q = pi l', l' at beta."""
        z = beta[:, 1:] * self.x + beta[:, :1]
        if self.softmax:
            log_a, slope = z, 1.0
        else:
            e = np.exp(-np.abs(z))
            log_a = np.minimum(z, 0) - np.log1p(e)
            slope = np.where(z < 0, 1.0, e) / (1 + e)
        top = log_a.max(axis=0)
        log_a = log_a - top
        part = np.exp(log_a)
        total = part.sum(axis=0)
        log_pi = log_a - np.log(total)
        part /= total
        return log_pi, part * slope if not self.softmax else part, slope

    def gate_scores(self, gate):
        log_pi, q, slope = gate
        r, k2 = self.r[self.k1 :], self.k2
        s = r.sum(axis=0)
        sq = s * q
        g = (slope * r - sq) @ self.powers[:2].T
        weights = np.empty((k2 * (k2 + 1) // 2, self.n))
        at = 0
        for j in range(k2):
            own = slope if self.softmax else slope[j]
            np.multiply(sq[j], own - q[j], out=weights[at])
            at += 1
            for l in range(j + 1, k2):
                np.multiply(sq[j], q[l], out=weights[at])
                np.negative(weights[at], out=weights[at])
                at += 1
        sums = weights @ self.powers.T
        fisher, at = np.empty((2 * k2, 2 * k2)), 0
        for j in range(k2):
            for l in range(j, k2):
                block = np.array([[sums[at, 0], sums[at, 1]], [sums[at, 1], sums[at, 2]]])
                fisher[2 * j : 2 * j + 2, 2 * l : 2 * l + 2] = block
                fisher[2 * l : 2 * l + 2, 2 * j : 2 * j + 2] = block
                at += 1
        return g.ravel(), fisher

    def gate_step(self):
        q_now, (g, fisher) = self.q, self.scores
        for inner in range(self.gate_steps):
            damping = self.gate_damping * np.trace(fisher) / len(g)
            step, predicted = boxed_step(fisher, g, self.beta.ravel(), self.box, damping)
            if not predicted > IDLE_GAIN * self.n:
                break
            last = inner + 1 == self.gate_steps or predicted < LAST_GAIN * self.n
            beta = self.beta + step.reshape(self.beta.shape)
            gate = self.gate_at(beta)
            q_trial = np.vdot(self.r[self.k1 :], gate[0])
            scores = None if last else self.gate_scores(gate)
            gain = q_trial - q_now
            if gain >= -1e-14 * abs(q_now):
                self.beta, self.gate, q_now = beta, gate, q_trial
                if not last:
                    g, fisher = scores
                if gain / predicted > 0.75:
                    self.gate_damping = max(self.gate_damping / 10, self.least_damping)
                elif gain / predicted < 0.25:
                    self.gate_damping = min(self.gate_damping * 4, 1e4)
            else:
                self.gate_damping = min(max(self.gate_damping * 10, 1e-2), 1e4)
            if last:
                break

    # ---- Experts ----
    def moments(self, c, theta):
        h, jacobian = self.expert[c].evaluate(theta)
        e = self.y - h
        return e, jacobian

    def sums(self, c, e, jacobian):
        """rss, J'We, J'WJ."""
        re = self.r[c] * e
        return re @ e, jacobian @ re, (jacobian * self.r[c]) @ jacobian.T

    def expert_step(self):
        open_, state = {}, {}
        for c in range(self.k1 + self.k2):
            if self.mass[c] < LEAST_MASS:
                continue
            state[c] = self.normal[c]
            if self.expert[c].linear:
                rss, g, h = state[c]
                step, gain = boxed_step(h, g, self.theta[c], self.box, 0.0)
                self.theta[c] = self.theta[c] + step
                state[c] = (max(rss - 2 * gain, 0.0), g, h)
            else:
                open_[c] = 0.0
        for _ in range(self.expert_steps):
            trials = {}
            for c in list(open_):
                rss, g, h = state[c]
                damping = self.damping[c] * np.trace(h) / len(g)
                step, gain = boxed_step(h, g, self.theta[c], self.box, damping)
                open_[c] = gain / self.variance[c]
                if open_[c] > IDLE_GAIN * self.n:
                    trials[c] = self.theta[c] + step
                else:
                    del open_[c]
            for c, theta in trials.items():
                trial = self.sums(c, *self.moments(c, theta))
                rss = state[c][0]
                if trial[0] <= rss:
                    ratio = 0.5 * (rss - trial[0]) / self.variance[c] / open_[c]
                    self.theta[c], state[c] = theta, trial
                    if ratio > 0.75:
                        self.damping[c] = max(self.damping[c] / 10, 1e-8)
                    elif ratio < 0.25:
                        self.damping[c] = min(self.damping[c] * 4, 1e6)
                else:
                    self.damping[c] = min(max(self.damping[c] * 10, 1e-2), 1e6)
                if open_[c] < LAST_GAIN * self.n:
                    del open_[c]
        for c, (rss, g, h) in state.items():
            if not self.expert[c].linear and h[-1, -1] > 0:
                out = np.clip(self.theta[c][-1] + g[-1] / h[-1, -1], -self.box, self.box)
                step = out - self.theta[c][-1]
                rss = max(rss - (2 * g[-1] - h[-1, -1] * step) * step, 0.0)
                self.theta[c] = np.append(self.theta[c][:-1], out)
            self.variance[c] = max(rss / self.mass[c], self.floor)

    # ---- Expectation ----
    def expectation(self):
        k = self.k1 + self.k2
        pieces = [self.moments(c, self.theta[c]) for c in range(k)]
        weight = np.log(0.5) + np.append(np.log(self.omega), np.zeros(self.k2))
        constant = weight - 0.5 * np.log(2 * np.pi * self.variance)
        terms = np.empty((k, self.n))
        for c, (e, _) in enumerate(pieces):
            np.multiply(e, e, out=terms[c])
            terms[c] *= -0.5 / self.variance[c]
            terms[c] += constant[c]
        terms[self.k1 :] += self.gate[0]
        top = terms.max(axis=0)
        terms -= top
        np.exp(terms, out=terms)
        total = terms.sum(axis=0)
        terms /= total
        self.r, self.mass = terms, terms.sum(axis=1)
        self.normal = [self.sums(c, *pieces[c]) for c in range(k)]
        self.q = np.vdot(self.r[self.k1 :], self.gate[0])
        self.scores = self.gate_scores(self.gate)
        return top.sum() + np.log(total).sum()

    def run(self, iterations):
        self.gate = self.gate_at(self.beta)
        log_likelihood = self.expectation()
        for _ in range(iterations):
            shared = self.mass[: self.k1]
            self.omega = shared / shared.sum()
            self.expert_step()
            self.gate_step()
            log_likelihood = self.expectation()
        return log_likelihood


def main():
    with open(sys.argv[1]) as file:
        problem = json.load(file)
    data = np.fromfile(problem["data"])
    x, y = data[: problem["n"]].copy(), data[problem["n"] :].copy()
    best = np.inf
    for _ in range(problem["repeats"]):
        fit = Fit(problem, x, y)
        begin = time.process_time()
        log_likelihood = fit.run(problem["iterations"])
        best = min(best, time.process_time() - begin)
    print(json.dumps({"log_likelihood": log_likelihood, "numpy": np.__version__,
                      "ms": 1e3 * best / problem["iterations"]}))


main()
