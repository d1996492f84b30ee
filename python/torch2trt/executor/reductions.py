"""Reduce, top-k, softmax, ragged softmax, normalization, cumulative sum."""

import math

import torch

from .registry import Call, layer
from .types import ints, is_float, mask_axes, widen


@layer("REDUCE", "IReduceLayer")
def reduce(call: Call):
    """Results across an empty volume: the table at ReduceOperation in NvInfer.h."""
    x, kind, axes = call.x, call.layer.op.name, mask_axes(call.layer.axes)
    if x.dtype == torch.bool:
        raise call.error("reduction of bool")
    keep = call.layer.keep_dims
    if not axes:
        return x
    if any(a >= x.dim() for a in axes):
        raise call.error(f"axes {axes} for input {list(x.shape)}")
    wide = widen(x)
    if kind == "SUM":
        y = wide.sum(axes, keep, dtype=wide.dtype)
    elif kind == "PROD":
        y = wide
        for a in reversed(axes):
            y = y.prod(a, True, dtype=wide.dtype)
        y = y if keep else y.squeeze(axes)
    elif kind in ("MAX", "MIN"):
        y = _extreme(wide, axes, keep, kind == "MAX")
    elif kind == "AVG":
        count = math.prod(x.shape[a] for a in axes)
        if is_float(wide.dtype):
            y = wide.mean(axes, keep)
        elif count == 0:
            y = wide.sum(axes, keep, dtype=wide.dtype)
        else:
            y = torch.div(wide.sum(axes, keep), count, rounding_mode="trunc")
    else:
        raise call.unknown("reduce operation", call.layer.op)
    return y.to(x.dtype)


def _extreme(x, axes, keep, largest):
    if all(x.shape[a] for a in axes):
        return x.amax(axes, keep) if largest else x.amin(axes, keep)
    if is_float(x.dtype):
        value = -math.inf if largest else math.inf
    else:
        limits = torch.iinfo(x.dtype)
        value = limits.min if largest else limits.max
    shape = [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes]
    return torch.full(shape, value, dtype=x.dtype)


@layer("TOPK", "ITopKLayer")
def topk(call: Call):
    """Values and indices, sorted; of equal values the one with the lower index comes first."""
    x, op = call.x, call.layer.op.name
    axes = mask_axes(call.layer.axes)
    if len(axes) != 1:
        raise call.error(f"top-k over axes {axes}")
    if op not in ("MAX", "MIN"):
        raise call.unknown("top-k operation", call.layer.op)
    k = call.layer.k if call.get(1) is None else ints(call.get(1))[0]
    if k > x.shape[axes[0]]:
        raise call.error(f"k is {k} for a dimension of {x.shape[axes[0]]}")
    values, index = torch.sort(widen(x), dim=axes[0], descending=op == "MAX", stable=True)
    kept = [v.narrow(axes[0], 0, k) for v in (values, index)]
    return [kept[0].to(x.dtype), kept[1].to(call.dtype(1))]


@layer("SOFTMAX", "ISoftMaxLayer")
def softmax(call: Call):
    axes = mask_axes(call.layer.axes)
    if len(axes) != 1:
        raise call.error(f"softmax over axes {axes}")
    return torch.softmax(widen(call.x), axes[0]).to(call.x.dtype)


@layer("RAGGED_SOFTMAX", "IRaggedSoftMaxLayer")
def ragged_softmax(call: Call):
    """Softmax over the first bounds[z] elements of row z of [Z, S]; the rest is 0."""
    x, bounds = call.x, call.need(1, "bounds")
    valid = torch.arange(x.shape[-1]) < bounds.reshape(*x.shape[:-1], 1)
    scores = torch.where(valid, widen(x), -math.inf)
    return torch.where(valid, torch.softmax(scores, -1), 0.0).to(x.dtype)


@layer("NORMALIZATION", "INormalizationLayer")
def normalization(call: Call):
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over the given axes, in float32.

    With groups, dimension 1 splits into groups, each normalized over its channels and the given axes. Scale
    and bias then have shape [1, groups, 1...] (add_normalization) or [1, channels, 1...]
    (add_normalization_v2).
    """
    x, scale, bias = call.x, call.need(1, "scale"), call.need(2, "bias")
    axes, groups = mask_axes(call.layer.axes), call.layer.num_groups
    wide = widen(x)
    if groups > 1:
        if x.shape[1] % groups:
            raise call.error(f"{groups} groups of {x.shape[1]} channels")
        wide = wide.unflatten(1, (groups, x.shape[1] // groups))
        axes = tuple(sorted({2} | {0 if a == 0 else a + 1 for a in axes}))
    mean = wide.mean(axes, True)
    variance = ((wide - mean) ** 2).mean(axes, True)
    y = ((wide - mean) / torch.sqrt(variance + call.layer.epsilon)).reshape(x.shape)
    return (y * _per_channel(x, scale) + _per_channel(x, bias)).to(x.dtype)


def _per_channel(x, value):
    """Scale or bias that broadcasts to x; one value a group is repeated for the group's channels."""
    value = widen(value)
    if value.dim() > 1 and value.shape[1] not in (1, x.shape[1]):
        value = value.repeat_interleave(x.shape[1] // value.shape[1], 1)
    return value


@layer("CUMULATIVE", "ICumulativeLayer")
def cumulative(call: Call):
    x, axis = call.x, ints(call.need(1, "axis"))[0]
    if call.layer.op.name != "SUM":
        raise call.unknown("cumulative operation", call.layer.op)
    wide = widen(x)
    y = wide.flip(axis) if call.layer.reverse else wide
    total = torch.cumsum(y, axis, dtype=y.dtype)
    if call.layer.exclusive:
        total = total - y if not is_float(y.dtype) else _shifted(total, axis)
    return (total.flip(axis) if call.layer.reverse else total).to(x.dtype)


def _shifted(total, axis):
    """Sums before each element: one place later, 0 first."""
    if total.shape[axis] == 0:
        return total
    first = torch.zeros_like(total.narrow(axis, 0, 1))
    return torch.cat([first, total.narrow(axis, 0, total.shape[axis] - 1)], axis)
