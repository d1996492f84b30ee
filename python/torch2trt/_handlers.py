"""The user's handlers, by operator."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

from . import _C
from .errors import InvalidArgument

logger = logging.getLogger("torch2trt")

Handler = Callable[..., Any]
# Each entry: the handler as registered, and as called with (inputs, attributes, scope).
_handlers: dict[str, list[tuple[Handler, Handler]]] = {}
_announced: set[str] = set()

# What the TorchScript front end turns into something else.
_RENAMED = {
    "aten::_convolution": "aten::conv2d (and conv1d, conv3d, conv_transpose2d, ...)",
    "aten::_convolution_mode": "aten::conv2d (and conv1d, conv3d)",
    "aten::copy_": "the operator whose result is copied",
    "aten::fill_": "aten::full_like",
    "aten::zero_": "aten::zeros_like",
}


def register_node_handler(name: str, *, override: bool = False) -> Callable[[Handler], Handler]:
    """Decorator: `handler(inputs, attributes)` or `handler(inputs, attributes, scope)` converts nodes of kind `name`.

    Args:
        name: "aten::sum" for all overloads, or "aten::sum.dim_IntList" for one. Programs are made free of in-place
            operators first: "aten::relu_" serves nodes of "aten::relu" that have no handler of their own.
        override: replace a handler registered before under the same name; otherwise that is an error.

    The handler is called for every node of its kind, in both modes, with or without ITensors among its inputs.
    `inputs` is the full schema in order, defaults filled in: ITensors, torch tensors (copies), numbers, lists.
    `attributes` is a dict: "kind" (with overload), "name" (of the first output's value) and "output_names", "scope"
    (module path), "source" (line of the user's program), "constants" (the arguments the program fixed, by name).
    `scope` is the module path; a third argument of another name that has a default keeps that.
    It returns a list with one entry per output: ITensors, torch tensors or plain values.
    They are of the types, dtypes and sizes that the node has in the program; None for an output that nothing reads.
    A handler for an operator that torch2trt converts itself replaces that conversion.

    Raises:
        InvalidArgument: `name` has a handler already, or is not of the form "namespace::operator".
    """
    if not isinstance(name, str) or "::" not in name:
        raise InvalidArgument(f'"{name}" is no operator; a name like "aten::sum" is needed')

    def register(handler: Handler) -> Handler:
        if not callable(handler):
            raise InvalidArgument(f'the handler for "{name}" is a {type(handler).__name__}, not a function')
        stack = _handlers.setdefault(name, [])
        if stack and not override:
            raise InvalidArgument(
                f'"{name}" has a handler already ({_name_of(stack[-1][0])}); give override=True to replace it'
            )
        _announce(name, handler)
        stack.append((handler, _with_scope(handler)))
        return handler

    return register


def unregister_node_handler(name: str) -> Handler:
    """Removes the last handler registered under `name` and returns it; the one before it, or the built-in, is back.

    Raises:
        InvalidArgument: there is none.
    """
    if not _handlers.get(name):
        raise InvalidArgument(f'"{name}" has no handler to unregister')
    return _handlers[name].pop()[0]


def lookup(kind: str, overload: str) -> Handler | None:
    """The user's handler for a node, called as handler(inputs, attributes, scope); None where there is none."""
    for name in (kind, f"{kind}_"):
        stack = (_handlers.get(f"{name}.{overload}") if overload else None) or _handlers.get(name)
        if stack:
            return stack[-1][1]
    return None


def disabled_passes() -> set[str]:
    """The passes that would take nodes away from the user's handlers."""
    return _C.passes_against({name.partition(".")[0] for name, stack in _handlers.items() if stack})


def _announce(name: str, handler: Handler) -> None:
    if name in _announced:
        return
    _announced.add(name)
    operator, _, overload = name.partition(".")
    if operator in _RENAMED:
        logger.warning('no program has "%s" nodes; register a handler for %s', name, _RENAMED[operator])
    elif operator.startswith("aten::") and not _has_schema(operator, overload):
        logger.warning(
            'this PyTorch has no operator "%s"; the handler %s will not be called', name, _name_of(handler)
        )
    elif any(key == name or key.startswith(name + ".") or key == operator for key in _C.handler_keys()):
        logger.info('the handler %s replaces the built-in conversion of "%s"', _name_of(handler), name)


def _has_schema(operator: str, overload: str) -> bool:
    head = f"{operator}.{overload}(" if overload else operator
    return any(text.startswith(head) for text in _C.operator_schemas(operator))


def _name_of(handler: Handler) -> str:
    return getattr(handler, "__qualname__", repr(handler))


def _with_scope(handler: Handler) -> Handler:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # of a builtin
        parameters = ()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    # `def handler(inputs, attributes, layer=layer)` keeps a loop's variable: a default that is not ours to replace.
    third = positional[2] if len(positional) > 2 else None
    if third is None:
        takes_scope = any(p.kind == p.VAR_POSITIONAL for p in parameters)
    else:
        takes_scope = third.default is third.empty or third.name == "scope"
    if takes_scope:
        return handler

    def without_scope(inputs: list[Any], attributes: dict[str, Any], scope: str) -> Any:
        return handler(inputs, attributes)

    functools.update_wrapper(without_scope, handler)
    without_scope.__qualname__ = _name_of(handler)
    return without_scope
