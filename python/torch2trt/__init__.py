"""torch2trt: PyTorch modules to NVIDIA TensorRT networks, node by node.

`torch2trt.core` holds the conversion, `torch2trt.executor` runs a TensorRT network on the CPU,
`torch2trt.errors.Error` is what everything raises. Importing this needs no TensorRT.
"""

import torch as _torch  # noqa: F401  (loads libtorch, which _C links to)

from . import core, errors
from .compiled import TRTModule, compile
from .core import current_context, has_trt_tensor, register_node_handler, torch2trt, trt_network
from .errors import Error
from .graph_module import GraphModule
from .inference import InferenceContext, TorchInferenceContext
from .module import TensorRTModule, TensorRTModuleWrapper

__version__ = "0.1.0"
__all__ = [
    "Error",
    "GraphModule",
    "InferenceContext",
    "TRTModule",
    "TensorRTModule",
    "TensorRTModuleWrapper",
    "TorchInferenceContext",
    "__version__",
    "compile",
    "core",
    "current_context",
    "errors",
    "has_trt_tensor",
    "register_node_handler",
    "torch2trt",
    "trt_network",
]
