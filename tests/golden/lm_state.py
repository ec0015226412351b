#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loads a checkpoint of the language-model lab into PyTorch modules, strictly: every name and every shape.

    python3 tests/golden/lm_state.py FILE.safetensors

Weights are [out, in] as those of nn.Linear; the experts of a layer lie in one tensor, expert first. The rows of
attention.qkv are q, k, v, each by heads; rotary positions pair number i of a head with i + r / 2 of the r that
turn. state_dict() is the whole map. Needs PyTorch and NumPy (tried with PyTorch 2.15).
"""
import json
import struct
import sys

import numpy
import torch
from torch import nn


def load(path):  # safetensors.torch.load_file does the same
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    header.pop("__metadata__")
    types = {"F32": "<f4", "F64": "<f8"}
    read = lambda t: numpy.frombuffer(data[slice(*t["data_offsets"])], types[t["dtype"]]).copy()
    return {name: torch.from_numpy(read(t)).reshape(t["shape"]) for name, t in header.items()}


def state_dict(tensors):
    state = {}
    for name, tensor in tensors.items():
        if ".experts." in name and not name.startswith("adamw."):
            layer, rest = name.split(".experts.")
            for expert, own in enumerate(tensor):
                state[f"{layer}.experts.{expert}.{rest}"] = own
        elif not name.startswith(("adamw.", "run.")):
            state[name] = tensor
    return state


class Net(nn.Module):  # an expert, or all shared ones side by side
    def __init__(self, width, inner):
        super().__init__()
        self.add_module("in", nn.Linear(width, inner, bias=False))
        self.out = nn.Linear(inner, width, bias=False)


class Layer(nn.Module):
    def __init__(self, width, inner, experts, expert_width, shared_width):
        super().__init__()
        self.attention_norm, self.experts_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.Module()
        self.attention.qkv = nn.Linear(width, 3 * inner, bias=False)
        self.attention.out = nn.Linear(inner, width, bias=False)
        self.gate = nn.Linear(width, experts, bias=False)
        self.gate.register_buffer("selection_bias", torch.zeros(experts))
        self.experts = nn.ModuleList(Net(width, expert_width) for _ in range(experts))
        if shared_width > 0:
            self.shared = Net(width, shared_width)


def model_of(t):
    vocabulary, width = t["embed.weight"].shape
    experts, expert_width, _ = t["layers.0.experts.in.weight"].shape
    shared = len(t["layers.0.shared.in.weight"]) if "layers.0.shared.in.weight" in t else 0
    layers = sum(name.endswith("gate.weight") and not name.startswith("adamw.") for name in t)
    model = nn.Module()
    model.embed = nn.Embedding(vocabulary, width)
    model.layers = nn.ModuleList(
        Layer(width, t["layers.0.attention.out.weight"].shape[1], experts, expert_width, shared) for _ in range(layers)
    )
    model.norm = nn.LayerNorm(width)
    model.head = nn.Linear(width, vocabulary)
    return model


if __name__ == "__main__":
    tensors = load(sys.argv[1])
    model = model_of(tensors)
    model.load_state_dict(state_dict(tensors), strict=True)
    print(sum(p.numel() for p in model.parameters()), "parameters")
