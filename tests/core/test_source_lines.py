"""Source lines, in layers and in errors, are the user's: never torch's, and never this package's own."""

import functools
import pathlib
import re

import pytest
import tensorrt_rtx as trt
import torch
from converting import convert, layers, new_network
from torch import nn

import torch2trt
from torch2trt import GraphModule, core
from torch2trt.errors import Error

HERE = pathlib.Path(__file__).name
PACKAGE = {path.name for path in pathlib.Path(torch2trt.__file__).parent.rglob("*.py")}
X = torch.rand(2, 3, 4)


def lines_of(network):
    """The files that the metadata of the layers names; constants have none."""
    texts = [layer.metadata for layer in layers(network) if layer.type != trt.LayerType.CONSTANT]
    assert texts
    return [re.findall(r"([\w.]+\.py):\d+", text) for text in texts]


def check(network):
    for files in lines_of(network):
        assert files, "a layer without a line"
        assert set(files) <= {HERE}, files


def helper(x):
    return x.clamp(0, 1) * x.size(1)


def composite(x):
    y = helper(x).clone()
    y[:, 1:] += 1
    parts = [part.relu() for part in y.chunk(2, 2)]
    return torch.cat(parts, 1).softmax(-1), nn.functional.dropout(y, 0.5, False).mean((1, 2))


class Module(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.GELU(), nn.LayerNorm(4))
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        y = self.inner(x)
        return helper(self.attention(y, y, y)[0])


class Method:
    def __call__(self, x):
        return helper(x)

    def named(self, x):
        return helper(x).exp()


@pytest.mark.parametrize("frontend", ["trace", "export"])
@pytest.mark.parametrize("program", [composite, lambda x: helper(x), Method(), Method().named], ids=range(4))
def test_lines_of_functions(frontend, program):
    check(convert(program, X, frontend)[0])


@pytest.mark.parametrize("frontend", ["trace", "export"])
@torch.no_grad()
def decorated(x, factor=1):
    return [part.tanh() * factor for part in x.split(1)]


class Callable:
    @torch.no_grad()
    def __call__(self, x):
        return x.tanh() * 2

    @torch.inference_mode()
    def method(self, x):
        return x.exp() + 1


@pytest.mark.parametrize(
    "function",
    [
        decorated,
        functools.partial(functools.partial(decorated, factor=3)),
        Callable(),
        Callable().method,
        lambda x: (lambda y: y.exp() + 1)(x),
    ],
)
def test_lines_of_wrapped_functions(frontend, function):
    check(convert(function, (X,), frontend)[0])


def test_lines_of_modules(frontend):
    # torch.nn's own modules call torch's operators themselves: the line that called the module is the user's.
    check(convert(Module().eval(), X, frontend)[0])


@pytest.mark.parametrize("frontend", ["trace", "export"])
def test_a_module_of_torch_alone_shows_no_line_of_the_package(frontend):
    network, _ = convert(nn.Sequential(nn.Linear(4, 4), nn.GELU()).eval(), X, frontend)
    for files in lines_of(network):
        assert not set(files) & (PACKAGE - {"module.py"}), files
        assert "torch2trt" not in "".join(files)


@pytest.mark.parametrize("frontend", ["trace", "export"])
def test_lines_when_an_itensor_is_passed_on(frontend):
    network = new_network()
    graph = GraphModule(composite, X, frontend=frontend)
    with core.trt_network(network):
        graph(network.add_input("x", trt.float32, X.shape))
    check(network)


@pytest.mark.parametrize("frontend", ["trace", "export"])
@pytest.mark.parametrize("program", [lambda x: torch.i0(x), lambda x: helper(torch.i0(x))], ids=range(2))
def test_lines_of_errors(frontend, program):
    with pytest.raises(Error) as caught:
        convert(program, X, frontend)
    (node,) = caught.value.unsupported
    assert re.fullmatch(HERE + r":\d+", node.source)
    assert not {name for name in PACKAGE if f" {name}:" in str(caught.value)}


@pytest.mark.parametrize("frontend", ["trace", "export"])
def test_lines_of_writes_that_are_refused(frontend):
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(4))

        def forward(self, x):
            self.seen += 1
            return helper(x + self.seen)

    with pytest.raises(Error, match="seen") as caught:
        convert(Counter(), X, frontend)
    assert re.fullmatch(HERE + r":\d+", caught.value.unsupported[0].source)
