#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Maximum likelihood of small mixtures of shared and routed experts, without any code of the program.

Draws the CSV files mixture_*.csv (only with --draw), climbs from the start written in each case by expectation
maximisation, E- and M-step as in the model's definition, the gate by Newton steps with differenced slopes, and writes
mixture_likelihood.json: for each case the spec's keys, the start and the log-likelihood per sample. tests/theory/
test-data.c fits the same files from the same starts and must agree within 1e-6 per sample.

Needs NumPy. Run: python3 tests/golden/mixture_likelihood.py [--draw]
"""
import json
import os
import sys

import numpy as np

FLOOR = 0.05  # least variance
HERE = os.path.dirname(os.path.abspath(__file__))


def log_gate(kind, z):
    """log pi_j, z [n, k]."""
    a = z if kind == "softmax" else -np.logaddexp(0.0, -z)
    return a - np.logaddexp.reduce(a, axis=1, keepdims=True)


def log_terms(case, p, x1, y):
    """log of every component's share of f(y|x), shared ones first; x1 = (1, x)."""
    k1, k2 = len(p["omega"]), len(p["nu"])
    half = np.log(0.5) if k1 and k2 else 0.0
    terms = []
    for i in range(k1):
        e = y - x1 @ p["kappa"][i]
        terms.append(half + np.log(p["omega"][i])
                     - 0.5 * (np.log(2 * np.pi * p["tau"][i]) + e * e / p["tau"][i]))
    if k2:
        pi = log_gate(case["gate"], x1 @ p["beta"].T)
        for j in range(k2):
            e = y - x1 @ p["eta"][j]
            terms.append(half + pi[:, j]
                         - 0.5 * (np.log(2 * np.pi * p["nu"][j]) + e * e / p["nu"][j]))
    return np.stack(terms, axis=1)


def gate_step(kind, beta, x1, r):
    """One damped Newton step on sum r log pi, gradient and Hessian by central differences of the gradient."""
    k, w = beta.shape

    def q(b):
        return float(np.sum(r * log_gate(kind, x1 @ b.reshape(k, w).T)))

    def gradient(b):
        z = x1 @ b.reshape(k, w).T
        pi = np.exp(log_gate(kind, z))
        slope = np.ones_like(z) if kind == "softmax" else 1.0 / (1.0 + np.exp(z))
        return (((r - r.sum(1, keepdims=True) * pi) * slope).T @ x1).ravel()

    b = beta.ravel().copy()
    g = gradient(b)
    h = np.zeros((b.size, b.size))
    for i in range(b.size):
        d = np.zeros_like(b)
        d[i] = 1e-5 * max(1.0, abs(b[i]))
        h[i] = (gradient(b + d) - gradient(b - d)) / (2 * d[i])
    h = 0.5 * (h + h.T)
    values, vectors = np.linalg.eigh(h)
    values = -np.maximum(np.abs(values), 1e-7 * np.abs(values).max())
    step = -vectors @ ((vectors.T @ g) / values)
    before, t = q(b), 1.0
    while t > 1e-10 and q(b + t * step) < before:
        t *= 0.5
    return (b + t * step).reshape(k, w) if t > 1e-10 else beta


def least_squares(x1, y, r):
    a = (x1 * r[:, None]).T @ x1
    return np.linalg.solve(a, (x1 * r[:, None]).T @ y)


def fit(case, p, x, y):
    x1 = np.column_stack([np.ones(len(y)), x])
    k1, k2 = len(p["omega"]), len(p["nu"])
    last = -np.inf
    for iteration in range(200000):
        terms = log_terms(case, p, x1, y)
        total = np.logaddexp.reduce(terms, axis=1)
        value = float(total.sum())
        r = np.exp(terms - total[:, None])
        if value - last < 1e-11 * len(y):
            break
        last = value
        for i in range(k1):
            p["kappa"][i] = least_squares(x1, y, r[:, i])
            p["tau"][i] = max(FLOOR, np.sum(r[:, i] * (y - x1 @ p["kappa"][i]) ** 2) / r[:, i].sum())
        if k1:
            p["omega"] = r[:, :k1].sum(0) / r[:, :k1].sum()
        for j in range(k2):
            c = r[:, k1 + j]
            p["eta"][j] = least_squares(x1, y, c)
            p["nu"][j] = max(FLOOR, np.sum(c * (y - x1 @ p["eta"][j]) ** 2) / c.sum())
        if k2:
            p["beta"] = gate_step(case["gate"], p["beta"], x1, r[:, k1:])
    return value / len(y), iteration, p


def parameters(initial):
    shared, routed = initial["shared"], initial["routed"]

    def line(atom):
        return np.array(atom["expert"]["bias"] + atom["expert"]["weight"], float)

    return {
        "omega": np.array([a["omega"] for a in shared], float),
        "kappa": [line(a) for a in shared],
        "tau": np.array([a["variance"] for a in shared], float),
        "beta": np.array([[a["beta0"]] + a["beta1"] for a in routed], float),
        "eta": [line(a) for a in routed],
        "nu": np.array([a["variance"] for a in routed], float),
    }


def shared(omega, weight, bias, variance):
    return {"omega": omega, "expert": {"weight": weight, "bias": [bias]}, "variance": variance}


def routed(beta0, beta1, weight, bias, variance):
    return {"beta0": beta0, "beta1": beta1, "expert": {"weight": weight, "bias": [bias]},
            "variance": variance}


CASES = [
    {"name": "softmax, one shared expert too many", "csv": "mixture_line.csv", "gate": "softmax",
     "initial": {"shared": [shared(0.7, [2.1], 0.1, 0.1), shared(0.3, [1.9], -0.2, 0.5)],
                 "routed": [routed(-0.4, [1.2], [7.5], 1.5, 0.5), routed(0.1, [-0.2], [-5.5], 1.2, 0.6)]}},
    {"name": "normalized sigmoid", "csv": "mixture_line.csv", "gate": "normalized_sigmoid",
     "initial": {"shared": [shared(1.0, [1.5], 0.0, 0.5)],
                 "routed": [routed(0.2, [0.8], [7.0], 1.0, 1.0), routed(0.0, [-0.5], [-5.0], 0.5, 1.0)]}},
    {"name": "plain mixture of planes", "csv": "mixture_plane.csv", "gate": "softmax",
     "initial": {"shared": [],
                 "routed": [routed(0.1, [0.5, 0.0], [1.0, 2.0], 0.0, 0.5),
                            routed(0.0, [-0.5, 0.3], [-2.0, 0.5], 0.5, 0.5)]}},
    {"name": "shared experts alone, three inputs", "csv": "mixture_space.csv", "gate": "softmax",
     "initial": {"shared": [shared(0.5, [1.0, 0.0, -1.0], 0.2, 0.5),
                            shared(0.5, [-1.0, 1.0, 0.5], -0.2, 0.5)], "routed": []}},
]


def draw():
    random = np.random.default_rng(20250510)
    n = 500
    x = random.uniform(-3, 3, n)
    first = random.random(n) < 1 / (1 + np.exp(0.5 - x))
    line = np.where(first, 8 * x + 2, -6 * x + 1) + random.normal(0, 0.4 ** 0.5, n)
    y = np.where(random.random(n) < 0.5, 2 * x + random.normal(0, 0.2 ** 0.5, n), line)
    np.savetxt(os.path.join(HERE, "mixture_line.csv"), np.column_stack([x, y]), "%.6f", ",",
               header="x,y", comments="")
    n = 400
    x = random.normal(0, 1.5, (n, 2))
    first = random.random(n) < 1 / (1 + np.exp(-(x @ [1.0, -0.5])))
    y = np.where(first, x @ [1.5, 2.0] + 0.5, x @ [-2.0, 1.0]) + random.normal(0, 0.5, n)
    np.savetxt(os.path.join(HERE, "mixture_plane.csv"), np.column_stack([x, y]), "%.6f", ";")
    x = random.uniform(-1, 1, (n, 3))
    first = random.random(n) < 0.3
    y = np.where(first, x @ [2.0, 0.5, -1.0] + 1, x @ [-1.0, 1.5, 1.0] - 0.5) + random.normal(0, 0.4, n)
    np.savetxt(os.path.join(HERE, "mixture_space.csv"), np.column_stack([x, y]), "%.6f", ",",
               header="pressure,height,time,yield", comments="")


def main():
    if "--draw" in sys.argv[1:]:
        draw()
    for case in CASES:
        text = open(os.path.join(HERE, case["csv"])).read().replace(";", ",").splitlines()
        skip = 0 if text[0][0] in "-0123456789" else 1
        table = np.loadtxt(text[skip:], delimiter=",")
        value, iterations, _ = fit(case, parameters(case["initial"]), table[:, :-1], table[:, -1])
        case["log_likelihood_per_sample"] = value
        print("%-36s %.12f  %d iterations" % (case["name"], value, iterations))
    with open(os.path.join(HERE, "mixture_likelihood.json"), "w") as file:
        json.dump(CASES, file, indent=1)
        file.write("\n")


main()
