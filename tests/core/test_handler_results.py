"""What a user's handler may return: the program says which types and sizes its node has."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import new_network
from torch import nn

import torch2trt
from torch2trt import _C, core
from torch2trt.core import current_network
from torch2trt.errors import InvalidArgument

X = torch.arange(6.0).reshape(2, 3)


@pytest.fixture(params=[False, True], ids=["network", "torch"])
def mode(request):
    """A context of either mode. The network outlives the test: its ITensors do not keep it."""
    network = new_network()
    yield core.torch_network() if request.param else core.trt_network(network)
    del network


class Top(nn.Module):
    """Reads the values only."""

    def forward(self, x):
        return x.max(-1)[0] + 1


class Pieces(nn.Module):
    def forward(self, x):
        a, b = x.unbind(0)
        return a - b


class Sized(nn.Module):
    def forward(self, x):
        return x.reshape(x.size(0) * 3)


def constants(*tensors):
    return lambda inputs: list(tensors)


@pytest.mark.parametrize(
    "module, kind, returned, message",
    [
        (nn.ReLU(), "aten::relu", constants("x"), 'output 0 of 1, "x"; a tensor is needed'),
        (nn.ReLU(), "aten::relu", constants(None), "output 0 of 1, None; a tensor is needed"),
        (nn.ReLU(), "aten::relu", constants([X]), r"output 0 of 1, \[.*\]; a tensor is needed"),
        (
            nn.ReLU(),
            "aten::relu",
            constants(torch.ones(5)),
            r"output 0 of 1, constant float32\[5\]; the program has float32\[2, 3\] there",
        ),
        (
            nn.ReLU(),
            "aten::relu",
            constants(X.half()),
            r"output 0 of 1, constant float16\[2, 3\]; the program has float32\[2, 3\] there",
        ),
        (nn.ReLU(), "aten::relu", constants(3), r"output 0 of 1, int 3; the program has float32\[2, 3\]"),
        (
            Top(),
            "aten::max.dim",
            constants(torch.ones(2), torch.ones(2, 1, dtype=torch.int64)),
            r"output 1 of 2, constant int64\[2, 1\]; the program has int64\[2\] there",
        ),
        (
            Top(),
            "aten::max.dim",
            constants(torch.ones(2), torch.ones(2)),
            r"output 1 of 2, constant float32\[2\]; the program has int64\[2\] there",
        ),
        (
            Top(),
            "aten::max.dim",
            constants(None, torch.ones(2, dtype=torch.int64)),
            "output 0 of 2, None; a tensor is needed",
        ),
        (
            Pieces(),
            "aten::unbind.int",
            constants([None, torch.ones(3)]),
            r"output 0 of 1, \[None, constant float32\[3\]\]; a list of tensors is needed",
        ),
        (
            Pieces(),
            "aten::unbind.int",
            constants(torch.ones(2, 3)),
            r"output 0 of 1, constant float32\[2, 3\]; a list of tensors is needed",
        ),
    ],
)
def test_wrong_results(frontend, mode, module, kind, returned, message):
    torch2trt.register_node_handler(kind)(lambda inputs, attributes: returned(inputs))
    with mode, pytest.raises(InvalidArgument, match=f"the handler returned, as {message}") as caught:
        core.torch2trt(nn.Sequential(module), X, frontend=frontend)
    assert caught.value.node == kind and caught.value.scope == "0"


def test_a_text_in_place_of_an_int(mode):
    """Only traces keep the size as a node."""
    torch2trt.register_node_handler("aten::size.int")(lambda inputs, attributes: ["two"])
    with mode, pytest.raises(InvalidArgument, match='output 0 of 1, "two"; an int is needed'):
        core.torch2trt(Sized(), X)


def test_layers_of_another_type_or_shape(frontend):
    network = new_network()
    for make, message in [
        (
            lambda x: network.add_cast(x, trt.float16),
            r"network tensor float16\[2, 3\]; the program has float32",
        ),
        (
            lambda x: network.add_reduce(x, trt.ReduceOperation.SUM, 1, True),
            r"network tensor float32\[1, 3\]; the program has float32\[2, 3\] there",
        ),
    ]:
        torch2trt.register_node_handler("aten::relu", override=True)(
            lambda inputs, attributes, scope, make=make: [make(inputs[0]).get_output(0)]
        )
        with core.trt_network(network), pytest.raises(InvalidArgument, match=message):
            core.torch2trt(nn.ReLU(), X, frontend=frontend)


def test_nothing_where_nothing_reads(frontend, mode):
    torch2trt.register_node_handler("aten::max.dim")(lambda inputs, attributes: [torch.ones(2) * 4, None])
    with mode:
        _, graph = core.torch2trt(lambda x: x.max(-1)[0], X, frontend=frontend)
    if isinstance(graph.outputs, torch.Tensor):
        assert torch.equal(graph.outputs, torch.ones(2) * 4)
    else:
        assert tuple(graph.outputs.shape) == (2,)


def test_a_constant_in_a_network_and_numbers_for_0d_tensors(frontend, mode):
    torch2trt.register_node_handler("aten::sum")(lambda inputs, attributes: [2.5])
    with mode:
        _, graph = core.torch2trt(lambda x: x.sum() * x, X, frontend=frontend)
    if isinstance(graph.outputs, torch.Tensor):
        assert torch.equal(graph.outputs, X * 2.5)
    else:
        assert tuple(graph.outputs.shape) == (2, 3)


def test_other_sizes_than_the_traced_ones():
    torch2trt.register_node_handler("aten::relu")(lambda inputs, attributes: [inputs[0].clamp(min=0)])
    _, graph = core.torch2trt(nn.Sequential(nn.ReLU(), nn.ReLU()), X)
    x = torch.randn(7, 3).double()
    assert torch.equal(core.debug_call_graph(graph, x), x.relu())


def test_sizes_that_depend_on_values(frontend):
    @torch2trt.register_node_handler("aten::mul.Tensor")
    def product(inputs, attributes):
        return [inputs[0] * inputs[1]]

    @torch2trt.register_node_handler("aten::masked_select")
    def select(inputs, attributes):
        return [inputs[0][inputs[1]]]

    def chosen(x):
        return torch.masked_select(x, x > 0) * 2

    if frontend == "trace":
        _, graph = core.torch2trt(chosen, X)
        assert core.debug_call_graph(graph, -X).numel() == 0
        assert core.debug_call_graph(graph, X - 3).tolist() == [2.0, 4.0]


def test_numbers_stay_numbers(frontend, mode):
    """int64 + 0.5 is float32 in PyTorch; a trace has 0.5 as a tensor of float64."""
    torch2trt.register_node_handler("aten::mul.Tensor")(lambda inputs, attributes: [inputs[0] * inputs[1]])
    weights = torch.arange(3)
    with mode:
        _, graph = core.torch2trt(lambda x: x + weights * 0.5, X, frontend=frontend)
    if isinstance(graph.outputs, torch.Tensor):
        torch.testing.assert_close(graph.outputs, X + weights * 0.5)


def test_what_an_export_records_wrongly():
    """The fourth result of embedding_bag has another size than torch.export says; nothing reads it."""

    @torch2trt.register_node_handler("aten::embedding_bag")
    def bag(inputs, attributes):
        return list(torch.ops.aten.embedding_bag.padding_idx(*inputs))

    module = nn.EmbeddingBag(5, 3, mode="sum", include_last_offset=True)
    x, offsets = torch.tensor([0, 1, 2, 4]), torch.tensor([0, 2, 4])
    _, graph = core.torch2trt(module, (x, offsets), frontend="export")
    torch.testing.assert_close(graph.outputs, module(x, offsets))


OPTIONAL = (
    'graph g(%x : float32[2,3] "x") {\n  %y = t2t_results::maybe(x=%x)\n  %z = aten::relu(self=%x)\n'
    "  return (%y, %z)\n}\nstructure inputs (*) outputs (*, *)\n"
)


def test_none_where_the_program_says_so():
    library = torch.library.Library("t2t_results", "DEF")
    library.define("maybe(Tensor x) -> Tensor?")
    for value, right in [(None, True), (X, True), ("x", False)]:
        handlers = {"t2t_results::maybe": lambda inputs, attributes, scope, value=value: [value]}
        arguments = (_C.parse_graph(OPTIONAL), [X], None)
        lookup = lambda kind, overload, handlers=handlers: handlers.get(kind)  # noqa: E731
        if right:
            first, second = _C.run(*arguments, lookup=lookup)
            assert first is None if value is None else torch.equal(first, value)
            assert torch.equal(second, X.relu())
            continue
        with pytest.raises(InvalidArgument, match='"x"; a tensor or None is needed'):
            _C.run(*arguments, lookup=lookup)


def test_reduced_precision_gives_handlers_what_the_program_has():
    seen = []

    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        seen.append(inputs[0].dtype)
        return [current_network().add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)]

    with core.trt_network(new_network()):
        core.torch2trt(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), X, precision="fp16")
    assert seen == [trt.float32]
