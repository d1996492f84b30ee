"""register_node_handler: keys, arguments, attributes, returns."""

import logging

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, check, convert, layer_names, layers, new_network, run, same
from torch import nn

import torch2trt
from torch2trt import core
from torch2trt.core import _axes_to_trt_axis, current_network, has_trt_tensor
from torch2trt.errors import BuildFailed, InvalidArgument, UnsupportedOperator


@pytest.fixture
def both(frontend):
    """Runs a module in both modes; returns (network, graph in torch mode)."""

    def convert_both(module, args):
        network, _ = convert(module, args, frontend)
        with core.torch_network():
            _, graph = core.torch2trt(module, args, frontend=frontend)
        return network, graph

    return convert_both


def registered_sum():
    """The README's handler; the schema today has four arguments."""
    calls = []

    @torch2trt.register_node_handler("aten::sum.dim_IntList")
    def aten_sum(inputs, attributes):
        calls.append((inputs, attributes))
        inp, axes, keepdim, _dtype = inputs
        net = current_network()
        if net is not None and has_trt_tensor(inputs):
            axis_trt = _axes_to_trt_axis(axes, len(inp.shape))
            layer = net.add_reduce(inp, trt.ReduceOperation.SUM, axis_trt, bool(keepdim))
            output = layer.get_output(0)
            return [output]
        return [inp.sum(tuple(axes), keepdim=bool(keepdim))]

    return aten_sum, calls


def test_the_readme_example(both):
    handler, calls = registered_sum()
    assert callable(handler)
    x = torch.randn(2, 3, 4)
    network, graph = both(lambda x: x.sum((1, -1)), x)
    assert len(calls) == 2
    same(run(network, x)[0], x.sum((1, -1)))
    torch.testing.assert_close(graph.outputs, x.sum((1, -1)))
    assert calls[0][0][1:] == [[1, -1], False, None]
    assert isinstance(calls[0][0][0], trt.ITensor) and isinstance(calls[1][0][0], torch.Tensor)
    build(network)


def test_attributes(both):
    class Inner(nn.Module):
        def forward(self, x):
            return x.sum(1, keepdim=True)

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            return self.inner(x + 1)

    _, calls = registered_sum()
    _, graph = both(Module(), torch.randn(2, 3))
    for _, attributes in calls:
        assert attributes["kind"] == "aten::sum.dim_IntList"
        assert attributes["scope"] == "inner"
        assert attributes["source"].partition(":")[0].endswith("test_handlers.py")
        assert f"%{attributes['name']}" in str(graph) and attributes["output_names"] == [attributes["name"]]
        assert attributes["constants"] == {"dim": [1], "keepdim": True, "dtype": None}


def test_one_overload_and_all(both):
    seen = []

    @torch2trt.register_node_handler("aten::sum")
    def every(inputs, attributes):
        seen.append(("all", attributes["kind"]))
        return [inputs[0].sum() if len(inputs) == 2 else inputs[0].sum(inputs[1])]

    @torch2trt.register_node_handler("aten::sum.dim_IntList")
    def one(inputs, attributes):
        seen.append(("one", attributes["kind"]))
        return [inputs[0].sum(inputs[1])]

    x = torch.randn(2, 3)
    _, graph = core.torch2trt(lambda x: x.sum(1) + x.sum(), x)
    assert seen == [("one", "aten::sum.dim_IntList"), ("all", "aten::sum")]
    torch.testing.assert_close(graph.outputs, x.sum(1) + x.sum())


def test_scope_argument(both):
    scopes = []

    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes, scope):
        scopes.append(scope)
        return [inputs[0]]

    both(nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())), torch.zeros(2))
    assert scopes == ["1.0", "1.0"]


def test_a_default_of_the_handlers_own_stays(both):
    got, scopes = [], []
    torch2trt.register_node_handler("aten::relu")(
        lambda inputs, attributes, shift=3: got.append(shift) or [inputs[0]]
    )
    both(nn.Sequential(nn.ReLU()), torch.ones(2))
    assert got == [3, 3]
    torch2trt.register_node_handler("aten::relu", override=True)(
        lambda inputs, attributes, scope=None: scopes.append(scope) or [inputs[0]]
    )
    both(nn.Sequential(nn.ReLU()), torch.ones(2))
    assert scopes == ["0", "0"]


def test_replacing_a_builtin_is_logged_once(caplog):
    caplog.set_level(logging.INFO, logger="torch2trt")
    for _ in range(2):
        torch2trt.register_node_handler("aten::relu")(lambda inputs, attributes: [inputs[0]])
        torch2trt.core.unregister_node_handler("aten::relu")
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 1 and messages[0].endswith('replaces the built-in conversion of "aten::relu"')


def test_override_and_unregister():
    def first(inputs, attributes):
        return [inputs[0] + 1]

    def second(inputs, attributes):
        return [inputs[0] + 2]

    def value():
        return core.torch2trt(nn.ReLU(), torch.zeros(1))[1].outputs.item()

    torch2trt.register_node_handler("aten::relu")(first)
    with pytest.raises(
        InvalidArgument,
        match=r'"aten::relu" has a handler already \(.*first\); give override=True to replace it',
    ):
        torch2trt.register_node_handler("aten::relu")(second)
    assert value() == 1
    assert torch2trt.register_node_handler("aten::relu", override=True)(second) is second
    assert value() == 2
    assert core.unregister_node_handler("aten::relu") is second
    assert value() == 1
    assert core.unregister_node_handler("aten::relu") is first
    assert value() == 0
    with pytest.raises(InvalidArgument, match='"aten::relu" has no handler to unregister'):
        core.unregister_node_handler("aten::relu")


def test_wrong_registrations(caplog):
    for name in ("relu", "", None):
        with pytest.raises(InvalidArgument, match='is no operator; a name like "aten::sum" is needed'):
            torch2trt.register_node_handler(name)
    with pytest.raises(InvalidArgument, match='the handler for "aten::relu" is a int, not a function'):
        torch2trt.register_node_handler("aten::relu")(3)
    torch2trt.register_node_handler("aten::rellu")(lambda inputs, attributes: [])
    assert 'this PyTorch has no operator "aten::rellu"' in caplog.text
    torch2trt.register_node_handler("aten::sum.dim_List")(lambda inputs, attributes: [])
    assert 'this PyTorch has no operator "aten::sum.dim_List"' in caplog.text
    torch2trt.register_node_handler("aten::_convolution")(lambda inputs, attributes: [])
    assert 'no program has "aten::_convolution" nodes; register a handler for aten::conv2d' in caplog.text
    torch2trt.register_node_handler("aten::zero_")(lambda inputs, attributes: [])
    assert 'no program has "aten::zero_" nodes; register a handler for aten::zeros_like' in caplog.text


def test_called_for_constant_inputs_too(both):
    modes = []

    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        modes.append((current_network() is not None, has_trt_tensor(inputs)))
        return [
            current_network().add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)
            if has_trt_tensor(inputs)
            else inputs[0].relu()
        ]

    weight = torch.randn(3)
    x = torch.randn(2, 3)
    network, _ = both(lambda x: x.relu() * weight.relu(), x)
    assert sorted(modes) == [(False, False), (False, False), (True, False), (True, True)]
    same(run(network, x)[0], x.relu() * weight.relu())


def test_in_place_operators_and_folded_batch_norm_reach_their_handlers(both):
    seen = []

    @torch2trt.register_node_handler("aten::relu_")
    def relu(inputs, attributes):
        seen.append(attributes["kind"])
        return [
            current_network().add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)
            if has_trt_tensor(inputs)
            else inputs[0].relu()
        ]

    @torch2trt.register_node_handler("aten::batch_norm")
    def batch_norm(inputs, attributes):
        seen.append(attributes["kind"])
        return [inputs[0]]

    module = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2), nn.ReLU(inplace=True)).eval()
    x = torch.randn(1, 2, 3, 3)
    network, _ = both(module, x)
    assert seen == ["aten::batch_norm", "aten::relu"] * 2
    same(run(network, x)[0], module[0](x).relu())


def test_plain_values_and_constants_as_results(both):
    @torch2trt.register_node_handler("aten::size.int")
    @torch2trt.register_node_handler("aten::sym_size.int")
    def size(inputs, attributes):
        return [4]

    @torch2trt.register_node_handler("aten::tanh")
    def tanh(inputs, attributes):
        return [torch.full((2, 3), 2.0)]

    x = torch.randn(2, 3)
    network, graph = both(lambda x: x.tanh() * x, x)
    same(run(network, x)[0], 2 * x)
    torch.testing.assert_close(graph.outputs, 2 * x)
    network, _ = convert(lambda x: x + x.size(0), x, "trace")
    same(run(network, x)[0], x + 4)


def test_several_outputs(both):
    @torch2trt.register_node_handler("aten::max.dim")
    def largest(inputs, attributes):
        x, dim, keepdim = inputs
        if not has_trt_tensor(inputs):
            return tuple(x.max(dim, keepdim=keepdim))
        layer = current_network().add_topk(x, trt.TopKOperation.MAX, 1, _axes_to_trt_axis(dim, len(x.shape)))
        squeezed = []
        for index in range(2):
            shuffle = current_network().add_shuffle(layer.get_output(index))
            shuffle.reshape_dims = (2,)
            squeezed.append(shuffle.get_output(0))
        return squeezed[0], current_network().add_cast(squeezed[1], trt.int64).get_output(0)

    x = torch.randn(2, 5)
    network, graph = both(lambda x: x.max(-1), x)
    for got, wanted in zip(run(network, x), x.max(-1)):
        same(got, wanted)
    assert torch.equal(graph.outputs[1], x.max(-1)[1])


def test_unnamed_layers_get_the_nodes_name():
    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        net = current_network()
        first = net.add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)
        named = net.add_identity(first)
        named.name = "mine"
        return [net.add_identity(named.get_output(0)).get_output(0)]

    network, _ = convert(nn.Sequential(nn.Tanh(), nn.ReLU(), nn.ReLU()), torch.zeros(2))
    assert layer_names(network) == ["0/tanh", "1/relu", "mine", "1/relu_1", "2/relu", "2/relu_1", "2/relu_2"]
    assert layers(network)[1].metadata


class Relu(nn.Module):
    def forward(self, x):
        return torch.relu(x)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda x: x, "returned (Tensor|ITensor); a list with one entry per output is needed"),
        (lambda x: None, "returned NoneType; a list"),
        (lambda x: [], "returned 0 outputs where the node has 1"),
        (lambda x: [x, x], "returned 2 outputs where the node has 1"),
        (
            lambda x: [object()],
            "returned, as output 0, what cannot be used: <object object at .*> is no ITensor, torch tensor, number",
        ),
        (
            lambda x: [new_network().add_input("other", trt.float32, (2,))],
            "(belongs to another network|ITensor was given outside)",
        ),
    ],
)
@pytest.mark.parametrize("torch_mode", [False, True])
def test_wrong_returns(frontend, returned, message, torch_mode):
    @torch2trt.register_node_handler("aten::relu")
    def my_relu(inputs, attributes):
        return returned(inputs[0])

    context = core.torch_network() if torch_mode else core.trt_network(new_network())
    with context:
        with pytest.raises(InvalidArgument, match=message) as caught:
            core.torch2trt(nn.Sequential(Relu()), torch.zeros(2), frontend=frontend)
    assert "my_relu" in str(caught.value)
    assert caught.value.node == "aten::relu" and caught.value.scope == "0"
    assert caught.value.source.startswith("test_handlers.py:")


@pytest.mark.parametrize("torch_mode", [False, True])
def test_exceptions_keep_their_traceback_and_say_which_node(frontend, torch_mode):
    class Mine(Exception):
        pass

    @torch2trt.register_node_handler("aten::relu")
    def my_relu(inputs, attributes):
        raise Mine("broken")

    context = core.torch_network() if torch_mode else core.trt_network(new_network())
    with context:
        with pytest.raises(Mine, match="broken") as caught:
            core.torch2trt(nn.Sequential(nn.ReLU()), torch.zeros(2), frontend=frontend)
    assert "my_relu" in [entry.name for entry in caught.traceback]
    (note,) = caught.value.__notes__
    assert "in the handler" in note and "my_relu" in note and "aten::relu" in note and '"0"' in note
    assert current_network() is None


def test_a_layer_that_tensorrt_refuses(frontend):
    @torch2trt.register_node_handler("aten::add.Tensor")
    def add(inputs, attributes):
        other = current_network().add_constant((2, 5), torch.ones(2, 5).numpy()).get_output(0)
        return [
            current_network().add_elementwise(inputs[0], other, trt.ElementWiseOperation.SUM).get_output(0)
        ]

    with pytest.raises(
        BuildFailed, match="TensorRT refused the layer that makes ITensor(.|\n)*TensorRT: "
    ) as caught:
        convert(lambda x: x + 1, torch.zeros(2, 3), frontend)
    assert caught.value.node == "aten::add.Tensor" and "add" in str(caught.value)


def test_a_handler_cannot_change_the_values_it_gets(both):
    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        if not has_trt_tensor(inputs):
            return [inputs[0].relu_()]
        return [current_network().add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)]

    weight = nn.Parameter(torch.randn(3))
    x = torch.randn(2, 3)
    before, kept = weight.detach().clone(), x.clone()
    network, graph = both(lambda x: x.relu() + x + weight.relu() + weight, x)
    assert torch.equal(weight, before) and torch.equal(x, kept)
    wanted = x.relu() + x + weight.relu() + weight
    torch.testing.assert_close(graph.outputs, wanted.detach())
    same(run(network, x)[0], wanted)
    assert not graph.outputs.requires_grad


def test_a_handler_may_convert_another_module():
    inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh())

    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        negated = current_network().add_unary(inputs[0], trt.UnaryOperation.NEG).get_output(0)
        outputs = core.torch2trt(inner, negated)[1].outputs
        return [current_network().add_identity(outputs).get_output(0)]

    x = torch.randn(2, 3)
    network, _ = convert(lambda x: torch.exp(x.relu()), x)
    same(run(network, x)[0], inner(-x).exp())
    names = layer_names(network)
    assert names[0] == "relu" and "0/linear" in names and names[-2:] == ["relu_1", "exp"]
    assert all(layer.metadata for layer in layers(network) if "relu" in layer.name)


@torch.library.custom_op("torch2trt_test::shifted", mutates_args=())
def shifted(x: torch.Tensor, by: float, times: int = 2) -> torch.Tensor:
    if by > 100:
        raise ValueError("too far")
    return x + by * times


@shifted.register_fake
def _(x, by, times=2):
    return torch.empty_like(x)


def test_a_custom_operator(frontend):
    seen = []

    @torch2trt.register_node_handler("torch2trt_test::shifted")
    def handler(inputs, attributes):
        x, by, times = inputs
        seen.append((by, times, attributes["constants"]))
        if not has_trt_tensor(inputs):
            return [x + by * times]
        net = current_network()
        constant = net.add_constant((1, 1), torch.full((1, 1), by * times).numpy()).get_output(0)
        return [net.add_elementwise(x, constant, trt.ElementWiseOperation.SUM).get_output(0)]

    build(check(lambda x: shifted(x, 0.5) * 2, torch.randn(2, 3), frontend))
    assert seen and all(entry == (0.5, 2, {"by": 0.5, "times": 2}) for entry in seen)


def test_a_custom_operator_without_handler(frontend):
    x = torch.randn(2, 3)
    with core.torch_network():
        _, graph = core.torch2trt(lambda x: shifted(x, 0.5), x, frontend=frontend)
    torch.testing.assert_close(graph.outputs, x + 1)
    with pytest.raises(UnsupportedOperator, match=r"torch2trt_test::shifted \(1x\): no handler"):
        convert(lambda x: shifted(x, 0.5), x, frontend)


def test_an_exception_of_a_custom_operator_names_the_node():
    with core.torch_network():
        _, graph = core.torch2trt(lambda x, y: shifted(x, 0.5) + y, (torch.zeros(2), torch.zeros(2)))
    with pytest.raises(InvalidArgument, match="PyTorch refused the node: The size of tensor a") as caught:
        core.debug_call_graph(graph, (torch.zeros(2), torch.zeros(3)))
    assert caught.value.node == "aten::add.Tensor"

    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        return [shifted(inputs[0], 1000.0)]

    with pytest.raises(ValueError, match="too far") as caught:
        core.torch2trt(nn.ReLU(), torch.zeros(2))
    assert "aten::relu" in caught.value.__notes__[0]


def test_missing_handlers_are_listed_together(frontend):
    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()
            self.inner.forward = lambda x: torch.special.i0(shifted(x, 1.0))

        def forward(self, x):
            return torch.special.i0(self.inner(x) + 1) + torch.special.i0(x) + torch.erfinv(x)

    with pytest.raises(UnsupportedOperator) as caught:
        convert(Module(), torch.zeros(2), frontend)
    text = str(caught.value)
    assert "nodes cannot be converted:" in text
    kinds = {node.kind for node in caught.value.unsupported}
    assert {"torch2trt_test::shifted", "aten::erfinv"} <= kinds and any("i0" in kind for kind in kinds)
    assert text.count("test_handlers.py:") >= 3
    assert "The network is incomplete and must not be used" in text
    assert all(node.source for node in caught.value.unsupported)


def test_an_operator_with_a_kernel_for_autograd_only_is_computed():
    library = torch.library.Library("torch2trt_test_autograd", "DEF")
    library.define("tripled(Tensor x) -> Tensor")
    library.impl("tripled", lambda x: x.detach() * 3, "Autograd")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("scale", torch.randn(3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.ops.torch2trt_test_autograd.tripled(self.scale)

    build(check(torch.jit.script(Net()), torch.randn(2, 3), "trace"))
