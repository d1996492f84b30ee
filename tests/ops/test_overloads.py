"""Every overload of every operator that has a handler, with plain and odd arguments: the handler converts it with the
shapes and types that PyTorch gives, or refuses it with a reason. It never fails in another way, and none takes an
overload for another one whose arguments mean something else."""

from __future__ import annotations

import collections
import re

import pytest
import torch
import torchvision  # noqa: F401  (its operators)

from torch2trt import _C
from torch2trt.errors import Error, InternalError

# What the tensors of a node are, one after the other; the last is repeated.
SHAPES = (((2, 3, 4),), ((3, 3),), ((4,),), ((),), ((2, 3, 4), (4,)), ((1, 3, 4, 4), (3, 3, 1, 1), (3,)))
DTYPES = ("float32", "int64", "bool")
INPUTS = {"float32": lambda shape: torch.rand(shape) + 0.5, "int64": lambda shape: torch.randint(0, 2, shape)}
INPUTS["bool"] = lambda shape: torch.rand(shape) > 0.5

# Made with other values by each; the network's draws are TensorRT's.
RANDOM = re.compile(r"rand|normal|bernoulli|dropout|multinomial|uniform|rrelu|gumbel")


def constant(type_name: str, name: str, odd: bool) -> str | None:
    """An argument as the text of a graph has it; None where this type has none."""
    if type_name.endswith("?"):
        return constant(type_name[:-1], name, False) if odd else "None"
    if re.fullmatch(r"(Sym)?[Ii]nt\[\d*\]|int\[\]", type_name):
        return "[0, 1]" if odd else "[1]"
    values = {
        "int": ("1", "0"),
        "SymInt": ("1", "2"),
        "float": ("0.5", "1.0"),
        "bool": ("False", "True"),
        "Scalar": ("2", "0.5"),
        "number": ("2", "0.5"),
        "str": ('"none"', '"mean"'),
        "float[]": ("[0.5]", "[]"),
        "bool[]": ("[True]", "[]"),
        "ScalarType": ("torch.float32", "torch.int64"),
        "MemoryFormat": ('memory_format("contiguous_format")',) * 2,
        "Device": ('device("cpu")',) * 2,
        "Layout": ('layout("strided")',) * 2,
    }
    return values[type_name][odd] if type_name in values else None


class Text:
    """The text of a graph with one node of an overload, and what to feed it."""

    def __init__(self, schema: torch._C.FunctionSchema, shapes: tuple, dtype: str, odd: bool) -> None:
        self.inputs: list[tuple[tuple[int, ...], str]] = []
        self.lines: list[str] = []
        self.shapes, self.dtype = shapes, dtype
        name = f"{schema.name}.{schema.overload_name}" if schema.overload_name else schema.name
        arguments = []
        for argument in schema.arguments:
            arguments.append(f"{argument.name}={self.argument(argument, odd)}")
        self.complete = bool(self.inputs) and not any(text.endswith("=nothing") for text in arguments)
        outputs = [f"%r{i}" for i in range(len(schema.returns))]
        kinds = [" : list" if str(item.type).startswith("List") else "" for item in schema.returns]
        made = ", ".join(output + kind for output, kind in zip(outputs, kinds))
        head = ", ".join(
            f'%x{i} : {kind}[{",".join(map(str, shape))}] "x{i}"' for i, (shape, kind) in enumerate(self.inputs)
        )
        self.lines.append(f"{made} = {name}({', '.join(arguments)})")
        body = "".join(f"  {line}\n" for line in self.lines)
        self.text = f"graph g({head}) {{\n{body}  return ({', '.join(outputs)})\n}}"

    def tensor(self) -> str:
        shape = self.shapes[min(len(self.inputs), len(self.shapes) - 1)]
        self.inputs.append((shape, self.dtype))
        return f"%x{len(self.inputs) - 1}"

    def argument(self, argument: torch._C.Argument, odd: bool) -> str:
        type_name = re.sub(r"\([^)]*\)", "", argument_types(argument))
        if type_name == "Tensor" or (type_name == "Tensor?" and odd):
            return self.tensor()
        if type_name in ("Tensor[]", "Tensor?[]"):
            return f"[{self.tensor()}, {self.tensor()}]"
        if argument.has_default_value() and not odd:
            given = written(argument.default_value, type_name)
            if given is not None:
                return given
        # Numbers of Python's that the program computes.
        if not argument.has_default_value() and type_name in ("int", "float", "bool", "Scalar", "number") and odd:
            return self.number(type_name)
        return constant(type_name, argument.name, odd) or "nothing"

    def number(self, type_name: str) -> str:
        self.inputs.append(((), {"int": "int64", "bool": "bool"}.get(type_name, "float32")))
        made = f"%n{len(self.inputs)}"
        kind = {"int": "aten::Int.Tensor", "bool": "aten::Bool.Tensor"}.get(type_name, "aten::Float.Tensor")
        text = {"int": "int", "bool": "bool"}.get(type_name, "float")
        self.lines.append(f"{made} : {text} = {kind}(a=%x{len(self.inputs) - 1})")
        return made


def argument_types(argument: torch._C.Argument) -> str:
    """The type as native_functions.yaml writes it."""
    text = str(argument.real_type if hasattr(argument, "real_type") else argument.type)
    optional = re.fullmatch(r"Optional\[(.*)\]", text)
    suffix = "?" if optional else ""
    text = optional.group(1) if optional else text
    listed = re.fullmatch(r"List\[(.*)\]", text)
    if listed:
        inner = re.fullmatch(r"Optional\[(.*)\]", listed.group(1))
        text = (f"{inner.group(1)}?" if inner else listed.group(1)) + "[]"
    return text + suffix


def written(value: object, type_name: str) -> str | None:
    """A default as the text of a graph has it; None where only constant() knows the type."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (int, float)) and type_name.rstrip("?") in ("int", "float", "Scalar", "number", "SymInt"):
        return repr(value)
    if isinstance(value, list) and all(type(item) is int for item in value):
        return str(value)
    return None


def schemas(kind: str) -> list[torch._C.FunctionSchema]:
    """The overloads that functional programs hold."""
    found = torch._C._jit_get_schemas_for_operator(kind)
    return [
        schema
        for schema in found
        if not schema.is_mutable and not any(argument.is_out for argument in schema.arguments)
    ]


def keys() -> dict[str, list[torch._C.FunctionSchema]]:
    kinds = sorted({key.split(".")[0] for key in _C.handler_keys()})
    return {kind: schemas(kind) for kind in kinds}


def problem(text: Text) -> str:
    """What is wrong with the conversion of a graph: nothing (""), or a sentence."""
    try:
        graph = _C.parse_graph(text.text)
    except Error as error:
        return f"the text is wrong: {error}"
    try:
        outputs = _C.dry_convert(graph, {})["outputs"]
    except InternalError as error:
        return f"internal error: {error}"
    except Error as error:
        # Reasons are for users: no words of C++, and said.
        return "" if len(str(error)) > 20 else f"no reason: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    torch.manual_seed(3)
    try:
        wanted = _C.run(graph, [INPUTS[dtype](shape) for shape, dtype in text.inputs], None)
    except Exception:  # PyTorch refuses it
        return ""
    wanted = [torch.as_tensor(value) for value in wanted]
    got = [(tuple(output["shape"]), output["torch_dtype"]) for output in outputs]
    expected = [(tuple(value.shape), value.dtype) for value in wanted]
    if len(got) != len(expected):
        return f"{len(got)} outputs, PyTorch has {len(expected)}"
    for (shape, dtype), (wanted_shape, wanted_dtype) in zip(got, expected):
        if len(shape) != len(wanted_shape) or any(a not in (-1, b) for a, b in zip(shape, wanted_shape)):
            return f"shape {shape}, PyTorch has {wanted_shape}"
        if dtype != wanted_dtype and wanted_dtype != torch.float64:  # which no network has
            return f"{dtype}, PyTorch has {wanted_dtype}"
    return ""


def variants(schema: torch._C.FunctionSchema) -> list[Text]:
    return [
        text
        for shapes in SHAPES
        for dtype in DTYPES
        for odd in (False, True)
        if (text := Text(schema, shapes, dtype, odd)).complete
    ]


@pytest.mark.parametrize("kind", sorted(keys()))
def test_overloads(kind: str) -> None:
    problems = collections.OrderedDict()
    for schema in keys_of[kind]:
        for text in variants(schema):
            if found := problem(text):
                problems.setdefault(f"{schema}: {found}", text.text)
    assert not problems, "\n".join(f"{what}\n{text}" for what, text in problems.items())


keys_of = keys()


def test_the_sweep_is_wide() -> None:
    overloads = {str(schema) for found in keys_of.values() for schema in found}
    reached = {str(schema) for found in keys_of.values() for schema in found if variants(schema)}
    print(len(keys_of), len(overloads), len(reached))
    assert len(keys_of) > 480 and len(overloads) > 950
    # The others take no tensors, or dimension names, generators and streams.
    assert len(reached) > 0.7 * len(overloads)


def test_a_wrong_overload_is_found() -> None:
    text = Text(schemas("aten::relu")[0], ((2, 3),), "float32", False)
    assert text.text == 'graph g(%x0 : float32[2,3] "x0") {\n  %r0 = aten::relu(self=%x0)\n  return (%r0)\n}'
    assert problem(text) == ""
