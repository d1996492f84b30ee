"""What runs an engine for `TRTModule`: the native runtime, or a TensorRT Python module. On PyTorch's current stream."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch.utils import dlpack

from . import _C, _tensorrt, _verbose
from ._output_allocator import OutputAllocator, output_allocator
from .errors import InvalidArgument, RuntimeFailure
from .inference import InferenceContext, require_gpu

# TensorRT wants addresses that are multiples of this (NvInferRuntime.h, setTensorAddress).
_ALIGNMENT = 256


class Session(Protocol):
    """One engine, ready to run. May be used by several threads and on several streams; runs follow one another."""

    def run(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        """The outputs, new tensors on the engine's device. Does not wait, unless their sizes depend on the data."""


def open_session(bundle: bytes, about: Mapping[str, Any], cuda_graph: bool) -> Session:
    """The native runtime where it can run this engine, else the TensorRT Python module that built it.

    Raises:
        RuntimeFailure: there is no GPU, no TensorRT, or another one than the engine needs.
        InvalidArgument: `cuda_graph` without the native runtime.
    """
    require_gpu("TRTModule runs a TensorRT engine, which")
    missing = "it runs engines of TensorRT, not of TensorRT-RTX"
    if about["flavour"] == "tensorrt":
        try:
            _C.native_tensorrt()
        except RuntimeFailure as error:
            missing = str(error)
        else:
            return NativeSession(bundle, cuda_graph)
    if cuda_graph:
        raise InvalidArgument(f"cuda_graph needs the native runtime: {missing}")
    try:
        trt = _tensorrt.import_tensorrt(about["flavour"])
    except RuntimeFailure as error:
        raise RuntimeFailure(f"{error}\nNor is there a native runtime: {missing}") from error
    _C.bundle_check_fits(bundle, trt.__name__, trt.__version__)
    _, context = _tensorrt.open_engine(trt, _C.bundle_plan(bundle))
    return PythonSession(trt, context, torch.device("cuda", torch.cuda.current_device()), about)


class NativeSession:
    """Over libnvinfer, on the current GPU. With `cuda_graph`, runs of shapes seen before launch a captured graph."""

    def __init__(self, bundle: bytes, cuda_graph: bool, device: torch.device | None = None) -> None:
        self._device = device or torch.device("cuda", torch.cuda.current_device())
        self._engine = _C.NativeEngine(bundle, cuda_graph, _verbose.log, self._allocate)
        self._on_host = self._engine.on_host
        self._lock = threading.Lock()

    def run(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        # Named, so that they live until the engine has read them.
        placed = [
            _aligned(value.cpu() if on_host else value) for value, on_host in zip(inputs, self._on_host)
        ]
        stream = _current_stream(self._device)
        with self._lock:
            self._engine.enqueue([_view(value) for value in placed], stream.cuda_stream if stream else 0)
            if stream and self._engine.sized_by_data:
                stream.synchronize()
            outputs = [dlpack.from_dlpack(capsule) for capsule in self._engine.outputs()]
        return [value.to(self._device) for value in outputs]

    def _allocate(self, size: int) -> torch.Tensor:
        return torch.empty(size, dtype=torch.uint8, device=self._device)


class PythonSession(InferenceContext):
    """Over the IExecutionContext of `trt`: tensorrt or tensorrt_rtx."""

    def __init__(self, trt: Any, context: Any, device: torch.device, about: Mapping[str, Any]) -> None:
        stream = _current_stream(device)
        super().__init__(context, stream, device)
        self._order = (
            [entry["name"] for entry in about["inputs"]],
            [entry["name"] for entry in about["outputs"]],
        )
        self._trt = trt
        self._allocators: dict[str, OutputAllocator] = {}  # of the outputs sized by the data
        self._lock = threading.Lock()
        self._done = torch.cuda.Event() if stream else None
        self._last = 0

    def run(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        names, outputs = self._order
        for name, value in zip(names, inputs):
            if value.device != self._device:
                raise InvalidArgument(
                    f'input "{name}" is on {value.device}; the engine needs it on {self._device}: move it there first'
                )
        with self._lock, torch.no_grad():
            placed = {name: _aligned(self._checked(name, value)) for name, value in zip(names, inputs)}
            results = self._enqueue(placed, self._stream_behind_the_last_run())
            if self._done is not None:
                self._done.record(torch.cuda.current_stream(self._device))
        return [results[name] for name in outputs]

    def _stream_behind_the_last_run(self) -> int:
        """PyTorch's current stream, which from now on waits for a run on another one."""
        stream = _current_stream(self._device)
        if stream is None or self._done is None:
            return 0
        if self._last != stream.cuda_stream:
            stream.wait_event(self._done)
        self._last = stream.cuda_stream
        return stream.cuda_stream

    def _enqueue(self, placed: dict[str, torch.Tensor], stream: int) -> dict[str, torch.Tensor]:
        try:
            outputs = super()._enqueue(placed, stream)
        except RuntimeFailure as error:
            for name, allocator in self._allocators.items():
                if allocator.failure is not None:
                    raise RuntimeFailure(
                        f'there is no memory for output "{name}": {allocator.failure}'
                    ) from error
            raise
        for name, allocator in self._allocators.items():
            result = allocator.result(self._types[name])
            if result is None:
                raise RuntimeFailure(f'TensorRT did not tell the shape of output "{name}"')
            outputs[name] = result
        return outputs

    def _allocate_while_running(self, name: str, shape: tuple[int, ...]) -> None:
        allocator = self._allocators.get(name)
        if allocator is None:
            allocator = output_allocator(self._trt, self._device)
            if not self.context.set_output_allocator(name, allocator):
                raise RuntimeFailure(f'TensorRT refused the allocator of output "{name}"')
            self._allocators[name] = allocator
        allocator.begin()


def _aligned(value: torch.Tensor) -> torch.Tensor:
    """Contiguous, where TensorRT takes it."""
    value = value.contiguous()
    return value.clone() if value.data_ptr() % _ALIGNMENT else value


def _view(value: torch.Tensor) -> tuple[int, str, list[int], int]:
    """A tensor as the native runtime takes it; -1 is host memory."""
    device = value.device.index if value.is_cuda else -1
    return value.data_ptr(), str(value.dtype).removeprefix("torch."), list(value.shape), device


def _current_stream(device: torch.device) -> torch.cuda.Stream | None:
    """PyTorch's; None on the CPU."""
    return torch.cuda.current_stream(device) if device.type == "cuda" else None
