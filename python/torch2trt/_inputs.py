"""Example inputs: flattening, names, and torch stand-ins for ITensors."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree

from .errors import InvalidArgument

# Sizes that stand for dynamic ones while exporting: distinct, and neither 0 nor 1, which torch.export specialises on.
_STAND_IN_SIZES = (3, 5, 7, 11, 13, 17, 19, 23)


def is_itensor(value: Any) -> bool:
    """Whether `value` is an ITensor of some TensorRT module."""
    return type(value).__name__ == "ITensor"


def as_args(example_inputs: Any) -> tuple[Any, ...]:
    """The positional arguments: a tuple or list as given, anything else as the only one."""
    return tuple(example_inputs) if isinstance(example_inputs, (tuple, list)) else (example_inputs,)


def tensor_leaves(args: tuple[Any, ...]) -> list[Any]:
    """Torch tensors and ITensors in `args`, flat, in PyTorch's pytree order."""
    leaves = pytree.tree_leaves(args, is_leaf=is_itensor)
    return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) or is_itensor(leaf)]


def torch_dtype_of(itensor: Any) -> torch.dtype:
    """The torch dtype of an ITensor."""
    names = {"FLOAT": torch.float32, "HALF": torch.float16, "BF16": torch.bfloat16, "INT64": torch.int64,
             "INT32": torch.int32, "INT8": torch.int8, "UINT8": torch.uint8, "BOOL": torch.bool}
    name = itensor.dtype.name
    if name not in names:
        raise InvalidArgument(f'ITensor "{itensor.name}" is {name}, which torch has no type for')
    return names[name]


def stand_ins(args: tuple[Any, ...], frontend: str) -> tuple[tuple[Any, ...], Any]:
    """`args` with a torch tensor in place of each ITensor, and the dynamic_shapes that export needs for them.

    Raises:
        InvalidArgument: an ITensor has dynamic dimensions and the front end is "trace", which would bake sizes in.
    """
    dynamic = False
    sizes = iter(_STAND_IN_SIZES * 8)

    def tensor_of(leaf: Any) -> Any:
        if not is_itensor(leaf):
            return leaf
        shape = [next(sizes) if size < 0 else size for size in leaf.shape]
        dtype = torch_dtype_of(leaf)
        return torch.rand(shape).to(dtype) if dtype.is_floating_point else torch.ones(shape, dtype=dtype)

    def shapes_of(leaf: Any) -> Any:
        nonlocal dynamic
        if not is_itensor(leaf) or all(size >= 0 for size in leaf.shape):
            return None
        if frontend == "trace":
            raise InvalidArgument(
                f'ITensor "{leaf.name}" has the dynamic shape {tuple(leaf.shape)}; a trace would bake its sizes in. '
                'Use frontend="export"')
        dynamic = True
        return {axis: torch.export.Dim.AUTO for axis, size in enumerate(leaf.shape) if size < 0}

    shapes = pytree.tree_map(shapes_of, args, is_leaf=is_itensor)
    tensors = pytree.tree_map(tensor_of, args, is_leaf=is_itensor)
    return tensors, (shapes if dynamic else None)


def named_leaves(args: tuple[Any, ...], names: list[str]) -> dict[str, Any]:
    """Leaves by the names front ends give them: "x", nested "x.0", "x.key"."""
    found: dict[str, Any] = {}

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, f"{name}.{key}")
        elif isinstance(value, (tuple, list)):
            for index, item in enumerate(value):
                walk(item, f"{name}.{index}")
        else:
            found[name] = value

    for name, value in zip(names, args):
        walk(value, name)
    return found
