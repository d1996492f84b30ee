"""`execute`: the entry point, and the checks of its arguments."""

from collections.abc import Callable, Iterable, Mapping

import torch

from .errors import ExecutorError
from .program import Program
from .run import Run, matches
from .types import carrier, dims


def execute(
    network,
    inputs: Mapping[str, torch.Tensor],
    *,
    keep: bool | Iterable[str] = False,
    plugins: Mapping[str, Callable] | None = None,
) -> dict[str, torch.Tensor]:
    """Computes a TensorRT network on the CPU with torch, layer by layer.

    Arguments
    ---------
    network: an ``INetworkDefinition`` of any TensorRT Python module
    inputs: a CPU tensor for each network input, by name. Its dtype is the one that carries the declared type
        (int8 for INT4, float32 for FP4), its shape one that the declared dimensions allow.
    keep: names of further tensors to return, or True for all. A tensor that the outputs don't need (dead
        layer, branch not taken, loop without an iteration) is not computed and not returned; of a tensor in a
        loop the value in the last iteration is.
    plugins: for each plugin type a function ``f(layer, *inputs)`` that returns a tensor or a list of tensors

    Returns the network outputs by name, then the kept tensors. They share no memory with `inputs` or with the
    network's weights.

    Only what the outputs and assertions need is computed. Each layer's results are checked against the
    shape and dtype the network declares. float32 is computed in float32; float16 and bfloat16 in
    float32 with one rounding a layer; integers exactly.

    Raises ExecutorError for wrong inputs, for a layer type or attribute it does not know, and for a result
    which contradicts the network. Nothing of the network is changed.
    """
    program = Program(network)
    try:
        if not program.network_outputs:
            raise ExecutorError("the network has no output")
        values = _network_inputs(program, inputs)
        results = _Results(program, keep)
        with torch.no_grad():
            for tensor in program.network_inputs:
                results.record(tensor, values[id(tensor)])
            run = Run(program, dict(plugins or {}), results.record, _strongly_typed(program, network))
            run.outputs(values)
    finally:
        program.restore()
    return results.in_order()


def _strongly_typed(program: Program, network) -> bool:
    """Whether declared types bind. Versions with weak typing have builder flags to allow float16."""
    flag = program.trt.NetworkDefinitionCreationFlag.__members__.get("STRONGLY_TYPED")
    weak_typing_exists = hasattr(program.trt.BuilderFlag, "FP16")
    return not weak_typing_exists or (flag is not None and network.get_flag(flag))


class _Results:
    """Copies the results that the caller wants."""

    def __init__(self, program: Program, keep: bool | Iterable[str]):
        self.outputs = [t.name for t in program.network_outputs]
        self.everything = keep is True
        self.wanted = set(self.outputs) | (set() if isinstance(keep, bool) else set(keep))
        self.found: dict[str, torch.Tensor] = {}
        tensors = [*program.network_inputs, *(t for n in program.nodes for t in n.outputs)]
        if unknown := self.wanted - {t.name for t in tensors}:
            raise ExecutorError(f"the network has no tensor {sorted(unknown)[0]!r} to keep")

    def record(self, tensor, value: torch.Tensor) -> None:
        name = tensor.name
        if self.everything or name in self.wanted:
            self.found[name] = value.clone(memory_format=torch.contiguous_format)

    def in_order(self) -> dict[str, torch.Tensor]:
        return {n: self.found[n] for n in dict.fromkeys([*self.outputs, *self.found])}


def _network_inputs(program: Program, inputs: Mapping[str, torch.Tensor]) -> dict[int, torch.Tensor]:
    declared = {t.name: t for t in program.network_inputs}
    if missing := [n for n in declared if n not in inputs]:
        raise ExecutorError(f"input {missing[0]!r} is missing; the network's inputs are {sorted(declared)}")
    if extra := [n for n in inputs if n not in declared]:
        raise ExecutorError(f"there is no input {extra[0]!r}; the network's inputs are {sorted(declared)}")
    values, named = {}, {}
    for name, tensor in declared.items():
        value = inputs[name]
        if not isinstance(value, torch.Tensor):
            raise ExecutorError(f"input {name!r} is a {type(value).__name__}, not a torch.Tensor")
        if value.device.type != "cpu":
            raise ExecutorError(f"input {name!r} is on {value.device}; the executor runs on the CPU")
        dtype, shape = carrier(tensor.dtype), list(dims(tensor.shape))
        if value.dtype != dtype:
            raise ExecutorError(f"input {name!r} has dtype {value.dtype}, the network declares {dtype}")
        if not matches(value.shape, shape):
            raise ExecutorError(f"input {name!r} has shape {list(value.shape)}, the network declares {shape}")
        for axis, size in enumerate(value.shape):
            _check_named_dimension(named, name, tensor.get_dimension_name(axis), size)
        values[id(tensor)] = value.detach()
    return values


def _check_named_dimension(named: dict, name: str, dimension: str | None, size: int) -> None:
    """Dimensions of the same name must be equal at run time (ITensor::setDimensionName)."""
    if not dimension:
        return
    other = named.setdefault(dimension, (name, size))
    if other[1] != size:
        raise ExecutorError(
            f"dimension {dimension!r} is {size} in input {name!r} but {other[1]} in {other[0]!r}"
        )
