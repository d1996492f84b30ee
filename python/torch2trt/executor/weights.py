"""Reads the weights of a layer into torch tensors.

The Python API gives weights as a numpy view if numpy has their type, else as a ``trt.Weights`` object
without a way to its pointer (bfloat16, fp8, int4, fp4, e8m0); `memory` finds that in the object.
"""

import ctypes

import numpy
import torch

from .errors import ExecutorError
from .types import carrier

# E2M1: sign, two exponent bits, one mantissa bit.
FP4_VALUES = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]


class _Struct(ctypes.Structure):
    """nvinfer1::Weights (NvInferRuntime.h): type, values, count."""

    _fields_ = [("type", ctypes.c_int32), ("values", ctypes.c_void_p), ("count", ctypes.c_int64)]


def memory(weights) -> tuple[int, int]:
    """Address and number of the values of a ``trt.Weights`` object.

    pybind11 keeps the pointer to the C++ object directly behind the Python object's header. What lies there
    is compared with the type and count that the public API reports, so another layout is an ExecutorError.
    """
    header = object.__basicsize__
    pointer = ctypes.c_void_p.from_address(id(weights) + header).value
    if not pointer:
        raise ExecutorError("cannot find the memory of a Weights object: it holds no C++ object")
    struct = _Struct.from_address(pointer)
    if struct.type != int(weights.dtype) or struct.count != weights.size:
        raise ExecutorError("cannot find the memory of a Weights object: unknown pybind11 object layout")
    return struct.values or 0, struct.count


def _bytes(weights) -> torch.Tensor:
    address, count = memory(weights)
    # Weights.nbytes is wrong for 4-bit types; the others read here have one or two bytes.
    size = {"INT4": (count + 1) // 2, "FP4": (count + 1) // 2, "BF16": 2 * count}.get(
        weights.dtype.name, count
    )
    if not address:
        raise ExecutorError(f"the {weights.size} {weights.dtype.name} weights have no memory")
    return torch.frombuffer((ctypes.c_uint8 * size).from_address(address), dtype=torch.uint8)


def _nibbles(packed: torch.Tensor, count: int) -> torch.Tensor:
    """4-bit values, two a byte, the first in the low half, as int64 0..15."""
    pairs = torch.stack([packed & 15, packed >> 4], dim=1).reshape(-1)
    return pairs[:count].long()


def read(weights) -> torch.Tensor:
    """The values (``Weights`` or numpy array) as a flat tensor of the carrier dtype, a view where possible.

    Whoever owns the network keeps that memory alive; do not let a view outlive the execution.
    """
    if isinstance(weights, numpy.ndarray):
        return torch.from_numpy(weights.reshape(-1))
    kind = weights.dtype.name
    dtype = carrier(weights.dtype)
    if weights.size == 0:
        return torch.empty(0, dtype=dtype)
    if kind in ("INT4", "FP4"):
        values = _nibbles(_bytes(weights), weights.size)
        if kind == "INT4":
            return torch.where(values > 7, values - 16, values).to(torch.int8)
        magnitude = torch.tensor(FP4_VALUES)[values & 7]
        return torch.where(values > 7, -magnitude, magnitude)
    if kind in ("BF16", "FP8", "E8M0"):
        return _bytes(weights).view(dtype)
    return torch.from_numpy(weights.numpy().reshape(-1))
