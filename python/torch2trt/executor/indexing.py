"""Gather, scatter, one-hot, non-zero, reverse sequence."""

import torch

from .registry import Call, layer
from .types import ints


def _positions(call: Call, index: torch.Tensor, data: torch.Tensor, axis: int, outside_ok: bool):
    """Indices of dimension `axis` of `data` made non-negative, and which of them are outside.

    NvInfer.h, IGatherLayer: "If an axis of Data has dynamic length, using a negative index for it has
    undefined behavior", so that is an error here.
    """
    length = data.shape[axis]
    if bool((index < 0).any()):
        declared = call.sources[0].shape
        if declared[axis] < 0:
            raise call.error(
                f"negative index for dimension {axis}, whose length is dynamic: undefined in TensorRT"
            )
    index = torch.where(index < 0, index + length, index).long()
    outside = (index < 0) | (index >= length)
    if not outside_ok and bool(outside.any()):
        raise call.error(f"index {int(index[outside][0])} is outside dimension {axis} of length {length}")
    return torch.where(outside, 0, index), outside


def _zero(values: torch.Tensor, outside: torch.Tensor) -> torch.Tensor:
    """ "Zero will be stored for OOB access" (IGatherLayer)."""
    if not bool(outside.any()):
        return values
    return torch.where(outside, torch.zeros((), dtype=values.dtype), values)


@layer("GATHER", "IGatherLayer")
def gather(call: Call):
    data, index = call.x, call.need(1, "indices")
    mode, axis, batch = call.layer.mode.name, call.layer.axis, call.layer.num_elementwise_dims
    if axis < 0:
        axis += data.dim()
    if mode == "DEFAULT":
        if batch == 0:
            return _gather_default(call, data, index, axis)
        if batch != 1:
            raise call.error(f"{batch} elementwise dimensions in mode DEFAULT")
        count = max(data.shape[0], index.shape[0]) if 0 not in (data.shape[0], index.shape[0]) else 0
        data, index = data.expand(count, *data.shape[1:]), index.expand(count, *index.shape[1:])
        rows = [_gather_default(call, d, i, axis - 1, 1) for d, i in zip(data, index)]
        if not rows:
            return data.new_empty((0, *data.shape[1:axis], *index.shape[1:], *data.shape[axis + 1 :]))
        return torch.stack(rows)
    if mode == "ELEMENT":
        if batch:
            raise call.error(f"{batch} elementwise dimensions in mode ELEMENT")
        where, outside = _positions(call, index, data, axis, True)
        if data.shape[axis] == 0:
            return data.new_zeros(index.shape)
        return _zero(_element(data, axis, where), outside)
    if mode == "ND":
        return _gather_nd(call, data, index, batch)
    raise call.unknown("gather mode", call.layer.mode)


def _gather_default(call: Call, data, index, axis, batch=0):
    length = data.shape[axis]
    if bool((index < 0).any()) and call.sources[0].shape[axis + batch] < 0:
        raise call.error(
            f"negative index for dimension {axis}, whose length is dynamic: undefined in TensorRT"
        )
    where = torch.where(index < 0, index + length, index).long().reshape(-1)
    outside = (where < 0) | (where >= length)
    shape = (*data.shape[:axis], *index.shape, *data.shape[axis + 1 :])
    if length == 0:
        return data.new_zeros(shape)
    picked = data.index_select(axis, torch.where(outside, 0, where))
    picked = _zero(picked, outside.reshape(-1, *(1,) * (data.dim() - axis - 1)))
    return picked.reshape(shape)


def _element(data, axis, where):
    # torch.gather wants index dims <= data dims elsewhere: ONNX allows the same.
    return torch.gather(data, axis, where)


def _tuples(call: Call, data, index, batch, outside_ok):
    """Splits the index tuples in the last dimension; the tuples address data dimensions after `batch`."""
    width = index.shape[-1]
    if width > data.dim() - batch:
        raise call.error(
            f"index tuples of length {width} for data {list(data.shape)} with {batch} elementwise"
        )
    columns, outside = [], torch.zeros(index.shape[:-1], dtype=torch.bool)
    for k in range(width):
        where, bad = _positions(call, index[..., k], data, batch + k, outside_ok)
        columns.append(where)
        outside = outside | bad
    return columns, outside


def _gather_nd(call: Call, data, index, batch):
    columns, outside = _tuples(call, data, index, batch, True)
    lead = index.shape[:-1]
    rest = data.shape[batch + len(columns) :]
    if any(d == 0 for d in data.shape):
        return data.new_zeros((*lead, *rest))
    for i in reversed(range(batch)):
        grid = torch.arange(lead[i]).reshape([-1 if j == i else 1 for j in range(len(lead))])
        columns.insert(0, grid.expand(lead))
    picked = data[tuple(columns)] if columns else data.expand(*lead, *rest)
    return _zero(picked, outside.reshape(*lead, *(1,) * len(rest)))


@layer("SCATTER", "IScatterLayer")
def scatter(call: Call):
    """Writes to the same element are undefined in TensorRT; here the last one stays."""
    data, index, updates = call.x, call.need(1, "indices"), call.need(2, "updates")
    if updates.dtype != data.dtype:
        raise call.error(f"updates of {updates.dtype} for data of {data.dtype}")
    mode = call.layer.mode.name
    if mode == "ELEMENT":
        axis = call.layer.axis % max(data.dim(), 1)
        where, _ = _positions(call, index, data, axis, False)
        return data.clone().scatter_(axis, where, updates)
    if mode == "ND":
        columns, _ = _tuples(call, data, index, 0, False)
        out = data.clone()
        if columns:
            out[tuple(columns)] = updates
        elif updates.numel():
            out = updates.reshape(-1, *data.shape)[-1].clone()
        return out
    raise call.unknown("scatter mode", call.layer.mode)


@layer("ONE_HOT", "IOneHotLayer")
def one_hot(call: Call):
    """Inputs: indices, [off, on] values, depth (0-d). An index outside -depth..depth-1 sets nothing.

    That negative indices count from the end follows from the ONNX parser, which adds nothing to make them so;
    the example of the operators documentation has them, too.
    """
    index, values, depth = call.x, call.need(1, "values"), ints(call.need(2, "depth"))[0]
    axis = call.layer.axis
    axis = axis + index.dim() + 1 if axis < 0 else axis
    index = torch.where(index < 0, index + depth, index)
    classes = torch.arange(depth).reshape([-1 if i == axis else 1 for i in range(index.dim() + 1)])
    return torch.where(index.unsqueeze(axis) == classes, values[1], values[0])


@layer("NON_ZERO", "INonZeroLayer")
def non_zero(call: Call):
    """Indices of the non-zero elements in row-major order, shape [rank, count]."""
    return torch.nonzero(call.x).t().to(call.dtype())


@layer("REVERSE_SEQUENCE", "IReverseSequenceLayer")
def reverse_sequence(call: Call):
    x, lengths = call.x, ints(call.need(1, "sequence lengths"))
    batch_axis, sequence_axis = call.layer.batch_axis % x.dim(), call.layer.sequence_axis % x.dim()
    if len(lengths) != x.shape[batch_axis]:
        raise call.error(f"{len(lengths)} sequence lengths for {x.shape[batch_axis]} batch items")
    out = x.clone()
    for i, n in enumerate(lengths):
        if not 0 <= n <= x.shape[sequence_axis]:
            raise call.error(f"sequence length {n} for dimension of {x.shape[sequence_axis]}")
        axis = sequence_axis - (sequence_axis > batch_axis)
        item = x.select(batch_axis, i).narrow(axis, 0, n)
        out.select(batch_axis, i).narrow(axis, 0, n).copy_(item.flip(axis))
    return out
