"""compare=True: torch mode beside the network, node by node."""

import logging
import subprocess
import sys
import types

import pytest
import tensorrt_rtx as trt
import torch
import torchvision
from converting import new_network
from torch import nn

import torch2trt
from torch2trt import _comparing, _tensorrt, core
from torch2trt.core import Compare, current_network, has_trt_tensor
from torch2trt.errors import InvalidArgument, Mismatch, RuntimeFailure, UnsupportedOperator


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


def model():
    module = nn.Sequential(Block(), nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5))).eval()
    nn.init.uniform_(module[0].norm.running_var, 0.5, 1.5)
    nn.init.normal_(module[0].norm.running_mean)
    return module


def wrong_relu(**registering):
    """Right in torch mode; in the network it is a leaky one."""

    @torch2trt.register_node_handler("aten::relu", **registering)
    def leaky(inputs, attributes):
        if not has_trt_tensor(inputs):
            return [inputs[0].relu()]
        layer = current_network().add_activation(inputs[0], trt.ActivationType.LEAKY_RELU)
        layer.alpha = 0.5
        return [layer.get_output(0)]

    return leaky


def status_of(comparison):
    return {(node.kind, node.scope): node.status for node in comparison.nodes}


def test_a_right_model(frontend, caplog):
    caplog.set_level(logging.INFO, logger="torch2trt")
    module, x = model(), torch.randn(2, 3, 8, 8)
    with core.torch_network():
        _, graph = core.torch2trt(module, x, frontend=frontend, compare=True)
    torch.testing.assert_close(graph.outputs, module(x).detach())
    status = status_of(graph.comparison)
    assert status[("aten::conv2d", "0.conv")] == "folded"
    assert status[("aten::batch_norm", "0.norm")] == status[("aten::linear", "1.2")] == "equal"
    assert graph.comparison.count("folded") == 1
    assert graph.comparison.count("equal") == len(graph.comparison.nodes) - 1
    assert 0 < graph.comparison.largest_difference < 1e-4
    assert "nodes equal the network's, largest difference" in caplog.text and ", 1 folded" in caplog.text


def test_without_compare_there_is_no_comparison():
    _, graph = core.torch2trt(model(), torch.randn(1, 3, 8, 8))
    assert graph.comparison is None


def test_the_first_wrong_node_is_named(frontend):
    wrong_relu()
    with pytest.raises(Mismatch) as caught:
        core.torch2trt(model(), torch.randn(2, 3, 8, 8), frontend=frontend, compare=True)
    error = caught.value
    assert (error.category, error.node, error.scope) == ("Mismatch", "aten::relu", "0")
    assert error.source.startswith("test_compare.py:")
    text = str(error)
    assert "torch mode and the network differ first in" in text and "of 288 elements; at [" in text
    assert "; 0.001 of the value is allowed" in text
    assert f'at aten::relu in module "0" ({error.source})' in text
    assert "Look at your handler" in text and "leaky" in text
    assert error.comparison.nodes[-1].status == "differs"
    assert [node.status for node in error.comparison.nodes[:-1]].count("equal") >= 1
    assert isinstance(error, torch2trt.Error)


def test_a_folded_node_is_compared_where_its_result_appears(frontend):
    @torch2trt.register_node_handler("aten::mul.Tensor")
    def doubled(inputs, attributes):
        factor = 1 if current_network() is None else 2
        return [inputs[0] * inputs[1] * factor]

    weight, bias = torch.randn(3), torch.randn(3)
    with pytest.raises(Mismatch, match='differ first in "mul') as caught:
        core.torch2trt(lambda x: x + weight * bias, torch.randn(2, 3), frontend=frontend, compare=True)
    assert caught.value.node == "aten::mul.Tensor"


def test_a_wrong_fold_names_what_was_folded(monkeypatch, frontend):
    right = _comparing._network_values

    def wrong(*args):
        return {
            name: value + 1 if isinstance(value, torch.Tensor) and value.shape == (1, 4, 6, 6) else value
            for name, value in right(*args).items()
        }

    monkeypatch.setattr(_comparing, "_network_values", wrong)
    with pytest.raises(Mismatch) as caught:
        core.torch2trt(model(), torch.randn(1, 3, 8, 8), frontend=frontend, compare=True)
    assert caught.value.node == "aten::batch_norm" and caught.value.scope == "0.norm"
    assert 'into which aten::conv2d in module "0.conv" (' in str(caught.value)
    assert "Replace the conversion of aten::batch_norm with a handler of your own" in str(caught.value)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            lambda net, x: net.add_identity(x).get_output(0),
            r"of 6 elements; at \[\d, \d\] torch .*, network ",
        ),
        (
            lambda net, x: net.add_cast(x, trt.float16).get_output(0),
            "torch has the type float32, the network float16",
        ),
        (
            lambda net, x: net.add_reduce(x, trt.ReduceOperation.SUM, 1, True).get_output(0),
            r"torch has the shape \[2, 3\], the network \[1, 3\]",
        ),
    ],
)
def test_what_differs(frontend, returned, message):
    @torch2trt.register_node_handler("aten::abs")
    def wrong(inputs, attributes):
        net = current_network()
        return [inputs[0].abs() if net is None else returned(net, inputs[0])]

    with pytest.raises(Mismatch, match=message):
        core.torch2trt(torch.abs, -torch.rand(2, 3) - 1, frontend=frontend, compare=True)


def test_integers_must_be_equal(frontend):
    @torch2trt.register_node_handler("aten::argmax")
    def wrong(inputs, attributes):
        if not has_trt_tensor(inputs):
            return [inputs[0].argmax(inputs[1])]
        net = current_network()
        indices = net.add_topk(inputs[0], trt.TopKOperation.MIN, 1, 2).get_output(1)
        shuffle = net.add_shuffle(indices)
        shuffle.reshape_dims = (2,)
        return [net.add_cast(shuffle.get_output(0), trt.int64).get_output(0)]

    with pytest.raises(Mismatch, match="2 of 2 elements; .*equal values are needed"):
        core.torch2trt(lambda x: x.argmax(1), torch.randn(2, 5), frontend=frontend, compare=True)


def test_a_plain_value_that_differs():
    @torch2trt.register_node_handler("aten::size.int")
    def wrong(inputs, attributes):
        return [2 if current_network() is None else 3]

    with pytest.raises(Mismatch, match="torch 2, network 3"):
        core.torch2trt(lambda x: x.view(x.size(0), -1), torch.randn(2, 3), compare=True)


@pytest.mark.parametrize(
    ("value", "other", "wanted"),
    [
        ([1.0, torch.ones(2)], [1.0, torch.ones(2)], 0.0),
        ([1.0, torch.ones(2)], [1.0, torch.zeros(2)], "element 1: 2 of 2 elements"),
        ([1], [1, 2], "torch has a list of 1, the network a list of 2"),
        ([1], None, "torch has a list of 1, the network None"),
        (None, None, 0.0),
        ("a", "b", "torch has 'a', the network 'b'"),
        (..., torch.ones(1), None),
        (torch.tensor([torch.nan, torch.inf]), torch.tensor([torch.nan, torch.inf]), 0.0),
        (
            torch.tensor([torch.inf, 1.0]),
            torch.tensor([1.0, 1.0]),
            "1 of 2 elements; at [0] torch inf, network 1",
        ),
        (
            torch.tensor([torch.nan, 1.0]),
            torch.tensor([1.0, 1.0]),
            "1 of 2 elements; at [0] torch nan, network 1",
        ),
        (torch.zeros(0, 2), torch.zeros(0, 2), 0.0),
        (torch.tensor(2), 2, 0.0),
        (2, torch.tensor(3), "torch 2, network 3"),
        (torch.ones(2, dtype=torch.float64), torch.ones(2), 0.0),
        (torch.ones(2, dtype=torch.bool), torch.zeros(2, dtype=torch.bool), "equal values are needed"),
        # Small beside the other elements: not compared more closely than these are.
        (torch.tensor([1e-7, 1.0, 2.0]), torch.tensor([2e-7, 1.0, 2.0]), 1e-7),
        (torch.tensor([0.0, 0.0]), torch.tensor([1e-8, 0.0]), 1e-5),
    ],
)
def test_differences(value, other, wanted):
    got = _comparing._difference(value, other, None)
    if isinstance(wanted, float):
        assert got == pytest.approx(wanted, rel=0.1)
    else:
        assert got == wanted or wanted in got


def test_tolerance(frontend):
    @torch2trt.register_node_handler("aten::relu")
    def slightly(inputs, attributes):
        if not has_trt_tensor(inputs):
            return [inputs[0].relu() * 1.01]
        return [current_network().add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)]

    x = torch.rand(2, 3) + 1
    with pytest.raises(Mismatch):
        core.torch2trt(nn.ReLU(), x, frontend=frontend, compare=True)
    _, graph = core.torch2trt(nn.ReLU(), x, frontend=frontend, compare=Compare(tolerance=0.02))
    assert 0.005 < graph.comparison.largest_difference < 0.02


def test_what_is_random_is_not_compared(frontend):
    def module(x):
        noise = torch.rand_like(x)
        return (x + 1) * (noise - 1)

    _, graph = core.torch2trt(module, torch.randn(4, 3), frontend=frontend, compare=True)
    assert [node.status for node in graph.comparison.nodes if node.kind == "aten::add.Tensor"] == ["equal"]
    random = {node.kind for node in graph.comparison.nodes if node.status == "random"}
    assert random == {"aten::rand_like", "aten::sub.Tensor", "aten::mul.Tensor"}


def test_dropout_is_compared_in_inference(frontend):
    module = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.ReLU()).eval()
    _, graph = core.torch2trt(module, torch.randn(4, 3), frontend=frontend, compare=True)
    assert graph.comparison.count("equal") == 3


def test_several_outputs_views_and_unused_results(frontend):
    def module(x):
        y = x.transpose(0, 1).reshape(-1)
        values, _ = x.max(1)
        return x, y, values, y.chunk(2)[1]

    x = torch.randn(2, 4)
    _, graph = core.torch2trt(module, x, frontend=frontend, compare=True)
    assert graph.comparison.count("equal") == len(graph.comparison.nodes) >= 4
    for got, wanted in zip(graph.outputs, module(x)):
        assert torch.equal(got, wanted)


def test_types(frontend):
    for dtype in (torch.float16, torch.bfloat16, torch.float64, torch.int64):
        x = torch.arange(6).reshape(2, 3).to(dtype)
        _, graph = core.torch2trt(lambda x: (x * 3 - 1).sum(1), x, frontend=frontend, compare=True)
        assert graph.comparison.count("equal") == len(graph.comparison.nodes)


def test_debug_call_graph_compares_other_inputs_too():
    module = model()
    _, graph = core.torch2trt(lambda x: module(x) / x.size(0), torch.randn(2, 3, 8, 8))
    x = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(core.debug_call_graph(graph, x, compare=True), module(x).detach() / 5)
    assert graph.comparison.count("equal") > 4
    core.debug_call_graph(graph, x)
    assert graph.comparison is None
    wrong_relu()
    with pytest.raises(Mismatch):
        core.debug_call_graph(graph, x, compare=True)


def test_a_program_with_dynamic_sizes_is_compared_with_dynamic_sizes():
    module = model()
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(
            lambda x: module(x).reshape(x.shape[0], -1, 1).flatten(),
            network.add_input("x", trt.float32, (-1, 3, 8, 8)),
            frontend="export",
        )
    x = torch.randn(3, 3, 8, 8)
    core.debug_call_graph(graph, x, compare=True)
    assert graph.comparison.count("equal") > 4
    assert any(node.kind == "aten::sym_size.int" or "size" in node.kind for node in graph.comparison.nodes)


def test_only_in_torch_mode():
    with core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match="compare belongs to torch mode; leave"):
            core.torch2trt(nn.ReLU(), torch.zeros(2), compare=True)
    assert current_network() is None


def test_an_operator_without_conversion():
    with pytest.raises(UnsupportedOperator, match="aten::i0"):
        core.torch2trt(lambda x: torch.special.i0(x), torch.zeros(2), compare=True)


def test_an_unknown_tensorrt():
    with pytest.raises(InvalidArgument, match='there is no TensorRT called "onnx"'):
        core.torch2trt(nn.ReLU(), torch.zeros(2), compare=Compare(tensorrt="onnx"))


def test_a_builder_that_cannot_be_made(monkeypatch):
    def builder(logger):
        raise TypeError("factory function returned nullptr\nand more")

    module = types.SimpleNamespace(__name__="tensorrt", Builder=builder)
    monkeypatch.setattr(_tensorrt._callbacks, "logger", lambda trt: None)
    with pytest.raises(
        RuntimeFailure, match=r"tensorrt makes no builder on this machine \(factory.*nullptr\); it needs"
    ):
        _tensorrt.new_builder(module)


def test_without_tensorrt_it_says_what_to_install():
    program = """
import sys
sys.modules["tensorrt"] = sys.modules["tensorrt_rtx"] = None
import torch, torch2trt
try:
    torch2trt.core.torch2trt(torch.relu, torch.zeros(2), compare=True)
except torch2trt.errors.RuntimeFailure as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
    assert "TensorRT cannot be imported" in done.stdout and "pip install tensorrt-rtx" in done.stdout, (
        done.stderr
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "vit_b_16"])
def test_large_models(frontend, name):
    module = torchvision.models.get_model(name, weights=None).eval()
    for child in module.modules():
        if isinstance(child, nn.Linear):  # torchvision's heads are zero
            nn.init.normal_(child.weight, 0, 0.05)
    x = torch.randn(1, 3, 224, 224)
    _, graph = core.torch2trt(module, x, frontend=frontend, compare=True)
    counts = {"resnet50": 122, "vit_b_16": 400}
    assert graph.comparison.count("equal") >= counts[name]
    assert graph.comparison.count("random") == graph.comparison.count("unknown") == 0
    assert graph.comparison.largest_difference < 1e-4
    kind = "aten::relu" if name == "resnet50" else "aten::gelu"
    kept = {"aten::relu": torch.relu, "aten::gelu": nn.functional.gelu}[kind]

    @torch2trt.register_node_handler(kind)
    def wrong(inputs, attributes):
        last = attributes["scope"].startswith(("layer3.2", "encoder.layers.encoder_layer_7"))
        if not has_trt_tensor(inputs):
            return [kept(inputs[0])]
        kinds = trt.ActivationType
        right = kinds.RELU if kind == "aten::relu" else kinds.GELU_ERF
        layer = current_network().add_activation(inputs[0], kinds.SIGMOID if last else right)
        return [layer.get_output(0)]

    with pytest.raises(Mismatch) as caught:
        core.torch2trt(module, x, frontend=frontend, compare=True)
    assert caught.value.node == kind
    assert caught.value.scope.startswith(("layer3.2.relu", "encoder.layers.encoder_layer_7.mlp"))
