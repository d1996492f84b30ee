"""Activation, unary, binary, select, scale, parametric ReLU: element by element."""

import math

import torch
import torch.nn.functional as F

from .registry import Call, layer
from .types import is_float, widen

# Formulas: comments of ActivationType in NvInfer.h. `a` and `b` are the layer's alpha and beta.
_ACTIVATIONS = {
    "RELU": lambda x, a, b: x.clamp(min=0),
    "SIGMOID": lambda x, a, b: torch.sigmoid(x),
    "TANH": lambda x, a, b: torch.tanh(x),
    "LEAKY_RELU": lambda x, a, b: torch.where(x >= 0, x, a * x),
    "ELU": lambda x, a, b: torch.where(x >= 0, x, a * torch.expm1(x)),
    "SELU": lambda x, a, b: torch.where(x > 0, b * x, b * (a * torch.exp(x) - a)),
    "SOFTSIGN": lambda x, a, b: x / (1 + x.abs()),
    # alpha * log(exp(beta * x) + 1), in the form that does not overflow
    "SOFTPLUS": lambda x, a, b: a * torch.logaddexp(b * x, torch.zeros((), dtype=x.dtype)),
    "CLIP": lambda x, a, b: x.clamp(max=b).clamp(min=a),
    "HARD_SIGMOID": lambda x, a, b: (a * x + b).clamp(0, 1),
    "SCALED_TANH": lambda x, a, b: a * torch.tanh(b * x),
    "THRESHOLDED_RELU": lambda x, a, b: torch.where(x > a, x, torch.zeros_like(x)),
    "GELU_ERF": lambda x, a, b: F.gelu(x),
    "GELU_TANH": lambda x, a, b: F.gelu(x, approximate="tanh"),
}


@layer("ACTIVATION", "IActivationLayer")
def activation(call: Call):
    kind = call.layer.type.name
    if kind not in _ACTIVATIONS:
        raise call.unknown("activation", call.layer.type)
    x = call.x
    alpha, beta = call.layer.alpha, call.layer.beta
    if not is_float(x.dtype):
        if kind not in ("RELU", "CLIP"):
            raise call.error(f"activation {kind} of {x.dtype}")
        limits = torch.iinfo(x.dtype)
        # alpha and beta are float32, so the limits of int64 are not exact: keep below.
        alpha, beta = (int(max(min(v, limits.max), limits.min)) for v in (alpha, beta))
    return _ACTIVATIONS[kind](widen(x), alpha, beta).to(x.dtype)


@layer("PARAMETRIC_RELU", "IParametricReLULayer")
def parametric_relu(call: Call):
    x, slope = widen(call.x), widen(call.need(1, "slopes"))
    return torch.where(x < 0, x * slope, x).to(call.x.dtype)


_UNARY = {
    "EXP": torch.exp,
    "LOG": torch.log,
    "SQRT": torch.sqrt,
    "RECIP": torch.reciprocal,
    "ABS": torch.abs,
    "NEG": torch.neg,
    "SIN": torch.sin,
    "COS": torch.cos,
    "TAN": torch.tan,
    "SINH": torch.sinh,
    "COSH": torch.cosh,
    "ASIN": torch.asin,
    "ACOS": torch.acos,
    "ATAN": torch.atan,
    "ASINH": torch.asinh,
    "ACOSH": torch.acosh,
    "ATANH": torch.atanh,
    "CEIL": torch.ceil,
    "FLOOR": torch.floor,
    "ERF": torch.erf,
    "NOT": torch.logical_not,
    "SIGN": torch.sign,
    "ROUND": torch.round,  # half to even, as UnaryOperation::kROUND
    "ISINF": torch.isinf,
    "ISNAN": torch.isnan,
}
_UNARY_OF_INTEGERS = {"ABS", "NEG", "SIGN"}


@layer("UNARY", "IUnaryLayer")
def unary(call: Call):
    kind = call.layer.op.name
    if kind not in _UNARY:
        raise call.unknown("unary operation", call.layer.op)
    x = call.x
    if (x.dtype == torch.bool) != (kind == "NOT") or not (
        is_float(x.dtype) or kind in _UNARY_OF_INTEGERS or kind == "NOT"
    ):
        raise call.error(f"unary operation {kind} of {x.dtype}")
    y = _UNARY[kind](widen(x))
    return y if y.dtype == torch.bool else y.to(x.dtype)


def _divide(a, b):
    # Integer division truncates, as in C; division by zero is undefined in TensorRT and 0 here.
    if is_float(a.dtype):
        return a / b
    return torch.where(b == 0, 0, torch.div(a, torch.where(b == 0, 1, b), rounding_mode="trunc"))


def _floor_divide(a, b):
    if is_float(a.dtype):
        return torch.floor(a / b)
    return torch.where(b == 0, 0, torch.div(a, torch.where(b == 0, 1, b), rounding_mode="floor"))


def _power(a, b):
    if is_float(a.dtype):
        return torch.pow(a, b)
    # An integer to a negative power is 1/a^|b|, truncated.
    negative = torch.where(a.abs() == 1, torch.where(b % 2 == 0, 1, a), torch.zeros_like(a))
    return torch.where(b < 0, negative, torch.pow(a, b.clamp(min=0))).to(a.dtype)


_BINARY = {
    "SUM": torch.add,
    "PROD": torch.mul,
    "MAX": torch.maximum,
    "MIN": torch.minimum,
    "SUB": torch.sub,
    "DIV": _divide,
    "POW": _power,
    "FLOOR_DIV": _floor_divide,
    "AND": torch.logical_and,
    "OR": torch.logical_or,
    "XOR": torch.logical_xor,
    "EQUAL": torch.eq,
    "GREATER": torch.gt,
    "LESS": torch.lt,
}


@layer("ELEMENTWISE", "IElementWiseLayer")
def elementwise(call: Call):
    kind = call.layer.op.name
    if kind not in _BINARY:
        raise call.unknown("elementwise operation", call.layer.op)
    a, b = call.x, call.need(1, "second input")
    if a.dtype != b.dtype:
        raise call.error(f"inputs of types {a.dtype} and {b.dtype}")
    _same_ranks(call, a, b)
    if (a.dtype == torch.bool) != (kind in ("AND", "OR", "XOR")) and not (
        a.dtype == torch.bool and kind == "EQUAL"
    ):
        raise call.error(f"elementwise operation {kind} of {a.dtype}")
    y = _BINARY[kind](widen(a), widen(b))
    return y if y.dtype == torch.bool else y.to(a.dtype)


@layer("SELECT", "ISelectLayer")
def select(call: Call):
    condition, a, b = call.need(0, "condition"), call.need(1, "then"), call.need(2, "else")
    if condition.dtype != torch.bool:
        raise call.error(f"condition of type {condition.dtype}")
    if a.dtype != b.dtype:
        raise call.error(f"inputs of types {a.dtype} and {b.dtype}")
    _same_ranks(call, condition, a, b)
    return torch.where(condition, a, b)


def _same_ranks(call: Call, *tensors):
    if len({t.dim() for t in tensors}) > 1:
        shapes = ", ".join(str(list(t.shape)) for t in tensors)
        raise call.error(f"inputs of different ranks: {shapes}")


@layer("SCALE", "IScaleLayer")
def scale(call: Call):
    """(x * scale + shift) ^ power, with coefficients for the tensor, a channel or an element."""
    x, mode, axis = call.x, call.layer.mode.name, call.layer.channel_axis
    if mode == "UNIFORM":
        shape = (1,) * x.dim()
    elif mode == "CHANNEL":
        shape = tuple(d if i == axis else 1 for i, d in enumerate(x.shape))
    elif mode == "ELEMENTWISE":
        # One coefficient for each element of a batch item; with channel axis 0 there is no batch.
        shape = tuple(d if i >= axis else 1 for i, d in enumerate(x.shape))
        given = max(w.size for w in (call.layer.scale, call.layer.shift, call.layer.power))
        if given == math.prod(x.shape):
            shape = tuple(x.shape)
    else:
        raise call.unknown("scale mode", call.layer.mode)
    y = widen(x)
    factor, shift, power = (
        call.weights(w, shape) for w in (call.layer.scale, call.layer.shift, call.layer.power)
    )
    if factor is not None:
        y = y * widen(factor)
    if shift is not None:
        y = y + widen(shift)
    if power is not None and not bool((power == 1).all()):
        y = torch.pow(y, widen(power))
    return y.to(x.dtype)
