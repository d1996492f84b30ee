"""What a bundle says of its engine's inputs and outputs: PyTorch's order, nesting and types, from any call and back."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from .errors import InvalidArgument, InvalidModel


@dataclass(frozen=True)
class EngineTensor:
    """One input or output. `dtype` is the engine's, `torch_dtype` PyTorch's; -1 in `shape` is dynamic."""

    name: str
    dtype: torch.dtype
    torch_dtype: torch.dtype
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name}: {str(self.torch_dtype).removeprefix('torch.')}{list(self.shape)}"


@dataclass(frozen=True)
class Structure:
    """How values nest: "tuple", "list" and "dict" have children; "tensor", "number", "constant" and "none" have not."""

    kind: str
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()
    constant: Any = None
    name: str | None = None  # of a constant among the inputs

    @property
    def tensors(self) -> int:
        """Tensors of the engine within."""
        own = self.kind in ("tensor", "number")
        return own + sum(child.tensors for child in self.children)


@dataclass
class Signature:
    """Of one engine.

    Raises:
        InvalidModel: the bundle's structures are malformed, or do not fit its tensors.
    """

    inputs: list[EngineTensor]
    outputs: list[EngineTensor]
    input_structure: Structure
    output_structure: Structure
    # Of the positional arguments, where the inputs' names say them.
    argument_names: list[str | None] = field(init=False)

    def __post_init__(self) -> None:
        for what, structure, tensors in (
            ("input", self.input_structure, self.inputs),
            ("output", self.output_structure, self.outputs),
        ):
            if structure.tensors != len(tensors):
                raise InvalidModel(
                    f"the engine file's {what}_structure has {structure.tensors} tensors; the engine has {len(tensors)}"
                )
        self._positional, self._keywords = _split(self.input_structure, [t.name for t in self.inputs])
        names = iter([tensor.name for tensor in self.inputs])
        roots = [list(_leaf_names(child, names)) for child in self._positional.children]
        self.argument_names = [
            leaves[0].partition(".")[0] if leaves and leaves[0] else None for leaves in roots
        ]

    def flatten(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[torch.Tensor]:
        """The engine's inputs of a call as PyTorch's module takes it, in the engine's types.

        Positional arguments may be given by name. What the program fixed must be given as it was, or left out at the
        end.

        Raises:
            InvalidArgument: names the argument, what was given and what the engine takes.
        """
        named = dict(kwargs)
        given = self._in_order(args, named)
        found: list[torch.Tensor] = []
        names = iter(self.inputs)
        for child, label, value in zip(self._positional.children, self._labels(), given):
            _collect(child, value, label, names, found)
        wanted = self._keywords.keys if self._keywords is not None else ()
        if wrong := [name for name in named if name not in wanted]:
            raise InvalidArgument(f'there is no argument "{wrong[0]}"; the engine takes {self.described()}')
        for key, child in zip(wanted, self._keywords.children if self._keywords is not None else ()):
            if key not in named and child.tensors:
                raise InvalidArgument(f'the argument "{key}" is missing; the engine takes {self.described()}')
            _collect(child, named.get(key, _MISSING), key, names, found)
        return found

    def nest(self, flat: list[torch.Tensor]) -> Any:
        """The engine's outputs in PyTorch's types, as the module nests them."""
        results = iter(
            value.to(tensor.torch_dtype) if value.dtype is not tensor.torch_dtype else value
            for value, tensor in zip(flat, self.outputs, strict=True)
        )
        return _nested(self.output_structure, results)

    def described(self) -> str:
        """The inputs for a message."""
        return ", ".join(str(tensor) for tensor in self.inputs) or "no tensors"

    def _labels(self) -> list[str]:
        return [name or f"argument {index}" for index, name in enumerate(self.argument_names)]

    def _in_order(self, args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        children = self._positional.children
        if len(args) > len(children):
            raise InvalidArgument(
                f"{len(args)} arguments were given; the engine takes {len(children)}: {self.described()}"
            )
        given = list(args)
        for name, child in list(zip(self.argument_names, children))[len(args) :]:
            if name is not None and name in named:
                given.append(named.pop(name))
            elif child.tensors:
                raise InvalidArgument(
                    f'the argument "{name}" is missing; the engine takes {self.described()}'
                )
            else:
                given.append(_MISSING)
        return given


_MISSING = object()  # an argument that the caller left out


def signature_of(about: Mapping[str, Any]) -> Signature:
    """Of a bundle, as `_C.bundle_about` describes it."""
    inputs, outputs = ([_tensor(entry) for entry in about[which]] for which in ("inputs", "outputs"))
    leaf = Structure("tensor")
    plain_inputs = Structure("tuple", children=(leaf,) * len(inputs))
    plain_outputs = leaf if len(outputs) == 1 else Structure("tuple", children=(leaf,) * len(outputs))
    structures = [
        _parsed(about[name]) if about[name] else plain
        for name, plain in (("input_structure", plain_inputs), ("output_structure", plain_outputs))
    ]
    return Signature(inputs, outputs, *structures)


def _tensor(entry: Mapping[str, Any]) -> EngineTensor:
    dtype, torch_dtype = (getattr(torch, entry[key]) for key in ("dtype", "torch_dtype"))
    return EngineTensor(entry["name"], dtype, torch_dtype, tuple(entry["shape"]))


def _parsed(text: str) -> Structure:
    try:
        return _structure(json.loads(text))
    except (ValueError, SyntaxError, TypeError, RecursionError) as error:
        raise InvalidModel(
            f"the engine file's structure of inputs or outputs is malformed: {text[:200]}"
        ) from error


def _structure(record: Any) -> Structure:
    if record is None:
        return Structure("tensor")
    if not isinstance(record, dict):
        raise ValueError(record)
    fields = dict(record)
    name = fields.pop("name", None)
    ((kind, content),) = fields.items()
    if kind == "number":
        return Structure(kind)
    if kind == "float":  # one that JSON has no number for
        return Structure("constant", constant=float(content), name=name)
    if kind in ("none", "constant"):
        return Structure(kind, constant=content if kind == "constant" else None, name=name)
    if kind not in ("tuple", "list", "dict") or not isinstance(content, list):
        raise ValueError(kind)
    if kind != "dict":
        return Structure(kind, children=tuple(_structure(child) for child in content))
    keys = tuple(ast.literal_eval(key) for key, _ in content)
    if len(set(keys)) != len(keys):
        raise ValueError("a key is there twice")
    return Structure(kind, keys, tuple(_structure(child) for _, child in content))


def _split(structure: Structure, names: list[str]) -> tuple[Structure, Structure | None]:
    """Positional and keyword arguments: (tuple, dict) is both, or two positional ones, which the names tell apart."""
    if structure.kind != "tuple":
        return Structure("tuple", children=(structure,)), None
    if len(structure.children) != 2:
        return structure, None
    positional, keywords = structure.children
    if positional.kind != "tuple" or keywords.kind != "dict":
        return structure, None
    tensors = iter(names)
    list(_leaf_names(positional, tensors))
    given = list(_leaf_names(keywords, tensors))
    wanted = [
        path for key, child in zip(keywords.keys, keywords.children) for path in _paths(child, str(key))
    ]
    return (positional, keywords) if given == wanted else (structure, None)


def _paths(structure: Structure, path: str) -> Iterator[str]:
    """The names that front ends give the leaves within an argument called `path`."""
    if structure.kind not in ("tuple", "list", "dict"):
        yield path
    keys = structure.keys if structure.kind == "dict" else range(len(structure.children))
    for key, child in zip(keys, structure.children):
        yield from _paths(child, f"{path}.{key}")


def _leaf_names(structure: Structure, tensors: Iterator[str]) -> Iterator[str | None]:
    """The names that the leaves have; those of tensors are taken from `tensors`."""
    if structure.kind not in ("tuple", "list", "dict"):
        yield next(tensors) if structure.tensors else structure.name
    for child in structure.children:
        yield from _leaf_names(child, tensors)


def _collect(
    structure: Structure, value: Any, path: str, names: Iterator[EngineTensor], found: list[torch.Tensor]
) -> None:
    if structure.tensors and not structure.children:
        found.append(_checked(next(names), value, path))
    elif value is _MISSING:
        return
    elif structure.kind in ("none", "constant"):
        wanted = structure.constant
        if not _same(value, wanted):
            shown = "a tensor" if isinstance(value, torch.Tensor) else repr(value)
            raise InvalidArgument(f"the program was made for {path} = {wanted!r}, not {shown}")
    elif structure.kind == "dict":
        if not isinstance(value, Mapping) or set(value) != set(structure.keys):
            given = f"the keys {list(value)}" if isinstance(value, Mapping) else f"a {type(value).__name__}"
            raise InvalidArgument(
                f"{path} is a dict with the keys {list(structure.keys)} in the program, not {given}"
            )
        for key, child in zip(structure.keys, structure.children):
            _collect(child, value[key], f"{path}.{key}", names, found)
    else:
        if not isinstance(value, (tuple, list)) or len(value) != len(structure.children):
            given = (
                f"one of {len(value)}" if isinstance(value, (tuple, list)) else f"a {type(value).__name__}"
            )
            raise InvalidArgument(
                f"{path} is a {structure.kind} of {len(structure.children)} in the program, not {given}"
            )
        for index, child in enumerate(structure.children):
            _collect(child, value[index], f"{path}.{index}", names, found)


def _same(value: Any, wanted: Any) -> bool:
    """Whether an argument is what the program was made for. A NaN is every other."""
    if isinstance(value, torch.Tensor):
        return False
    both_nan = isinstance(value, float) and isinstance(wanted, float) and value != value and wanted != wanted
    return value is wanted or value == wanted or both_nan


def _checked(tensor: EngineTensor, value: Any, path: str) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        raise InvalidArgument(f"{path} is a {type(value).__name__}; the engine takes the tensor {tensor}")
    if value.dtype not in (tensor.torch_dtype, tensor.dtype):
        raise InvalidArgument(f"{path} is {value.dtype}; the engine takes {tensor}")
    fits = len(value.shape) == len(tensor.shape) and all(
        wanted in (-1, size) for size, wanted in zip(value.shape, tensor.shape)
    )
    if not fits:
        raise InvalidArgument(f"{path} has the shape {list(value.shape)}; the engine takes {tensor}")
    return value.detach().to(tensor.dtype)


def _nested(structure: Structure, results: Iterator[torch.Tensor]) -> Any:
    if structure.kind == "tensor":
        return next(results)
    if structure.kind == "number":
        return next(results).item()
    if structure.kind in ("none", "constant"):
        return structure.constant
    children = [_nested(child, results) for child in structure.children]
    if structure.kind == "dict":
        return dict(zip(structure.keys, children))
    return tuple(children) if structure.kind == "tuple" else children
