"""`GraphModule`: a module that runs on torch tensors and on ITensors alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from . import _functions, _inputs, _precision
from ._context import current
from ._handlers import disabled_passes
from ._inputs import Arguments, has_trt_tensor
from .core import Compare, ConvertedGraph, _check_parameters, _compiled, _import, _Program, _run
from .errors import InvalidArgument


class GraphModule:
    """`module` as a graph: called with torch tensors it computes, called with ITensors it adds layers.

    ITensors belong inside `trt_network(network)`, torch tensors outside of it (or inside `torch_network()`). Sizes and
    types may differ from call to call: the module is imported once for each, and again when handlers that need it are
    registered, when it changes between training and eval mode, and when a weight is another tensor or has moved.

    Args:
        module: nn.Module, ScriptModule or function.
        example_inputs: arguments as for the module: a tuple or list, or a single one. It is imported for them at once.
        param_exclude, param_include: as for `core.torch2trt`.
        frontend: "trace" or "export"; None: "export" where an ITensor has dynamic dimensions, "trace" elsewhere.
        precision, keep_float32: of the networks, as for `core.torch2trt`. Torch mode has the module's own types.

    Attributes:
        module: the module.
        trace: the ScriptModule or ExportedProgram of the last import.
        graph: the `ConvertedGraph` of the last call; before the first, the imported Graph.
    """

    def __init__(
        self,
        module: Any,
        example_inputs: Any,
        param_exclude: str | None = None,
        param_include: str | None = None,
        *,
        frontend: str | None = None,
        precision: Any = None,
        keep_float32: str | None = None,
    ) -> None:
        self.module = module
        self._wrapped = _functions.as_module(module)
        self._names = _functions.argument_names(self._wrapped)
        self._filters = (
            _compiled("param_exclude", param_exclude),
            _compiled("param_include", param_include),
        )
        self._frontend = frontend
        self._precision = _precision.as_pair(precision, keep_float32)
        self._programs: dict[Any, tuple[Any, _Program]] = {}
        self._state: Any = None
        self.trace, program = self._import(Arguments(example_inputs, self._names), torch_mode=True)
        self.graph: Any = program.graph

    def __call__(self, *args: Any, verbose: bool = False, compare: bool | Compare = False) -> Any:
        """The module's results for `args`: torch tensors or ITensors, nested as the module returns them.

        Raises:
            InvalidArgument: torch tensors inside `trt_network`, ITensors outside of it, or both.
        """
        context = current()
        native = None if context is None else context._native
        arguments = Arguments(args, self._names)
        self._check(arguments, native)
        if compare and native is not None:
            raise InvalidArgument("compare belongs to torch mode; leave the core.trt_network() block first")
        self.trace, program = self._import(arguments, torch_mode=native is None)
        values = [arguments.leaves[position] for position in arguments.values_for(program.graph)]
        precision = None if native is None else self._precision
        results = _run(program, values, native, verbose=verbose, compare=compare, precision=precision)
        self.graph = ConvertedGraph(program, results, None if context is None else context.network)
        return self.graph.outputs

    def _check(self, arguments: Arguments, native: Any) -> None:
        if native is None and has_trt_tensor(arguments.leaves):
            raise InvalidArgument(
                "an ITensor was given outside core.trt_network(); torch mode takes torch tensors"
            )
        if native is None:
            return
        arguments.check_owned(native)
        for position in arguments.tensors:
            if isinstance(arguments.leaves[position], torch.Tensor):
                raise InvalidArgument(
                    f'argument "{arguments.paths[position]}" is a torch tensor inside trt_network; give an ITensor '
                    "(network.add_input), or compute with torch inside torch_network()"
                )

    def _import(self, arguments: Arguments, torch_mode: bool) -> tuple[Any, _Program]:
        tensors = [arguments.leaves[position] for position in arguments.tensors]
        dynamic = any(_inputs.is_itensor(tensor) and -1 in tuple(tensor.shape) for tensor in tensors)
        frontend = self._frontend or ("export" if dynamic else "trace")
        if isinstance(self._wrapped, torch.jit.ScriptModule) and self._frontend is None:
            frontend = "trace"
        key = (
            frontend,
            torch_mode,
            frozenset(disabled_passes()),
            str(arguments.spec),
            tuple(_described(leaf) for leaf in arguments.leaves),
        )
        state = _state_of(self._wrapped)
        if state != self._state:
            self._programs.clear()
            self._state = state
        if key not in self._programs:
            trace, graph, nested = _import(self._wrapped, arguments, frontend, torch_mode)
            _check_parameters(graph, *self._filters)
            program = _Program(graph, nested, self._names, arguments.constants)
            self._programs[key] = trace, program
        return self._programs[key]


def _state_of(module: torch.nn.Module) -> tuple[Any, ...]:
    """What of `module` an import depends on. Not the weights' values: graphs refer to their memory."""
    tensors = (*module.named_parameters(), *module.named_buffers())
    return (
        tuple(child.training for child in module.modules()),
        tuple((name, id(tensor), _address(tensor), tensor.dtype) for name, tensor in tensors),
    )


def _address(tensor: torch.Tensor) -> int:
    return tensor.data_ptr() if tensor.layout is torch.strided else 0


def _described(leaf: Any) -> Sequence[Any]:
    """What an import depends on."""
    if _inputs.is_itensor(leaf):
        return ("tensor", tuple(leaf.shape), str(_inputs.torch_dtype_of(leaf)))
    if isinstance(leaf, torch.Tensor):
        return ("tensor", tuple(leaf.shape), str(leaf.dtype))
    return ("constant", type(leaf).__name__, repr(leaf))
