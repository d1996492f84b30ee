"""Layers and attribute values that no ONNX case reaches, against torch."""

import math

import networks
import pytest
import tensorrt_rtx as trt
import torch
import torch.nn.functional as F
from networks import numbers, run

from torch2trt.executor import ExecutorError


def close(got, wanted, rtol=1e-5, atol=1e-6):
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    torch.testing.assert_close(got, wanted, rtol=rtol, atol=atol, equal_nan=True)


ACTIVATIONS = {
    "RELU": F.relu,
    "CLIP": lambda x: x.clamp(-0.5, 1.5),
    "LEAKY_RELU": lambda x: F.leaky_relu(x, -0.5),
    "ELU": lambda x: torch.where(x >= 0, x, -0.5 * (torch.exp(x) - 1)),
    "SELU": lambda x: torch.where(x > 0, 1.5 * x, 1.5 * (-0.5 * torch.exp(x) + 0.5)),
    "SOFTSIGN": F.softsign,
    "SOFTPLUS": lambda x: -0.5 * torch.log(torch.exp(1.5 * x) + 1),
    "HARD_SIGMOID": lambda x: (-0.5 * x + 1.5).clamp(0, 1),
    "SCALED_TANH": lambda x: -0.5 * torch.tanh(1.5 * x),
    "THRESHOLDED_RELU": lambda x: torch.where(x > -0.5, x, 0.0),
    "GELU_ERF": F.gelu,
    "GELU_TANH": lambda x: F.gelu(x, approximate="tanh"),
    "TANH": torch.tanh,
    "SIGMOID": torch.sigmoid,
}


@pytest.mark.parametrize("kind", list(trt.ActivationType.__members__))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_activation(kind, dtype):
    def make(net, x):
        layer = net.network.add_activation(x, getattr(trt.ActivationType, kind))
        layer.alpha, layer.beta = -0.5, 1.5
        return layer

    x = numbers(3, 5, dtype=dtype)
    # Half precision: computed in float32, rounded once.
    close(
        run(make, x)[0], ACTIVATIONS[kind](x.float()).to(dtype), rtol=1e-5 if dtype == torch.float32 else 1e-2
    )


UNARY = {
    n.upper(): getattr(torch, n) for n in "exp log sqrt abs neg sin cos tan sinh cosh asin acos atan".split()
}
UNARY |= {
    n.upper(): getattr(torch, n) for n in "asinh acosh atanh ceil floor erf sign round isinf isnan".split()
}
UNARY |= {"RECIP": torch.reciprocal, "NOT": torch.logical_not}


@pytest.mark.parametrize("kind", list(trt.UnaryOperation.__members__))
def test_unary(kind):
    x = torch.tensor([0.5, -0.5, 1.5, 2.5, -2.5, 0.0, math.inf, math.nan])
    if kind == "NOT":
        x = x > 0
    (y,) = run(lambda net, t: net.network.add_unary(t, getattr(trt.UnaryOperation, kind)), x)
    close(y, UNARY[kind](x))


@pytest.mark.parametrize("kind", ["ABS", "NEG", "SIGN"])
def test_unary_of_integers(kind):
    x = torch.tensor([-3, 0, 7], dtype=torch.int64)
    (y,) = run(lambda net, t: net.network.add_unary(t, getattr(trt.UnaryOperation, kind)), x)
    close(y, UNARY[kind](x))


def elementwise(kind):
    return lambda net, a, b: net.network.add_elementwise(a, b, getattr(trt.ElementWiseOperation, kind))


@pytest.mark.parametrize(
    "kind, wanted",
    [
        ("DIV", [3, -3, 3, -3]),  # truncates
        ("FLOOR_DIV", [3, -4, 3, -4]),
        ("POW", [49, 49, 49, 49]),
    ],
)
def test_integer_division_and_power(kind, wanted):
    a = torch.tensor([7, -7, -7, 7], dtype=torch.int32)
    b = torch.tensor([2, 2, -2, -2] if kind != "POW" else [2, 2, 2, 2], dtype=torch.int32)
    (y,) = run(elementwise(kind), a, b)
    assert y.tolist() == wanted


def test_elementwise_broadcasts_and_keeps_int64_exact():
    a, b = torch.tensor([[2**53 + 1], [3]]), torch.tensor([[1, 2, 3]])
    (y,) = run(elementwise("SUM"), a, b)
    assert torch.equal(y, a + b)


def test_elementwise_in_half_rounds_once():
    a, b = numbers(64, dtype=torch.float16), numbers(64, seed=1, dtype=torch.float16)
    (y,) = run(elementwise("PROD"), a, b)
    assert torch.equal(y, (a.float() * b.float()).half())


@pytest.mark.parametrize("mode", ["UNIFORM", "CHANNEL", "ELEMENTWISE"])
def test_scale(mode):
    x = numbers(2, 3, 4, 5).abs()
    shape = {"UNIFORM": (1,), "CHANNEL": (3,), "ELEMENTWISE": (3, 4, 5)}[mode]
    shift, scale, power = (numbers(*shape, seed=s).abs() + 0.5 for s in (1, 2, 3))

    def make(net, t):
        weights = [net.weights(w) for w in (shift, scale, power)]
        return net.network.add_scale_nd(t, getattr(trt.ScaleMode, mode), *weights, 1)

    wide = [w.reshape(-1, 1, 1) if mode == "CHANNEL" else w for w in (shift, scale, power)]
    (y,) = run(make, x)
    close(y, (x * wide[1] + wide[0]) ** wide[2])


@pytest.mark.parametrize("mode", list(trt.PaddingMode.__members__))
@pytest.mark.parametrize("kind", list(trt.PoolingType.__members__))
@pytest.mark.parametrize("exclusive", [True, False])
def test_pooling(mode, kind, exclusive):
    x, window, stride = numbers(1, 2, 7, 9).abs(), (3, 3), (2, 2)
    pads = {"before": (1, 0), "after": (1, 1)} if mode.startswith("EXPLICIT") else None

    def make(net, t):
        layer = net.network.add_pooling_nd(t, getattr(trt.PoolingType, kind), window)
        layer.stride_nd, layer.padding_mode = stride, getattr(trt.PaddingMode, mode)
        layer.average_count_excludes_padding, layer.blend_factor = exclusive, 0.25
        if pads:
            layer.pre_padding, layer.post_padding = pads["before"], pads["after"]
        return layer

    (y,) = run(make, x)
    close(y, _pool_slowly(x, window, stride, mode, kind, exclusive, pads))


def _pool_slowly(x, window, stride, mode, kind, exclusive, pads):
    """Window by window, from the formulas of PaddingMode."""
    spans = []
    for axis in (0, 1):
        size, k, s = x.shape[2 + axis], window[axis], stride[axis]
        if pads:
            b, a = pads["before"][axis], pads["after"][axis]
            room = (size + b + a - k) / s
            count = (math.floor(room) if mode.endswith("DOWN") else math.ceil(room)) + 1
        else:
            total = max((size - 1) // s * s + k - size, 0)
            b = total // 2 if mode == "SAME_UPPER" else total - total // 2
            a, count = total - b, math.ceil(size / s)
        spans.append([(i * s - b, i * s - b + k, size, size + a, -b) for i in range(count)])
    out = torch.empty(1, 2, len(spans[0]), len(spans[1]))
    for i, rows in enumerate(spans[0]):
        for j, columns in enumerate(spans[1]):
            (r0, r1, h, h_end, h_start), (c0, c1, w, w_end, w_start) = rows, columns
            part = x[:, :, max(r0, 0) : min(r1, h), max(c0, 0) : min(c1, w)].flatten(2)
            count = part.shape[-1]
            if not exclusive:
                count = (min(r1, h_end) - max(r0, h_start)) * (min(c1, w_end) - max(c0, w_start))
            largest, average = part.amax(-1), part.sum(-1) / count
            blend = 0.75 * largest + 0.25 * average
            out[:, :, i, j] = {"MAX": largest, "AVERAGE": average}.get(kind, blend)
    return out


@pytest.mark.parametrize("mode", list(trt.PaddingMode.__members__))
def test_convolution_padding(mode):
    x, kernel, bias = numbers(2, 4, 9, 8), numbers(6, 2, 4, 2, seed=1), numbers(6, seed=2)

    def make(net, t):
        layer = net.network.add_convolution_nd(t, 6, (4, 2), net.weights(kernel), net.weights(bias))
        layer.stride_nd, layer.dilation_nd, layer.num_groups = (2, 3), (1, 2), 2
        layer.padding_mode = getattr(trt.PaddingMode, mode)
        if mode.startswith("EXPLICIT"):
            layer.pre_padding, layer.post_padding = (1, 2), (0, 1)
        return layer

    if mode.startswith("EXPLICIT"):
        # (9+1-4)/2 is whole, (8+3-3)/3 is not: rounding up takes one column more.
        pads = (2, 2 if mode.endswith("UP") else 1, 1, 0)
    else:
        # P = floor((I-1)/S)*S + DK - I: 8+4-9 = 3 and 6+3-8 = 1
        pads = (0, 1, 1, 2) if mode.endswith("UPPER") else (1, 0, 2, 1)
    (y,) = run(make, x)
    close(y, F.conv2d(F.pad(x, pads), kernel, bias, (2, 3), 0, (1, 2), 2), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_convolution_in_half_accumulates_in_float32(dtype):
    x, kernel, bias = numbers(1, 64, 6, 6, dtype=dtype), numbers(8, 64, 3, 3, seed=1, dtype=dtype), None

    def make(net, t):
        return net.network.add_convolution_nd(t, 8, (3, 3), net.weights(kernel), trt.Weights(DT[dtype]))

    (y,) = run(make, x)
    close(
        y,
        F.conv2d(x.float(), kernel.float(), bias).to(dtype),
        rtol=0,
        atol=0.13 if dtype == torch.bfloat16 else 0.02,
    )


DT = networks.DATA_TYPES


@pytest.mark.parametrize("mode", list(trt.PaddingMode.__members__))
def test_deconvolution(mode):
    x, kernel, bias = numbers(2, 4, 5, 4), numbers(4, 3, 3, 2, seed=1), numbers(6, seed=2)

    def make(net, t):
        layer = net.network.add_deconvolution_nd(t, 6, (3, 2), net.weights(kernel), net.weights(bias))
        layer.stride_nd, layer.num_groups = (2, 2), 2
        layer.padding_mode = getattr(trt.PaddingMode, mode)
        if mode.startswith("EXPLICIT"):
            layer.pre_padding, layer.post_padding = (1, 0), (0, 1)
        return layer

    full = F.conv_transpose2d(x, kernel, bias, (2, 2), groups=2)  # 11 x 8
    if mode.startswith("EXPLICIT"):
        wanted = full[:, :, 1:, :-1]
    else:  # to 10 x 8: P = 1 and 0
        wanted = full[:, :, :-1] if mode.endswith("UPPER") else full[:, :, 1:]
    (y,) = run(make, x)
    close(y, wanted, atol=1e-5)


def test_padding_and_cropping():
    x = numbers(1, 2, 4, 4)
    (y,) = run(lambda net, t: net.network.add_padding_nd(t, (1, -1), (0, 2)), x)
    close(y, F.pad(x, (-1, 2, 1, 0)))


def test_lrn_with_even_alpha():
    x = numbers(1, 7, 2, 2)
    (y,) = run(lambda net, t: net.network.add_lrn(t, 5, 0.3, 0.6, 1.2), x)
    close(y, F.local_response_norm(x, 5, 0.3, 0.6, 1.2))


@pytest.mark.parametrize("op0", list(trt.MatrixOperation.__members__))
@pytest.mark.parametrize("op1", list(trt.MatrixOperation.__members__))
def test_matrix_multiply(op0, op1):
    a = {"NONE": numbers(5, 2, 3), "TRANSPOSE": numbers(5, 3, 2), "VECTOR": numbers(5, 3)}[op0]
    b = {"NONE": numbers(1, 3, 4), "TRANSPOSE": numbers(1, 4, 3), "VECTOR": numbers(1, 3)}[op1]

    def make(net, s, t):
        kinds = trt.MatrixOperation
        return net.network.add_matrix_multiply(s, getattr(kinds, op0), t, getattr(kinds, op1))

    left = "bk" if op0 == "VECTOR" else ("bmk" if op0 == "NONE" else "bkm")
    right = "bk" if op1 == "VECTOR" else ("bkn" if op1 == "NONE" else "bnk")
    result = "b" + ("" if op0 == "VECTOR" else "m") + ("" if op1 == "VECTOR" else "n")
    (y,) = run(make, a, b)
    close(y, torch.einsum(f"{left},{right}->{result}", a, b.expand(5, *b.shape[1:])))


def test_einsum_of_three_in_half():
    parts = [
        numbers(3, 4, dtype=torch.float16),
        numbers(4, 5, seed=1, dtype=torch.float16),
        numbers(5, seed=2).half(),
    ]
    (y,) = run(lambda net, *t: net.network.add_einsum(list(t), "ij,jk,k->i"), *parts)
    close(y, torch.einsum("ij,jk,k->i", *[p.float() for p in parts]).half(), rtol=1e-3, atol=1e-3)


EMPTY = {"SUM": 0.0, "PROD": 1.0, "MAX": -math.inf, "MIN": math.inf, "AVG": math.nan}


@pytest.mark.parametrize("kind", list(EMPTY))
@pytest.mark.parametrize("keep", [True, False])
def test_reduce(kind, keep):
    x = numbers(2, 3, 4)
    op = getattr(trt.ReduceOperation, kind)
    (y,) = run(lambda net, t: net.network.add_reduce(t, op, 0b101, keep), x)
    function = {"SUM": "sum", "MAX": "amax", "MIN": "amin", "AVG": "mean"}.get(kind)
    wanted = getattr(x, function)((0, 2), keep) if function else x.prod(2, keep).prod(0, keep)
    close(y, wanted)


@pytest.mark.parametrize("kind", list(EMPTY))
def test_reduce_of_nothing(kind):
    op = getattr(trt.ReduceOperation, kind)
    (y,) = run(lambda net, t: net.network.add_reduce(t, op, 1, False), torch.empty(0, 2))
    close(y, torch.full((2,), EMPTY[kind]))


@pytest.mark.parametrize("kind, wanted", [("MAX", 4), ("MIN", -5), ("SUM", -2), ("PROD", 20), ("AVG", 0)])
def test_reduce_integers(kind, wanted):
    x = torch.tensor([4, -5, -1], dtype=torch.int32)
    (y,) = run(lambda net, t: net.network.add_reduce(t, getattr(trt.ReduceOperation, kind), 1, False), x)
    assert y.dtype == torch.int32 and int(y) == wanted


@pytest.mark.parametrize("kind", ["MAX", "MIN"])
def test_topk_puts_the_lower_index_first(kind):
    x = torch.tensor([[1.0, 3.0, 3.0, 1.0, 2.0]])
    values, index = run(lambda net, t: net.network.add_topk(t, getattr(trt.TopKOperation, kind), 3, 2), x)
    assert index.dtype == torch.int32
    assert index.tolist() == ([[1, 2, 4]] if kind == "MAX" else [[0, 3, 4]])
    close(values, x[:, index[0].long()])


def test_topk_with_k_from_a_tensor_and_int64_indices():
    def make(net, t, k):
        layer = net.network.add_topk(t, trt.TopKOperation.MAX, 1, 2, trt.int64)
        layer.set_input(1, k)
        return layer

    values, index = run(make, numbers(2, 6), torch.tensor(4, dtype=torch.int32))
    wanted = torch.topk(numbers(2, 6), 4)
    close(values, wanted.values)
    close(index, wanted.indices)


def test_ragged_softmax():
    x, bounds = numbers(1, 2, 5), torch.tensor([[[3], [5]]], dtype=torch.int32)
    (y,) = run(lambda net, s, t: net.network.add_ragged_softmax(s, t), x, bounds)
    close(y[0, 0], torch.cat([x[0, 0, :3].softmax(0), torch.zeros(2)]))
    close(y[0, 1], x[0, 1].softmax(0))


@pytest.mark.parametrize("v2", [False, True])
def test_group_normalization(v2):
    x, channels = numbers(2, 6, 4, 4), 6 if v2 else 3
    scale, bias = numbers(1, channels, 1, 1, seed=1), numbers(1, channels, 1, 1, seed=2)

    def make(net, t):
        add = net.network.add_normalization_v2 if v2 else net.network.add_normalization
        layer = add(t, net.constant(scale), net.constant(bias), 0b1100)
        layer.num_groups, layer.epsilon = 3, 1e-3
        return layer

    plain = F.group_norm(x, 3, eps=1e-3)
    repeat = 1 if v2 else 2
    (y,) = run(make, x)
    close(y, plain * scale.repeat_interleave(repeat, 1) + bias.repeat_interleave(repeat, 1), atol=1e-5)


def test_layer_normalization_in_half_is_computed_in_float32():
    x, scale = numbers(3, 200, dtype=torch.float16) * 30 + 300, torch.ones(1, 200).half()

    def make(net, t):
        return net.network.add_normalization(t, net.constant(scale), net.constant(torch.zeros_like(scale)), 2)

    close(run(make, x)[0], F.layer_norm(x.float(), (200,)).half(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_cumulative(exclusive, reverse, dtype):
    x = (numbers(3, 4) * 5).to(dtype)

    def make(net, t):
        axis = net.constant(torch.tensor(1, dtype=torch.int32))
        return net.network.add_cumulative(t, axis, trt.CumulativeOperation.SUM, exclusive, reverse)

    y = x.flip(1) if reverse else x
    total = y.cumsum(1)
    if exclusive:
        total = torch.cat([torch.zeros_like(y[:, :1]), total[:, :-1]], 1)
    close(run(make, x)[0], total.flip(1) if reverse else total)


def test_unknown_values_are_errors():
    x = numbers(2, 2).int()
    with pytest.raises(ExecutorError, match=r"\(ACTIVATION\): activation TANH of torch.int32"):
        run(lambda net, t: net.network.add_activation(t, trt.ActivationType.TANH), x)
