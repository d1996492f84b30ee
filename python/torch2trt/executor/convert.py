"""Constant, identity, cast, assertion: layers that make or convert values."""

import torch

from . import weights as weights_reader
from .registry import Call, layer
from .types import carrier, dims, is_float, widen

_INTEGER_RANGE = {
    torch.int8: (-128, 127),
    torch.uint8: (0, 255),
    torch.int32: (-(2**31), 2**31 - 1),
    torch.int64: (-(2**63), 2**63 - 1),
}


def convert(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """`x` in another type: floats to integers truncate and saturate (CUDA's conversion), NaN becomes 0.

    To bool: x != 0. fp8 and e8m0 saturate at their largest finite value.
    """
    if x.dtype == dtype:
        return x
    if dtype == torch.bool:
        return widen(x) != 0
    if is_float(x.dtype) and dtype in _INTEGER_RANGE:
        low, high = _INTEGER_RANGE[dtype]
        wide = x.double().nan_to_num(nan=0.0, posinf=float(high), neginf=float(low)).trunc()
        y = wide.clamp(low, high if high < 2**53 else 2**63 - 1024).long()
        y = torch.where(wide >= high, high, torch.where(wide <= low, low, y))
        return y.to(dtype)
    if dtype == torch.float8_e4m3fn:
        return widen(x).float().clamp(-448, 448).to(dtype)
    return widen(x).to(dtype)


@layer("CONSTANT", "IConstantLayer")
def constant(call: Call):
    shape = dims(call.layer.shape)
    value = weights_reader.read(call.layer.weights)
    return value.reshape(shape)


@layer("IDENTITY", "IIdentityLayer")
def identity(call: Call):
    return convert(call.x, call.dtype())


@layer("CAST", "ICastLayer")
def cast(call: Call):
    # TensorRT builds no engine with such a cast; only IQuantizeLayer has documented rounding to these types.
    if call.layer.to_type.name in ("INT4", "FP4"):
        raise call.unknown("cast to", call.layer.to_type)
    return convert(call.x, carrier(call.layer.to_type))


@layer("ASSERTION", "IAssertionLayer")
def assertion(call: Call):
    if call.x.dtype != torch.bool:
        raise call.error(f"assertion on {call.x.dtype}")
    if not bool(call.x.all()):
        raise call.error(f"assertion failed: {call.layer.message}")
    return []
