"""Slice, in all its modes for coordinates outside the input."""

import torch

from .registry import Call, layer
from .types import dims, ints

# Operators documentation, "Slice": output[y] = input[y * stride + start], coordinates outside handled by
# the mode.


@layer("SLICE", "ISliceLayer")
def slice_(call: Call):
    """Inputs: data, then optional start, size, stride (1-d integers), fill value, axes."""
    x, lay = call.x, call.layer
    start = _parameter(call, 1, lay.start)
    size = _parameter(call, 2, lay.shape)
    stride = _parameter(call, 3, lay.stride)
    axes = _parameter(call, 5, lay.axes)
    if axes:
        start, size, stride = _spread(call, x, axes, start, size, stride)
    if not len(start) == len(size) == len(stride) == x.dim():
        raise call.error(f"start {start}, size {size}, stride {stride} for input {list(x.shape)}")
    mode = lay.mode.name
    fill = call.get(4)
    if fill is not None and mode != "FILL":
        raise call.error(f"has a fill value in mode {mode}")
    outside = None
    for axis, (b, n, s) in enumerate(zip(start, size, stride)):
        if n < 0:
            raise call.error(f"size {n} of dimension {axis}")
        length = x.shape[axis]
        where = b + s * torch.arange(n)
        inside = (where >= 0) & (where < length)
        if n == 0 or bool(inside.all()):
            x = _take(x, axis, b, n, s, where)
            continue
        where, missing = _mapped(call, mode, axis, where, inside, length)
        if length == 0:  # FILL of an empty dimension
            x = x.new_zeros([n if i == axis else d for i, d in enumerate(x.shape)])
        else:
            x = x.index_select(axis, where)
        if missing is not None:
            missing = missing.reshape([n if i == axis else 1 for i in range(x.dim())])
            outside = missing if outside is None else outside | missing
    if outside is not None:
        value = torch.zeros((), dtype=x.dtype) if fill is None else fill.reshape(()).to(x.dtype)
        x = torch.where(outside, value, x)
    return x


def _parameter(call: Call, index: int, static) -> tuple[int, ...]:
    value = call.get(index)
    if value is not None:
        return ints(value)
    return () if static is None else dims(static)


def _spread(call: Call, x, axes, start, size, stride):
    """Parameters for all dimensions from those for some of them."""
    if not len(start) == len(size) == len(stride) == len(axes):
        raise call.error(f"start {start}, size {size}, stride {stride} for axes {axes}")
    full = [[0, d, 1] for d in x.shape]
    for axis, *values in zip(axes, start, size, stride):
        if not -x.dim() <= axis < x.dim():
            raise call.error(f"axis {axis} for input {list(x.shape)}")
        full[axis] = values
    return tuple(zip(*full)) if full else ((), (), ())


def _take(x, axis, start, count, stride, where):
    if count == 0:
        return x.narrow(axis, 0, 0)
    if stride == 1:
        return x.narrow(axis, start, count)
    return x.index_select(axis, where)


def _mapped(call: Call, mode, axis, where, inside, length):
    """Coordinates to read, and which of them take the fill value (or None)."""
    if mode == "STRICT_BOUNDS":
        bad = where[~inside].tolist()
        raise call.error(f"coordinates {bad[:4]} of dimension {axis} are outside its length {length}")
    if mode == "FILL":
        return torch.where(inside, where, 0), ~inside
    if length == 0:
        raise call.error(f"mode {mode} with an empty dimension {axis}")
    if mode == "WRAP":
        return torch.remainder(where, length), None
    if mode == "CLAMP":
        return where.clamp(0, length - 1), None
    if mode == "REFLECT":
        if length == 1:
            return torch.zeros_like(where), None
        period = 2 * length - 2
        folded = torch.remainder(where.abs(), period)
        return torch.where(folded >= length, period - folded, folded), None
    raise call.unknown("sample mode", call.layer.mode)
