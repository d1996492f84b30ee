"""Which function executes which layer type."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from . import weights as weights_reader
from .errors import ExecutorError
from .types import carrier

# LayerType name -> (name of the layer's class in the TensorRT module, function).
_LAYERS: dict[str, tuple[str, Callable]] = {}


def layer(kind: str, class_name: str):
    """Registers a function for one layer type.

    The function takes a `Call` and returns one tensor, or a list of one tensor for each output. It computes
    values
    only: that shape and dtype are the declared ones is checked by the caller. It raises `call.error(...)` for
    any attribute value it does not know.
    """

    def register(function):
        if kind in _LAYERS:
            raise KeyError(f"layer type {kind} is registered twice")
        _LAYERS[kind] = (class_name, function)
        return function

    return register


def find(kind: str) -> tuple[str, Callable] | None:
    return _LAYERS.get(kind)


def kinds() -> set[str]:
    """Names of the layer types that have a function."""
    return set(_LAYERS)


@dataclass(slots=True)
class Call:
    """One layer with the values of its inputs.

    layer: the layer object, already of its own class (``IConvolutionLayer``), so its attributes can be read
    inputs: a tensor for each input, None for an optional one which is not set
    sources, results: the ``ITensor`` of each input (or None) and output, for what the network declares
    """

    trt: Any
    layer: Any
    kind: str
    inputs: list[torch.Tensor | None]
    sources: list
    results: list
    plugins: dict[str, Callable]

    @property
    def x(self) -> torch.Tensor:
        """The first input."""
        return self.need(0, "input")

    def need(self, index: int, what: str) -> torch.Tensor:
        value = self.get(index)
        if value is None:
            raise self.error(f"{what} (input {index}) is not set")
        return value

    def get(self, index: int) -> torch.Tensor | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def error(self, message: str) -> ExecutorError:
        return ExecutorError(message, self.layer.name, self.kind)

    def unknown(self, what: str, value) -> ExecutorError:
        return self.error(f"{what} {getattr(value, 'name', value)} is not supported by the executor")

    def weights(self, value, shape) -> torch.Tensor | None:
        """A ``Weights`` attribute in the given shape; None if it is empty."""
        if value is None or value.size == 0:
            return None
        flat = weights_reader.read(value)
        count = 1
        for d in shape:
            count *= d
        if flat.numel() != count:
            raise self.error(f"has {flat.numel()} weights where shape {tuple(shape)} needs {count}")
        return flat.reshape(tuple(shape))

    def dtype(self, index: int = 0) -> torch.dtype:
        """The torch dtype that carries the declared type of output `index`."""
        return carrier(self.results[index].dtype)
