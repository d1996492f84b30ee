"""One model through the converter: static, with a dynamic batch, and the layers of the ONNX route."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorrt_rtx as trt
import torch
from torch.utils import _pytree as pytree

from torch2trt import _C, _frontends
from torch2trt.executor import execute

from . import models

RANGE = (1, 2, 4)  # of the dynamic batch: minimum, optimum, maximum
BATCHES = (1, 2)  # what the dynamic network is executed with
LIMIT = 1e-4  # of the relative error, float32
# How much the results of two images must differ, relative to their norm. Below it, a network that loses its input
# could pass.
SPREAD = 1e-3
_LOGGER = trt.Logger(trt.Logger.ERROR)


class Vacuous(Exception):
    """The reference cannot tell a right network from a wrong one."""


def relative_error(actual: list[torch.Tensor], expected: list[torch.Tensor]) -> float:
    """The largest, over the outputs, of the error's norm relative to the reference's."""
    errors = [
        ((got.double() - want.double()).norm() / want.double().norm()).item()
        for got, want in zip(actual, expected, strict=True)
    ]
    return max(errors)


def spread(expected: list[torch.Tensor]) -> float:
    """How far the results of the first two images are apart, relative to their norm; the smallest over the outputs.

    Raises Vacuous where a result is not finite, or the images hardly matter.
    """
    if not all(value.isfinite().all() for value in expected):
        raise Vacuous("the reference is not finite")
    apart = min(((value[0] - value[1]).norm() / value[0].norm()).item() for value in expected)
    if not apart >= SPREAD:
        raise Vacuous(f"two images give results only {apart:.1e} apart: comparing would prove little")
    return apart


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Notes how long the block took."""
    start = time.perf_counter()
    yield
    seconds[phase] = round(time.perf_counter() - start, 3)


def reference(model: torch.nn.Module, images: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    with torch.no_grad():
        return pytree.tree_leaves(model(*images))


def _export(model: torch.nn.Module, images: tuple[torch.Tensor, ...], dynamic: bool) -> Any:
    shapes = None
    if dynamic:
        # Not a named Dim: torch refuses one where it cannot prove what a model takes for granted (raft_small: that
        # halves of twice the batch have the size of the batch).
        shapes = tuple({0: torch.export.Dim.DYNAMIC} for _ in images)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.export's own, about its future
        return torch.export.export(model, images, dynamic_shapes=shapes)


def _build(network: Any, shapes: dict[str, Any]) -> int:
    builder = trt.Builder(_LOGGER)
    config = builder.create_builder_config()
    if shapes:
        profile = builder.create_optimization_profile()
        for name, (low, best, high) in shapes.items():
            profile.set_shape(name, low, best, high)
        config.add_optimization_profile(profile)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise RuntimeError("TensorRT built no engine")
    return engine.nbytes


def convert(model: torch.nn.Module, size: models.Size, dynamic: bool, build: bool = True) -> dict[str, Any]:
    """Converts the model, builds an engine, and compares the network with PyTorch.

    Returns layers, the relative error of each batch, seconds of each phase, the engine's size.
    """
    seconds: dict[str, float] = {}
    with timed(seconds, "export"):
        program = _export(model, size.images(2 if dynamic else 1), dynamic)
    with timed(seconds, "convert"):
        graph = _frontends.graph_of_program(program)
        _C.run_passes(graph)
        shapes = {}
        if dynamic:
            pairs = zip(graph.inputs, size.inputs, strict=True)
            shapes = {name: tuple([batch, *sizes] for batch in RANGE) for (name, _, _), sizes in pairs}
        network = trt.Builder(_LOGGER).create_network(0)
        converted = _C.convert(graph, _C.PythonNetwork(network), shapes)
    result: dict[str, Any] = {"layers": network.num_layers, "errors": {}, "seconds": seconds}
    if build:
        with timed(seconds, "build"):
            result["engine_bytes"] = _build(network, shapes)
    outputs = [entry["name"] for entry in converted["outputs"]]
    with timed(seconds, "execute"):
        for batch in BATCHES if dynamic else (1,):
            images = size.images(batch, seed=2)
            expected = reference(model, images)
            got = execute(network, dict(zip((name for name, _, _ in graph.inputs), images)))
            result["errors"][str(batch)] = relative_error([got[name] for name in outputs], expected)
    return result


def onnx_layers(model: torch.nn.Module, size: models.Size) -> int:
    """Layers of the network that TensorRT's ONNX parser makes of torch.onnx.export's file, batch 1."""
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(model, size.images(1), dynamo=True, external_data=False, verbose=False).save(file)
    network = trt.Builder(_LOGGER).create_network(0)
    parser = trt.OnnxParser(network, _LOGGER)
    if not parser.parse(file.getvalue()):
        raise RuntimeError("; ".join(parser.get_error(i).desc() for i in range(parser.num_errors)))
    return network.num_layers


def _tried(action: Callable[[], Any]) -> Any:
    """What the action returns, or {"failed": its error}."""
    try:
        return action()
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def measure(size: models.Size) -> dict[str, Any]:
    """A model's entry: what it is, and `static` and `dynamic`, each with its results or why there are none."""
    model = models.seeded(size)
    entry: dict[str, Any] = {
        "model": size.name,
        "family": models.family(size.name),
        "inputs": [list(sizes) for sizes in size.inputs],
        "weights_mb": round(models.megabytes(model), 1),
    }
    images = size.images(2, seed=2)
    entry["spread"] = _tried(lambda: spread(reference(model, images)))
    entry["static"] = _tried(lambda: convert(model, size, dynamic=False))
    entry["dynamic"] = _tried(lambda: convert(model, size, dynamic=True))
    entry["peak_rss_mb"] = round(models.rss_mb("VmHWM"))
    return entry


def failures(entry: dict[str, Any]) -> list[str]:
    """What is wrong with an entry, in words; empty where all is well."""
    if "killed" in entry:
        return [entry["killed"]]
    found = []
    for part in ("spread", "static", "dynamic"):
        value = entry[part]
        if isinstance(value, dict) and "failed" in value:
            found.append(f"{part}: {value['failed']}")
        elif part != "spread":
            wrong = {batch: error for batch, error in value["errors"].items() if not error <= LIMIT}
            found += [f"{part}, batch {batch}: relative error {error:.1e}" for batch, error in wrong.items()]
    return found
