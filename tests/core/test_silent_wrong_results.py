"""What the original converted without a word into something else (SEED_API.md): values against PyTorch's."""

import pytest
import tensorrt_rtx as trt
import torch
import torch.nn.functional as F
from converting import build, check, new_network
from torch import nn

from torch2trt import core
from torch2trt.errors import UnsupportedOperator


def test_max_pool_ceil_mode(frontend):
    build(check(nn.MaxPool2d(3, 2, ceil_mode=True), torch.randn(1, 2, 8, 9), frontend))


def test_avg_pool_ceil_mode(frontend):
    check(
        nn.AvgPool2d(3, 2, padding=1, ceil_mode=True, count_include_pad=False),
        torch.randn(1, 2, 8, 9),
        frontend,
    )


@pytest.mark.parametrize("pads", [(1, 2), (1, 2, 3, 0), (0, 1, 2, 0, 1, 3), (-1, 2, 1, -1)])
def test_constant_pad_order(frontend, pads):
    build(check(lambda x: F.pad(x, pads, value=1.5), torch.randn(1, 2, 4, 5), frontend))


@pytest.mark.parametrize("size", [1, 2, 3, (2, 5), (None, 1)])
def test_adaptive_avg_pool(frontend, size):
    build(check(nn.AdaptiveAvgPool2d(size), torch.randn(2, 3, 7, 5), frontend))


def test_negative_size_index(frontend):
    build(check(lambda x: x.view(x.size(0), -1, x.size(-1)) * x.size(-2), torch.randn(2, 3, 4, 5), frontend))


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: x[:, -2:],
        lambda x: x[:, :-1],
        lambda x: x[:, -3:-1],
        lambda x: x[:, -1],
        lambda x: x[-1, :, -2],
        lambda x: x[:, 1:100],
        lambda x: x[:, ::2],
        lambda x: x.select(-1, -2),
        lambda x: x[..., -1:],
    ],
)
def test_negative_slice_and_select(frontend, cut):
    build(check(lambda x: cut(x), torch.randn(2, 5, 4), frontend))


@pytest.mark.parametrize(
    "reshape",
    [
        lambda x: x.view(6, 4),
        lambda x: x.view(-1, 2),
        lambda x: x.reshape(3, 2, 4),
        lambda x: x.view(-1),
        lambda x: x.view(4, 1, 6),
    ],
)
def test_view_that_moves_the_batch(frontend, reshape):
    build(check(lambda x: reshape(x), torch.randn(2, 3, 4), frontend))


@pytest.mark.parametrize(
    "options",
    [
        {"dilation": 2},
        {"stride": 2, "padding": 1, "output_padding": 1},
        {"groups": 2, "dilation": (1, 3)},
        {"stride": 2, "dilation": 2, "padding": 2},
    ],
)
def test_deconvolution(frontend, options):
    check(nn.ConvTranspose2d(4, 6, 3, **options).eval(), torch.randn(1, 4, 5, 6), frontend)


def test_batch_norm_without_affine(frontend):
    module = nn.BatchNorm2d(3, affine=False)
    module.running_mean.normal_()
    module.running_var.uniform_(0.5, 2)
    build(check(module.eval(), torch.randn(2, 3, 4, 4), frontend))


def test_batch_norm_without_statistics(frontend):
    module = nn.BatchNorm2d(3, track_running_stats=False)
    nn.init.normal_(module.weight)
    build(check(module.eval(), torch.randn(2, 3, 4, 4), frontend))


def test_batch_norm_in_training(frontend):
    module = nn.BatchNorm2d(3, affine=False, momentum=None).train()
    module.num_batches_tracked = None
    check(module, torch.randn(2, 3, 4, 4), frontend)


def test_sum_of_everything(frontend):
    build(
        check(
            lambda x: torch.stack([x.sum(), x.mean(), x.sum((0, -1)).max()]), torch.randn(2, 3, 4), frontend
        )
    )


def test_sum_without_dim_is_a_scalar(frontend):
    network = check(lambda x: x.sum(), torch.randn(2, 3), frontend, trivial=True)
    assert tuple(network.get_output(0).shape) == ()


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("dim", [1, -1])
def test_max_with_dim(frontend, index, dim):
    build(check(lambda x: x.max(dim)[index], torch.randn(2, 5, 4), frontend))


def test_max_with_dim_both(frontend):
    build(check(lambda x: x.max(1, keepdim=True), torch.randn(2, 5), frontend))


def test_alpha(frontend):
    build(
        check(
            lambda x, y: torch.add(x, y, alpha=3) + torch.sub(x, y, alpha=0.5),
            (torch.randn(2, 3), torch.randn(2, 3)),
            frontend,
        )
    )


def test_number_first(frontend):
    build(
        check(
            lambda x: torch.cat([1 - x, 2 / (x + 4), torch.rsub(x, 1, alpha=2)]), torch.randn(2, 3), frontend
        )
    )


@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.int32, torch.bool, torch.float16, torch.bfloat16, torch.float64, torch.uint8]
)
def test_constants_of_other_types(frontend, dtype):
    constant = torch.tensor([0, 1, 3]).to(dtype)
    build(check(lambda x: x * constant + constant, torch.randn(2, 3), frontend))


def test_constant_bool_selects(frontend):
    mask = torch.tensor([True, False, True])
    check(lambda x: torch.where(mask, x, -x), torch.randn(2, 3), frontend)


def test_unused_input(frontend):
    network = check(
        lambda x, unused, y: x + y, (torch.randn(2, 3), torch.randn(5), torch.randn(2, 3)), frontend
    )
    assert [network.get_input(i).name for i in range(3)] == ["x", "unused", "y"]
    build(network)


def test_squeeze_of_all_dimensions_where_one_is_dynamic():
    network = new_network()
    x = network.add_input("x", trt.float32, (-1, 1, 3))
    with core.trt_network(network):
        with pytest.raises(
            UnsupportedOperator, match=r"dimension 0 is only known at run time.*\. Name the dim"
        ):
            core.torch2trt(lambda x: x.squeeze() * 2, (x,), frontend="export")
