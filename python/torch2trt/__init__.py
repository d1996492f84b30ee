"""torch2trt: PyTorch modules to NVIDIA TensorRT networks, node by node.

`torch2trt.core` holds the conversion, `torch2trt.executor` runs a TensorRT network on the CPU,
`torch2trt.errors.Error` is what everything raises. Importing this needs no TensorRT.
"""

import torch as _torch  # noqa: F401  (loads libtorch, which _C links to)

from . import core, errors
from .core import register_node_handler
from .errors import Error

__version__ = "0.1.0"
__all__ = ["core", "errors", "Error", "register_node_handler", "__version__"]
