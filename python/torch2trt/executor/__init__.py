"""Executes a TensorRT ``INetworkDefinition`` on the CPU with torch: proof of a network without a GPU.

Semantics are those NVIDIA documents ("TensorRT Operators" and the comments in NvInfer.h), one module for
each family of layers. `execute` is the entry point; `ExecutorError` the only exception.
"""

# Importing a family registers its layers.
from . import (  # noqa: F401
    attention,
    convert,
    detection,
    filling,
    indexing,
    mixture,
    plugins,
    pointwise,
    products,
    quantization,
    reductions,
    resampling,
    shapes,
    slicing,
    windows,
)
from .errors import ExecutorError
from .execute import execute

__all__ = ["ExecutorError", "execute"]
