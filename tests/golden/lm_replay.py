#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Goes through a run of the language-model lab once more, in PyTorch: same first weights, same tokens, same order.

    gatescope run preset:lm-deepseek-v2 --set lm.steps=50 --set lm.learning_rate=0.001 -o v2.gsc
    gatescope export v2.gsc --to csv -o v2 && gatescope export v2.gsc --to tokens -o v2
    python3 tests/golden/lm_replay.py v2 v2.ckpt/step-0000000.safetensors

Prints both losses of every step and the largest gap; fails where one is above 1e-3. (At a rate of 0.01 the gaps are
1e-6 up to step 15 or so, then choices of experts flip that were nearly ties, and they grow.) For softmax gates over ReLU
experts beside shared ones, which is the model of tests/bench/lm_torch.py. Needs PyTorch and NumPy.
"""
import csv
import json
import math
import pathlib
import sys

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench"))
import lm_torch


def rows(folder, order, step):  # the rule of order.json
    train = numpy.fromfile(folder / "train.u16", "<u2").astype(numpy.int64)
    t, b = order["context"], order["batch"]
    at = [t * ((step * b + i) % order["contexts"]) for i in range(b)]
    return torch.from_numpy(numpy.stack([train[a : a + t + 1] for a in at]))


def rate(lm, step):
    if step < lm["warmup"]:
        return lm["learning_rate"] * (step + 1) / lm["warmup"]
    u = (step - lm["warmup"]) / (lm["steps"] - lm["warmup"])
    return lm["learning_rate"] * (lm["rate_floor"] + (1 - lm["rate_floor"]) * (1 + math.cos(math.pi * u)) / 2)


def main():
    folder = pathlib.Path(sys.argv[1])
    lm = json.loads((folder / "run.json").read_text())["spec"]["lm"]
    order = json.loads((folder / "order.json").read_text())
    with open(folder / "points.csv", newline="") as file:
        told = {int(float(p["x"])): float(p["y"]) for p in csv.DictReader(file) if p["series"] == "loss"}
    size = lm["head_size"] or lm["width"] // lm["heads"]
    model = lm_torch.Model({**lm, "checkpoint": sys.argv[2], "head_size": size, "compile": False,
                            "rotated": 2 * round(lm["rope_fraction"] * size / 2)})
    groups = [{"params": [w for w in model.w.values() if w.dim() > 1], "weight_decay": lm["weight_decay"]},
              {"params": [w for w in model.w.values() if w.dim() == 1], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=lm["learning_rate"], betas=(lm["beta1"], lm["beta2"]), eps=1e-8)
    worst = 0
    for step in range(min(lm["steps"], 50)):
        for group in optimiser.param_groups:
            group["lr"] = rate(lm, step)
        tokens = rows(folder, order, step)
        optimiser.zero_grad()
        loss, balance = model.loss(tokens[:, :-1], tokens[:, 1:])
        (loss + balance).backward()
        torch.nn.utils.clip_grad_norm_(model.w.values(), lm["clip"])
        optimiser.step()
        gap = abs(float(loss.detach()) - told[step + 1])
        worst = max(worst, gap)
        print(f"step {step + 1:3}: {told[step + 1]:.6f} here {float(loss.detach()):.6f} gap {gap:.1e}")
    print(f"largest gap {worst:.1e}")
    return worst > 1e-3


if __name__ == "__main__":
    sys.exit(main())
