"""What becomes a constant, what does not, and what is worth no layer."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import check, convert, layers, new_network, run
from torch import nn

from torch2trt import core
from torch2trt.errors import UnsupportedOperator


def kinds(network):
    return [layer.type.name for layer in layers(network)]


def constant_bytes(network):
    """What the network's constants take, those in convolutions not counted."""
    total = 0
    for layer in layers(network):
        if layer.type == trt.LayerType.CONSTANT:
            layer.__class__ = trt.IConstantLayer
            total += layer.weights.nbytes
    return total


class Grown(nn.Module):
    """A parameter that `grow` makes larger, added to the input."""

    def __init__(self, grow):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 1 << 16))  # 256 KiB
        self.grow = grow

    def forward(self, x):
        return x + self.grow(self.weight)


@pytest.mark.parametrize(
    "grow",
    [
        pytest.param(lambda w: w.repeat(20, 1), id="at once"),
        pytest.param(lambda w: w.repeat(2, 1).repeat(2, 1).repeat(5, 1), id="in steps"),
        pytest.param(lambda w: w.repeat_interleave(20, 0) * 2, id="repeat_interleave"),
        pytest.param(lambda w: torch.cat([w] * 20), id="cat"),
    ],
)
def test_a_folded_constant_stays_within_four_times_its_parameters(frontend, grow):
    module = Grown(grow)
    network = check(module, torch.randn(20, 1 << 16), frontend)
    assert 0 < constant_bytes(network) <= 4 * module.weight.nbytes + 1024


def test_a_constant_of_four_times_its_parameters_is_folded(frontend):
    network = check(Grown(lambda w: w.repeat(4, 1).exp()), torch.randn(4, 1 << 16), frontend)
    assert kinds(network).count("ELEMENTWISE") == 1 and "UNARY" not in kinds(network)
    assert constant_bytes(network) == 4 * (4 << 16)


def test_small_constants_may_be_made_of_nothing(frontend):
    network = check(
        lambda x: x + torch.arange(1000.0).repeat(100, 1).sqrt(), torch.randn(100, 1000), frontend
    )
    assert "UNARY" not in kinds(network)


def test_without_a_handler_growing_is_refused(frontend):
    module = Grown(lambda w: torch.block_diag(*[w[:, :2048]] * 20))
    with pytest.raises(UnsupportedOperator) as error:
        convert(module, torch.randn(20, 40960), frontend)
    assert "aten::block_diag" in str(error.value)
    assert (
        "no handler, and the constant it makes takes 3276800 bytes, more than 4 times the 262144 bytes of the "
        "parameters it is made from"
    ) in str(error.value)


def test_random_numbers_are_drawn_when_the_network_runs(frontend):
    network, _ = convert(lambda x: x + torch.rand(3), torch.zeros(2, 3), frontend)
    assert "FILL" in kinds(network) and "CONSTANT" not in kinds(network)
    first, second = run(network, torch.zeros(2, 3))[0], run(network, torch.zeros(2, 3))[0]
    assert not torch.equal(first, second)


def test_dropout_of_a_weight_is_not_folded(frontend):
    """It is refused: a mask drawn while converting would be the same in each run."""
    weight = torch.ones(64)
    with pytest.raises(UnsupportedOperator, match="aten::bernoulli"):
        convert(lambda x: x + torch.bernoulli(weight * 0.5), torch.randn(2, 64), frontend)


def test_quantizing_a_weight_stays_in_the_network(frontend):
    weight = torch.linspace(-1, 1, 12).reshape(3, 4)

    def module(x):
        return x @ torch.fake_quantize_per_tensor_affine(weight, 0.01, 0, -128, 127)

    network = check(module, torch.randn(2, 3), frontend, tolerance=1e-4)
    assert {"QUANTIZE", "DEQUANTIZE"} <= set(kinds(network))


ZEROS, ONES = torch.zeros(4), torch.ones(3, 1)


@pytest.mark.parametrize(
    "same",
    [lambda x: x + ZEROS, lambda x: ZEROS + x, lambda x: x - 0.0, lambda x: x * ONES, lambda x: x / 1],
    ids=["x + 0", "0 + x", "x - 0", "x * 1", "x / 1"],
)
def test_arithmetic_that_changes_nothing_is_no_layer(frontend, same):
    network = check(lambda x: same(x.exp()), torch.randn(2, 3, 4), frontend)
    assert kinds(network) == ["UNARY"]


@pytest.mark.parametrize(
    "changed",
    [
        lambda x: ZEROS - x,
        lambda x: ONES / x,
        lambda x: x + torch.zeros(2, 1, 1, 4),  # makes it larger
        lambda x: x * torch.tensor([1.0, 1, 1, 1.5]),
        lambda x: x + torch.tensor([0.0, 0, 0, 1e-3]),
    ],
    ids=["0 - x", "1 / x", "larger", "nearly 1", "nearly 0"],
)
def test_arithmetic_that_changes_something_is_a_layer(frontend, changed):
    network = check(lambda x: changed(x.exp()), torch.randn(2, 3, 4), frontend)
    assert "ELEMENTWISE" in kinds(network)


def test_a_linear_layer_without_a_bias_that_matters_adds_none(frontend):
    module = nn.Linear(8, 4)
    nn.init.zeros_(module.bias)
    assert kinds(check(module, torch.randn(2, 8), frontend)).count("ELEMENTWISE") == 0
    nn.init.ones_(module.bias)
    assert kinds(check(module, torch.randn(2, 8), frontend)).count("ELEMENTWISE") == 1


def test_torch_mode_has_no_limit(frontend):
    module = Grown(lambda w: torch.block_diag(*[w[:, :2048]] * 20))
    x = torch.randn(20, 40960)
    _, graph = core.torch2trt(module, x, frontend=frontend)
    assert torch.equal(graph.outputs, module(x).detach())
    assert new_network().num_layers == 0
