"""Functions as modules, so that the front ends find the weights they use."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch

from .errors import InvalidArgument, InvalidModel


def as_module(module: Any) -> torch.nn.Module:
    """`module` itself, or a function as a module.

    Modules and tensors that the function refers to (its closure, the globals it names, a bound method's object, what
    functools.partial binds) become the module's own, under the names they have there. Nothing of the user's changes.
    """
    if isinstance(module, torch.nn.Module):
        return module
    if callable(module) and not isinstance(module, type):
        return _wrapped(module)
    raise InvalidArgument(f"an nn.Module or a function is needed, not {type(module).__name__}")


def argument_names(module: Any) -> list[str]:
    """The names of the positional arguments of forward, or of a function; "*xs" for one that takes the rest."""
    return [
        f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name
        for p in _signature(module).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
    ]


def check_arguments(module: torch.nn.Module, args: tuple[Any, ...]) -> None:
    """Raises InvalidArgument where forward takes fewer arguments than `args`, or needs more."""
    if isinstance(module, torch.jit.ScriptModule) or module._forward_pre_hooks:
        return  # its defaults are unknown; a hook may change the arguments
    try:
        signature = _signature(module)
    except (TypeError, ValueError):  # of a builtin
        return
    try:
        signature.bind(*args)
    except TypeError as error:
        names = ", ".join(argument_names(module)) or "none"
        raise InvalidArgument(
            f"the module's arguments are {names}; {len(args)} {'was' if len(args) == 1 else 'were'} given: {error}"
        ) from error


def _signature(module: Any) -> inspect.Signature:
    if isinstance(module, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        if isinstance(module, torch.jit.ScriptModule) and not hasattr(module, "forward"):
            # nn.LSTM and nn.GRU, scripted, have overloads ("forward__0") only, which PyTorch cannot call either.
            raise InvalidModel(
                f"the scripted {module.original_name} has no forward(). Script a module whose forward() calls it"
            )
        schema = (module.forward if isinstance(module, torch.jit.ScriptModule) else module).schema
        names = [argument.name for argument in schema.arguments if argument.name != "self"]
        return inspect.Signature(
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
        )
    return inspect.signature(module.forward if isinstance(module, torch.nn.Module) else module)


def _wrapped(function: Callable[..., Any]) -> torch.nn.Module:
    def forward(self: Any, *args: Any) -> Any:
        return function(*args)

    try:
        parameters = list(_signature(function).parameters.values())
    except (TypeError, ValueError):  # of a builtin
        parameters = [inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL)]
    itself = inspect.Parameter(
        "self",
        inspect.Parameter.POSITIONAL_ONLY
        if parameters and parameters[0].kind is inspect.Parameter.POSITIONAL_ONLY
        else inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    if any(parameter.name == "self" for parameter in parameters):
        itself = itself.replace(name="_module")
    forward.__signature__ = inspect.Signature([itself, *parameters])  # type: ignore[attr-defined]
    _show_in_stack_traces(function)
    name = getattr(function, "__name__", type(function).__name__)
    wrapper = type(name if name.isidentifier() else "Function", (torch.nn.Module,), {"forward": forward})()
    for name, value in _referred(function):
        _adopt(wrapper, name.replace(".", "_"), value)
    return wrapper


def _show_in_stack_traces(function: Any) -> None:
    # torch.export keeps only the frames of functions called "forward", and of those registered (PyTorch 2.9 and later).
    register = getattr(torch.fx.proxy, "_register_stack_trace_anchor", None)
    if register is None:
        return
    while isinstance(function, functools.partial):
        function = function.func
    called = function if inspect.isroutine(function) else type(function).__call__
    # torch.no_grad() and its like wrap functions.
    register(inspect.unwrap(getattr(called, "__func__", called)))


def _referred(function: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(function, functools.partial):
        yield from _referred(function.func)
        for index, value in enumerate(function.args):
            yield f"arg{index}", value
        yield from function.keywords.items()
        return
    if inspect.ismethod(function):
        yield "object", function.__self__
        function = function.__func__
    if inspect.isfunction(function):
        variables = inspect.getclosurevars(function)
        yield from variables.nonlocals.items()
        yield from variables.globals.items()
    elif not inspect.isbuiltin(function):
        yield from getattr(function, "__dict__", {}).items()


def _adopt(wrapper: torch.nn.Module, name: str, value: Any) -> None:
    if hasattr(wrapper, name):
        name = f"{name}_"
    if isinstance(value, torch.nn.Module):
        wrapper.add_module(name, value)
    elif isinstance(value, torch.nn.Parameter):
        wrapper.register_parameter(name, value)
    elif isinstance(value, torch.Tensor):
        wrapper.register_buffer(name, value)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _adopt(wrapper, f"{name}_{index}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                _adopt(wrapper, f"{name}_{key}".replace(".", "_"), item)
