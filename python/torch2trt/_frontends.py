"""A module and example inputs become a Graph, by tracing or by torch.export. No weights are copied."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator

import torch

from . import _C
from .errors import InvalidArgument


class _FunctionModule(torch.nn.Module):
    """A function as a module, for both front ends."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *args: Any) -> Any:
        return self._function(*args)


def as_module(module: Any) -> torch.nn.Module:
    """`module` itself, or a function wrapped as one."""
    if isinstance(module, (torch.nn.Module, torch.jit.ScriptFunction)):
        return module
    if callable(module):
        return _FunctionModule(module)
    raise InvalidArgument(f"an nn.Module or a function is needed, not {type(module).__name__}")


@contextmanager
def _without_fused_attention() -> Iterator[None]:
    # Traced without gradients, MultiheadAttention and TransformerEncoder take fused operators that exist nowhere else.
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def trace(module: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, _C.Graph]:
    """torch.jit.trace and its graph. Sizes are those of `args`."""
    if isinstance(module, torch.jit.ScriptModule):
        return module, _C.graph_from_torchscript(module._c)
    with torch.no_grad(), _without_fused_attention():
        traced = torch.jit.trace(module, args, check_trace=False, strict=False)
    return traced, _C.graph_from_torchscript(traced._c)


def export(module: torch.nn.Module, args: tuple[Any, ...], dynamic_shapes: Any = None) -> tuple[Any, _C.Graph]:
    """torch.export.export and its graph."""
    with torch.no_grad():
        program = torch.export.export(module, args, dynamic_shapes=dynamic_shapes)
    return program, graph_of_program(program)


def graph_of_program(program: torch.export.ExportedProgram) -> _C.Graph:
    """The graph of an exported program, as reading its .pt2 file gives it; weights are the program's own tensors."""
    from torch._export.serde.serialize import serialize

    artifact = serialize(program, serialize_state_dict=False, serialize_constants=False, serialize_example_inputs=False)

    def lookup(name: str, kind: str) -> torch.Tensor | None:
        found = program.state_dict.get(name) if kind != "constant" else None
        found = program.constants.get(name) if found is None else found
        return found.detach() if isinstance(found, torch.Tensor) else None

    return _C.graph_from_export(artifact.exported_program.decode(), lookup)
