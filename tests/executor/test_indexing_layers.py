"""Layers that move, pick and make values, and attribute values of theirs that no ONNX case reaches."""

import pytest
import tensorrt_rtx as trt
import torch
import torch.nn.functional as F
from networks import numbers, run
from test_layers import close

from torch2trt.executor import ExecutorError

MODES = trt.SampleMode.__members__
NO_KERNEL = "no runners that implement it"  # TensorRT-RTX accepts the layer and has no kernel for it


def slicer(start, size, stride, mode="STRICT_BOUNDS", fill=None, axes=None, dynamic=False):
    def make(net, x):
        layer = net.network.add_slice(x, start, size, stride)
        layer.mode = MODES[mode]
        if axes is not None:
            layer.axes = axes
        if dynamic:
            for i, value in enumerate((start, size, stride), start=1):
                layer.set_input(i, net.constant(torch.tensor(value)))
        if fill is not None:
            layer.set_input(4, net.constant(fill))
        return layer

    return make


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(
    "mode, wanted",
    [
        ("WRAP", [3, 4, 0, 1, 2, 3, 4, 0, 1]),
        ("CLAMP", [0, 0, 0, 1, 2, 3, 4, 4, 4]),
        ("FILL", [9, 9, 0, 1, 2, 3, 4, 9, 9]),
        ("REFLECT", [2, 1, 0, 1, 2, 3, 4, 3, 2]),
    ],
)
def test_slice_outside_the_input(mode, wanted, dynamic):
    make = slicer((-2,), (9,), (1,), mode, torch.tensor(9.0) if mode == "FILL" else None, dynamic=dynamic)
    assert run(make, torch.arange(5.0))[0].tolist() == wanted


def test_slice_reflects_more_than_once_and_repeats_a_single_value():
    assert run(slicer((-5,), (13,), (1,), "REFLECT"), torch.arange(3.0))[0].tolist() == [
        *(1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1)
    ]
    assert run(slicer((-1,), (3,), (1,), "REFLECT"), torch.tensor([4.0]))[0].tolist() == [4, 4, 4]


def test_slice_fills_with_zero_and_in_two_dimensions():
    x = numbers(2, 3)
    (y,) = run(slicer((-1, 1), (4, 4), (1, 1), "FILL"), x)
    close(y, F.pad(x, (0, 2, 1, 1))[:, 1:5])


def test_slice_backwards_with_stride_and_axes():
    x = numbers(3, 7)
    close(run(slicer((6,), (3,), (-3,), axes=(1,)), x)[0], x[:, [6, 3, 0]])


def test_slice_with_stride_zero_repeats():
    x = numbers(1, 3)
    close(run(slicer((0, 0), (4, 3), (0, 1)), x)[0], x.expand(4, 3))


def test_slice_to_nothing():
    assert run(slicer((3, 0), (0, 3), (1, 1)), numbers(3, 3))[0].shape == (0, 3)


def test_slice_strict_bounds_at_run_time():
    def make(net, x, start):
        layer = net.network.add_slice(x, (0,), (2,), (1,))
        layer.set_input(1, start)
        return layer

    x = torch.arange(4.0)
    assert run(make, x, torch.tensor([2]))[0].tolist() == [2, 3]
    with pytest.raises(ExecutorError, match=r"coordinates \[4\] of dimension 0 are outside its length 4"):
        run(make, x, torch.tensor([3]))


def test_shuffle_transposes_reshapes_transposes():
    def make(net, x):
        layer = net.network.add_shuffle(x)
        layer.first_transpose, layer.reshape_dims, layer.second_transpose = (2, 0, 1), (0, -1), (1, 0)
        return layer

    x = numbers(2, 3, 4)
    close(run(make, x)[0], x.permute(2, 0, 1).reshape(4, 6).t())


def test_shuffle_zero_may_be_a_size():
    def make(net, x):
        layer = net.network.add_shuffle(x)
        layer.zero_is_placeholder, layer.reshape_dims = False, (3, 0)
        return layer

    assert run(make, torch.empty(0, 5))[0].shape == (3, 0)


def test_shuffle_to_a_scalar_and_back():
    def make(net, x):
        scalar = net.network.add_shuffle(x)
        scalar.reshape_dims = ()
        back = net.network.add_shuffle(scalar.get_output(0))
        back.reshape_dims = (1, 1)
        return [scalar, back]

    scalar, back = run(make, torch.tensor([[5.0]]))
    assert scalar.shape == () and back.shape == (1, 1) and float(scalar) == 5


def test_shuffle_to_sizes_from_a_tensor():
    def make(net, x, sizes):
        layer = net.network.add_shuffle(x)
        layer.set_input(1, sizes)
        return layer

    x = numbers(2, 6)
    (y,) = run(make, x, torch.tensor([3, -1]), shapes=[(-1, 6), (2,)])
    close(y, x.reshape(3, 4))
    with pytest.raises(ExecutorError, match="cannot infer -1 reshaping"):
        run(make, x, torch.tensor([5, -1]), shapes=[(-1, 6), (2,)])


def test_gather_default_broadcasts_an_elementwise_dimension():
    def make(net, x, index):
        layer = net.network.add_gather(x, index, 2)
        layer.num_elementwise_dims = 1
        return layer

    x, index = numbers(3, 2, 5), torch.tensor([[0, 4], [1, 1], [2, 0]], dtype=torch.int32)
    close(run(make, x, index)[0], torch.stack([a[:, i.long()] for a, i in zip(x, index, strict=True)]))
    close(run(make, x, index[:1])[0], x[:, :, [0, 4]])


def gather(mode, axis=0, batch=0):
    def make(net, x, index):
        layer = net.network.add_gather_v2(x, index, getattr(trt.GatherMode, mode))
        layer.axis = axis
        layer.num_elementwise_dims = batch
        return layer

    return make


def test_gather_nd_with_batch_dimensions():
    x, index = numbers(2, 3, 4, 5), torch.tensor([[[0, 1]], [[2, -1]]])
    (y,) = run(gather("ND", batch=1), x, index)
    close(y, torch.stack([x[0, 0, 1], x[1, 2, 3]])[:, None])


def test_gather_outside_gives_zero():
    x = numbers(3)
    close(run(gather("DEFAULT"), x, torch.tensor([2, 3]))[0], torch.stack([x[2], torch.zeros(())]))
    close(run(gather("ELEMENT"), x, torch.tensor([2, -4]))[0], torch.stack([x[2], torch.zeros(())]))


def test_gather_with_negative_index_of_a_dynamic_dimension_is_undefined():
    with pytest.raises(ExecutorError, match="negative index for dimension 0, whose length is dynamic"):
        run(gather("DEFAULT"), numbers(3), torch.tensor([-1]), shapes=[(-1,), (1,)])


def scatter(mode, axis=0):
    def make(net, *tensors):
        layer = net.network.add_scatter(*tensors, getattr(trt.ScatterMode, mode))
        layer.axis = axis
        return layer

    return make


def test_scatter():
    x, updates = numbers(3, 4), numbers(3, 2, seed=1)
    index = torch.tensor([[0, 3], [1, 2], [2, -4]])
    close(run(scatter("ELEMENT", 1), x, index, updates)[0], x.scatter(1, index % 4, updates))
    wanted = x.clone()
    wanted[[2, 0]] = numbers(2, 4, seed=2)
    close(run(scatter("ND"), x, torch.tensor([[2], [0]]), numbers(2, 4, seed=2))[0], wanted)
    with pytest.raises(ExecutorError, match="index 4 is outside dimension 1 of length 4"):
        run(scatter("ELEMENT", 1), x, index + 1, updates)


def test_one_hot():
    def make(net, index):
        values, depth = net.constant(torch.tensor([5, 7])), net.constant(torch.tensor(3, dtype=torch.int32))
        return net.network.add_one_hot(index, values, depth, 0)

    (y,) = run(make, torch.tensor([0, 2, 3, -1], dtype=torch.int32))
    assert y.tolist() == [[7, 5, 5, 5], [5, 5, 5, 5], [5, 7, 5, 7]]


def test_non_zero_is_row_major_and_of_known_type():
    x = torch.tensor([[0.0, 1.0], [2.0, 0.0], [3.0, 4.0]])
    (y,) = run(lambda net, t: net.network.add_non_zero(t, trt.int64), x, builds=NO_KERNEL)
    assert y.dtype == torch.int64 and y.tolist() == [[0, 1, 2, 2], [1, 0, 0, 1]]


def test_reverse_sequence():
    def make(net, x, lengths):
        layer = net.network.add_reverse_sequence(x, lengths)
        layer.batch_axis, layer.sequence_axis = 2, 0
        return layer

    x = numbers(4, 2, 2)
    (y,) = run(make, x, torch.tensor([3, 1]))
    wanted = x.clone()
    wanted[:3, :, 0] = x[:3, :, 0].flip(0)
    close(y, wanted)


def test_fill_of_several_dimensions():
    def make(net, shape):
        layer = net.network.add_fill((1, 1), trt.FillOperation.LINSPACE, trt.int64)
        layer.set_input(0, shape)
        layer.set_input(1, net.constant(torch.tensor(1)))
        layer.set_input(2, net.constant(torch.tensor([100, 10])))
        return layer

    # The example in NvInfer.h
    (y,) = run(make, torch.tensor([3, 4]))
    assert y.tolist() == [[1, 11, 21, 31], [101, 111, 121, 131], [201, 211, 221, 231]]


def test_static_fill_and_big_integers():
    def make(net, x):
        layer = net.network.add_fill((3,), trt.FillOperation.LINSPACE, trt.int64)
        layer.alpha, layer.beta = 2**53 + 1, 2
        return [layer, net.network.add_identity(x)]

    assert run(make, torch.zeros(1))[0].tolist() == [2**53 + 1, 2**53 + 3, 2**53 + 5]


@pytest.mark.parametrize(
    "kind, mean, deviation", [("RANDOM_UNIFORM", 3.0, 1 / 3**0.5), ("RANDOM_NORMAL", 2.0, 4.0)]
)
@pytest.mark.parametrize("dtype", [trt.float32, trt.float16])
def test_random_fill(kind, mean, deviation, dtype):
    def make(net, x):
        layer = net.network.add_fill((40000,), getattr(trt.FillOperation, kind), dtype)
        layer.alpha, layer.beta = 2.0, 4.0
        return [layer, net.network.add_identity(x)]

    y = run(make, torch.zeros(1))[0]
    assert y.dtype == (torch.float32 if dtype == trt.float32 else torch.float16)
    assert abs(float(y.float().mean()) - mean) < 0.1 and abs(float(y.float().std()) - deviation) < 0.1


RESIZES = [  # mode, transformation, torch's mode, align_corners
    ("LINEAR", "HALF_PIXEL", "bilinear", False),
    ("LINEAR", "ALIGN_CORNERS", "bilinear", True),
    ("CUBIC", "HALF_PIXEL", "bicubic", False),
    ("CUBIC", "ALIGN_CORNERS", "bicubic", True),
    ("NEAREST", "ASYMMETRIC", "nearest", None),
    ("NEAREST", "HALF_PIXEL", "nearest-exact", None),
]


@pytest.mark.parametrize("mode, transformation, torch_mode, align", RESIZES)
@pytest.mark.parametrize("size", [(7, 11), (3, 4), (10, 2)])
def test_resize_like_torch(mode, transformation, torch_mode, align, size):
    x = numbers(2, 3, 5, 8)

    def make(net, t):
        layer = net.network.add_resize(t)
        layer.resize_mode = getattr(trt.InterpolationMode, mode)
        layer.coordinate_transformation = getattr(trt.ResizeCoordinateTransformation, transformation)
        rounding = (
            trt.ResizeRoundMode.HALF_UP if transformation == "HALF_PIXEL" else trt.ResizeRoundMode.FLOOR
        )
        layer.nearest_rounding, layer.shape = rounding, (2, 3, *size)
        return layer

    close(run(make, x)[0], F.interpolate(x, size, mode=torch_mode, align_corners=align), atol=1e-5)


def test_resize_trilinear_by_scales_and_selector():
    def make(net, t):
        layers = [net.network.add_resize(t) for _ in range(2)]
        layers[0].resize_mode, layers[0].scales = trt.InterpolationMode.LINEAR, (1, 1, 2, 1.5, 1)
        layers[0].coordinate_transformation = trt.ResizeCoordinateTransformation.HALF_PIXEL
        layers[1].coordinate_transformation = trt.ResizeCoordinateTransformation.HALF_PIXEL
        layers[1].selector_for_single_pixel, layers[1].shape = trt.ResizeSelector.UPPER, (1, 2, 1, 1, 1)
        return layers

    x = numbers(1, 2, 3, 4, 5)
    y, z = run(make, x)
    close(y, F.interpolate(x, scale_factor=(2, 1.5, 1), mode="trilinear"))
    close(z, x[:, :, :1, :1, :1])


def test_resize_by_scales_that_do_not_divide():
    def make(mode):
        def add(net, t):
            layer = net.network.add_resize(t)
            layer.resize_mode, layer.scales = mode, (1, 1, 1, 0.9)
            layer.coordinate_transformation = trt.ResizeCoordinateTransformation.HALF_PIXEL
            return layer

        return add

    x = numbers(1, 1, 2, 5)
    # The nearest values are the same by the scale and by the ratio of lengths; interpolated ones are not.
    close(run(make(trt.InterpolationMode.NEAREST), x)[0], x[..., :4])
    with pytest.raises(ExecutorError, match="not exact"):
        run(make(trt.InterpolationMode.LINEAR), x)


@pytest.mark.parametrize(
    "mode, torch_mode", [("LINEAR", "bilinear"), ("NEAREST", "nearest"), ("CUBIC", "bicubic")]
)
@pytest.mark.parametrize(
    "border, torch_border", [("FILL", "zeros"), ("CLAMP", "border"), ("REFLECT", "reflection")]
)
@pytest.mark.parametrize("align", [False, True])
def test_grid_sample(mode, torch_mode, border, torch_border, align):
    def make(net, x, grid):
        layer = net.network.add_grid_sample(x, grid)
        layer.interpolation_mode = getattr(trt.InterpolationMode, mode)
        layer.sample_mode, layer.align_corners = MODES[border], align
        return layer

    x, grid = numbers(2, 3, 4, 5), numbers(2, 6, 7, 2, seed=1)
    close(run(make, x, grid)[0], F.grid_sample(x, grid, torch_mode, torch_border, align))


def test_nms():
    boxes = torch.tensor([[[1.0, 1, 0, 0], [0, 0, 1, 0.9], [2, 2, 3, 3], [0, 0, 1, 1]]])
    scores = torch.tensor([[[0.5, 0.9], [0.8, 0.1], [0.7, 0.95], [0.2, 0.3]]])

    def make(net, b, s):
        layer = net.network.add_nms(b, s, net.constant(torch.tensor(2, dtype=torch.int32)))
        layer.set_input(3, net.constant(torch.tensor(0.5)))
        layer.set_input(4, net.constant(torch.tensor(0.15)))
        return layer

    selected, count = run(make, boxes, scores, builds=NO_KERNEL)
    assert int(count) == 4
    assert selected.tolist() == [[0, 1, 2], [0, 1, 0], [0, 0, 1], [0, 0, 2]]
