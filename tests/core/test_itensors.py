"""ITensors as inputs, and several modules composed in one network."""

import re

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, build_with, layer_names, mark, new_network, run, same
from torch import nn

from torch2trt import core
from torch2trt.errors import InvalidArgument


def conv():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())


def test_an_itensor_as_example_input(frontend):
    module, x = conv(), torch.randn(1, 3, 8, 8)
    network = new_network()
    tensor = network.add_input("image", trt.float32, x.shape)
    with core.trt_network(network):
        _, graph = core.torch2trt(module, tensor, frontend=frontend)
    assert network.num_inputs == 1
    mark(network, graph.outputs)
    same(run(network, x)[0], module(x))
    build(network)


def test_itensors_in_input_tensors(frontend):
    module, x = conv(), torch.randn(1, 3, 8, 8)
    network = new_network()
    tensor = network.add_input("image", trt.float32, x.shape)
    with core.trt_network(network):
        _, graph = core.torch2trt(module, torch.zeros(1, 3, 8, 8), input_tensors=[tensor], frontend=frontend)
    assert network.num_inputs == 1
    mark(network, graph.outputs)
    same(run(network, x)[0], module(x))


def test_sizes_come_from_the_itensor(frontend):
    module, x = conv(), torch.randn(2, 3, 9, 7)
    network = new_network()
    tensor = network.add_input("image", trt.float32, x.shape)
    with core.trt_network(network):
        _, graph = core.torch2trt(
            lambda x: module(x).view(x.size(0), -1),
            torch.zeros(1, 3, 8, 8),
            input_tensors=[tensor],
            frontend=frontend,
        )
    assert tuple(graph.outputs.shape) == (2, 4 * 7 * 5)
    mark(network, graph.outputs)
    same(run(network, x)[0], module(x).view(2, -1))


def test_itensors_and_torch_tensors_mixed(frontend):
    network = new_network()
    tensor = network.add_input("theirs", trt.float32, (2, 3))
    with core.trt_network(network):
        _, graph = core.torch2trt(
            lambda a, b, c: a - b * c["k"],
            (torch.zeros(2, 3), tensor, {"k": torch.zeros(2, 3)}),
            frontend=frontend,
            input_names=["p", "q"],
        )
    assert [network.get_input(i).name for i in range(3)] == ["theirs", "p", "q"]
    mark(network, graph.outputs)
    b, a, c = (torch.randn(2, 3) for _ in range(3))
    same(run(network, b, a, c)[0], a - b * c)


def test_input_tensors_with_gaps(frontend):
    network = new_network()
    tensor = network.add_input("theirs", trt.float32, (2, 3))
    with core.trt_network(network):
        core.torch2trt(
            lambda a, b: a - b,
            (torch.zeros(2, 3), torch.zeros(2, 3)),
            input_tensors=[None, tensor],
            frontend=frontend,
            input_names=["ours", "ignored"],
        )
    assert [network.get_input(i).name for i in range(2)] == ["theirs", "ours"]


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ([None], "input_tensors has 1 entries, the module takes 2 tensors"),
        ([None, 3], "input_tensors holds a int; ITensors are needed"),
    ],
)
def test_wrong_input_tensors(tensors, message):
    with core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match=message):
            core.torch2trt(lambda a, b: a - b, (torch.zeros(1), torch.zeros(1)), input_tensors=tensors)


def test_a_type_torch_lacks():
    network = new_network()
    with core.trt_network(network):
        with pytest.raises(InvalidArgument, match='ITensor "x" is FP8, which torch has no type for'):
            core.torch2trt(nn.ReLU(), network.add_input("x", trt.fp8, (2, 2)))


@pytest.mark.parametrize("blocks", [1, 2])
def test_a_second_module_continues(frontend, blocks):
    first, second, x = conv(), nn.Sequential(nn.Conv2d(4, 2, 1), nn.Tanh()), torch.randn(1, 3, 8, 8)
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(first, x, frontend=frontend)
        if blocks == 1:
            _, graph = core.torch2trt(
                second, graph.get_resolved_outputs()[0][0], input_names=["other_input"], frontend=frontend
            )
    if blocks == 2:
        middle = graph.get_resolved_outputs()[0][0]
        middle.name = "middle"
        with core.trt_network(network):
            _, graph = core.torch2trt(second, middle, frontend=frontend)
    assert network.num_inputs == 1
    mark(network, graph.outputs)
    same(run(network, x)[0], second(first(x)))
    assert len(set(layer_names(network))) == network.num_layers
    build(network)


def test_a_hand_added_layer_between(frontend):
    first, second, x = conv(), nn.Conv2d(4, 2, 1), torch.randn(1, 3, 8, 8)
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(first, x, frontend=frontend)
        added = network.add_unary(graph.outputs, trt.UnaryOperation.NEG)
        _, graph = core.torch2trt(second, added.get_output(0), frontend=frontend)
    mark(network, graph.outputs)
    same(run(network, x)[0], second(-first(x)))
    build(network)


def test_the_same_module_twice(frontend):
    module, x = nn.Sequential(nn.Linear(3, 3), nn.Tanh()), torch.randn(2, 3)
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(module, x, frontend=frontend)
        _, graph = core.torch2trt(module, graph.outputs, frontend=frontend)
    mark(network, graph.outputs)
    same(run(network, x)[0], module(module(x)))
    assert len(set(layer_names(network))) == network.num_layers


def test_a_dynamic_itensor_through_export():
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)
    )
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(
            module, network.add_input("x", trt.float32, (-1, 3, 8, 8)), frontend="export"
        )
    assert tuple(graph.outputs.shape) == (-1, 5)
    mark(network, graph.outputs)
    for batch in (1, 2, 5):
        x = torch.randn(batch, 3, 8, 8)
        same(run(network, x)[0], module(x))
        torch.testing.assert_close(core.debug_call_graph(graph, x), module(x).detach())


def test_a_dynamic_itensor_in_input_tensors():
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 5))
    network = new_network()
    tensor = network.add_input("x", trt.float32, (-1, 3, 4))
    with core.trt_network(network):
        _, graph = core.torch2trt(module, torch.zeros(2, 3, 4), input_tensors=[tensor], frontend="export")
    assert tuple(graph.outputs.shape) == (-1, 5) and network.num_inputs == 1
    mark(network, graph.outputs)
    for batch in (1, 4):
        x = torch.randn(batch, 3, 4)
        same(run(network, x)[0], module(x))


def test_a_dynamic_module_behind_a_dynamic_module_and_layers_by_hand():
    first, second = conv(), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(
            first, network.add_input("x", trt.float32, (-1, 3, 8, 8)), frontend="export"
        )
        pooled = network.add_pooling_nd(graph.outputs, trt.PoolingType.MAX, (2, 2))
        pooled.stride_nd = (2, 2)
        _, graph = core.torch2trt(second, pooled.get_output(0), frontend="export")
        _, graph = core.torch2trt(lambda a: (a.softmax(1), a.shape[0] * a), graph.outputs, frontend="export")
    mark(network, graph.outputs)
    build_with(network, "x", (1, 3, 8, 8), (4, 3, 8, 8))
    for batch in (1, 3):
        x = torch.randn(batch, 3, 8, 8)
        scores = second(nn.functional.max_pool2d(first(x), 2))
        for got, wanted in zip(run(network, x), (scores.softmax(1), batch * scores)):
            same(got, wanted)


def test_two_dynamic_itensors_of_one_batch_and_all_sizes():
    network = new_network()
    tensors = [
        network.add_input(name, trt.float32, shape)
        for name, shape in (("a", (-1, 3, -1, -1)), ("b", (-1, 3, 1, 1)))
    ]
    module = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(4, 4, 3, stride=2))
    with core.trt_network(network):
        _, graph = core.torch2trt(
            lambda a, b: module(a + b).flatten(1).sum(1), tuple(tensors), frontend="export"
        )
    mark(network, graph.outputs)
    for sizes in ((2, 16, 20), (3, 33, 9)):
        a, b = torch.randn(sizes[0], 3, *sizes[1:]), torch.randn(sizes[0], 3, 1, 1)
        same(run(network, a, b)[0], module(a + b).flatten(1).sum(1), 1e-4)


@pytest.mark.parametrize("place", ["example_inputs", "input_tensors"])
def test_a_dynamic_itensor_is_refused_by_the_trace(place):
    network = new_network()
    tensor = network.add_input("x", trt.float32, (-1, 3))
    with core.trt_network(network):
        with pytest.raises(
            InvalidArgument,
            match=r'"x" has the dynamic shape \(-1, 3\); a trace would bake its sizes in. Use frontend="export"',
        ):
            if place == "example_inputs":
                core.torch2trt(nn.ReLU(), tensor)
            else:
                core.torch2trt(nn.ReLU(), torch.zeros(1, 3), input_tensors=[tensor])
    assert network.num_layers == 0


def test_a_program_that_fixes_a_dynamic_size():
    network = new_network()
    with core.trt_network(network):
        with pytest.raises(
            InvalidArgument,
            match="does not take every size of an ITensor's dynamic dimensions: (.|\n)*specialized",
        ):
            core.torch2trt(
                lambda x: x.view(3, -1), network.add_input("x", trt.float32, (-1, 4)), frontend="export"
            )


@pytest.mark.parametrize(
    ("function", "condition"),
    [
        (lambda x: x * 2 if x.shape[0] > 2 else x - 1, r"x\.shape\[0\] > 2"),
        (lambda x: x * 2 if x.shape[1] % 2 == 0 else x - 1, r"Eq\(Mod\(x\.shape\[1\], 2\), 0\)"),
        (lambda x: x * 2 if x.shape[0] == x.shape[1] else x, r"Ne\(x\.shape\[0\], x\.shape\[1\]\)"),
    ],
)
def test_a_branch_on_a_dynamic_size_is_no_secret(caplog, function, condition):
    network = new_network()
    with core.trt_network(network):
        tensor = network.add_input("x", trt.float32, (-1, -1))
        core.torch2trt(function, tensor, frontend="export")
    (message,) = [record.getMessage() for record in caplog.records]
    assert re.match(f"the network is made for {condition} only: the program branches on it", message)
    assert re.search(r"\(test_itensors\.py:\d+\), and a network keeps one branch\. Where", message)
    assert message.endswith("say so before with torch._check()")


def _asserted(x):
    assert x.shape[0] > 2
    return x * x.shape[0]


def _checked(x):
    torch._check(x.shape[0] > 2)
    return x * 2 if x.shape[0] > 2 else x - 1


@pytest.mark.parametrize(
    "module",
    [
        _asserted,
        _checked,
        lambda x: x.reshape(-1, 2),
        nn.Sequential(nn.Unflatten(1, (1, 1, -1)), nn.Conv2d(1, 2, (1, 3)), nn.AvgPool2d((1, 2))),
    ],
)
def test_what_operators_need_of_sizes_is_no_branch(caplog, module):
    network = new_network()
    with core.trt_network(network):
        core.torch2trt(module, network.add_input("x", trt.float32, (-1, -1)), frontend="export")
    assert caplog.records == []
