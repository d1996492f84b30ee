"""Runs one row of the table: both front ends, static and with dynamic batch, dry and real network, engine."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import tensorrt_rtx as trt
import torch
from torch.utils import _pytree as pytree

from torch2trt import _C, _frontends, _tracing
from torch2trt.executor import execute

from .table import In, Row

BATCHES = (1, 5)  # of the dynamic run; the example's own is neither
RANGE = (1, 4, 8)
_TOLERANCES = {torch.float16: 2e-3, torch.bfloat16: 2e-2}
# TensorRT has no float64 and no int16; what stands for them in a network.
_NETWORK_DTYPE = {torch.float64: torch.float32, torch.int16: torch.int32}
# TensorRT 8.5 has no int64 either.
_NETWORK_DTYPE_8_5 = {**_NETWORK_DTYPE, torch.int64: torch.int32}


# What a handler may do with an argument, the more telling the later: one of several conversions may read what another
# leaves unread.
USES = ("", "default only", "ignored", "read")
_RECORD = pathlib.Path(__file__).parents[2] / "src" / "handlers" / "argument_uses.tsv"
_USES = {
    (operator, argument): use
    for operator, argument, use in (line.split("\t") for line in _RECORD.read_text().splitlines())
}


class _Quiet(trt.ILogger):
    def log(self, severity: Any, text: str) -> None:
        pass


_LOGGER = _Quiet()
_BUILDER = trt.Builder(_LOGGER)


class _Function(torch.nn.Module):
    def __init__(self, fn: Any) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, *args: torch.Tensor) -> Any:
        return self.fn(*args)


def _module(row: Row) -> torch.nn.Module:
    torch.manual_seed(7)
    module = row.fn() if row.module else _Function(row.fn)
    for child in module.modules():
        if isinstance(child, torch.nn.modules.batchnorm._NormBase) and child.running_mean is not None:
            child.running_mean.normal_(0, 0.3)
            child.running_var.uniform_(0.5, 1.5)
    return module.eval()


def exported(row: Row, dynamic: bool) -> tuple[torch.export.ExportedProgram, Any]:
    """The row's program by torch.export, and its graph."""
    generator = torch.Generator().manual_seed(1)
    specs = row.specs()
    shapes = None
    if dynamic:
        shapes = tuple({spec.batch: torch.export.Dim.DYNAMIC} if _varies(spec) else None for spec in specs)
        shapes = shapes if row.module else (shapes,)  # a function takes *args
    return _frontends.export(_module(row), tuple(spec.make(generator) for spec in specs), shapes)


def _graph(row: Row, frontend: str, dynamic: bool) -> Any:
    if frontend == "export":
        return exported(row, dynamic)[1]
    generator = torch.Generator().manual_seed(1)
    specs = row.specs()
    args = tuple(spec.make(generator) for spec in specs)
    module = _module(row)
    types = []
    if dynamic:
        types = [
            (str(arg.dtype).removeprefix("torch."), _dynamic_sizes(spec)) for arg, spec in zip(args, specs)
        ]
    with torch.no_grad(), _tracing.without_fused_attention():
        traced = torch.jit.trace(module, args, check_trace=False, strict=False)
    return _C.graph_from_torchscript(traced._c, types)


def _varies(spec: In) -> bool:
    return spec.batch is not None and len(spec.shape) > 0


def _dynamic_sizes(spec: In) -> list[int]:
    sizes = list(spec.shape)
    if _varies(spec):
        sizes[spec.batch] = -1
    return sizes


def _shapes(graph: Any, specs: tuple[In, ...]) -> dict[str, Any]:
    shapes = {}
    for (name, _, _), spec in zip(graph.inputs, specs):
        ranges = []
        for batch in RANGE:
            sizes = list(spec.shape)
            if _varies(spec):
                sizes[spec.batch] = batch
            ranges.append(sizes)
        shapes[name] = tuple(ranges)
    return shapes


def _leaves(value: Any) -> list[torch.Tensor]:
    return [leaf for leaf in pytree.tree_leaves(value) if leaf is not None]


def _compare(row: Row, got: torch.Tensor, wanted: torch.Tensor, where: str) -> None:
    assert got.dtype == wanted.dtype, f"{where}: dtype {got.dtype}, PyTorch has {wanted.dtype}"
    assert tuple(got.shape) == tuple(wanted.shape), (
        f"{where}: shape {tuple(got.shape)}, PyTorch has {tuple(wanted.shape)}"
    )
    if row.random:
        return
    if not wanted.dtype.is_floating_point:
        assert torch.equal(got, wanted), f"{where}: integer or bool values differ"
        return
    rtol = max(row.rtol, _TOLERANCES.get(wanted.dtype, 0.0))
    finite = wanted[torch.isfinite(wanted)].abs()
    scale = float(finite.max()) if finite.numel() else 1.0
    torch.testing.assert_close(
        got.double(),
        wanted.double(),
        rtol=rtol,
        atol=rtol * max(scale, 1e-30),
        equal_nan=True,
        msg=lambda text: f"{where}: {text}",
    )


def _build(network: Any, shapes: dict[str, Any]) -> None:
    config = _BUILDER.create_builder_config()
    if shapes:
        profile = _BUILDER.create_optimization_profile()
        for name, (low, opt, high) in shapes.items():
            profile.set_shape(name, low, opt, high)
        config.add_optimization_profile(profile)
    assert _BUILDER.build_serialized_network(network, config) is not None, "TensorRT built no engine"


def _convert(graph: Any, shapes: dict[str, Any], as_8_5: bool = False) -> tuple[Any, Any, Any]:
    network = _BUILDER.create_network(0)
    native = _C.PythonNetwork.as_tensorrt_8_5(network) if as_8_5 else _C.PythonNetwork(network)
    dry = _C.dry_convert(graph, shapes, as_tensorrt_8_5=as_8_5)
    converted = _C.convert(graph, native, shapes)
    return network, converted, dry


def check_argument_uses(observed: set[tuple[str, str, str]]) -> None:
    """Asserts that `torch2trt ops` tells what the handlers were seen to do with their arguments."""
    for operator, argument, use in observed:
        if not argument:
            continue
        recorded = _USES.get((operator, argument), "")
        assert USES.index(use) <= USES.index(recorded), (
            f"argument {argument} of {operator} is {use}; src/handlers/argument_uses.tsv says {recorded or 'nothing'} "
            "(`make uses` writes it)"
        )


def observed_uses(row: Row, frontend: str) -> set[tuple[str, str, str]]:
    """What the handlers do with the arguments of the operators of a row: (operator, argument, use)."""
    if row.refused:
        return set()
    uses: set[tuple[str, str, str]] = set()
    for dynamic in (
        (False,) if row.static_only else (False, True)
    ):  # sizes are operators where they are dynamic
        graph = _graph(row, frontend, dynamic)
        _C.run_passes(graph)
        uses |= _C.dry_convert(graph, _shapes(graph, row.specs()) if dynamic else {})["argument_uses"]
    return uses


def check(row: Row, frontend: str, dynamic: bool, as_8_5: bool = False) -> None:
    """Asserts everything the table promises of one row.

    `as_8_5`: with what the network holds for TensorRT 8.5, where the layers that it lacks are composed of others.
    """
    held = _NETWORK_DTYPE_8_5 if as_8_5 else _NETWORK_DTYPE
    if row.refused:
        with pytest.raises(Exception, match=row.refused.replace("int64", "int(32|64)") if as_8_5 else row.refused):
            graph = _graph(row, frontend, dynamic)
            _C.run_passes(graph)
            _convert(graph, _shapes(graph, row.specs()) if dynamic else {}, as_8_5)
        return
    graph = _graph(row, frontend, dynamic)
    op = row.op_for(frontend)
    kinds = graph.kinds
    assert op in kinds or any(kind.split(".")[0] == op for kind in kinds), (
        f"{op} is not in the graph: {kinds}"
    )
    _C.run_passes(graph)
    specs = row.specs()
    shapes = _shapes(graph, specs) if dynamic else {}
    network, converted, dry = _convert(graph, shapes, as_8_5)
    for key in ("inputs", "outputs"):
        assert dry[key] == converted[key], f"the dry backend says {dry[key]}, TensorRT {converted[key]}"
    if not as_8_5:  # this TensorRT's shape layer is int64, so each takes a cast more
        assert dry["layers"] == network.num_layers
        check_argument_uses(dry["argument_uses"])
    generator = torch.Generator().manual_seed(2)
    for batch in BATCHES if dynamic else (None,):
        args = [spec.make(generator, batch) for spec in specs]
        with torch.no_grad():
            expected = _leaves(_module(row)(*[arg.clone() for arg in args]))
        assert expected, "the row returns nothing"
        feeds = {
            name: arg.to(held.get(arg.dtype, arg.dtype)) for (name, _, _), arg in zip(graph.inputs, args)
        }
        results = execute(network, feeds)
        for entry, value in zip(converted["outputs"], expected, strict=True):
            in_network = torch.as_tensor(value)
            in_network = in_network.to(held.get(in_network.dtype, in_network.dtype))
            _compare(row, results[entry["name"]], in_network, f"{entry['name']}, batch {batch}")
        flat = _C.run(graph, args, None)
        for got, value in zip(flat, expected, strict=True):
            _compare(row, torch.as_tensor(got), torch.as_tensor(value), f"torch mode, batch {batch}")
    if not row.no_engine:
        _build(network, converted["ranges"])
