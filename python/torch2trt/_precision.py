"""What the `precision` and `keep_float32` arguments may be."""

from __future__ import annotations

import re
from typing import Any

import torch

from .errors import InvalidArgument

_NAMES = {"fp16": "float16", "half": "float16", "bf16": "bfloat16"}


def as_pair(precision: Any, keep_float32: str | None) -> tuple[str, str] | None:
    """(dtype's name, pattern) as the extension takes it; None where no reduced precision is asked for.

    `precision`: torch.float16, torch.bfloat16, "fp16", "bf16", or None.
    """
    if precision is None:
        if keep_float32:
            raise InvalidArgument("keep_float32 is given without precision; give precision=torch.float16 too")
        return None
    name = str(precision).removeprefix("torch.")
    name = _NAMES.get(name, name)
    if name not in ("float16", "bfloat16"):
        raise InvalidArgument(f"precision is {precision!r}; torch.float16 and torch.bfloat16 are possible")
    try:
        re.compile(keep_float32 or "")
    except re.error as error:
        raise InvalidArgument(
            f'keep_float32 is "{keep_float32}", which is no regular expression: {error}'
        ) from None
    return name, keep_float32 or ""


def of_tensorrt_type(dtype: Any) -> torch.dtype | None:
    """torch.float16 of tensorrt.float16 (or of itself); None for None and float32.

    Raises:
        InvalidArgument: for another type.
    """
    name = getattr(dtype, "name", str(dtype).removeprefix("torch."))
    known = {
        "None": None,
        "FLOAT": None,
        "float32": None,
        "HALF": torch.float16,
        "float16": torch.float16,
        "BF16": torch.bfloat16,
        "bfloat16": torch.bfloat16,
    }
    if name not in known:
        raise InvalidArgument(f"dtype is {dtype}; float32, float16 and bfloat16 are possible")
    return known[name]
