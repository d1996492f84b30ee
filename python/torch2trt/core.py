"""The conversion: the API of the original torch2trt, on today's PyTorch and TensorRT.

A graph is run, not translated. Inside `trt_network(network)` it runs on ITensors and adds layers; outside, or inside
`torch_network()`, it runs on torch tensors ("torch mode").
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import re
import sys
from contextvars import ContextVar
from typing import Any, Iterator, Sequence

import torch

from . import _C, _frontends, _inputs
from ._handlers import lookup, register_node_handler, unregister_node_handler
from .errors import InvalidArgument

__all__ = [
    "Context", "ConvertedGraph", "current_network", "debug_call_graph", "has_trt_tensor", "register_node_handler",
    "torch2trt", "torch_network", "trt_network", "unregister_node_handler",
]

logger = logging.getLogger("torch2trt")


class Context:
    """What `trt_network` and `torch_network` yield. `network` is the user's INetworkDefinition, or None."""

    def __init__(self, network: Any = None) -> None:
        self.network = network
        self._native = None if network is None else _C.PythonNetwork(network)


_current: ContextVar[Context | None] = ContextVar("torch2trt_network", default=None)


@contextlib.contextmanager
def _entered(context: Context) -> Iterator[Context]:
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
        context._native = None  # gives the network its error recorder back


def trt_network(network: Any) -> contextlib.AbstractContextManager[Context]:
    """Within the block, conversions add to `network` (INetworkDefinition of tensorrt or tensorrt_rtx).

    Per thread and task (a context variable); blocks nest; what was current before is restored always.

    Raises:
        InvalidArgument: `network` is something else.
    """
    return _entered(Context(network))


def torch_network() -> contextlib.AbstractContextManager[Context]:
    """Within the block, conversions compute with torch: the debug mode. Needs no TensorRT."""
    return _entered(Context())


def current_network() -> Any:
    """The INetworkDefinition given to the innermost `trt_network`, the very object; None in torch mode."""
    context = _current.get()
    return None if context is None else context.network


def has_trt_tensor(inputs: Any) -> bool:
    """Whether `inputs`, or any list, tuple or dict in it, holds an ITensor."""
    if isinstance(inputs, dict):
        return any(has_trt_tensor(value) for value in inputs.values())
    if isinstance(inputs, (list, tuple)):
        return any(has_trt_tensor(value) for value in inputs)
    return _inputs.is_itensor(inputs)


def _axes_to_trt_axis(axes: int | Sequence[int], ndim: int) -> int:
    """TensorRT's bit mask of `axes` (negative ones counted from the end) of a tensor with `ndim` dimensions."""
    mask = 0
    for axis in (axes,) if isinstance(axes, int) else axes:
        if not -ndim <= axis < ndim:
            raise InvalidArgument(f"dimension {axis} is out of range for {ndim} dimensions")
        mask |= 1 << (axis % ndim)
    return mask


class ConvertedGraph:
    """What `torch2trt` returns beside the trace: the graph, and the results of running it.

    Attributes:
        graph: the C++ Graph; `str(graph)` is its text.
        outputs: the results nested as the module returns them: ITensors in TensorRT mode, torch tensors in torch mode.
    """

    def __init__(self, graph: Any, flat: list[Any], structure: Any, named: bool) -> None:
        self.graph = graph
        self._flat = flat
        self.outputs = flat if named else _nested(structure, iter(flat))

    def get_resolved_outputs(self) -> list[list[Any]]:
        """One list per graph output: `results[i][0]` is output i."""
        return [[value] for value in self._flat]

    def __str__(self) -> str:
        return str(self.graph)


def _nested(structure: Any, flat: Iterator[Any]) -> Any:
    if structure == "*":
        return next(flat)
    if isinstance(structure, dict):
        return {key: _nested(child, flat) for key, child in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_nested(child, flat) for child in structure)
    return None


def torch2trt(module: Any, example_inputs: Any, param_exclude: str | None = None, param_include: str | None = None,
              output_names: Sequence[str] | None = None, input_tensors: Sequence[Any] | None = None,
              input_names: Sequence[str] | None = None, verbose: bool = False, *,
              frontend: str = "trace") -> tuple[Any, ConvertedGraph]:
    """Converts `module` into the current network, or runs it in torch mode.

    Args:
        module: nn.Module, ScriptModule or function.
        example_inputs: the arguments: a tuple or list, or a single one. Torch tensors or ITensors, nested in tuples,
            lists and dicts as the module takes them. In TensorRT mode each torch tensor becomes an input of the
            network, of its shape and dtype; an ITensor is used as it is.
        param_exclude: regular expression. Not needed: unused parameters do no harm. One that is used must not match.
        param_include: regular expression that every used parameter must match.
        output_names: names of graph values to return in place of the module's outputs.
        input_tensors: ITensors to use for the inputs, in order, in place of new inputs.
        input_names: names of the network's inputs; default: the names of forward's arguments.
        verbose: log one line a node.
        frontend: "trace" (torch.jit.trace) or "export" (torch.export).

    Returns:
        (trace, graph): the ScriptModule or ExportedProgram, and a `ConvertedGraph`.

    Raises:
        UnsupportedOperator: lists every node that cannot be converted; the network is then to be thrown away.
        InvalidArgument: inputs, names or parameters do not fit.
        BuildFailed: TensorRT refused a layer; with its own text.
    """
    context = _current.get()
    native = None if context is None else context._native
    args = _inputs.as_args(example_inputs)
    if native is None and has_trt_tensor(args):
        raise InvalidArgument("an ITensor was given outside core.trt_network(); torch mode takes torch tensors")
    trace, graph = _import(_frontends.as_module(module), args, frontend)
    _check_parameters(graph, param_exclude, param_include)
    values = _values_for(graph, args, module)
    if native is not None:
        values = _network_inputs(native, graph, values, input_tensors, input_names)
    flat, named = _run(graph, values, native, output_names, verbose)
    return trace, ConvertedGraph(graph, flat, graph.output_structure, named)


def _import(module: torch.nn.Module, args: tuple[Any, ...], frontend: str) -> tuple[Any, Any]:
    if frontend not in ("trace", "export"):
        raise InvalidArgument(f'frontend is "{frontend}"; "trace" and "export" exist')
    tensors, dynamic_shapes = _inputs.stand_ins(args, frontend)
    if frontend == "trace":
        trace, graph = _frontends.trace(module, tensors)
    else:
        trace, graph = _frontends.export(module, tensors, dynamic_shapes)
    _C.run_passes(graph)
    return trace, graph


def _check_parameters(graph: Any, exclude: str | None, include: str | None) -> None:
    for name in graph.used_parameters:
        if exclude is not None and re.match(exclude, name):
            raise InvalidArgument(f'param_exclude "{exclude}" excludes "{name}", which the module uses')
        if include is not None and not re.match(include, name):
            raise InvalidArgument(f'param_include "{include}" leaves out "{name}", which the module uses')


def _values_for(graph: Any, args: tuple[Any, ...], module: Any) -> list[Any]:
    """One tensor per graph input."""
    leaves = _inputs.tensor_leaves(args)
    wanted = [name for name, _, _ in graph.inputs]
    if len(leaves) == len(wanted):
        return leaves
    forward = getattr(module, "forward", module)
    named = _inputs.named_leaves(args, list(inspect.signature(forward).parameters))
    if not all(name in named for name in wanted):
        raise InvalidArgument(f"the program takes {len(wanted)} inputs ({', '.join(wanted)}), {len(leaves)} tensors were given")
    return [named[name] for name in wanted]


def _network_inputs(native: Any, graph: Any, values: list[Any], input_tensors: Sequence[Any] | None,
                    input_names: Sequence[str] | None) -> list[Any]:
    if input_tensors is not None:
        if len(input_tensors) != len(values):
            raise InvalidArgument(f"input_tensors has {len(input_tensors)} entries, the module takes {len(values)} tensors")
        values = list(input_tensors)
    fresh = [index for index, value in enumerate(values) if not _inputs.is_itensor(value)]
    names = {index: graph.inputs[index][0] for index in fresh}
    if input_names is not None:
        indices = fresh if len(input_names) == len(fresh) else range(len(values))
        if len(input_names) not in (len(fresh), len(values)):
            raise InvalidArgument(f"input_names has {len(input_names)} entries, the module takes {len(values)} tensors")
        names.update(zip(indices, input_names))
    return [value if index not in fresh
            else native.add_input(names[index], str(value.dtype).removeprefix("torch."), list(value.shape))
            for index, value in enumerate(values)]


def _run(graph: Any, values: list[Any], native: Any, output_names: Sequence[str] | None,
         verbose: bool) -> tuple[list[Any], bool]:
    capture = set(output_names or ())
    flat, captured = _C.run(graph, values, native, lookup=lookup, log=_log, observe=_line if verbose else None, capture=capture)
    if output_names is None:
        return flat, False
    missing = [name for name in output_names if name not in captured]
    if missing:
        raise InvalidArgument(f"output_names: the graph has no value {', '.join(map(repr, missing))}; str(graph) shows its names")
    return [captured[name] for name in output_names], True


def debug_call_graph(graph: ConvertedGraph, inputs: Any, output_names: Sequence[str] | None = None) -> Any:
    """Runs `graph` again with torch: the same results as the module, node by node through the handlers.

    Args:
        graph: what `torch2trt` returned.
        inputs: arguments as for the module. The batch may differ from the trace. They are never changed.
        output_names: names of graph values to return, as a flat list, in place of the module's outputs.

    Raises:
        InvalidArgument: a TensorRT network is current, or the inputs do not fit.
    """
    if current_network() is not None:
        raise InvalidArgument("debug_call_graph computes with torch; leave the core.trt_network() block first")
    args = _inputs.as_args(inputs)
    leaves = _inputs.tensor_leaves(args)
    flat, named = _run(graph.graph, leaves, None, output_names, verbose=False)
    return flat if named else _nested(graph.graph.output_structure, iter(flat))


def _log(level: str, text: str) -> None:
    logger.log(logging.getLevelName(level.upper()), text)


def _line(kind: str, scope: str, inputs: list[str], outputs: list[str], names: list[str]) -> None:
    if not logger.handlers and not logging.getLogger().handlers:
        logger.addHandler(logging.StreamHandler(sys.stderr))
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    logger.info("%s: [%s]==>>[%s]%s", kind, ", ".join(inputs), ", ".join(outputs), f"  # {scope}" if scope else "")
