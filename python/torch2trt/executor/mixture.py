"""Mixture of experts."""

import torch

from .registry import Call, layer
from .types import widen

# Operators documentation, "MoE". The layer's quantization and its swiglu parameters have no documented
# formula (or are "not supported yet" there), so a layer that sets them is an error.
_UNSET = {"swiglu_param_limit": float("inf"), "swiglu_param_alpha": 1.0, "swiglu_param_beta": 0.0}


@layer("MOE", "IMoELayer")
def mixture_of_experts(call: Call):
    """Sum over a token's selected experts of score * down(activation(gate(x)) * up(x)).

    Hidden states [batch, length, size], experts and scores [batch, length, k]; gate and up weights [experts,
    size, inner], down weights [experts, inner, size], optional biases [experts, inner] (twice) and
    [experts, size].
    """
    lay = call.layer
    if any(getattr(lay, name) != value for name, value in _UNSET.items()) or len(call.inputs) > 9:
        raise call.error("quantization and swiglu parameters are not supported by the executor")
    activation = lay.activation_type.name
    if activation not in ("NONE", "SILU"):
        raise call.unknown("activation", lay.activation_type)
    hidden, experts, scores = widen(call.x), call.need(1, "experts"), widen(call.need(2, "scores"))
    gate, up, down = (widen(call.need(i, "weights")) for i in (3, 4, 5))
    biases = [None if call.get(i) is None else widen(call.get(i)) for i in (6, 7, 8)]
    out = torch.zeros_like(hidden)
    for expert in range(gate.shape[0]):
        a, b = (_linear(hidden, w, c, expert) for w, c in ((gate, biases[0]), (up, biases[1])))
        if activation == "SILU":
            a = torch.nn.functional.silu(a)
        weight = torch.where(experts == expert, scores, 0.0).sum(-1, keepdim=True)
        out = out + weight * _linear(a * b, down, biases[2], expert)
    return out.to(call.x.dtype)


def _linear(x, weights, biases, expert):
    y = x @ weights[expert]
    return y if biases is None else y + biases[expert]
