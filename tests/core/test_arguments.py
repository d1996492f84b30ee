"""torch2trt(): its arguments and returns."""

import functools
from collections import OrderedDict, namedtuple
from typing import List  # noqa: UP035  (TorchScript's)

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, check, convert, layers, new_network, run, same
from torch import nn

from torch2trt import _C, core
from torch2trt.errors import InvalidArgument, UnsupportedOperator

Pair = namedtuple("Pair", ["first", "second"])


def names_of(network):
    return [network.get_input(index).name for index in range(network.num_inputs)]


def test_returns_the_trace_and_a_graph():
    x = torch.randn(2, 3)
    trace, graph = core.torch2trt(nn.ReLU(), x)
    assert isinstance(trace, torch.jit.ScriptModule) and torch.equal(trace(x), x.relu())
    assert "aten::relu" in str(graph) and isinstance(graph, core.ConvertedGraph)
    program, graph = core.torch2trt(nn.ReLU(), x, frontend="export")
    assert isinstance(program, torch.export.ExportedProgram)
    assert "aten::relu" in str(graph)


def test_an_unknown_front_end():
    with pytest.raises(InvalidArgument, match='frontend is "onnx"; "trace" and "export" exist'):
        core.torch2trt(nn.ReLU(), torch.zeros(1), frontend="onnx")


def test_a_function(frontend):
    build(check(lambda x: torch.relu(x) + 1, torch.randn(2, 3), frontend))


linear = nn.Linear(3, 4)


def calls_a_global(x):
    return linear(x).relu()


def test_a_function_that_uses_modules_and_parameters(frontend):
    scale = nn.Parameter(torch.randn(4))
    convolutions = [nn.Conv1d(3, 3, 1), nn.Conv1d(3, 3, 1)]
    check(lambda x: linear(x) * scale, torch.randn(2, 3), frontend)
    check(calls_a_global, torch.randn(2, 3), frontend)
    check(lambda x: convolutions[1](convolutions[0](x)), torch.randn(1, 3, 4), frontend)
    check(functools.partial(nn.functional.linear, weight=linear.weight), torch.randn(2, 3), frontend)
    check(linear.forward, torch.randn(2, 3), frontend)
    assert scale.requires_grad


def test_a_builtin_function(frontend):
    check(torch.tanh, torch.randn(2, 3), frontend)


def test_a_script_module_and_a_script_function():
    module = torch.jit.script(nn.Sequential(nn.Linear(3, 4), nn.ReLU()))
    check(module, torch.randn(2, 3), "trace")

    @torch.jit.script
    def function(x, y):
        return x - y

    check(function, (torch.randn(2, 3), torch.randn(2, 3)), "trace")
    with pytest.raises(InvalidArgument, match="torch.export takes no ScriptModule"):
        core.torch2trt(module, torch.randn(2, 3), frontend="export")


@pytest.mark.parametrize("wrong", [3, "resnet18", nn.ReLU, None])
def test_something_else_than_a_module(wrong):
    with pytest.raises(InvalidArgument, match="an nn.Module or a function is needed, not"):
        core.torch2trt(wrong, torch.zeros(1))


def test_input_names_default_to_forwards_arguments(frontend):
    class Module(nn.Module):
        def forward(self, image, mask, extra):
            return image * mask

    network = check(Module(), (torch.randn(2, 3), torch.randn(2, 3), torch.zeros(1)), frontend)
    assert names_of(network) == ["image", "mask", "extra"]
    network, _ = convert(lambda left, right: left - right, (torch.zeros(1), torch.zeros(1)), frontend)
    assert names_of(network) == ["left", "right"]


def test_variable_arguments(frontend):
    class Module(nn.Module):
        def forward(self, first, *rest):
            return first - rest[0] * rest[1]

    network = check(Module(), tuple(torch.randn(2, 3) for _ in range(3)), frontend)
    assert names_of(network) == ["first", "rest.0", "rest.1"]


def test_input_names(frontend):
    network, _ = convert(
        lambda a, b: a - b, (torch.zeros(1), torch.zeros(1)), frontend, input_names=["p", "q"]
    )
    assert names_of(network) == ["p", "q"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["p"], "input_names has 1 entries, the module takes 2 tensors"),
        (["p", "q", "r"], "input_names has 3 entries"),
        (["p", "p"], 'the network has an input "p" already'),
        ("pq", "a list of names is needed"),
        ([1, 2], "a list of names is needed"),
    ],
)
def test_wrong_input_names(names, message):
    with pytest.raises(InvalidArgument, match=message):
        convert(lambda a, b: a - b, (torch.zeros(1), torch.zeros(1)), input_names=names)


def test_default_names_give_way_to_those_the_network_has():
    network = new_network()
    with core.trt_network(network):
        core.torch2trt(lambda x: x + 1, torch.zeros(2))
        core.torch2trt(lambda x: x + 1, torch.zeros(2))
        with pytest.raises(InvalidArgument, match='the network has an input "x" already'):
            core.torch2trt(lambda y: y + 1, torch.zeros(2), input_names=["x"])
    assert names_of(network) == ["x", "x_1"]


def test_own_types(frontend):
    types = {
        torch.float32: trt.float32,
        torch.float16: trt.float16,
        torch.bfloat16: trt.bfloat16,
        torch.int32: trt.int32,
        torch.int64: trt.int64,
        torch.bool: trt.bool,
        torch.int8: trt.int8,
    }
    for dtype, expected in types.items():
        network, _ = convert(lambda x: x.reshape(-1), torch.ones(2, 3, dtype=dtype), frontend)
        assert network.get_input(0).dtype == expected


def test_a_type_that_tensorrt_lacks(frontend):
    with pytest.raises(InvalidArgument, match='input "x" is complex64, which TensorRT has no type for'):
        convert(lambda x: x.reshape(-1), torch.ones(2, dtype=torch.complex64), frontend)


@pytest.mark.parametrize("args", [((torch.randn(2), torch.randn(2)),), ([torch.randn(2), torch.randn(2)],)])
def test_a_pair_as_the_one_argument(frontend, args):
    network = check(lambda pair: pair[0] - pair[1], args, frontend)
    assert names_of(network) == ["pair.0", "pair.1"]


def test_nested_inputs(frontend):
    def module(x, rest):
        return x + rest["a"][0] * rest["a"][1] - rest["b"]

    rest = {"b": torch.randn(2), "a": [torch.randn(2), torch.randn(2)]}
    network, graph = convert(module, (torch.ones(2), rest), frontend)
    assert names_of(network) == ["x", "rest.b", "rest.a.0", "rest.a.1"]
    wanted = module(torch.ones(2), rest)
    same(run(network, torch.ones(2), rest["b"], *rest["a"])[0], wanted)
    torch.testing.assert_close(core.debug_call_graph(graph, (torch.ones(2), rest)), wanted)
    build(network)


def test_nested_outputs(frontend):
    def module(x):
        return {"sum": x + 1, "parts": (x * 2, [x - 1, (x / 2,)])}

    x = torch.randn(2, 3)
    network, graph = convert(module, x, frontend)
    outputs = graph.outputs
    assert list(outputs) == ["sum", "parts"]
    assert isinstance(outputs["parts"], tuple) and isinstance(outputs["parts"][1], list)
    assert len(graph.get_resolved_outputs()) == 4
    assert graph.get_resolved_outputs()[3][0] is outputs["parts"][1][1][0]
    for got, wanted in zip(run(network, x), (x + 1, x * 2, x - 1, x / 2)):
        same(got, wanted)
    again = core.debug_call_graph(graph, x)
    torch.testing.assert_close(again["parts"][1][1][0], x / 2)


def test_a_named_tuple_and_an_ordered_dict(frontend):
    network = check(lambda pair: pair.first - pair.second, (Pair(torch.randn(2), torch.randn(2)),), frontend)
    assert names_of(network) == ["pair.first", "pair.second"] if frontend == "trace" else True
    _, graph = convert(lambda x: Pair(x + 1, x), torch.zeros(2), frontend)
    assert isinstance(graph.outputs, Pair) and isinstance(graph.outputs.second, trt.ITensor)
    check(lambda d: d["z"] - d["a"], (OrderedDict(z=torch.randn(2), a=torch.randn(2)),), frontend)


def test_arguments_that_are_no_tensors(frontend):
    def module(x, factor, bias=None):
        return x * factor if bias is None else x * factor + bias

    x = torch.randn(2, 3)
    network, graph = convert(module, (x, 3, None), frontend)
    assert names_of(network) == ["x"]
    same(run(network, x)[0], x * 3)
    torch.testing.assert_close(core.debug_call_graph(graph, (x, 3, None)), x * 3)
    with pytest.raises(InvalidArgument, match="the program was made for factor = 3, not 4"):
        core.debug_call_graph(graph, (x, 4, None))


@pytest.mark.parametrize(
    ("module", "args", "message"),
    [
        (lambda x: None, torch.zeros(1), "the module returns no tensor"),
        (lambda x: (x, object()), torch.zeros(1), "the module returns a object; tensors are needed"),
        (lambda: torch.zeros(1), (), "a trace needs at least one tensor among the arguments"),
    ],
)
def test_what_a_trace_cannot_be_made_of(module, args, message):
    with pytest.raises(InvalidArgument, match=message):
        convert(module, args)


class Summed(nn.Module):
    def forward(self, xs: List[torch.Tensor]):  # noqa: UP006  (TorchScript's)
        total = xs[0]
        for x in xs:
            total = total + x
        return total


def test_a_list_of_unknown_length_is_refused_by_name():
    script = torch.jit.script(Summed())
    message = 'input "xs" is a list whose length the program does not fix'
    for context in (core.torch_network(), core.trt_network(new_network())):
        with context, pytest.raises(UnsupportedOperator, match=message):
            core.torch2trt(script, ([torch.zeros(3), torch.ones(3)],))
    graph = _C.graph_from_torchscript(script._c)
    with core.trt_network(new_network()) as context, pytest.raises(UnsupportedOperator, match=message):
        _C.convert(graph, context._native)


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.total = nn.Buffer(torch.zeros(3))

    def forward(self, x):
        self.calls = self.calls + 1
        self.total = self.total + x
        return x * self.calls


def test_assigned_attributes_are_refused_by_name():
    with pytest.raises(UnsupportedOperator) as caught:
        core.torch2trt(torch.jit.script(Counting()), torch.zeros(3))
    text = str(caught.value)
    assert text.startswith("2 nodes cannot be made functional:")
    for name in ("calls", "total"):
        assert (
            f'prim::SetAttr: it assigns to the module\'s attribute "{name}", and a network keeps nothing'
            in text
        )
    assert [node.kind for node in caught.value.unsupported] == ["prim::SetAttr"] * 2
    assert all(node.source.startswith("test_arguments.py:") for node in caught.value.unsupported), text


def test_param_exclude_is_not_needed(frontend):
    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.Linear(3, 3)
            self.auxiliary = nn.Linear(3, 3)

        def forward(self, x):
            return self.used(x)

    x = torch.randn(2, 3)
    for options in ({}, {"param_exclude": ".*auxiliary.*"}, {"param_include": "used"}):
        network, _ = convert(Module(), x, frontend, **options)
        assert [layer.name for layer in layers(network) if "auxiliary" in layer.name] == []
    with pytest.raises(
        InvalidArgument, match=r'param_exclude ".\*weight" excludes "used.weight", which the module uses'
    ):
        convert(Module(), x, frontend, param_exclude=".*weight")
    with pytest.raises(
        InvalidArgument, match='param_include "auxiliary" leaves out "used..*", which the module uses'
    ):
        convert(Module(), x, frontend, param_include="auxiliary")


def test_wrong_input_count(frontend):
    with core.torch_network():
        _, graph = core.torch2trt(lambda a, b: a - b, (torch.zeros(1), torch.zeros(1)), frontend=frontend)
    with pytest.raises(InvalidArgument, match=r"the program takes 2 inputs \(a, b\), 1 given"):
        core.debug_call_graph(graph, torch.zeros(1))


def test_has_trt_tensor():
    tensor = new_network().add_input("x", trt.float32, (1,))
    assert core.has_trt_tensor(tensor)
    assert core.has_trt_tensor([1, (torch.zeros(1), {"a": [tensor]})])
    assert not core.has_trt_tensor([1, (torch.zeros(1), {"a": [None, "ITensor"]})])


def test_axes_to_trt_axis():
    assert core._axes_to_trt_axis([0, 2], 3) == 0b101
    assert core._axes_to_trt_axis(-1, 3) == 0b100
    assert core._axes_to_trt_axis((-3, 1), 3) == 0b011
    assert core._axes_to_trt_axis(None, 2) == 0b11
    for axis in (3, -4):
        with pytest.raises(InvalidArgument, match=f"dimension {axis} is out of range for 3 dimensions"):
            core._axes_to_trt_axis([0, axis], 3)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), r"the module's arguments are a, b, c; 0 were given: missing a required argument: 'a'"),
        ((1,), r"the module's arguments are a, b, c; 1 was given: missing a required argument: 'b'"),
        ((1, 2, 3, 4), r"the module's arguments are a, b, c; 4 were given: too many positional arguments"),
    ],
)
def test_a_wrong_number_of_inputs(frontend, args, message):
    class Sum(torch.nn.Module):
        def forward(self, a, b, c=None):
            return a + b

    for module in (Sum(), lambda a, b, c=None: a + b):
        with pytest.raises(InvalidArgument, match=message):
            core.torch2trt(module, tuple(torch.full((2,), float(i)) for i in args), frontend=frontend)
