"""TensorRT data types and the torch dtypes that carry them.

Types are looked up by name, so this works for `tensorrt` and `tensorrt_rtx` of any version.
"""

import torch

# INT4 and FP4 have no torch dtype with arithmetic: their values (-8..7, and the FP4 grid) are carried
# unpacked, one element each, in the next wider type.
_CARRIER = {
    "FLOAT": torch.float32,
    "HALF": torch.float16,
    "BF16": torch.bfloat16,
    "INT8": torch.int8,
    "INT32": torch.int32,
    "INT64": torch.int64,
    "BOOL": torch.bool,
    "UINT8": torch.uint8,
    "FP8": torch.float8_e4m3fn,
    "INT4": torch.int8,
    "FP4": torch.float32,
    "E8M0": torch.float8_e8m0fnu,
}

# Types whose arithmetic happens in float32, followed by one rounding.
_NARROW = {torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e8m0fnu}


def carrier(data_type) -> torch.dtype:
    """The torch dtype that carries values of a TensorRT ``DataType``; KeyError for one not known."""
    return _CARRIER[data_type.name]


def widen(x: torch.Tensor) -> torch.Tensor:
    """`x` in the type its arithmetic is done in: float32 for narrower floats, else `x` itself."""
    return x.float() if x.dtype in _NARROW else x


def is_float(dtype: torch.dtype) -> bool:
    return dtype.is_floating_point


def dims(value) -> tuple[int, ...]:
    """A TensorRT ``Dims`` as a plain tuple."""
    return tuple(int(d) for d in value)


def ints(x: torch.Tensor) -> tuple[int, ...]:
    """The values of a shape tensor (0-d or 1-d, int32 or int64)."""
    return tuple(int(v) for v in x.reshape(-1).tolist())


def mask_axes(mask: int) -> tuple[int, ...]:
    """Axes of a TensorRT bit mask: bit i stands for axis i."""
    return tuple(i for i in range(32) if mask >> i & 1)
