"""A module and its arguments become a Graph, by tracing or by torch.export. No weights are copied or changed."""

from __future__ import annotations

import os
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _C, _inputs, _tracing, _verbose
from ._inputs import Arguments
from .errors import Error, InvalidArgument

# torch.jit.trace and torch.export patch globals of torch while they run: one thread at a time.
_lock = threading.RLock()

# Whether this thread is inside a front end: a TensorRTModule in the program is PyTorch then.
_importing: ContextVar[bool] = ContextVar("torch2trt_importing", default=False)

_TORCH = os.path.dirname(torch.__file__) + os.sep

Nested = Callable[[list[Any]], Any]


def importing() -> bool:
    """Whether a front end is running the module, in this thread."""
    return _importing.get()


@contextmanager
def _import() -> Iterator[None]:
    with _lock:
        token = _importing.set(True)
        try:
            yield
        finally:
            _importing.reset(token)


def from_trace(module: torch.nn.Module, arguments: Arguments) -> tuple[Any, _C.Graph, Nested]:
    """torch.jit.trace, its graph, and how flat results nest. A ScriptModule is taken as it is."""
    if isinstance(module, torch.jit.ScriptModule):
        graph = _C.graph_from_torchscript(module._c)
        return module, graph, lambda flat: nested(graph.output_structure, iter(flat))
    stand_ins, _ = _inputs.stand_ins(arguments, "trace")
    with _import():
        traced = _tracing.trace(module, stand_ins)
    return traced.script, traced.graph, traced.nested


def from_export(module: torch.nn.Module, arguments: Arguments) -> tuple[Any, _C.Graph, Nested]:
    """torch.export.export, its graph, and how flat results nest. Warns where it keeps one branch of several.

    Raises:
        InvalidArgument: the program fixes a size that an ITensor has as dynamic, or `module` is a ScriptModule.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise InvalidArgument(
            'torch.export takes no ScriptModule; use frontend="trace", which reads it as it is'
        )
    stand_ins, dynamic_shapes = _inputs.stand_ins(arguments, "export")
    try:
        program, graph = export(module, stand_ins.args(), dynamic_shapes)
    except torch._dynamo.exc.UserError as error:
        if dynamic_shapes is None:
            raise
        reason = str(error).partition("\n\n")[0]
        raise InvalidArgument(
            f"the program does not take every size of an ITensor's dynamic dimensions: {reason}"
        ) from error
    except RuntimeError as error:
        fixed = _inputs.fixed_beside_dynamic(arguments, dynamic_shapes)
        if fixed is None or isinstance(error, Error):
            raise
        raise InvalidArgument(f"torch.export fails where {fixed}: {error}") from error
    if dynamic_shapes is not None:
        for text in _branches_on_sizes(program):
            _verbose.log("warning", text)
    spec = program.call_spec.out_spec

    def as_module(flat: list[Any]) -> Any:
        results = nested(graph.output_structure, iter(flat))
        leaves = pytree.tree_leaves(results)
        return pytree.tree_unflatten(leaves, spec) if len(leaves) == spec.num_leaves else results

    return program, graph, as_module


def _branches_on_sizes(program: torch.export.ExportedProgram) -> list[str]:
    """What the program itself decided by a dynamic size, with the sizes that stand in for dynamic ones.

    torch.export keeps the branch that was taken and a guard, which no network checks. Guards of PyTorch's own operators
    say what these need in any case, and an assert or torch._check fails in any case.
    """
    names: dict[str, str] = {}
    guards: list[Any] = []
    for node in program.graph.nodes:
        value = node.meta.get("val")
        if node.op != "placeholder" or not isinstance(value, torch.Tensor):
            continue
        for axis, size in enumerate(value.shape):
            if isinstance(size, torch.SymInt):
                names.setdefault(str(size), f"{node.name}.shape[{axis}]")
                guards = guards or size.node.shape_env.guards
    texts = []
    for guard in guards:
        frame = guard.sloc.framework_loc
        if not isinstance(frame, traceback.FrameSummary) or frame.filename.startswith(_TORCH):
            continue
        if not re.match(r"\s*(assert\b|torch\._(check|assert))", frame.line or ""):
            condition = re.sub(r"\bs\d+\b", lambda found: names.get(found[0], found[0]), str(guard.expr))
            texts.append(
                f"the network is made for {condition} only: the program branches on it "
                f"({os.path.basename(frame.filename)}:{frame.lineno}), and a network keeps one branch. Where that "
                "always holds, say so before with torch._check()"
            )
    return list(dict.fromkeys(texts))


def export(
    module: torch.nn.Module, args: tuple[Any, ...], dynamic_shapes: Any = None, kwargs: Any = None
) -> tuple[Any, _C.Graph]:
    """torch.export.export and its graph."""
    with _import(), torch.no_grad():
        program = torch.export.export(module, args, kwargs, dynamic_shapes=dynamic_shapes)
    return program, graph_of_program(program)


def nested(structure: Any, flat: Iterator[Any]) -> Any:
    """Flat results by a graph's own structure."""
    if structure == "*":
        return next(flat)
    if isinstance(structure, dict):
        return {key: nested(child, flat) for key, child in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(nested(child, flat) for child in structure)
    return None


def graph_of_program(program: torch.export.ExportedProgram) -> _C.Graph:
    """The graph of an exported program, as reading its .pt2 file gives it; weights are the program's own tensors."""
    from torch._export.serde.serialize import serialize

    with _serializable(program):
        artifact = serialize(
            program, serialize_state_dict=False, serialize_constants=False, serialize_example_inputs=False
        )

    def lookup(name: str, kind: str) -> torch.Tensor | None:
        found = program.state_dict.get(name) if kind != "constant" else None
        found = program.constants.get(name) if found is None else found
        return found.detach() if isinstance(found, torch.Tensor) else None

    return _C.graph_from_export(artifact.exported_program.decode(), lookup)


@contextmanager
def _serializable(program: torch.export.ExportedProgram) -> Iterator[None]:
    # torch's serializer has no names for named tuples, its own torch.return_types (what x.max(1) returns) among them:
    # they are tuples meanwhile.
    signatures = [entry.signature for entry in program.module_call_graph if entry.signature is not None]
    before = [(signature.in_spec, signature.out_spec) for signature in signatures]
    for signature in signatures:
        signature.in_spec, signature.out_spec = _plain(signature.in_spec), _plain(signature.out_spec)
    try:
        yield
    finally:
        for signature, (in_spec, out_spec) in zip(signatures, before):
            signature.in_spec, signature.out_spec = in_spec, out_spec


def _plain(spec: Any) -> Any:
    def tuples(value: Any) -> Any:
        if isinstance(value, dict):
            return type(value)((key, tuples(item)) for key, item in value.items())
        if isinstance(value, tuple):
            return tuple(tuples(item) for item in value)
        return [tuples(item) for item in value] if type(value) is list else value

    if not _has_named_tuple(spec):
        return spec
    return pytree.tree_structure(tuples(pytree.tree_unflatten(range(spec.num_leaves), spec)))


def _has_named_tuple(spec: Any) -> bool:
    return (
        (isinstance(spec.type, type) and issubclass(spec.type, tuple) and spec.type is not tuple)
        or spec.type is pytree.namedtuple
        or any(_has_named_tuple(child) for child in spec.children())
    )
