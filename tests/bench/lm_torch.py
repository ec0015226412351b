#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PyTorch's side of `gatescope bench lm`: the same model, weights, tokens and optimiser on the processor.

    lm_torch.py problem.json  ->  {"losses": [...], "ms": best step, "version": "2.15.0"}

Wall time; with one thread processor time.

Written as one writes it in PyTorch for speed: tokens are sorted by expert and a loop runs over the experts'
rows; scaled_dot_product_attention; fused AdamW. With "compile" everything goes through torch.compile but the experts,
whose number of rows changes.
"""
import json
import math
import struct
import sys
import time

import numpy
import torch
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32" and not name.startswith("adamw."):
            first, last = entry["data_offsets"]
            values = numpy.frombuffer(data[first:last], "<f4").copy()
            tensors[name] = torch.from_numpy(values).reshape(entry["shape"]).requires_grad_()
    return tensors


def rotate(x, turn, r):  # x [B, H, T, s]; turn: cos and sin [T, r / 2]
    if r == 0:
        return x
    a, b = x[..., : r // 2], x[..., r // 2 : r]
    cos, sin = turn
    return torch.cat([a * cos - b * sin, a * sin + b * cos, x[..., r:]], -1)


def attend(x, gain, bias, qkv, out, turn, heads, size, r):
    b, t, d = x.shape
    h = F.layer_norm(x, (d,), gain, bias, 1e-5)
    q, k, v = F.linear(h, qkv).view(b, t, 3, heads, size).permute(2, 0, 3, 1, 4)
    y = F.scaled_dot_product_attention(rotate(q, turn, r), rotate(k, turn, r), v, is_causal=True)
    return x + F.linear(y.transpose(1, 2).reshape(b, t, heads * size), out)


def route(x, gain, bias, gate, shared_in, shared_out, top_k, n_experts):
    b, t, d = x.shape
    h = F.layer_norm(x, (d,), gain, bias, 1e-5)
    p = F.linear(h, gate).softmax(-1)
    picked, chosen = p.topk(top_k, -1)
    share = picked / picked.sum(-1, keepdim=True)
    counts = torch.zeros(b, n_experts).scatter_add_(1, chosen.view(b, -1), torch.ones(b, t * top_k))
    balance = (n_experts / (t * top_k) * counts * p.mean(1)).sum(-1).mean()
    order = chosen.view(-1).argsort(stable=True)
    row = order // top_k
    x = x + F.linear(F.linear(h, shared_in).relu(), shared_out)
    return x, h.view(b * t, d)[row], share.reshape(-1)[order, None], row, counts.sum(0), balance


def expert(x, w_in, w_out):
    return F.linear(F.linear(x, w_in).relu(), w_out)


def finish(x, gain, bias, head, head_bias, targets):
    x = F.layer_norm(x, (x.shape[-1],), gain, bias, 1e-5)
    return F.cross_entropy(F.linear(x, head, head_bias).flatten(0, 1), targets.flatten())


class Model:
    def __init__(self, problem):
        self.c = problem
        self.w = read_safetensors(problem["checkpoint"])
        r = problem["rotated"]
        angle = torch.outer(torch.arange(problem["context"]), 1e4 ** (-2 * torch.arange(r // 2) / max(r, 1)))
        self.turn = (angle.cos(), angle.sin())
        self.attend, self.route, self.finish = attend, route, finish
        if problem["compile"]:
            self.attend, self.route, self.finish = map(torch.compile, (attend, route, finish))

    def layer(self, x, p):
        c, w = self.c, self.w
        x = self.attend(x, w[p + "attention_norm.weight"], w[p + "attention_norm.bias"],
                        w[p + "attention.qkv.weight"], w[p + "attention.out.weight"], self.turn,
                        c["heads"], c["head_size"], c["rotated"])
        x, rows, share, row, counts, balance = self.route(
            x, w[p + "experts_norm.weight"], w[p + "experts_norm.bias"], w[p + "gate.weight"],
            w[p + "shared.in.weight"], w[p + "shared.out.weight"], c["top_k"], c["experts"])
        parts = rows.split([int(n) for n in counts.tolist()])
        stacks = zip(w[p + "experts.in.weight"].unbind(0), w[p + "experts.out.weight"].unbind(0))
        y = torch.cat([expert(part, *both) for part, both in zip(parts, stacks) if len(part) > 0])
        x = x.flatten(0, 1).index_add(0, row, y * share).view_as(x)
        return x, balance

    def loss(self, tokens, targets):
        x = F.embedding(tokens, self.w["embed.weight"]) * math.sqrt(self.c["width"])
        balance = 0
        for i in range(self.c["layers"]):
            x, b = self.layer(x, f"layers.{i}.")
            balance = balance + b
        w = self.w
        loss = self.finish(x, w["norm.weight"], w["norm.bias"], w["head.weight"], w["head.bias"], targets)
        return loss, self.c["balance"] * balance


def main():
    with open(sys.argv[1]) as file:
        c = json.load(file)
    torch.set_num_threads(c["threads"])
    model = Model(c)
    matrices = [w for n, w in model.w.items() if w.dim() > 1]
    others = [w for n, w in model.w.items() if w.dim() == 1]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": c["decay"]},
                                   {"params": others, "weight_decay": 0.0}],
                                  lr=c["rate"], betas=(0.9, 0.999), eps=1e-8, fused=True)
    tokens = numpy.fromfile(c["tokens"], "<i4").astype(numpy.int64)
    tokens = torch.from_numpy(tokens).view(c["steps"], c["batch"], c["context"] + 1)
    losses, best = [], math.inf
    clock = time.process_time if c["threads"] == 1 else time.perf_counter
    for step in tokens:
        begin = clock()
        optimiser.zero_grad(set_to_none=True)
        loss, balance = model.loss(step[:, :-1], step[:, 1:])
        (loss + balance).backward()
        torch.nn.utils.clip_grad_norm_(model.w.values(), c["clip"])
        optimiser.step()
        losses.append(float(loss.detach()))
        best = min(best, clock() - begin)
    print(json.dumps({"losses": losses, "ms": 1e3 * best, "version": torch.__version__}))


if __name__ == "__main__":
    main()
