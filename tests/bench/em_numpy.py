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

LEAST_MASS, IDLE_GAIN, TRUST_GAIN = 1e-8, 1e-14, 1e-3


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

    def gate_propose(self):
        g, fisher = self.scores
        damping = self.gate_damping * np.trace(fisher) / len(g)
        step, gain = boxed_step(fisher, g, self.beta.ravel(), self.box, damping)
        self.beta_trial, self.gate_gain = self.beta + step.reshape(self.beta.shape), gain

    def gate_ease(self):
        self.gate_damping = max(self.gate_damping / 10, self.least_damping)

    def gate_stiffen(self):
        self.gate_damping = min(max(self.gate_damping * 10, 1e-2), 1e4)

    def gate_settle(self):
        before = None
        for _ in range(self.gate_steps - 1):
            if not self.gate_gain > TRUST_GAIN * self.n:
                break
            if before is None:
                before = np.vdot(self.r[self.k1 :], self.gate[0])
            gate = self.gate_at(self.beta_trial)
            after = np.vdot(self.r[self.k1 :], gate[0])
            scores = self.gate_scores(gate)
            gain = after - before
            if gain >= 0:
                if gain > 0.75 * self.gate_gain:
                    self.gate_ease()
                elif gain < 0.25 * self.gate_gain:
                    self.gate_damping = min(self.gate_damping * 4, 1e4)
                self.beta, self.gate, self.scores, before = self.beta_trial, gate, scores, after
            else:
                self.gate_stiffen()
            self.gate_propose()

    # ---- Experts ----
    def moments(self, c, theta):
        h, jacobian = self.expert[c].evaluate(theta)
        return self.y - h, jacobian

    def sums(self, c, e, jacobian):
        """rss, J'We, J'WJ."""
        re = self.r[c] * e
        return re @ e, jacobian @ re, (jacobian * self.r[c]) @ jacobian.T

    def expert_propose(self, c):
        rss, g, h = self.normal[c]
        damping = self.damping[c] * np.trace(h) / len(g)
        step, gain = boxed_step(h, g, self.theta[c], self.box, damping)
        variance = max((rss - 2 * gain) / self.mass[c], self.floor)
        self.proposal[c] = (gain / self.variance[c], self.theta[c] + step, variance)

    def expert_ease(self, c):
        self.damping[c] = max(self.damping[c] / 10, 1e-8)

    def expert_stiffen(self, c):
        self.damping[c] = min(max(self.damping[c] * 10, 1e-2), 1e6)

    def expert_judge(self, c):
        gain_promised, theta, _ = self.proposal[c]
        trial = self.sums(c, *self.moments(c, theta))
        rss = self.normal[c][0]
        if not trial[0] <= rss:
            self.expert_stiffen(c)
            return
        gain = 0.5 * (rss - trial[0]) / self.variance[c]
        self.theta[c], self.normal[c] = theta, trial
        if gain > 0.75 * gain_promised:
            self.expert_ease(c)
        elif gain < 0.25 * gain_promised:
            self.damping[c] = min(self.damping[c] * 4, 1e6)

    def expert_settle(self):
        for _ in range(self.expert_steps - 1):
            large = [c for c, p in self.proposal.items() if p[0] > TRUST_GAIN * self.n]
            if not large:
                break
            for c in large:
                self.expert_judge(c)
                self.expert_propose(c)
        for c in range(self.k1 + self.k2):
            if self.mass[c] < LEAST_MASS:
                continue
            rss, g, h = self.normal[c]
            if self.expert[c].linear:
                step, gain = boxed_step(h, g, self.theta[c], self.box, 0.0)
                self.theta[c] = self.theta[c] + step
                rss = max(rss - 2 * gain, 0.0)
            elif h[-1, -1] > 0:
                out = np.clip(self.theta[c][-1] + g[-1] / h[-1, -1], -self.box, self.box)
                step = out - self.theta[c][-1]
                rss = max(rss - (2 * g[-1] - h[-1, -1] * step) * step, 0.0)
                self.theta[c] = np.append(self.theta[c][:-1], out)
            self.variance[c] = max(rss / self.mass[c], self.floor)

    # ---- Expectation ----
    def expectation(self):
        k = self.k1 + self.k2
        self.gate = self.gate_at(self.beta)
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
        self.scores = self.gate_scores(self.gate)
        return top.sum() + np.log(total).sum()

    def iterate(self, before):
        self.proposal = {}
        for c in range(self.k1 + self.k2):
            if not self.expert[c].linear and self.mass[c] >= LEAST_MASS:
                self.expert_propose(c)
        self.gate_propose()
        shared = self.mass[: self.k1]
        self.omega = shared / shared.sum()
        self.expert_settle()
        self.gate_settle()
        safe = (self.theta.copy(), self.variance.copy(), self.beta)
        trusted = [c for c, p in self.proposal.items() if p[0] > IDLE_GAIN * self.n]
        gate_trusted = self.gate_gain > IDLE_GAIN * self.n
        for c in trusted:
            _, self.theta[c], self.variance[c] = self.proposal[c]
        if gate_trusted:
            self.beta = self.beta_trial
        after = self.expectation()
        good = after >= before - 1e-13 * abs(before)
        if trusted or gate_trusted:
            for c in trusted:
                if good:
                    self.damping[c] = max(self.damping[c] / 2, 1e-8)
                else:
                    self.expert_stiffen(c)
            if gate_trusted:
                (self.gate_ease if good else self.gate_stiffen)()
            if not good:
                self.theta, self.variance, self.beta = safe
                after = self.expectation()
        return after

    def run(self, iterations):
        log_likelihood = self.expectation()
        for _ in range(iterations):
            log_likelihood = self.iterate(log_likelihood)
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


if __name__ == "__main__":
    main()
