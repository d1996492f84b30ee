"""Fill: ramps and random values."""

import torch

from .registry import Call, layer
from .types import dims, ints, is_float


@layer("FILL", "IFillLayer")
def fill(call: Call):
    """Optional inputs: dimensions, alpha, beta. LINSPACE: alpha + sum over axes of beta[axis] * index."""
    lay, dtype = call.layer, call.dtype()
    shape = ints(call.get(0)) if call.get(0) is not None else dims(lay.shape)
    if any(d < 0 for d in shape):
        raise call.error(f"shape {list(shape)}")
    alpha = lay.alpha if call.get(1) is None else call.get(1)
    beta = lay.beta if call.get(2) is None else call.get(2)
    kind = lay.operation.name
    if kind == "LINSPACE":
        return _linspace(call, shape, alpha, beta, dtype)
    low, high = (float(v) for v in (alpha, beta))
    if kind == "RANDOM_UNIFORM":
        return torch.empty(shape).uniform_(low, high).to(dtype)
    if kind == "RANDOM_NORMAL":
        return torch.empty(shape).normal_(low, high).to(dtype)
    raise call.unknown("fill operation", lay.operation)


def _linspace(call: Call, shape, alpha, beta, dtype):
    wide = torch.float64 if is_float(dtype) else torch.int64
    alpha = torch.as_tensor(alpha, dtype=wide).reshape(())
    beta = torch.as_tensor(beta, dtype=wide).reshape(-1)
    if beta.numel() != len(shape):
        raise call.error(f"beta of {beta.numel()} values for shape {list(shape)}")
    out = alpha.expand(shape)
    for axis, (size, step) in enumerate(zip(shape, beta)):
        steps = torch.arange(size, dtype=wide) * step
        out = out + steps.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return out.to(dtype)
