"""debug_call_graph: the graph computed with torch."""

import time

import pytest
import tensorrt_rtx as trt
import torch
import torchvision
from converting import convert, new_network
from torch import nn

import torch2trt
from torch2trt import core
from torch2trt.errors import InvalidArgument


class Sized(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(12, 5)

    def forward(self, x):
        return self.linear(x.view(x.size(0), -1)) / x.shape[0]


def test_another_batch_than_the_trace():
    module = Sized()
    with core.torch_network():
        _, graph = core.torch2trt(module, torch.randn(2, 3, 4))
    for batch in (1, 2, 7):
        x = torch.randn(batch, 3, 4)
        torch.testing.assert_close(core.debug_call_graph(graph, x), module(x).detach())


def test_a_graph_converted_into_a_network_too(frontend):
    module, x = Sized(), torch.randn(2, 3, 4)
    _, graph = convert(module, x, frontend)
    torch.testing.assert_close(core.debug_call_graph(graph, x), module(x).detach())


def test_structured_results(frontend):
    x = torch.randn(2, 3)
    _, graph = core.torch2trt(lambda x: {"a": (x + 1, x), "b": x.max(1)[1]}, x, frontend=frontend)
    got = core.debug_call_graph(graph, x)
    assert (
        torch.equal(got["a"][0], x + 1) and torch.equal(got["a"][1], x) and torch.equal(got["b"], x.max(1)[1])
    )


def test_uses_the_users_handlers(frontend):
    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        return [inputs[0] - 1]

    x = torch.randn(2, 3)
    _, graph = core.torch2trt(nn.ReLU(), x, frontend=frontend)
    assert torch.equal(core.debug_call_graph(graph, x), x - 1)


def test_a_handler_that_writes_in_place_changes_nothing(frontend):
    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        return [inputs[0].mul_(0)]

    x = torch.randn(2, 3)
    kept = x.clone()
    _, graph = core.torch2trt(nn.ReLU(), x, frontend=frontend)
    assert torch.equal(core.debug_call_graph(graph, x), x * 0) and torch.equal(x, kept)


def test_not_while_a_network_is_current():
    _, graph = core.torch2trt(nn.ReLU(), torch.zeros(2))
    with core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match=r"leave the core.trt_network\(\) block first"):
            core.debug_call_graph(graph, torch.zeros(2))
        with core.torch_network():
            assert torch.equal(core.debug_call_graph(graph, torch.ones(2)), torch.ones(2))


def test_itensors_are_refused():
    _, graph = core.torch2trt(nn.ReLU(), torch.zeros(2))
    with pytest.raises(InvalidArgument, match="takes torch tensors, not ITensors"):
        core.debug_call_graph(graph, new_network().add_input("x", trt.float32, (2,)))


def test_sizes_that_do_not_fit_name_the_node(frontend):
    _, graph = core.torch2trt(nn.Sequential(nn.Linear(3, 4)), torch.zeros(2, 3), frontend=frontend)
    with pytest.raises(
        InvalidArgument, match="PyTorch refused the node: mat1 and mat2 shapes cannot be multiplied"
    ) as caught:
        core.debug_call_graph(graph, torch.zeros(2, 5))
    assert caught.value.node == "aten::linear" and caught.value.scope == "0"


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# The original visited nodes again for each reader: 2.7e9 visits for inception, without end for densenet121.
@pytest.mark.parametrize(("name", "size"), [("densenet121", 64), ("inception_v3", 128)])
def test_linear_time(name, size):
    options = {"init_weights": False} if name == "inception_v3" else {}
    module = getattr(torchvision.models, name)(weights=None, **options).eval()
    x = torch.randn(1, 3, size, size)
    _, graph = core.torch2trt(module, x)
    with torch.no_grad():
        torch.testing.assert_close(core.debug_call_graph(graph, x), module(x), rtol=1e-3, atol=1e-4)
        # In turn, so that what else the machine does slows both.
        times = [
            (seconds(lambda: module(x)), seconds(lambda: core.debug_call_graph(graph, x))) for _ in range(7)
        ]
    of_module, of_graph = (min(column) for column in zip(*times))
    assert of_graph < 2 * of_module
