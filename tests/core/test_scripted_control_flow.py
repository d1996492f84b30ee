"""Conditions of scripted modules: decided where known, else conditionals of TensorRT."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, new_network, same
from scripting import X, check, convert, graph_of, kinds, refused
from torch import nn

from torch2trt import core
from torch2trt.errors import UnsupportedOperator
from torch2trt.executor import execute


class Signs(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        if x.sum() > 0:
            y = self.linear(x)
        else:
            y = x - 1
        return y * 2, x


@pytest.mark.parametrize("x", [X, -X])
def test_both_branches(x):
    found = check(Signs(), (x,), (-x,))
    assert found.count("CONDITION") == 1 and found.count("CONDITIONAL_OUTPUT") == 1
    assert found.count("CONDITIONAL_INPUT") == 1, "x is brought in once for both branches"


class Sizes(nn.Module):
    def forward(self, x):
        if x.size(0) * 2 > 3 and x.dim() == 2:
            y = x + 1
        else:
            y = x - 1
        if self.training:
            y = y * 3
        return y


def test_conditions_on_sizes_add_no_layer():
    assert set(check(Sizes(), (X,))) == {"CONSTANT", "ELEMENTWISE"}
    assert len(check(Sizes(), (X,))) == 2
    assert len(check(Sizes(), (X[:1],))) == 2


def test_a_condition_on_a_dynamic_size():
    ranges = {"x": ([1, 3], [2, 3], [8, 3])}
    found = check(Sizes(), (X,), (X[:1],), types=[("float32", [-1, 3])], shapes=ranges)
    assert "CONDITIONAL_OUTPUT" in found


class OuterViews(nn.Module):
    """Reshapes, sizes and constants of outside that only a branch reads, and that are read again behind it."""

    def forward(self, x):
        flat = x.reshape(-1)
        turned = x.t()
        offset = torch.ones(3)
        if x.sum() > 0:
            y = turned.reshape(-1) + flat
            z = x + offset + 1
        else:
            y = flat * x.size(0)
            z = x - offset
        return y + flat * 2, z + turned.t() + offset + 1


@pytest.mark.parametrize("dynamic", [False, True])
def test_what_is_lazy_is_made_where_it_belongs(dynamic):
    types, shapes = ([("float32", [-1, 3])], {"x": ([1, 3], [2, 3], [8, 3])}) if dynamic else (None, None)
    check(OuterViews(), (X,), (-X,), (X[:1],) if dynamic else (X,), types=types, shapes=shapes)


class ShapesInBranches(nn.Module):
    """The same dynamic size is asked for in a branch first, then outside, then in another conditional."""

    def forward(self, x, y):
        if x.sum() > 0:
            a = y + torch.ones([x.size(0), 3]) * x.size(0)
        else:
            a = y.expand(x.size(0), -1) - 1
        b = torch.arange(x.size(0) * 3)
        if x.sum() > 1:
            a = a + x.size(0)
        else:
            a = a - torch.ones([x.size(0), 3])
        return a, b + x.size(0)


def test_sizes_asked_for_in_a_branch_are_those_of_outside():
    types = [("float32", [-1, 3]), ("float32", [1, 3])]
    ranges = {"x": ([1, 3], [2, 3], [8, 3])}
    check(ShapesInBranches(), (X, X[:1]), (-X, X[:1]), (X[:1], X[:1]), types=types, shapes=ranges)


class Numbers(nn.Module):
    def forward(self, x):
        if x.max() > 3.5:
            scale, flag, count, none = 2.0, True, 3, None
        else:
            scale, flag, count, none = 0.5, False, 1, None
        y = x * scale + count
        if flag:
            y = -y
        if none is None:
            y = y + 1
        return y, x.flatten()[count]


def test_numbers_leave_branches():
    check(Numbers(), (X,), (-X,), (X / 10,))


class Nested(nn.Module):
    def forward(self, x, y):
        if x.sum() > 0:
            if y.sum() > 0:
                z = x + y
            else:
                z = x - y
        else:
            z = x * y
        return z


def test_nested_conditions():
    found = check(Nested(), (X, X), (X, -X), (-X, X), (-X, -X))
    assert found.count("CONDITION") == 2


class BooleanLogic(nn.Module):
    def forward(self, x):
        a = bool(x[0, 0] > 0)
        b = float(x[0, 1]) * 2 <= -1.5
        if (a and not b) or int(x[1, 1]) >= 4:
            return x + 1
        return x - 1


def test_python_logic_on_numbers_of_the_network():
    x = X.clone()
    x[1, 1] = 0
    check(BooleanLogic(), (X,), (-X,), (x,))


class Pairs(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            pair = (x, [x + 1, x + 2])
        else:
            pair = (x, [x - 1, x * 2])
        a, b = pair
        return a, b[0], b[1]


def test_tuples_and_lists_leave_branches():
    check(Pairs(), (X,), (-X,))


class Ranks(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            y = x
        else:
            y = x.sum(0)
        return y


class Types(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            y = x
        else:
            y = x.int()
        return y


class Lengths(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            y = [x]
        else:
            y = [x, x]
        return torch.cat(y)


def test_lists_of_different_length():
    check(Lengths(), (X,), (-X,))


class WholeTensor(nn.Module):
    def forward(self, x):
        if bool(x > 0):
            x = x + 1
        return x


def test_what_branches_cannot_give():
    refused(Ranks(), X, match=r"output 0 of the branches is .*\[2, 3\] and .*\[3\]; .* one type and rank")
    refused(Types(), X, match=r"float32.* and .*int32.*one type and rank")
    refused(WholeTensor(), X, match="only a tensor of one element is a number")


class Sliced(nn.Module):
    def forward(self, x):
        n = 1
        if x.sum() > 0:
            n = 2
        return x[:, :n]


def test_a_size_that_a_branch_computes_is_refused():
    refused(Sliced(), X, match="a size or position depends on what a loop or a branch computed")


class Raises(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            raise ValueError("positive")
        return x + 1


def test_a_branch_that_raises_is_never_taken_in_a_network():
    graph = graph_of(Raises(), [("float32", [2, 3])])
    network, _ = convert(graph)
    assert "CONDITION" not in kinds(network)


class Missing(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = torch.linalg.eigvalsh(x @ x.t())
        else:
            x = torch.linalg.eigvalsh(x @ x.t() + 1)
            for _i in range(3):
                x = torch.special.i0(x)
        return torch.special.i1(x)


def test_operators_missing_in_blocks_are_all_reported():
    with pytest.raises(UnsupportedOperator) as failure:
        convert(graph_of(Missing(), [("float32", [2, 3])]))
    for name in ("linalg_eigvalsh", "special_i1"):
        assert name in str(failure.value)


def test_user_handlers_are_called_in_blocks():
    network = new_network()
    seen = []

    @core.register_node_handler("aten::sigmoid")
    def sigmoid(inputs, attributes):
        (x,) = inputs
        seen.append(x)
        return [network.add_activation(x, trt.ActivationType.TANH).get_output(0)]

    class Module(nn.Module):
        def forward(self, x):
            if x.sum() > 0:
                x = torch.sigmoid(x)
            return x

    try:
        with core.trt_network(network):
            x = network.add_input("x", trt.float32, (2, 3))
            _, graph = core.torch2trt(torch.jit.script(Module()), (x,))
    finally:
        core.unregister_node_handler("aten::sigmoid")
    network.mark_output(graph.get_resolved_outputs()[0][0])
    assert len(seen) == 1 and seen[0] is not x, "what a branch reads comes through the conditional's input"
    for x, wanted in [(X, X.tanh()), (-X, -X)]:
        same(next(iter(execute(network, {"x": x}).values())), wanted)
    build(network)


@pytest.mark.parametrize("name", ["vit_b_16", "swin_t"])
def test_scripted_transformers_are_the_traced_ones(name):
    import torchvision

    torch.manual_seed(0)
    module = getattr(torchvision.models, name)(weights=None).eval()
    for parameter in module.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.02)
    x = torch.randn(1, 3, 224, 224)
    scripted, _ = convert(graph_of(module, [("float32", [1, 3, 224, 224])]))
    found = kinds(scripted)
    assert "CONDITION" not in found
    got = next(iter(execute(scripted, {scripted.get_input(0).name: x}).values()))
    with torch.no_grad():
        same(got, module(x), 1e-4)
