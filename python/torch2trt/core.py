"""The conversion: the API of the original torch2trt, on today's PyTorch and TensorRT.

A graph is run, not translated. Inside `trt_network(network)` it runs on ITensors and adds layers; outside, or inside
`torch_network()`, it runs on torch tensors ("torch mode").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _C, _comparing, _frontends, _functions, _inputs, _precision, _verbose
from ._comparing import Compare
from ._context import Context, current, current_context, current_network, torch_network, trt_network
from ._handlers import disabled_passes, lookup, register_node_handler, unregister_node_handler
from ._inputs import Arguments, has_trt_tensor
from .errors import InvalidArgument, UnsupportedOperator

__all__ = [
    "Compare",
    "Context",
    "ConvertedGraph",
    "current_context",
    "current_network",
    "debug_call_graph",
    "has_trt_tensor",
    "register_node_handler",
    "torch2trt",
    "torch_network",
    "trt_network",
    "unregister_node_handler",
]


def _axes_to_trt_axis(axes: int | Sequence[int] | None, ndim: int) -> int:
    """TensorRT's bit mask of `axes` (negative ones counted from the end; None is all) of `ndim` dimensions."""
    if axes is None:
        axes = range(ndim)
    mask = 0
    for axis in (axes,) if isinstance(axes, int) else axes:
        if not -ndim <= axis < ndim:
            raise InvalidArgument(f"dimension {axis} is out of range for {ndim} dimensions")
        mask |= 1 << (axis % ndim)
    return mask


@dataclass(frozen=True)
class _Program:
    """What a front end made of a module."""

    graph: Any
    nested: _frontends.Nested
    argument_names: list[str]
    constants: dict[str, Any]


@dataclass(frozen=True)
class _Results:
    """Of one run: flat, and as they nest."""

    flat: list[Any]
    outputs: Any
    comparison: _comparing.Comparison | None
    by_name: bool = False  # chosen by output_names


class ConvertedGraph:
    """What `torch2trt` returns beside the trace: the graph, and the results of running it.

    Attributes:
        graph: the C++ Graph; `str(graph)` is its text.
        outputs: the results nested as the module returns them: ITensors in TensorRT mode, torch tensors in torch mode.
            With `output_names`, the list of these values.
        comparison: with `compare`, what was compared; else None.
    """

    def __init__(self, program: _Program, results: _Results, network: Any = None) -> None:
        self._network = network  # an ITensor of a layer does not keep it, and reads freed memory without it
        self.graph = program.graph
        self._program = program
        # A trace's own results are its tensors; the module's numbers among them stand in `outputs` only.
        self._entries = results.flat if results.by_name else pytree.tree_leaves(results.outputs)
        self.outputs = results.outputs
        self.comparison = results.comparison

    def get_resolved_outputs(self) -> list[list[Any]]:
        """One list per graph output: `results[i][0]` is output i."""
        return [[value] for value in self._entries]

    def __str__(self) -> str:
        return str(self.graph)


def torch2trt(
    module: Any,
    example_inputs: Any,
    param_exclude: str | None = None,
    param_include: str | None = None,
    output_names: Sequence[str] | None = None,
    input_tensors: Sequence[Any] | None = None,
    input_names: Sequence[str] | None = None,
    verbose: bool = False,
    *,
    frontend: str = "trace",
    compare: bool | Compare = False,
    precision: Any = None,
    keep_float32: str | None = None,
) -> tuple[Any, ConvertedGraph]:
    """Converts `module` into the current network, or runs it in torch mode.

    Args:
        module: nn.Module, ScriptModule or function.
        example_inputs: the arguments: a tuple or list, or a single one. Torch tensors or ITensors, nested in tuples,
            lists and dicts as the module takes them. In TensorRT mode each torch tensor becomes an input of the
            network, of its shape and dtype; an ITensor is used as it is.
        param_exclude: regular expression. Not needed: unused parameters do no harm. One that is used must not match.
        param_include: regular expression that every used parameter must match.
        output_names: names of graph values (or inputs, parameters) to return in place of the module's outputs.
        input_tensors: ITensors to use for the inputs, in order, in place of new inputs; None for a new one.
        input_names: names of the network's new inputs, or of all inputs (those of ITensors are ignored); default: the
            names of forward's arguments, with a number where the network has them already.
        verbose: log one line a node.
        frontend: "trace" (torch.jit.trace) or "export" (torch.export).
        compare: in torch mode, also make the network, execute it on the CPU and compare each node's result. True or a
            `Compare` with a tolerance. Needs a TensorRT Python module, no GPU.
        precision: torch.float16 or torch.bfloat16 ("fp16", "bf16"): compute in it where that is accurate enough. Inputs
            and results keep their types. For strongly typed networks (TensorRT 10 and later, TensorRT-RTX).
        keep_float32: with `precision`, a regular expression; operators in whose "module/path/operator" it finds a match
            stay float32.

    Returns:
        (trace, graph): the ScriptModule (flat tensors in and out, where the module nests them) or ExportedProgram, and
        a `ConvertedGraph`.

    Raises:
        UnsupportedOperator: lists every node that cannot be converted; the network is then to be thrown away.
        InvalidArgument: inputs, names or parameters do not fit.
        BuildFailed: TensorRT refused a layer that a handler of yours added; with its own text.
        Mismatch: `compare` found a difference; names the first node that differs.
    """
    context = current()
    native = None if context is None else context._native
    if compare and native is not None:
        raise InvalidArgument("compare belongs to torch mode; leave the core.trt_network() block first")
    exclude, include = _compiled("param_exclude", param_exclude), _compiled("param_include", param_include)
    reduced = _precision.as_pair(precision, keep_float32)
    if reduced and native is None:
        raise InvalidArgument("precision is for networks; torch mode computes in the module's own types")
    wrapped = _functions.as_module(module)
    names = _functions.argument_names(wrapped)
    arguments = Arguments(example_inputs, names)
    _functions.check_arguments(wrapped, arguments.args())
    if input_tensors is not None:
        arguments.replace_tensors(input_tensors)
    if native is None and has_trt_tensor(arguments.leaves):
        raise InvalidArgument(
            "an ITensor was given outside core.trt_network(); torch mode takes torch tensors"
        )
    if native is not None:
        arguments.check_owned(native)
    trace, graph, nested = _import(wrapped, arguments, frontend, native is None)
    program = _Program(graph, nested, names, arguments.constants)
    _check_parameters(graph, exclude, include)
    positions = arguments.values_for(graph)
    if native is not None:
        _add_network_inputs(context, arguments, input_names)
    values = [arguments.leaves[position] for position in positions]
    results = _run(program, values, native, output_names, verbose, compare, reduced)
    return trace, ConvertedGraph(program, results, None if context is None else context.network)


def _import(
    module: torch.nn.Module, arguments: Arguments, frontend: str, torch_mode: bool
) -> tuple[Any, Any, _frontends.Nested]:
    if frontend not in ("trace", "export"):
        raise InvalidArgument(f'frontend is "{frontend}"; "trace" and "export" exist')
    trace, graph, nested = (_frontends.from_trace if frontend == "trace" else _frontends.from_export)(
        module, arguments
    )
    if graph.list_inputs:
        raise UnsupportedOperator(
            f'input "{graph.list_inputs[0]}" is a list whose length the program does not fix, and a network takes '
            "tensors; give the module a tuple, or read the list by constant indices"
        )
    # Folded, the weights would be computed anew at each run of the graph.
    _C.run_passes(graph, disabled_passes() | ({"fold_batch_norm"} if torch_mode else set()))
    return trace, graph, nested


def _compiled(argument: str, pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise InvalidArgument(
            f"{argument} is {pattern!r}, which is no regular expression: {error}"
        ) from error


def _check_parameters(graph: Any, exclude: re.Pattern[str] | None, include: re.Pattern[str] | None) -> None:
    for name in graph.used_parameters:
        if exclude is not None and exclude.match(name):
            raise InvalidArgument(
                f'param_exclude "{exclude.pattern}" excludes "{name}", which the module uses'
            )
        if include is not None and not include.match(name):
            raise InvalidArgument(
                f'param_include "{include.pattern}" leaves out "{name}", which the module uses'
            )


def _add_network_inputs(context: Context, arguments: Arguments, input_names: Sequence[str] | None) -> None:
    """Puts a new input of the network in the place of each torch tensor."""
    tensors = arguments.tensors
    fresh = [position for position in tensors if not _inputs.is_itensor(arguments.leaves[position])]
    network = context.network
    taken = {network.get_input(index).name for index in range(network.num_inputs)}
    names = _chosen_names(input_names, tensors, fresh, taken)
    wide = [position for position in fresh if arguments.leaves[position].dtype is torch.float64]
    for position in fresh:
        value = arguments.leaves[position]
        name = names.get(position) or _free_name(arguments.paths[position], taken)
        taken.add(name)
        arguments.leaves[position] = context._native.add_input(
            name, str(value.dtype).removeprefix("torch."), list(value.shape)
        )
    if wide:
        _verbose.log(
            "warning",
            f'TensorRT has no float64: input "{arguments.leaves[wide[0]].name}" and what is computed '
            "from it are float32 in the network",
        )


def _chosen_names(
    input_names: Sequence[str] | None, tensors: list[int], fresh: list[int], taken: set[str]
) -> dict[int, str]:
    if input_names is None:
        return {}
    _inputs.check_names(input_names)
    if len(input_names) not in (len(fresh), len(tensors)):
        raise InvalidArgument(
            f"input_names has {len(input_names)} entries, the module takes {len(tensors)} tensors"
        )
    chosen = dict(zip(fresh if len(input_names) == len(fresh) else tensors, input_names))
    used = set(taken)
    for position in fresh:
        if chosen[position] in used:
            raise InvalidArgument(f'input_names: the network has an input "{chosen[position]}" already')
        used.add(chosen[position])
    return chosen


def _free_name(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _run(
    program: _Program,
    values: list[Any],
    native: Any = None,
    output_names: Sequence[str] | None = None,
    verbose: bool = False,
    compare: bool | Compare = False,
    precision: tuple[str, str] | None = None,
) -> _Results:
    names = [output_names] if isinstance(output_names, str) else output_names
    if names is not None and not all(isinstance(name, str) for name in names):
        raise InvalidArgument(f"output_names is {names!r}; a list of names is needed")
    comparer = None
    if compare:
        settings = compare if isinstance(compare, Compare) else Compare()
        comparer = _comparing.Comparer(program.graph, values, settings)
    with torch.no_grad(), _verbose.observing(verbose, len(program.graph.kinds)) as observe:
        flat = _C.run(
            program.graph,
            values,
            native,
            names=names,
            lookup=lookup,
            log=_verbose.log,
            observe=observe,
            record=None if comparer is None else comparer.record,
            precision=precision,
        )
    return _Results(
        flat,
        flat if names is not None else program.nested(flat),
        None if comparer is None else comparer.finish(),
        names is not None,
    )


def debug_call_graph(
    graph: ConvertedGraph,
    inputs: Any,
    output_names: Sequence[str] | None = None,
    *,
    compare: bool | Compare = False,
) -> Any:
    """Runs `graph` again with torch: the same results as the module, node by node through the handlers.

    Args:
        graph: what `torch2trt` returned.
        inputs: arguments as for the module. The batch may differ from the trace. They are never changed.
        output_names: names of graph values to return, as a flat list, in place of the module's outputs.
        compare: as for `torch2trt`.

    Raises:
        InvalidArgument: a TensorRT network is current, or the inputs do not fit.
        Mismatch: `compare` found a difference.
    """
    if current_network() is not None:
        raise InvalidArgument(
            "debug_call_graph computes with torch; leave the core.trt_network() block first"
        )
    program = graph._program
    arguments = Arguments(inputs, program.argument_names)
    if has_trt_tensor(arguments.leaves):
        raise InvalidArgument("debug_call_graph takes torch tensors, not ITensors")
    values = [arguments.leaves[position] for position in arguments.values_for(program.graph)]
    arguments.check_constants(program.constants)
    results = _run(program, values, output_names=output_names, compare=compare)
    graph.comparison = results.comparison
    return results.outputs
