"""What scripts ask of tensors: dtype, device, layout and sizes are known at conversion, numbers become tensors."""

import pytest
import torch
from scripting import X, check, graph_of
from torch import nn

from torch2trt import _C
from torch2trt.errors import InvalidArgument, UnsupportedOperator


class Places(nn.Module):
    def forward(self, x):
        if x.is_cuda or x.is_sparse or x.is_quantized or x.is_meta or x.is_mkldnn:
            x = x * 100
        if x.is_contiguous() and not x.is_complex() and x.is_floating_point():
            x = x + 1
        if x.layout == torch.strided and x.get_device() < 0 and x.device == torch.device("cpu"):
            x = x * 2
        return x + x.element_size()


class Types(nn.Module):
    def forward(self, x, i):
        if i.is_signed() and not i.is_floating_point() and i.dtype == torch.int64:
            i = i.to(torch.result_type(x, i))
        if torch.result_type(i, 2.5) == torch.float32:
            i = i * 3
        return x + i, i.to(x.dtype) * i.element_size()


class Made(nn.Module):
    def forward(self, x):
        sizes = torch.tensor([x.size(0), x.size(1), 7])
        count = torch.tensor(x.size(0))
        mean = torch.tensor(float(x.mean()))
        return x * count, sizes * 2, torch.as_tensor(x, dtype=torch.float16), mean + 1


class SameSize(nn.Module):
    def forward(self, x, y):
        return x + y if x.is_same_size(y) else x


def test_places():
    kinds = check(Places(), (X,))
    assert "SCALE" not in kinds and len(kinds) <= 6


def test_types():
    check(Types(), (X, torch.tensor([[1, -2, 3], [4, 5, -6]])))


@pytest.mark.parametrize("dynamic", [False, True])
def test_made(dynamic):
    types = [("float32", [-1, 3])] if dynamic else None
    shapes = {"x": ([1, 3], [2, 3], [4, 3])} if dynamic else None
    check(Made(), (X,), (X[:1] if dynamic else X,), types=types, shapes=shapes)


def test_same_size():
    check(SameSize(), (X, X * 2))
    check(SameSize(), (X, X[:1]))
    graph = graph_of(SameSize(), [("float32", [-1, 3]), ("float32", [-1, 3])])
    ranges = ([1, 3], [2, 3], [4, 3])
    with pytest.raises(UnsupportedOperator, match="whether the sizes are equal is only known at run time"):
        _C.dry_convert(graph, {"x": ranges, "y": ranges})


def refused(text, category, match):
    with pytest.raises(category, match=match):
        _C.dry_convert(_C.parse_graph(text), {})


def test_arguments_that_do_not_fit_are_refused_with_their_ranks():
    refused(
        'graph g(%x : float32[4] "x") {\n  %r = aten::fliplr(self=%x)\n  return (%r)\n}',
        InvalidArgument,
        'arguments do not fit each other: "self" has rank 1; PyTorch takes none such',
    )
    refused(
        'graph g(%x : float32[1,3,4,4] "x") {\n'
        "  %r = aten::im2col(self=%x, kernel_size=[], dilation=[1], padding=[0], stride=[1])\n  return (%r)\n}",
        InvalidArgument,
        '"self" has rank 4',
    )


@pytest.mark.parametrize(
    "node, match",
    [
        (
            "aten::avg_pool1d(self=%x, kernel_size=[1], stride=[0], padding=[0])",
            "a stride above 0 for each of 1",
        ),
        ("aten::adaptive_avg_pool3d(self=%x, output_size=[1])", "takes a tensor of 4 or 5, not of 3"),
        (
            "aten::max_pool3d(self=%x, kernel_size=[1], stride=[1], padding=[0], dilation=[1], ceil_mode=False)",
            "takes a tensor of 4 or 5, not of 3",
        ),
        ("aten::im2col(self=%x, kernel_size=[1], dilation=[1], padding=[0], stride=[0])", "dilation above 0"),
        (
            "aten::upsample_nearest2d(self=%x, output_size=[1, 1])",
            "in 2 dimensions takes a tensor of 4, not of 3",
        ),
        ("aten::upsample_nearest1d(self=%x, output_size=[1, 1])", "output_size has 2 sizes, 1 are needed"),
        ("aten::pixel_shuffle(self=%x, upscale_factor=0)", "a factor above 0"),
        ("aten::channel_shuffle(self=%x, groups=2)", "3 channels do not make 2 groups"),
        ("aten::pdist(self=%x)", "pdist takes a matrix, not a tensor of 3"),
        ("aten::trace(self=%x)", "the trace is that of a matrix"),
        ("aten::take_along_dim(self=%x, indices=[1], dim=0)", 'argument "indices"'),
        ("aten::eq.Tensor_list(a=[%x], b=[%x])", "a tensor or a number is needed"),
        ("aten::glu(self=%x, dim=1)", "glu halves dimension 1, whose size is odd"),
    ],
)
def test_programs_that_pytorch_refuses(node, match):
    text = f'graph g(%x : float32[2,3,4] "x") {{\n  %r = {node}\n  return (%r)\n}}'
    with pytest.raises((UnsupportedOperator, InvalidArgument), match=match):
        _C.dry_convert(_C.parse_graph(text), {})


def test_numbers_that_are_divided_by_zero():
    refused(
        'graph g(%x : float32[4] "x") {\n  %n : int = aten::remainder.int(a=5, b=0)\n'
        "  %r = aten::mul.Scalar(self=%x, other=%n)\n  return (%r)\n}",
        InvalidArgument,
        "division by zero",
    )


def test_a_list_taken_apart_in_more_than_it_has():
    refused(
        'graph g(%x : float32[2,3] "x") {\n  %l : list = aten::chunk(self=%x, chunks=2, dim=0)\n'
        "  %a, %b, %c = prim::ListUnpack(list=%l)\n  return (%a)\n}",
        InvalidArgument,
        "takes 3 values out of a list that has 2",
    )
