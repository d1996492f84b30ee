"""Shape, shuffle, concatenation, squeeze, unsqueeze: layers which move values without computing."""

import math

import torch

from .registry import Call, layer
from .types import dims, ints


@layer("SHAPE", "IShapeLayer")
def shape(call: Call):
    return torch.tensor(list(call.x.shape), dtype=call.dtype())


@layer("SHUFFLE", "IShuffleLayer")
def shuffle(call: Call):
    """Transpose, reshape, transpose. In the reshape 0 may stand for the dimension at that place, -1 is
    inferred.
    """
    y = _transpose(call.x, call.layer.first_transpose)
    target = ints(call.get(1)) if call.get(1) is not None else call.layer.reshape_dims
    if target is not None:
        y = y.reshape(_resolve(call, tuple(y.shape), dims(target)))
    return _transpose(y, call.layer.second_transpose)


def _transpose(x: torch.Tensor, permutation) -> torch.Tensor:
    # A Permutation always has eight entries; the first rank(x) count.
    return x.permute(tuple(int(p) for p in list(permutation)[: x.dim()]))


def _resolve(call: Call, source: tuple[int, ...], target: tuple[int, ...]) -> tuple[int, ...]:
    out = list(target)
    if call.layer.zero_is_placeholder:
        for i, d in enumerate(target):
            if d == 0:
                if i >= len(source):
                    raise call.error(f"0 at place {i} of {list(target)} has no dimension in {list(source)}")
                out[i] = source[i]
    volume = math.prod(source)
    if out.count(-1) > 1 or any(d < -1 for d in out):
        raise call.error(f"cannot reshape {list(source)} to {list(target)}")
    if -1 in out:
        known = math.prod(d for d in out if d != -1)
        if known == 0 or volume % known:
            raise call.error(f"cannot infer -1 reshaping {list(source)} to {list(target)}")
        out[out.index(-1)] = volume // known
    if math.prod(out) != volume:
        raise call.error(f"cannot reshape {list(source)} to {list(target)}: volumes differ")
    return tuple(out)


@layer("CONCATENATION", "IConcatenationLayer")
def concatenation(call: Call):
    parts = [call.need(i, "part") for i in range(len(call.inputs))]
    if len({p.dtype for p in parts}) > 1 or len({p.dim() for p in parts}) > 1:
        raise call.error(
            "inputs differ in type or rank: " + ", ".join(f"{p.dtype}{list(p.shape)}" for p in parts)
        )
    axis = call.layer.axis
    # torch.cat skips a legacy empty part of shape [0] whatever the others' rank is; ranks are equal here.
    return torch.cat(parts, axis)


def _axes(call: Call, rank: int) -> list[int]:
    axes = [a + rank if a < 0 else a for a in ints(call.need(1, "axes"))]
    if len(set(axes)) != len(axes) or any(not 0 <= a < rank for a in axes):
        raise call.error(f"axes {list(ints(call.inputs[1]))} for rank {rank}")
    return axes


@layer("SQUEEZE", "ISqueezeLayer")
def squeeze(call: Call):
    """Without axes (the ONNX parser makes such layers) it removes the dimensions the network declares as
    1.
    """
    x = call.x
    if call.get(1) is None:
        axes = [i for i, d in enumerate(dims(call.sources[0].shape)) if d == 1]
    else:
        axes = _axes(call, x.dim())
    if any(x.shape[a] != 1 for a in axes):
        raise call.error(f"cannot squeeze axes {axes} of {list(x.shape)}")
    return x.reshape([d for i, d in enumerate(x.shape) if i not in axes])


@layer("UNSQUEEZE", "IUnsqueezeLayer")
def unsqueeze(call: Call):
    x = call.x
    rank = x.dim() + call.need(1, "axes").numel()
    axes = _axes(call, rank)
    sizes = iter(x.shape)
    return x.reshape([1 if i in axes else next(sizes) for i in range(rank)])
