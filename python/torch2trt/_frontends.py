"""A module and example inputs become a Graph, by tracing or by torch.export. No weights are copied or changed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _C
from .errors import InvalidArgument

# torch.jit.trace and torch.export patch globals of torch while they run: one thread at a time.
_lock = threading.RLock()


@contextmanager
def _without_fused_attention() -> Iterator[None]:
    # Traced without gradients, MultiheadAttention and TransformerEncoder take fused operators that exist nowhere else.
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _unchanged(module: torch.nn.Module, args: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Undoes what running `module` does to its parameters, buffers and the random numbers; yields copies of `args`.

    A trace really runs the module. Neither schemas (batch_norm in training) nor version counters (`p.data.clamp_()`)
    tell all writes, so everything is copied first: the price of a trace; an export runs on fake tensors.
    """
    held = [tensor for tensor in (*module.parameters(), *module.buffers()) if tensor.layout is torch.strided]
    copies = [tensor.detach().clone() for tensor in held]
    try:
        with torch.random.fork_rng(devices=[]):
            yield pytree.tree_map(lambda leaf: leaf.clone() if isinstance(leaf, torch.Tensor) else leaf, args)
    finally:
        with torch.no_grad():
            for tensor, before in zip(held, copies):
                if not torch.equal(tensor, before):
                    tensor.data.copy_(before)


def trace(module: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, _C.Graph]:
    """torch.jit.trace and its graph. Sizes are those of `args`.

    Raises:
        InvalidArgument: an argument is no tensor.
    """
    if isinstance(module, torch.jit.ScriptModule):
        return module, _C.graph_from_torchscript(module._c)
    for leaf in pytree.tree_leaves(args):
        if not isinstance(leaf, torch.Tensor):
            raise InvalidArgument(f'a trace takes tensors only, not {leaf!r}; use frontend="export", or a function '
                                  "that calls the module with it")
    with (
        _lock,
        torch.no_grad(),
        _without_fused_attention(),
        _unchanged(module, args) as copies,
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message=r"`torch\.jit\.trace.*is deprecated", category=FutureWarning)
        traced = torch.jit.trace(module, copies, check_trace=False, strict=False)
    return traced, _C.graph_from_torchscript(traced._c)


def export(module: torch.nn.Module, args: tuple[Any, ...], dynamic_shapes: Any = None) -> tuple[Any, _C.Graph]:
    """torch.export.export and its graph.

    Raises:
        InvalidArgument: the program fixes a size that `dynamic_shapes` has as dynamic, or `module` is a ScriptModule.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise InvalidArgument('torch.export takes no ScriptModule; use frontend="trace", which reads it as it is')
    with _lock, torch.no_grad():
        try:
            program = torch.export.export(module, args, dynamic_shapes=dynamic_shapes)
        except torch._dynamo.exc.UserError as error:
            if dynamic_shapes is None:
                raise
            reason = str(error).partition("\n\n")[0]
            raise InvalidArgument(f"the program does not take every size of an ITensor's dynamic dimensions: {reason}") from error
    return program, graph_of_program(program)


@contextmanager
def _serializable_results(program: torch.export.ExportedProgram) -> Iterator[None]:
    # torch's serializer has no names for its own torch.return_types (what x.max(1) returns): they are tuples here.
    signatures = [entry.signature for entry in program.module_call_graph if entry.signature is not None]
    before = [signature.out_spec for signature in signatures]
    for signature in signatures:
        signature.out_spec = _plain(signature.out_spec)
    try:
        yield
    finally:
        for signature, spec in zip(signatures, before):
            signature.out_spec = spec


def _plain(spec: Any) -> Any:
    def tuples(value: Any) -> Any:
        if isinstance(value, dict):
            return type(value)((key, tuples(item)) for key, item in value.items())
        if type(value).__module__ == "torch.return_types":
            return tuple(value)
        return type(value)(tuples(item) for item in value) if type(value) in (tuple, list) else value

    if "torch.return_types" not in str(_types_in(spec)):
        return spec
    return pytree.tree_structure(tuples(pytree.tree_unflatten(range(spec.num_leaves), spec)))


def _types_in(spec: Any) -> list[Any]:
    return [spec.type, *(kind for child in spec.children() for kind in _types_in(child))]


def graph_of_program(program: torch.export.ExportedProgram) -> _C.Graph:
    """The graph of an exported program, as reading its .pt2 file gives it; weights are the program's own tensors."""
    from torch._export.serde.serialize import serialize

    with _serializable_results(program):
        artifact = serialize(program, serialize_state_dict=False, serialize_constants=False, serialize_example_inputs=False)

    def lookup(name: str, kind: str) -> torch.Tensor | None:
        found = program.state_dict.get(name) if kind != "constant" else None
        found = program.constants.get(name) if found is None else found
        return found.detach() if isinstance(found, torch.Tensor) else None

    return _C.graph_from_export(artifact.exported_program.decode(), lookup)
