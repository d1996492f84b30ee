"""The user's handlers, by operator."""

from __future__ import annotations

import inspect
import logging
from typing import Any, Callable

from . import _C
from .errors import InvalidArgument

logger = logging.getLogger("torch2trt")

Handler = Callable[..., Any]
_handlers: dict[str, list[Handler]] = {}
_announced: set[str] = set()


def register_node_handler(name: str, *, override: bool = False) -> Callable[[Handler], Handler]:
    """Decorator: `handler(inputs, attributes)` or `handler(inputs, attributes, scope)` converts nodes of kind `name`.

    Args:
        name: "aten::sum" for all overloads, or "aten::sum.dim_IntList" for one.
        override: replace a handler registered before under the same name; otherwise that is an error.

    The handler is called for every node of its kind, in both modes. `inputs` is the full schema in order, defaults
    filled in: ITensors, torch tensors, numbers, lists. `attributes` is a dict with "kind", "scope" and "source";
    `scope` the module path. It returns a list with one entry per output: ITensors, torch tensors or plain values.
    A handler for an operator that torch2trt converts itself replaces that conversion.

    Raises:
        InvalidArgument: `name` has a handler already, or is not of the form "namespace::operator".
    """
    if "::" not in name:
        raise InvalidArgument(f'"{name}" is no operator; a name like "aten::sum" is needed')

    def register(handler: Handler) -> Handler:
        stack = _handlers.setdefault(name, [])
        if stack and not override:
            raise InvalidArgument(f'"{name}" has a handler already ({_name_of(stack[-1])}); give override=True to replace it')
        if not stack and name not in _announced and _is_builtin(name):
            _announced.add(name)
            logger.info('the handler %s replaces the built-in conversion of "%s"', _name_of(handler), name)
        stack.append(handler)
        return handler

    return register


def unregister_node_handler(name: str) -> Handler:
    """Removes the last handler registered under `name` and returns it; the one before it, or the built-in, is back.

    Raises:
        InvalidArgument: there is none.
    """
    if not _handlers.get(name):
        raise InvalidArgument(f'"{name}" has no handler to unregister')
    return _handlers[name].pop()


def lookup(kind: str, overload: str) -> Handler | None:
    """The user's handler for a node, called as handler(inputs, attributes, scope); None where there is none."""
    stack = (_handlers.get(f"{kind}.{overload}") if overload else None) or _handlers.get(kind)
    if not stack:
        return None
    handler = stack[-1]
    if _takes_scope(handler):
        return handler
    return lambda inputs, attributes, scope: handler(inputs, attributes)


def _is_builtin(name: str) -> bool:
    return any(key == name or key.startswith(name + ".") for key in _C.handler_keys())


def _name_of(handler: Handler) -> str:
    return getattr(handler, "__qualname__", repr(handler))


def _takes_scope(handler: Handler) -> bool:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) >= 3 or any(p.kind == p.VAR_POSITIONAL for p in parameters)
