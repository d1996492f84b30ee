"""Quantize, dequantize and dynamic quantize: per tensor, per axis, in blocks.

Carriers: INT4 values are int8, FP4 values float32 (see types.py).
"""

import torch

from .registry import Call, layer
from .types import carrier, dims, widen
from .weights import FP4_VALUES

_RANGE = {"INT8": (-128, 127), "INT4": (-8, 7), "FP8": (-448, 448), "FP4": (-6, 6)}


def round_to_fp4(x: torch.Tensor) -> torch.Tensor:
    """Nearest value of the FP4 (E2M1) grid, ties to the even mantissa, saturating."""
    grid = torch.tensor(FP4_VALUES)
    middles = (grid[1:] + grid[:-1]) / 2
    magnitude = x.abs()
    below, above = torch.bucketize(magnitude, middles), torch.bucketize(magnitude, middles, right=True)
    # They differ on a tie; grid values with even index have mantissa 0.
    index = torch.where(below % 2 == 0, below, above)
    return torch.copysign(grid[index], x)


def to_quantized(x: torch.Tensor, kind: str) -> torch.Tensor:
    """float32 values rounded (half to even) and saturated to a quantized type, in its carrier."""
    low, high = _RANGE[kind]
    if kind in ("INT8", "INT4"):
        return torch.round(x).clamp(low, high).to(torch.int8)
    x = x.clamp(low, high)
    return x.to(torch.float8_e4m3fn) if kind == "FP8" else round_to_fp4(x)


def _spread(call: Call, scale: torch.Tensor, like: torch.Tensor, axis: int) -> torch.Tensor:
    """Scale (or zero point) that broadcasts to the data: a scalar, one value per index of `axis`, or
    blocks.
    """
    if scale.numel() == 1 and scale.dim() != like.dim():
        return scale.reshape(())
    if scale.dim() == 1 and like.dim() != 1 or (scale.dim() == 1 and scale.shape == like.shape):
        axis = axis + like.dim() if axis < 0 else axis
        if not 0 <= axis < like.dim() or scale.numel() != like.shape[axis]:
            raise call.error(f"scale {list(scale.shape)} for axis {axis} of {list(like.shape)}")
        return scale.reshape([-1 if i == axis else 1 for i in range(like.dim())])
    if scale.dim() != like.dim():
        raise call.error(f"scale {list(scale.shape)} for input {list(like.shape)}")
    for i, (blocks, size) in enumerate(zip(scale.shape, like.shape)):
        if blocks != size:
            if blocks == 0 or size % blocks:
                raise call.error(f"scale {list(scale.shape)} does not divide input {list(like.shape)}")
            scale = scale.repeat_interleave(size // blocks, i)
    return scale


@layer("QUANTIZE", "IQuantizeLayer")
def quantize(call: Call):
    """clamp(round(x / scale) + zero point), rounding half to even."""
    kind = call.layer.to_type.name
    if kind not in _RANGE:
        raise call.unknown("quantized type", call.layer.to_type)
    x, axis = widen(call.x), call.layer.axis
    y = x / _spread(call, widen(call.need(1, "scale")), x, axis)
    zero = call.get(2)
    if zero is not None:
        zero = _spread(call, widen(zero).float(), x, axis)
        y = (torch.round(y) if kind in ("INT8", "INT4") else y) + zero
    return to_quantized(y, kind)


@layer("DEQUANTIZE", "IDequantizeLayer")
def dequantize(call: Call):
    """(x - zero point) * scale."""
    x, axis = call.x.float(), call.layer.axis
    zero = call.get(2)
    if zero is not None:
        x = x - _spread(call, zero.float(), x, axis)
    y = x * _spread(call, widen(call.need(1, "scale")), x, axis)
    return y.to(carrier(call.layer.to_type))


@layer("DYNAMIC_QUANTIZE", "IDynamicQuantizeLayer")
def dynamic_quantize(call: Call):
    """Quantizes blocks with a scale computed for each; outputs data and scales.

    NVFP4: block scale = max / 6 / double-quantization scale, stored as FP8. MXFP8: the power of two that
    brings max to at most 448, stored as E8M0.
    """
    x = widen(call.x)
    kind, scale_kind = call.layer.to_type.name, call.layer.scale_type.name
    block = _block(call, x)
    largest = x.abs()
    for axis, size in enumerate(block):
        largest = largest.unflatten(axis, (x.shape[axis] // size, size)).amax(axis + 1)
    if (kind, scale_kind) == ("FP4", "FP8"):
        double = widen(call.need(1, "double quantization scale")).reshape(())
        scale = (largest / 6 / double).clamp(max=448).to(torch.float8_e4m3fn)
        factor = scale.float() * double
    elif (kind, scale_kind) == ("FP8", "E8M0"):
        exponent = torch.ceil(torch.log2(largest / 448)).clamp(-127, 127)
        scale = torch.exp2(exponent).to(torch.float8_e8m0fnu)
        factor = scale.float()
    else:
        raise call.error(f"dynamic quantization to {kind} with scales of {scale_kind} is not supported")
    factor = _spread(call, factor, x, -1)
    return [to_quantized(torch.where(factor == 0, 0.0, x / factor), kind), scale]


def _block(call: Call, x: torch.Tensor) -> list[int]:
    """Block size along each axis, from the axis and block size or from the block shape."""
    lay = call.layer
    shape = dims(lay.block_shape) if hasattr(lay, "block_shape") else ()
    if shape:
        block = [n if b == -1 else b for b, n in zip(shape, x.shape)]
    else:
        block = [lay.block_size if i == lay.axis % x.dim() else 1 for i in range(x.dim())]
    if len(block) != x.dim() or any(b < 1 or n % b for b, n in zip(block, x.shape)):
        raise call.error(f"blocks of {block} for input {list(x.shape)}")
    return block
