"""Running an engine with numpy arrays or torch tensors, by name: the classes of the original torch2trt.

They use the `IExecutionContext` of the user's TensorRT module, and torch for memory and streams.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from ._inputs import torch_dtype_of
from .errors import InvalidArgument, RuntimeFailure


def require_gpu(what: str) -> None:
    """Raises RuntimeFailure, which says that `what` needs a GPU, where PyTorch sees none."""
    if not torch.cuda.is_available():
        raise RuntimeFailure(
            f"{what} needs an NVIDIA GPU, and PyTorch sees none (torch.cuda.is_available() is False)"
        )


class _Stream:
    """A torch stream, whatever stream was given; on the CPU there is none."""

    def __init__(self, device: torch.device, stream: Any) -> None:
        if stream is None:
            self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        elif isinstance(stream, torch.cuda.Stream):
            self._stream = stream
        else:
            self._stream = torch.cuda.ExternalStream(int(getattr(stream, "handle", stream)), device)

    @property
    def handle(self) -> int:
        return 0 if self._stream is None else self._stream.cuda_stream

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        """Copies and kernels of torch go to this stream, behind what the caller's stream has."""
        if self._stream is None:
            yield
            return
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            yield

    def synchronize(self) -> None:
        if self._stream is not None:
            self._stream.synchronize()


class InferenceContext:
    """An execution context with inputs and outputs by name. Takes and gives numpy arrays.

    Args:
        context: IExecutionContext of tensorrt or tensorrt_rtx. Uses its first optimization profile.
        stream: torch.cuda.Stream, a pycuda stream or a cudaStream_t as int; None: one of its own.
        cuda_device: device of the engine, a number or torch.device; None: the first.
        cuda_context: pushed before and popped after each inference, as pycuda's are.

    One object serves one thread at a time.

    Raises:
        RuntimeFailure: there is no GPU. InvalidArgument: `context` is None.
    """

    def __init__(
        self, context: Any, stream: Any = None, cuda_device: Any = None, cuda_context: Any = None
    ) -> None:
        self._device = torch.device("cuda", 0) if cuda_device is None else _as_device(cuda_device)
        if self._device.type == "cuda":
            require_gpu(type(self).__name__)
        if context is None:
            raise InvalidArgument(
                "the execution context is None: TensorRT could not make it, and its logger said why"
            )
        self.context = context
        self.engine = context.engine
        self.stream = _Stream(self._device, stream)
        self._cuda_context = cuda_context
        names = [self.engine.get_tensor_name(index) for index in range(self.engine.num_io_tensors)]
        modes = {name: self.engine.get_tensor_mode(name).name for name in names}
        self.input_names = [name for name in names if modes[name] == "INPUT"]
        self.output_names = [name for name in names if modes[name] == "OUTPUT"]
        self._types = {name: torch_dtype_of(_Named(self.engine, name)) for name in names}

    @property
    def max_batch_size(self) -> int:
        """The largest first dimension of the first input."""
        return tuple(self.engine.get_tensor_profile_shape(self.input_names[0], 0)[2])[0]

    def inference(self, *inputs: Any, **kwargs: Any) -> dict[str, np.ndarray]:
        """Runs the engine and waits for it.

        Args:
            *inputs: one array or torch tensor per input, in the engine's order; or by name as keywords. float64 and
                int64 arrays are converted where the engine has float32 and int32.

        Returns:
            The outputs by name; they are the caller's.

        Raises:
            InvalidArgument: names, number, types or shapes do not fit. RuntimeFailure: TensorRT refused to run.
        """
        outputs = self._run(self._by_name(inputs, kwargs))
        results = {}
        with self._pushed(), self.stream.current():
            for name, output in outputs.items():
                results[name] = output.to("cpu", non_blocking=False)
        return {name: _to_numpy(output) for name, output in results.items()}

    def inference_async(self, *inputs: Any, **kwargs: Any) -> dict[str, np.ndarray]:
        """As `inference`: the results are in host memory, so they are waited for."""
        return self.inference(*inputs, **kwargs)

    @contextlib.contextmanager
    def _pushed(self) -> Iterator[None]:
        if self._cuda_context is not None:
            self._cuda_context.push()
        try:
            yield
        finally:
            if self._cuda_context is not None:
                self._cuda_context.pop()

    def _by_name(self, inputs: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        if inputs and named:
            raise InvalidArgument("give the inputs in order or by name, not both")
        if inputs and len(inputs) != len(self.input_names):
            raise InvalidArgument(
                f"{len(inputs)} inputs were given; the engine takes {len(self.input_names)}: "
                f"{', '.join(self.input_names)}"
            )
        given = dict(zip(self.input_names, inputs)) if inputs else dict(named)
        if wrong := sorted(given.keys() ^ set(self.input_names)):
            raise InvalidArgument(
                f'"{wrong[0]}" is {"missing" if wrong[0] in self.input_names else "no input"}; the engine takes '
                f"{', '.join(self.input_names)}"
            )
        return {name: self._checked(name, given[name]) for name in self.input_names}

    def _checked(self, name: str, value: Any) -> torch.Tensor:
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(np.ascontiguousarray(value))
            narrower = {torch.float64: torch.float32, torch.int64: torch.int32}
            if narrower.get(value.dtype) is self._types[name]:
                value = value.to(self._types[name])
        if not isinstance(value, torch.Tensor):
            raise InvalidArgument(
                f'input "{name}" is a {type(value).__name__}; an array or torch tensor is needed'
            )
        if value.dtype is not self._types[name]:
            raise InvalidArgument(f'input "{name}" is {value.dtype}; the engine takes {self._types[name]}')
        low, _, high = (tuple(shape) for shape in self.engine.get_tensor_profile_shape(name, 0))
        shape = tuple(value.shape)
        if len(shape) != len(low) or not all(a <= size <= b for a, size, b in zip(low, shape, high)):
            allowed = str(list(low)) if low == high else f"{list(low)} to {list(high)}"
            raise InvalidArgument(f'input "{name}" has the shape {list(shape)}; the engine takes {allowed}')
        if value.device.type == "cuda" and value.device != self._device:
            raise InvalidArgument(f'input "{name}" is on {value.device}; the engine is on {self._device}')
        return value

    def _run(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Outputs on the engine's device, in this stream."""
        with self._pushed(), self.stream.current(), torch.no_grad():
            # Named, so that they live until the engine has read them.
            placed = {
                name: value.detach().to(self._device, non_blocking=True).contiguous()
                for name, value in inputs.items()
            }
            outputs = self._enqueue(placed, self.stream.handle)
            self.stream.synchronize()
        return outputs

    def _enqueue(self, placed: dict[str, torch.Tensor], stream: int) -> dict[str, torch.Tensor]:
        """Puts the run on `stream`, which must be PyTorch's current one; does not wait."""
        for name, value in placed.items():
            self.context.set_input_shape(name, tuple(value.shape))
            self.context.set_tensor_address(name, value.data_ptr())
        outputs = {}
        for name in self.output_names:
            shape = tuple(self.context.get_tensor_shape(name))
            if any(size < 0 for size in shape):
                self._allocate_while_running(name, shape)
                continue
            outputs[name] = torch.empty(shape, dtype=self._types[name], device=self._device)
            self.context.set_tensor_address(name, outputs[name].data_ptr())
        if not self.context.execute_async_v3(stream):
            raise RuntimeFailure("TensorRT could not run the engine; its logger said why")
        return outputs

    def _allocate_while_running(self, name: str, shape: tuple[int, ...]) -> None:
        raise InvalidArgument(
            f'the shape of output "{name}" depends on the data, {list(shape)}; '
            f"{type(self).__name__} takes engines whose outputs follow from the inputs' shapes"
        )


class TorchInferenceContext(InferenceContext):
    """As `InferenceContext`, but gives torch tensors on the engine's device.

    Args:
        device: torch.device of the engine, as `cuda_device`.
    """

    def __init__(
        self,
        context: Any,
        stream: Any = None,
        device: Any = None,
        cuda_device: Any = None,
        cuda_context: Any = None,
    ) -> None:
        super().__init__(context, stream, device if cuda_device is None else cuda_device, cuda_context)

    def inference(self, *inputs: Any, **kwargs: Any) -> dict[str, torch.Tensor]:  # type: ignore[override]
        """As `InferenceContext.inference`; the outputs are new torch tensors on the engine's device."""
        outputs = self._run(self._by_name(inputs, kwargs))
        for output in outputs.values():
            if output.is_cuda:  # allocated for this object's stream, used by the caller's
                output.record_stream(torch.cuda.current_stream(output.device))
        return outputs

    def inference_async(self, *inputs: Any, **kwargs: Any) -> dict[str, torch.Tensor]:  # type: ignore[override]
        """As `inference`."""
        return self.inference(*inputs, **kwargs)


class _Named:
    """A tensor of an engine as `torch_dtype_of` takes it."""

    def __init__(self, engine: Any, name: str) -> None:
        self.name, self.dtype = name, engine.get_tensor_dtype(name)


def _as_device(device: Any) -> torch.device:
    return torch.device("cuda", device) if isinstance(device, int) else torch.device(device)


def _to_numpy(tensor: torch.Tensor) -> np.ndarray:
    # numpy has no bfloat16.
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()
