"""A builder and an empty network of the TensorRT that is installed, for what torch2trt builds by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from . import _C, _callbacks, _verbose
from .errors import InvalidArgument, RuntimeFailure


def import_tensorrt(name: str = "") -> Any:
    """The module `name`; "" is `tensorrt` if it can be imported, else `tensorrt_rtx`.

    Raises:
        RuntimeFailure: none can be imported; says what to install.
    """
    return _C.import_tensorrt(name)


def new_builder(trt: Any) -> Any:
    """A builder of module `trt`.

    Raises:
        RuntimeFailure: it makes none here; TensorRT (not TensorRT-RTX) needs a GPU for it.
    """
    try:
        builder = trt.Builder(_callbacks.logger(trt))
    except Exception as error:
        raise RuntimeFailure(
            f"{trt.__name__} makes no builder on this machine ({str(error).splitlines()[0]}); it needs an NVIDIA GPU "
            "and its driver, tensorrt_rtx does not"
        ) from error
    return builder


def new_network(trt: Any, builder: Any) -> Any:
    """An empty network: strongly typed, the batch is a dimension like any other."""
    flags = trt.NetworkDefinitionCreationFlag.__members__
    major = int(trt.__version__.partition(".")[0])
    if trt.__name__ == "tensorrt_rtx" or major > 10:
        return builder.create_network()
    return builder.create_network(1 << int(flags["STRONGLY_TYPED" if major == 10 else "EXPLICIT_BATCH"]))


def logger(trt: Any) -> Any:
    """The logger that torch2trt gives module `trt`: see `_callbacks.logger`."""
    return _callbacks.logger(trt)


def open_engine(trt: Any, plan: bytes | None, verbose: bool = False) -> tuple[Any, Any]:
    """The engine of a plan and an execution context of it.

    Raises:
        RuntimeFailure: with TensorRT's text.
    """
    with errors_of(trt, verbose) as errors:
        engine = trt.Runtime(logger(trt)).deserialize_cuda_engine(plan)
        context = None if engine is None else engine.create_execution_context()
    if context is None:
        raise RuntimeFailure("\n  TensorRT: ".join(["TensorRT cannot run this engine here", *errors]))
    return engine, context


@contextmanager
def errors_of(trt: Any, verbose: bool) -> Iterator[list[str]]:
    """What TensorRT logs as errors meanwhile; the rest goes to the log."""
    errors: list[str] = []

    def sink(level: str, text: str) -> None:
        if level == "error":
            errors.append(text)
        _verbose.log("debug" if level == "verbose" else level, f"TensorRT: {text}")

    trt_logger = logger(trt)
    trt_logger.attach(sink, verbose)
    try:
        yield errors
    finally:
        trt_logger.detach(sink)


def rewritten_precision(trt: Any, config: Any, precision: torch.dtype | None) -> torch.dtype | None:
    """What of `precision` the conversion has to write into the network: all of it, where networks are strongly typed.

    TensorRT 8 and 9 choose float16 layers themselves, allowed to by a flag of `config`.

    Raises:
        InvalidArgument: bfloat16 with these.
    """
    if precision is None or trt.__name__ == "tensorrt_rtx" or int(trt.__version__.partition(".")[0]) >= 10:
        return precision
    if precision is not torch.float16:
        raise InvalidArgument(f"{trt.__name__} {trt.__version__} has no bfloat16; float16 is possible")
    config.set_flag(trt.BuilderFlag.FP16)
    return None
