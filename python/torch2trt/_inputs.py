"""Example inputs: flattening, names, and torch stand-ins for ITensors."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .errors import InvalidArgument

# Sizes that stand for dynamic ones while exporting, by axis. Neither 0 nor 1, which torch.export specialises on; large
# enough for what convolution networks halve five times. Memory is never touched: the export works on fake tensors.
_STAND_IN_SIZES = (3, 192, 224, 256, 288, 320, 352, 384)


def is_itensor(value: Any) -> bool:
    """Whether `value` is an ITensor of some TensorRT module."""
    return type(value).__name__ == "ITensor"


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor or an ITensor."""
    return isinstance(value, torch.Tensor) or is_itensor(value)


def has_trt_tensor(inputs: Any) -> bool:
    """Whether `inputs`, or any list, tuple or dict in it, holds an ITensor."""
    if isinstance(inputs, dict):
        return any(has_trt_tensor(value) for value in inputs.values())
    if isinstance(inputs, (list, tuple)):
        return any(has_trt_tensor(value) for value in inputs)
    return is_itensor(inputs)


def as_args(example_inputs: Any) -> tuple[Any, ...]:
    """The positional arguments: a tuple or list as given, anything else as the only one."""
    if isinstance(example_inputs, (tuple, list)) and not hasattr(example_inputs, "_fields"):
        return tuple(example_inputs)
    return (example_inputs,)


def check_names(input_names: Any) -> None:
    """Raises InvalidArgument unless `input_names` is a sequence of names."""
    named = isinstance(input_names, Sequence) and not isinstance(input_names, str)
    if not named or not all(isinstance(name, str) and name for name in input_names):
        raise InvalidArgument(
            f"input_names is {input_names!r}; a list of names is needed, none of them empty"
        )


def _check_dense(value: Any, path: str) -> None:
    if not isinstance(value, torch.Tensor):
        return
    if value.is_nested or value.layout is not torch.strided:
        kind = "a nested tensor" if value.is_nested else str(value.layout)
        raise InvalidArgument(
            f'input "{path}" is {kind}; a network takes dense tensors: give x.to_dense(), or a padded one'
        )
    if value.is_quantized:
        raise InvalidArgument(f'input "{path}" is {value.dtype}; give x.dequantize(), or its x.int_repr()')
    if value.is_meta:
        raise InvalidArgument(
            f'input "{path}" is on the device "meta", where tensors have no values; give one of its shape on the CPU'
        )


class Arguments:
    """A program's arguments, flat. `leaves` in pytree order; `paths` as front ends name them: "x", "x.0", "x.key".

    Raises:
        InvalidArgument: a tensor is sparse, nested, quantized or on the device "meta".
    """

    def __init__(self, example_inputs: Any, names: Sequence[str]) -> None:
        entries, self.spec = pytree.tree_flatten_with_path(as_args(example_inputs))
        self.leaves = [leaf for _, leaf in entries]
        self.paths = [_path(keys, names) for keys, _ in entries]
        for leaf, path in zip(self.leaves, self.paths):
            _check_dense(leaf, path)

    @property
    def tensors(self) -> list[int]:
        """The positions of torch tensors and ITensors in `leaves`."""
        return [index for index, leaf in enumerate(self.leaves) if is_tensor(leaf)]

    def args(self) -> tuple[Any, ...]:
        """The arguments as they nest."""
        return pytree.tree_unflatten(self.leaves, self.spec)

    def with_leaves(self, leaves: list[Any]) -> Arguments:
        """The same with other leaves."""
        other = copy.copy(self)
        other.leaves = leaves
        return other

    @property
    def constants(self) -> dict[str, Any]:
        """What is no tensor, by path: the program is made for these values."""
        return {path: leaf for path, leaf in zip(self.paths, self.leaves) if not is_tensor(leaf)}

    def replace_tensors(self, tensors: Sequence[Any]) -> None:
        """Puts `tensors` in the places of the tensors; None leaves one as it is.

        Raises:
            InvalidArgument: their number differs.
        """
        positions = self.tensors
        if len(tensors) != len(positions):
            raise InvalidArgument(
                f"input_tensors has {len(tensors)} entries, the module takes {len(positions)} tensors"
            )
        for position, tensor in zip(positions, tensors):
            if tensor is None:
                continue
            if not is_tensor(tensor):
                raise InvalidArgument(f"input_tensors holds a {type(tensor).__name__}; ITensors are needed")
            self.leaves[position] = tensor

    def check_owned(self, native: Any) -> None:
        """Raises InvalidArgument for an ITensor of another network than that of `native`, a PythonNetwork."""
        for leaf, path in zip(self.leaves, self.paths):
            if is_itensor(leaf) and not native.owns(leaf):
                raise InvalidArgument(
                    f'the ITensor for "{path}" belongs to another network than the one of core.trt_network(), '
                    "perhaps to one that is gone"
                )

    def check_constants(self, wanted: dict[str, Any]) -> None:
        """Raises InvalidArgument where a value differs from what the program was made for."""
        given = self.constants
        for path, value in wanted.items():
            if path in given and given[path] is not value and given[path] != value:
                raise InvalidArgument(f"the program was made for {path} = {value!r}, not {given[path]!r}")

    def values_for(self, graph: Any) -> list[int]:
        """For each input of the graph, the position of its leaf: by name, else in order.

        Raises:
            InvalidArgument: the graph's inputs are not these; a tensor that it does not take is one too many.
        """
        wanted = [name for name, _, _ in graph.inputs]
        positions: list[int] | None = None
        if all(name in self.paths for name in wanted):
            positions = [self.paths.index(name) for name in wanted]
        elif len(wanted) == len(self.leaves):
            positions = list(range(len(wanted)))
        elif len(wanted) == len(self.tensors):
            positions = self.tensors
        if positions is None or not set(self.tensors) <= set(positions):
            raise InvalidArgument(
                f"the program takes {len(wanted)} input{'' if len(wanted) == 1 else 's'} "
                f"({', '.join(wanted)}), {len(self.leaves)} given"
            )
        return positions


def _path(keys: tuple[Any, ...], names: Sequence[str]) -> str:
    index = keys[0].idx
    rest = names[-1][1:] if names and names[-1].startswith("*") else None
    if rest is not None and index >= len(names) - 1:
        parts = [f"{rest}.{index - len(names) + 1}"]
    else:
        parts = [names[index] if index < len(names) else f"args.{index}"]
    for key in keys[1:]:
        parts.append(
            str(
                key.idx
                if isinstance(key, pytree.SequenceKey)
                else key.key
                if isinstance(key, pytree.MappingKey)
                else key.name
            )
        )
    return ".".join(parts)


def torch_dtype_of(itensor: Any) -> torch.dtype:
    """The torch dtype of an ITensor."""
    names = {
        "FLOAT": torch.float32,
        "HALF": torch.float16,
        "BF16": torch.bfloat16,
        "INT64": torch.int64,
        "INT32": torch.int32,
        "INT8": torch.int8,
        "UINT8": torch.uint8,
        "BOOL": torch.bool,
    }
    name = itensor.dtype.name
    if name not in names:
        raise InvalidArgument(f'ITensor "{itensor.name}" is {name}, which torch has no type for')
    return names[name]


def stand_ins(arguments: Arguments, frontend: str) -> tuple[Arguments, Any]:
    """The arguments with a torch tensor in place of each ITensor, and the dynamic_shapes that export needs for them.

    Raises:
        InvalidArgument: an ITensor has dynamic dimensions and the front end is "trace", which would bake sizes in.
    """
    tensors: list[Any] = []
    shapes: list[Any] = []
    for leaf in arguments.leaves:
        if not is_itensor(leaf):
            tensors.append(leaf)
            shapes.append(None)
            continue
        given = tuple(leaf.shape)
        sizes = [_STAND_IN_SIZES[axis] if size < 0 else size for axis, size in enumerate(given)]
        tensors.append(torch.zeros(sizes, dtype=torch_dtype_of(leaf)))
        shapes.append({axis: torch.export.Dim.DYNAMIC for axis, size in enumerate(given) if size < 0} or None)
        if shapes[-1] and frontend == "trace":
            raise InvalidArgument(
                f'ITensor "{leaf.name}" has the dynamic shape {given}; a trace would bake its sizes in. '
                'Use frontend="export"'
            )
    dynamic = pytree.tree_unflatten(shapes, arguments.spec) if any(shapes) else None
    return arguments.with_leaves(tensors), dynamic


def fixed_beside_dynamic(arguments: Arguments, dynamic_shapes: Any) -> str | None:
    """Which ITensors have dynamic dimensions and which torch tensors stand beside them; None where either lacks."""
    dynamic, fixed = [], []
    for position in arguments.tensors:
        leaf, text = arguments.leaves[position], f'"{arguments.paths[position]}"'
        if is_itensor(leaf) and -1 in tuple(leaf.shape):
            dynamic.append(f"{text} of shape {list(leaf.shape)}")
        elif isinstance(leaf, torch.Tensor):
            fixed.append(f"{text} of shape {list(leaf.shape)}")
    if dynamic_shapes is None or not dynamic or not fixed:
        return None
    return (
        f"the ITensor {', '.join(dynamic)} is dynamic and the torch tensor {', '.join(fixed)} is not; where their "
        "sizes must agree, give an ITensor of dynamic shape for it too"
    )
