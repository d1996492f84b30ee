"""GraphModule: one object for torch tensors and ITensors."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import layer_names, mark, new_network, run, same
from torch import nn

import torch2trt
from torch2trt import GraphModule, core
from torch2trt.errors import InvalidArgument, Mismatch
from torch2trt.executor import execute


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, image, scale=None):
        x = torch.relu(self.norm(self.conv(image))).flatten(2).mean(2)
        return x if scale is None else x * scale


def toy(x):
    return torch.softmax(x, 1), {"sigmoid": torch.sigmoid(x)}


@pytest.fixture
def net():
    return Net().eval()


def test_the_originals_example(net):
    image = torch.rand(2, 3, 8, 8)
    graph = GraphModule(net, image)
    hidden = graph(image)
    torch.testing.assert_close(hidden, net(image).detach())
    graph_toy = GraphModule(toy, hidden)
    probabilities, rest = graph_toy(hidden, verbose=True)
    torch.testing.assert_close(probabilities, hidden.softmax(1))

    network = new_network()
    with core.trt_network(network):
        tensor = network.add_input(name="image", shape=(2, 3, 8, 8), dtype=trt.float32)
        output = graph(tensor)
        assert isinstance(output, trt.ITensor)
        output, rest_in_network = graph_toy(output)
    assert mark(network, (output, rest_in_network["sigmoid"])) == ["out0", "out1"]
    got, sigmoid = run(network, image)
    same(got, probabilities)
    same(sigmoid, rest["sigmoid"])
    assert not any("norm" in name for name in layer_names(network)), "the batch norm was not folded"


def test_other_sizes_are_imported_anew(net):
    graph = GraphModule(lambda x: net(x).view(x.shape[0] * 4), torch.rand(1, 3, 8, 8))
    for shape in ((1, 3, 8, 8), (2, 3, 5, 7)):
        x = torch.rand(shape)
        torch.testing.assert_close(graph(x), net(x).detach().view(-1))
        network = new_network()
        with core.trt_network(network):
            output = graph(network.add_input("x", trt.float32, shape))
        mark(network, output)
        same(run(network, x)[0], net(x).view(-1))


def test_a_dynamic_itensor_goes_through_export(net):
    graph = GraphModule(net, torch.rand(1, 3, 8, 8))
    network = new_network()
    with core.trt_network(network):
        output = graph(network.add_input("x", trt.float32, (-1, 3, 8, 8)))
    assert tuple(output.shape) == (-1, 4)
    assert isinstance(graph.trace, torch.export.ExportedProgram)
    mark(network, output)
    for batch in (1, 3):
        x = torch.rand(batch, 3, 8, 8)
        same(run(network, x)[0], net(x))
    with core.trt_network(new_network()) as context:
        with pytest.raises(InvalidArgument, match='Use frontend="export"'):
            GraphModule(net, torch.rand(1, 3, 8, 8), frontend="trace")(
                context.network.add_input("x", trt.float32, (-1, 3, 8, 8))
            )


def test_the_same_call_is_imported_once(net, monkeypatch):
    imports = []
    original = torch2trt.graph_module._import
    monkeypatch.setattr(
        torch2trt.graph_module, "_import", lambda *args: imports.append(args[2:]) or original(*args)
    )
    x = torch.rand(1, 3, 8, 8)
    graph = GraphModule(net, x)
    graph(x)
    graph(torch.rand(1, 3, 8, 8))
    assert imports == [("trace", True)]
    graph(x, 2.0)
    torch.testing.assert_close(graph(x, 3.0), net(x, 3.0).detach())
    assert len(imports) == 3

    @torch2trt.register_node_handler("aten::batch_norm")
    def skipped(inputs, attributes):
        return [inputs[0]]

    torch.testing.assert_close(graph(x), net.conv(x).relu().flatten(2).mean(2).detach())


def test_weights_are_read_at_each_call(net):
    x = torch.rand(1, 3, 8, 8)
    graph = GraphModule(net, x)
    with torch.no_grad():
        net.conv.weight.mul_(2)
    torch.testing.assert_close(graph(x), net(x).detach())


@pytest.mark.parametrize(
    "change",
    [
        lambda net: setattr(net.conv, "weight", nn.Parameter(net.conv.weight.detach() * 2)),
        lambda net: net.load_state_dict({k: v * 2 for k, v in net.state_dict().items()}, assign=True),
        lambda net: net.load_state_dict({k: v * 2 for k, v in net.state_dict().items()}),
        lambda net: setattr(net.conv.weight, "data", net.conv.weight.data * 2),
    ],
)
def test_replaced_weights_are_imported_anew(net, change):
    x = torch.rand(1, 3, 8, 8)
    graph = GraphModule(net, x)
    before = graph(x)
    change(net)
    assert not torch.allclose(before, net(x))
    torch.testing.assert_close(graph(x), net(x).detach())
    network = new_network()
    with core.trt_network(network):
        result = graph(network.add_input("x", trt.float32, (1, 3, 8, 8)))
    network.mark_output(result)
    torch.testing.assert_close(execute(network, {"x": x})[result.name], net(x).detach(), rtol=1e-4, atol=1e-5)


def test_training_and_eval_mode():
    module, x = nn.Sequential(nn.Linear(3, 64), nn.Dropout(0.5)).eval(), torch.rand(2, 3)
    graph = GraphModule(module, x)
    assert (graph(x) != 0).all()
    module.train()
    assert (graph(x) == 0).any()
    module.eval()
    torch.testing.assert_close(graph(x), module(x).detach())


def test_wrong_modes(net):
    x = torch.rand(1, 3, 8, 8)
    graph = GraphModule(net, x)
    network = new_network()
    tensor = network.add_input("x", trt.float32, (1, 3, 8, 8))
    with pytest.raises(InvalidArgument, match=r"ITensor was given outside core.trt_network\(\)"):
        graph(tensor)
    with core.trt_network(network):
        with pytest.raises(
            InvalidArgument, match='argument "image" is a torch tensor inside trt_network; give an ITensor'
        ):
            graph(x)
        with pytest.raises(InvalidArgument, match='argument "scale" is a torch tensor'):
            graph(tensor, torch.rand(4))
        with pytest.raises(InvalidArgument, match="compare belongs to torch mode"):
            graph(tensor, compare=True)
        with core.torch_network():
            torch.testing.assert_close(graph(x), net(x).detach())
            with pytest.raises(InvalidArgument, match="ITensor was given outside"):
                graph(tensor)
    assert network.num_layers == 0


def test_compare(net):
    x = torch.rand(1, 3, 8, 8)
    graph = GraphModule(net, x)
    graph(x, compare=True)
    assert graph.graph.comparison.count("equal") >= 3

    @torch2trt.register_node_handler("aten::relu")
    def wrong(inputs, attributes):
        return (
            [core.current_network().add_identity(inputs[0]).get_output(0)]
            if core.has_trt_tensor(inputs)
            else [inputs[0].relu()]
        )

    with pytest.raises(Mismatch):
        graph(x, compare=True)


def test_parameters_are_checked(net):
    with pytest.raises(InvalidArgument, match='excludes "conv.weight", which the module uses'):
        GraphModule(net, torch.rand(1, 3, 8, 8), param_exclude="conv.weight")


def test_a_script_module():
    script = torch.jit.script(nn.Sequential(nn.Linear(3, 4), nn.ReLU()))
    x = torch.randn(2, 3)
    graph = GraphModule(script, x)
    torch.testing.assert_close(graph(x), script(x).detach())


def test_contexts_say_what_they_are():
    assert torch2trt.current_context().is_torch and not torch2trt.current_context().is_tensorrt
    with torch2trt.trt_network(new_network()) as context:
        assert torch2trt.current_context() is context
        assert context.is_tensorrt and not context.is_torch


def test_the_names_of_the_originals_last_version():
    for name in (
        "GraphModule",
        "InferenceContext",
        "TensorRTModule",
        "TensorRTModuleWrapper",
        "TorchInferenceContext",
        "core",
        "current_context",
        "has_trt_tensor",
        "register_node_handler",
        "torch2trt",
        "trt_network",
    ):
        assert hasattr(torch2trt, name) and name in torch2trt.__all__
    assert torch2trt.torch2trt is core.torch2trt
