#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes lm_golden.h: losses, logits and gradients of small models by PyTorch in double.

    python3 tests/golden/lm_golden.py > tests/golden/lm_golden.h

The model is written here once more, from the paper's description and not from our C, with PyTorch's own
attention, norms and losses, and differentiated by autograd. Weights are a formula of the parameter's name and
the element's number, so that both sides have the same without a file. Needs PyTorch (made with 2.15).
"""
import math
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
LAYERS, WIDTH, HEADS, SIZE, CONTEXT, VOCABULARY = 2, 8, 2, 6, 5, 11
EXPERTS, TOP_K, EXPERT_WIDTH, SEQUENCES = 4, 2, 3, 2


def weight(name, shape):
    """0.5 sin(1 + sum of the name's characters + 0.7 (i + 1)), plus 1 for gains."""
    n = math.prod(shape)
    phase = 1 + sum(map(ord, name)) % 97
    values = 0.5 * torch.sin(phase + 0.7 * torch.arange(1, n + 1))
    return (values + (1 if name.endswith("norm.weight") else 0)).reshape(shape).requires_grad_()


class Model:
    def __init__(self, gate, rms, tied, shared, rotated, routed_scale, act, bias, head_bias, scaled):
        self.__dict__.update(locals())
        w = self.w = {}
        w["embed.weight"] = weight("embed.weight", (VOCABULARY, WIDTH))

        def make(name, *shape):
            w[name] = weight(name, shape)

        for i in range(LAYERS):
            p = f"layers.{i}."
            for norm in ("attention_norm", "experts_norm"):
                make(p + norm + ".weight", WIDTH)
                if not rms:
                    make(p + norm + ".bias", WIDTH)
            make(p + "attention.qkv.weight", 3 * HEADS * SIZE, WIDTH)
            make(p + "attention.out.weight", WIDTH, HEADS * SIZE)
            make(p + "gate.weight", EXPERTS, WIDTH)
            make(p + "experts.in.weight", EXPERTS, EXPERT_WIDTH, WIDTH)
            make(p + "experts.out.weight", EXPERTS, WIDTH, EXPERT_WIDTH)
            if bias:
                make(p + "experts.in.bias", EXPERTS, EXPERT_WIDTH)
            if shared:
                make(p + "shared.in.weight", shared * EXPERT_WIDTH, WIDTH)
                make(p + "shared.out.weight", WIDTH, shared * EXPERT_WIDTH)
                if bias:
                    make(p + "shared.in.bias", shared * EXPERT_WIDTH)
        make("norm.weight", WIDTH)
        if not rms:
            make("norm.bias", WIDTH)
        if not tied:
            make("head.weight", VOCABULARY, WIDTH)
        if head_bias:
            make("head.bias", VOCABULARY)

    def norm(self, x, name):
        if self.rms:
            return F.rms_norm(x, (WIDTH,), self.w[name + ".weight"], 1e-5)
        return F.layer_norm(x, (WIDTH,), self.w[name + ".weight"], self.w[name + ".bias"], 1e-5)

    def rotate(self, x):  # [B, H, T, s]
        r = self.rotated
        if r == 0:
            return x
        angle = torch.outer(torch.arange(CONTEXT), 1e4 ** (-2 * torch.arange(r // 2) / r))
        turn = torch.polar(torch.ones_like(angle), angle)
        pair = torch.complex(x[..., : r // 2], x[..., r // 2 : r]) * turn
        return torch.cat([pair.real, pair.imag, x[..., r:]], -1)

    def attention(self, x, p):
        b, t, _ = x.shape
        q, k, v = (x @ self.w[p + "attention.qkv.weight"].T).reshape(b, t, 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(self.rotate(q), self.rotate(k), v, is_causal=True)
        return y.transpose(1, 2).reshape(b, t, HEADS * SIZE) @ self.w[p + "attention.out.weight"].T

    def ffn(self, x, p, e):
        bias = self.w.get(p + "in.bias")
        w_in, w_out = self.w[p + "in.weight"], self.w[p + "out.weight"]
        if e is not None:
            w_in, w_out, bias = w_in[e], w_out[e], None if bias is None else bias[e]
        return self.act(F.linear(x, w_in, bias)) @ w_out.T

    def moe(self, x, p):
        z = x @ self.w[p + "gate.weight"].T
        score = z.softmax(-1) if self.gate == "softmax" else z.sigmoid()
        mass = score / score.sum(-1, keepdim=True)
        chosen = score.topk(TOP_K, -1).indices
        picked = mass.gather(-1, chosen)
        share = picked / picked.sum(-1, keepdim=True)
        every = torch.stack([self.ffn(x, p + "experts.", e) for e in range(EXPERTS)], -2)
        y = (every.gather(-2, chosen[..., None].expand(*chosen.shape, WIDTH)) * share[..., None]).sum(-2)
        y = y * self.routed_scale
        if self.shared:
            y = y + self.ffn(x, p + "shared.", None)
        counts = F.one_hot(chosen, EXPERTS).sum((1, 2)).to(x.dtype)
        balance = (EXPERTS / (CONTEXT * TOP_K) * counts * mass.mean(1)).sum(-1).mean()
        return y, balance

    def __call__(self, tokens):
        x = self.w["embed.weight"][tokens] * (math.sqrt(WIDTH) if self.scaled else 1)
        balance = 0
        for i in range(LAYERS):
            p = f"layers.{i}."
            x = x + self.attention(self.norm(x, p + "attention_norm"), p)
            y, b = self.moe(self.norm(x, p + "experts_norm"), p)
            x, balance = x + y, balance + 0.1 * b
        head = self.w["embed.weight" if self.tied else "head.weight"]
        return F.linear(self.norm(x, "norm"), head, self.w.get("head.bias")), balance


def text():
    t = torch.arange(SEQUENCES * CONTEXT)
    tokens = (t * t + 3 * t + t // 4) % (VOCABULARY - 1)
    targets = (t * 7 + t * t // 3 + 1) % VOCABULARY
    targets[-1] = -1
    return tokens.reshape(SEQUENCES, CONTEXT), targets


def numbers(values):
    flat = [f"{float(v):.17g}" for v in values]
    return "    " + ",\n    ".join(", ".join(flat[i : i + 4]) for i in range(0, len(flat), 4))


def emit(name, model):
    tokens, targets = text()
    logits, balance = model(tokens)
    loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), targets, ignore_index=-1)
    (loss + balance).backward()
    print(f"static const double {name}_loss = {float(loss.detach()):.17g};")
    print(f"static const double {name}_balance = {float(balance.detach()):.17g};")
    rows = logits.detach().reshape(-1, VOCABULARY)[[0, 6]].flatten()
    print(f"static const double {name}_logits[] = {{ /* of rows 0 and 6 */\n{numbers(rows)}}};")
    print(f"static const golden_gradient {name}_gradients[] = {{")
    for key, w in model.w.items():
        g = w.grad.flatten()
        dot = float((g * torch.cos(torch.arange(1, g.numel() + 1))).sum())
        print(f'    {{"{key}", {g.numel()}, {float(g.norm()):.17g}, {dot:.17g}}},')
    print("};\n")


def emit_training(name, model, steps=30, warmup=3, peak=0.02, floor=0.1, clip=1.3, decay=0.1):
    """Losses and norms of steps with warm-up, cosine, clipping and AdamW; in step s token t is as in text, from 3 s on."""
    plain = [w for k, w in model.w.items() if w.dim() < 2 or k.endswith("in.bias")]
    others = [w for w in model.w.values() if all(w is not x for x in plain)]
    adamw = torch.optim.AdamW([{"params": plain, "weight_decay": 0.0}, {"params": others, "weight_decay": decay}],
                              betas=(0.9, 0.999), eps=1e-8)
    losses, norms = [], []
    for step in range(steps):
        cosine = floor + (1 - floor) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
        rate = peak * ((step + 1) / warmup if step < warmup else cosine)
        for group in adamw.param_groups:
            group["lr"] = rate
        adamw.zero_grad()
        t = torch.arange(SEQUENCES * (CONTEXT + 1)) + 3 * step
        rows = ((t * t + 3 * t + t // 4) % (VOCABULARY - 1)).reshape(SEQUENCES, CONTEXT + 1)
        logits, balance = model(rows[:, :-1])
        loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), rows[:, 1:].reshape(-1))
        (loss + balance).backward()
        # By hand: clip_grad_norm_ adds 1e-6 to the norm.
        norms.append(torch.sqrt(sum((w.grad ** 2).sum() for w in model.w.values())))
        for w in model.w.values():
            w.grad *= min(1.0, clip / float(norms[-1]))
        adamw.step()
        losses.append(loss.detach())
    print(f"static const double {name}_training[] = {{ /* losses of {steps} steps */\n{numbers(losses)}}};")
    print(f"static const double {name}_norms[] = {{ /* of their gradients */\n{numbers(norms)}}};\n")


print("""/* SPDX-License-Identifier: MIT
 *
 * Losses, logits and gradients of two small models by PyTorch, in double, and the course of a training. Made by
 * lm_golden.py: do not edit.
 */
#ifndef GSC_TESTS_GOLDEN_LM_GOLDEN_H
#define GSC_TESTS_GOLDEN_LM_GOLDEN_H

#include <stddef.h>

/* A gradient by its norm and by sum_i g_i cos(i + 1), i from 0. */
typedef struct golden_gradient {
    const char *name;
    size_t count;
    double norm, dot;
} golden_gradient;

/* clang-format off */""")
emit("paper", Model("softmax", False, False, 1, 4, 1.0, torch.relu, False, True, True))
emit_training("paper", Model("softmax", False, False, 1, 4, 1.0, torch.relu, False, True, True))
emit("other", Model("sigmoid", True, True, 0, 6, 2.0, F.gelu, True, False, False))
print("/* clang-format on */\n\n#endif")
