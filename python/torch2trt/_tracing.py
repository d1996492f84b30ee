"""torch.jit.trace of any module: flat inside, so that arguments and results may nest as they like.

The tracer itself takes tensors only, dictionaries of one type only, no None, no result that is a constant.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _C
from ._inputs import Arguments
from .errors import InvalidArgument


class Trace:
    """What a trace gave: the ScriptModule, its graph and the results' structure."""

    def __init__(self, script: Any, graph: _C.Graph, template: list[Any], spec: Any) -> None:
        self.script = script
        self.graph = graph
        self._template = template
        self._spec = spec

    def nested(self, flat: list[Any]) -> Any:
        """The flat results as the module nests them."""
        results = iter(flat)
        return pytree.tree_unflatten(
            [next(results) if leaf is _TENSOR else leaf for leaf in self._template], self._spec
        )


_TENSOR = object()


class _Flat(torch.nn.Module):
    """`module` with the tensors of `arguments` as arguments, and a tuple of tensors as result.

    Its children and parameters are the module's, so scopes and names are too.
    """

    def __init__(self, module: torch.nn.Module, arguments: Arguments) -> None:
        super().__init__()
        self.__dict__.update(
            _parameters=_unique(module._parameters),
            _buffers=_unique(module._buffers),
            _modules=dict(module._modules),
            training=module.training,
        )
        self.__dict__.update(
            (name, value) for name, value in module.__dict__.items() if torch._C._jit_is_script_object(value)
        )
        self.__dict__.update(template=None, spec=None, forward=self._forward_of(module, arguments))

    def _forward_of(self, module: torch.nn.Module, arguments: Arguments) -> Any:
        positions = arguments.tensors
        constants = list(arguments.leaves)

        def forward(*tensors: torch.Tensor) -> Any:
            leaves = list(constants)
            for position, tensor in zip(positions, tensors, strict=True):
                leaves[position] = tensor
            return self._flat_results(module(*pytree.tree_unflatten(leaves, arguments.spec)))

        forward.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
                for name in _identifiers([arguments.paths[position] for position in positions])
            ]
        )
        return forward

    def _flat_results(self, results: Any) -> Any:
        leaves, spec = pytree.tree_flatten(results)
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        for leaf in leaves:
            if not isinstance(leaf, (torch.Tensor, int, float, str, type(None))):
                raise InvalidArgument(
                    f"the module returns a {type(leaf).__name__}; tensors are needed, nested in tuples, "
                    "lists and dicts"
                )
        if not tensors:
            raise InvalidArgument("the module returns no tensor")
        for tensor in tensors:
            torch._C._get_value_trace(tensor)  # makes one that depends on no input a constant of the graph
        self.__dict__.update(
            template=[_TENSOR if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves], spec=spec
        )
        return tensors[0] if spec.is_leaf() else tuple(tensors)


def trace(module: torch.nn.Module, arguments: Arguments) -> Trace:
    """Traces; the graph says how arguments and results nest. Sizes are those of the arguments.

    Raises:
        InvalidArgument: the module writes to a parameter, or returns something else than tensors.
    """
    flat = _Flat(module, arguments)
    example = [arguments.leaves[position] for position in arguments.tensors]
    if not example:
        raise InvalidArgument("a trace needs at least one tensor among the arguments")
    with (
        torch.no_grad(),
        without_fused_attention(),
        _no_aliases(module),
        _unchanged(module, example) as copies,
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings(
            "ignore", message=r"`torch\.jit\.trace.*is deprecated", category=FutureWarning
        )
        script = torch.jit.trace(flat, tuple(copies), check_trace=False, strict=False)
    graph = _C.graph_from_torchscript(script._c)
    marks = ["*" if isinstance(leaf, torch.Tensor) else None for leaf in arguments.leaves]
    graph.set_interface(
        [arguments.paths[position] for position in arguments.tensors],
        _structure(arguments.spec, iter(marks)),
        _structure(flat.spec, iter("*" if leaf is _TENSOR else None for leaf in flat.template)),
    )
    return Trace(script, graph, flat.template, flat.spec)


def _structure(spec: Any, marks: Iterator[Any]) -> Any:
    """As C++ takes it: "*" for a tensor, None for what is none, tuples, lists and dicts of these."""
    if spec.is_leaf():
        return next(marks)
    children = [_structure(child, marks) for child in spec.children()]
    if isinstance(spec.type, type) and issubclass(spec.type, dict):
        keys = (
            spec.context[1]
            if isinstance(spec.context, (list, tuple))
            and len(spec.context) == 2
            and isinstance(spec.context[1], list)
            else spec.context
        )
        return dict(zip(keys, children)) if len(keys) == len(children) else tuple(children)
    return children if spec.type is list else tuple(children)


def _identifiers(paths: list[str]) -> list[str]:
    names: list[str] = []
    for path in paths:
        name = re.sub(r"\W", "_", path)
        while name in names or not name.isidentifier():
            name += "_" if name.isidentifier() else "x"
        names.append(name)
    return names


def _unique(named: dict[str, Any]) -> dict[str, Any]:
    seen: set[int] = set()
    return {name: value for name, value in named.items() if id(value) not in seen and not seen.add(id(value))}


@contextmanager
def without_fused_attention() -> Iterator[None]:
    # Traced without gradients, MultiheadAttention and TransformerEncoder take fused operators that exist nowhere else.
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _no_aliases(module: torch.nn.Module) -> Iterator[None]:
    """The tracer refuses a tensor under two names in one module: meanwhile the second is another of the same memory."""
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for child in module.modules():
        if child is module:
            continue
        for named in (child._parameters, child._buffers):
            for name in named.keys() - _unique(named).keys():
                replaced.append((named, name, named[name]))
    try:
        for named, name, tensor in replaced:
            if tensor is not None:
                named[name] = (
                    torch.nn.Parameter(tensor.detach(), requires_grad=False)
                    if isinstance(tensor, torch.nn.Parameter)
                    else tensor.detach()
                )
        yield
    finally:
        for named, name, tensor in replaced:
            named[name] = tensor


@contextmanager
def _unchanged(module: torch.nn.Module, inputs: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Undoes what running `module` does to its weights and to the random numbers; yields copies of `inputs`.

    A trace really runs the module. Neither schemas (batch_norm in training) nor version counters (`p.data.clamp_()`)
    tell all writes, so everything is copied first: the price of a trace; an export runs on fake tensors.

    Raises:
        InvalidArgument: a parameter was written to; the graph may not say so.
    """
    held = [
        (name, tensor)
        for name, tensor in (*module.named_parameters(), *module.named_buffers())
        if tensor.layout is torch.strided
    ]
    copies = [tensor.detach().clone() for _, tensor in held]
    written: list[str] = []
    try:
        with torch.random.fork_rng(devices=[]):
            yield [tensor.clone() for tensor in inputs]
    finally:
        with torch.no_grad():
            for (name, tensor), before in zip(held, copies):
                if not torch.equal(tensor, before):
                    tensor.data.copy_(before)
                    if isinstance(tensor, torch.nn.Parameter) and not before.isnan().any():
                        written.append(name)
    if written:
        raise InvalidArgument(
            f'the module writes to its parameter "{written[0]}" when it runs, which no network can'
        )
