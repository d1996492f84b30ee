"""Outputs whose size TensorRT knows only while it runs: their memory is PyTorch's."""

from __future__ import annotations

import contextlib
import math
from typing import Any, Protocol

import torch


class OutputAllocator(Protocol):
    """A trt.IOutputAllocator for one output: each run has memory of its own. Not for two runs at once."""

    failure: Exception | None  # why the last run got no memory

    def begin(self) -> None:
        """Before each run, which must be on PyTorch's current stream."""

    def result(self, dtype: torch.dtype) -> torch.Tensor | None:
        """The output of the run, once it is enqueued: TensorRT tells the shape before that returns (NvInferRuntime.h,
        IOutputAllocator::notifyShape). None where it did not."""


def output_allocator(trt: Any, device: torch.device) -> OutputAllocator:
    """Of module `trt`, with memory on `device`."""

    class Allocator(trt.IOutputAllocator):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IOutputAllocator.__init__(self)
            self.begin()

        def begin(self) -> None:
            self.failure: Exception | None = None
            self._memory: torch.Tensor | None = None
            self._shape: tuple[int, ...] | None = None
            self._stream = torch.cuda.current_stream(device) if device.type == "cuda" else None

        def reallocate_output(self, name: str, memory: int, size: int, alignment: int) -> int:
            # TensorRT may call from a thread of its own, where another stream is current. What is raised here is lost.
            try:
                with contextlib.nullcontext() if self._stream is None else torch.cuda.stream(self._stream):
                    self._memory = torch.empty(max(size, 1), dtype=torch.uint8, device=device)
            except Exception as error:
                self.failure = error
                return 0
            return self._memory.data_ptr()

        def reallocate_output_async(
            self, name: str, memory: int, size: int, alignment: int, stream: int
        ) -> int:
            return self.reallocate_output(name, memory, size, alignment)

        def notify_shape(self, name: str, shape: Any) -> None:
            self._shape = tuple(shape)

        def result(self, dtype: torch.dtype) -> torch.Tensor | None:
            memory, shape = self._memory, self._shape
            self._memory = None  # the caller's from now on
            if memory is None or shape is None:
                return None
            return memory[: math.prod(shape) * dtype.itemsize].view(dtype).view(shape)

    return Allocator()
