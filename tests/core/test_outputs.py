"""get_resolved_outputs(), structured outputs and output_names."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, check, convert, layer_names, layers, mark, new_network, run, same
from torch import nn

import torch2trt
from torch2trt import _C, _frontends, _functions, _handlers, core
from torch2trt._inputs import Arguments
from torch2trt.errors import InvalidArgument

CONSTANT = torch.randn(2, 3)


def graph_of(module, args, frontend):
    wrapped = _functions.as_module(module)
    _, graph, _ = getattr(_frontends, f"from_{frontend}")(
        wrapped, Arguments(args, _functions.argument_names(wrapped))
    )
    _C.run_passes(graph)
    return graph


def test_the_right_tensor_of_a_node_with_several(frontend):
    x = torch.randn(2, 5)
    network, graph = convert(lambda x: x.max(1)[1], x, frontend)
    results = graph.get_resolved_outputs()
    assert len(results) == 1 and len(results[0]) == 1
    same(run(network, x)[0], x.max(1)[1])


def test_results_are_the_users_itensors(frontend):
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(
            nn.Sequential(nn.Linear(3, 4), nn.ReLU()), torch.zeros(2, 3), frontend=frontend
        )
    tensor = graph.get_resolved_outputs()[0][0]
    assert isinstance(tensor, trt.ITensor)
    assert tensor is layers(network)[-1].get_output(0)
    assert tensor is graph.outputs
    tensor.name = "mine"
    network.mark_output(tensor=tensor)
    assert network.get_output(0).name == "mine"
    build(network)


def test_a_tuple_is_one_entry_each(frontend):
    network, graph = convert(lambda x: (x + 1, x.sum(1), x.max(1)), torch.randn(2, 3), frontend)
    assert [len(entry) for entry in graph.get_resolved_outputs()] == [1, 1, 1, 1]
    assert network.num_outputs == 4
    assert len(graph.outputs) == 3 and len(graph.outputs[2]) == 2


def test_torch_mode_results(frontend):
    x = torch.randn(2, 3)
    _, graph = core.torch2trt(lambda x: (x + 1, [x * 2]), x, frontend=frontend)
    assert torch.equal(graph.get_resolved_outputs()[1][0], x * 2)
    assert torch.equal(graph.outputs[0], x + 1)


@pytest.mark.parametrize(
    ("module", "count"),
    [
        (lambda x: x, 1),
        (lambda x: (x, x + 1), 2),
        (lambda x: (x + 1, CONSTANT), 2),
        (lambda x: CONSTANT, 1),
        (lambda x: (x, x, CONSTANT, CONSTANT), 4),
    ],
)
def test_an_output_that_is_an_input_or_a_constant(frontend, module, count):
    network = check(lambda x: module(x), torch.randn(2, 3), frontend)
    assert network.num_outputs == count
    if network.num_layers and any(layer.type != trt.LayerType.CONSTANT for layer in layers(network)):
        build(network)


def test_a_parameter_as_output(frontend):
    linear = nn.Linear(3, 2)

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = linear

        def forward(self, x):
            return self.inner(x), self.inner.weight

    check(Module(), torch.randn(2, 3), frontend)


def test_an_output_returned_twice(frontend):
    def module(x):
        y = x.relu()
        return y, y + 1, y

    network, graph = convert(module, torch.randn(2, 3), frontend)
    assert network.num_outputs == 3
    assert len({id(entry[0]) for entry in graph.get_resolved_outputs()}) == 3
    x = torch.randn(2, 3)
    for got, wanted in zip(run(network, x), module(x)):
        same(got, wanted)
    build(network)


@pytest.mark.parametrize(
    "module",
    [
        lambda x: x,
        lambda x: (x.relu(), CONSTANT),
        lambda x: [x.relu()] * 2,
        lambda x: {"a": x, "b": [x + 1, x]},
    ],
)
def test_convert_marks_the_same_outputs(frontend, module):
    x = torch.randn(2, 3)
    network = new_network()
    with core.trt_network(network) as context:
        converted = _C.convert(graph_of(lambda x: module(x), (x,), frontend), context._native)
    outputs = converted["outputs"]
    assert converted["inputs"] == [
        {"name": "x", "torch_dtype": torch.float32, "dtype": torch.float32, "shape": (2, 3)}
    ]
    assert converted["ranges"] == {}
    assert [output["name"] for output in outputs] == [
        network.get_output(i).name for i in range(network.num_outputs)
    ]
    wanted = module(x)
    leaves = torch.utils._pytree.tree_leaves(wanted)
    assert len(outputs) == len(leaves)
    for got, reference in zip(run(network, x), leaves):
        same(got, reference)
    build(network)


def test_convert_names_outputs_by_structure(frontend):
    network = new_network()
    with core.trt_network(network) as context:
        graph = graph_of(lambda x: {"a": x + 1, "b": [x * 2, x - 1]}, (torch.zeros(2),), frontend)
        converted = _C.convert(graph, context._native)
    assert [output["name"] for output in converted["outputs"]] == ["a", "b_0", "b_1"]


def test_convert_uses_the_users_handlers():
    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        return [core.current_network().add_unary(inputs[0], trt.UnaryOperation.NEG).get_output(0)]

    x = torch.randn(2)
    network = new_network()
    with core.trt_network(network) as context:
        _C.convert(graph_of(torch.relu, (x,), "trace"), context._native, lookup=_handlers.lookup)
    same(run(network, x)[0], -x)


def test_convert_with_dynamic_sizes():
    x = torch.zeros(3, 4, dtype=torch.float64)
    program = torch.export.export(
        nn.Sequential(nn.Linear(4, 2, dtype=torch.float64)),
        (x,),
        dynamic_shapes=({0: torch.export.Dim("n", max=8)},),
    )
    graph = _frontends.graph_of_program(program)
    _C.run_passes(graph)
    network, lines = new_network(), []
    with core.trt_network(network) as context:
        converted = _C.convert(graph, context._native, log=lambda *line: lines.append(line))
    (given,), (made,) = converted["inputs"], converted["outputs"]
    assert (given["torch_dtype"], given["dtype"], given["shape"]) == (torch.float64, torch.float32, (-1, 4))
    assert (made["torch_dtype"], made["dtype"], made["shape"]) == (torch.float64, torch.float32, (-1, 2))
    assert converted["ranges"][given["name"]][2] == [8, 4]
    assert [level for level, _ in lines] == ["warning"] and "TensorRT has no float64" in lines[0][1]


def test_none_and_numbers_stay_what_they_are(frontend):
    network, graph = convert(lambda x: (x + 1, None), torch.zeros(2, 3), frontend)
    assert graph.outputs[1] is None
    assert network.num_outputs == 1


def test_constant_numbers_are_entries_of_the_resolved_outputs(frontend):
    x = torch.tensor([[1.0, 2.0, 3.0]])
    for network in (None, new_network()):
        with core.torch_network() if network is None else core.trt_network(network):
            _, graph = core.torch2trt(lambda x: (3, x + 1, {"a": 2.5, "b": x * 2}), x, frontend=frontend)
        entries = graph.get_resolved_outputs()
        assert [len(entry) for entry in entries] == [1, 1, 1, 1]
        assert (entries[0][0], entries[2][0]) == (3, 2.5)
        assert entries[1][0] is graph.outputs[1] and entries[3][0] is graph.outputs[2]["b"]


def test_output_names(frontend):
    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x):
            return self.linear(x).relu().sum(1)

    module, x = Module(), torch.randn(2, 3)
    _, graph = core.torch2trt(module, x, frontend=frontend)
    name = next(
        line.split("=")[0].strip().lstrip("%").split(":")[0].strip()
        for line in str(graph).splitlines()
        if "aten::relu" in line
    )
    hidden = module.linear(x).relu().detach()
    got = core.debug_call_graph(graph, x, output_names=[name, "x", "linear.weight"])
    torch.testing.assert_close(got, [hidden, x, module.linear.weight.detach()])
    _, graph = core.torch2trt(module, x, frontend=frontend, output_names=[name])
    torch.testing.assert_close(graph.get_resolved_outputs(), [[hidden]])
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(module, x, frontend=frontend, output_names=[name, "x", "linear.bias"])
    mark(network, graph.outputs)
    for output, wanted in zip(run(network, x), (hidden, x, module.linear.bias)):
        same(output, wanted)


def test_unknown_output_names(frontend):
    _, graph = core.torch2trt(nn.ReLU(), torch.zeros(2), frontend=frontend)
    for call in (
        lambda: core.debug_call_graph(graph, torch.zeros(2), output_names=["nowhere"]),
        lambda: core.torch2trt(nn.ReLU(), torch.zeros(2), frontend=frontend, output_names=["nowhere"]),
    ):
        with pytest.raises(
            InvalidArgument,
            match=r'output_names: the graph has no value "nowhere"; str\(graph\) shows its names',
        ):
            call()


def test_layer_names(frontend):
    module = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 2)))
    network, _ = convert(module, torch.zeros(2, 3), frontend)
    names = layer_names(network)
    assert len(set(names)) == len(names)
    for expected in ("0/linear", "1.0/relu", "1.1/linear", "0.weight", "1.1.bias"):
        assert any(name == expected or name.startswith(expected + "_") for name in names), (expected, names)


def test_layer_metadata_holds_the_source_line(frontend):
    network, _ = convert(lambda x: x.relu(), torch.zeros(2, 3), frontend)
    assert layers(network)[0].metadata.partition(":")[0].endswith("test_outputs.py")
