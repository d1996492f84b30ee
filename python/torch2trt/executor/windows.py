"""Convolution, deconvolution, pooling, LRN, padding: layers which look at windows of the input."""

import torch
import torch.nn.functional as F

from .registry import Call, layer
from .types import dims, widen


def _pad(x: torch.Tensor, before, after, value=0.0) -> torch.Tensor:
    """Pads the last dimensions; negative amounts crop."""
    amounts = []
    for b, a in reversed(list(zip(before, after))):
        amounts += [b, a]
    return F.pad(x, amounts, value=value) if any(amounts) else x


def _padding(call: Call, size, reach, stride):
    """Output sizes and padding before and after of the windows of a convolution or pooling layer.

    size, reach (window size with dilation), stride: one entry per spatial dimension. The formulas are those
    in the comment of PaddingMode in NvInfer.h. The padding after is what the last window needs: for
    EXPLICIT_ROUND_UP it may be more, for EXPLICIT_ROUND_DOWN less than the layer's.
    """
    mode = call.layer.padding_mode.name
    out, before, after = [], [], []
    for i, (n, k, s) in enumerate(zip(size, reach, stride)):
        if mode in ("EXPLICIT_ROUND_DOWN", "EXPLICIT_ROUND_UP"):
            b, a = dims(call.layer.pre_padding)[i], dims(call.layer.post_padding)[i]
            room = n + b + a - k
            o = (room // s if mode == "EXPLICIT_ROUND_DOWN" else -(-room // s)) + 1
        elif mode in ("SAME_UPPER", "SAME_LOWER"):
            o = -(-n // s)
            p = max((n - 1) // s * s + k - n, 0)
            b = p // 2 if mode == "SAME_UPPER" else p - p // 2
        else:
            raise call.unknown("padding mode", call.layer.padding_mode)
        out.append(o)
        before.append(b)
        after.append((o - 1) * s + k - n - b)
    return out, before, after


def _kernel(call: Call, shape):
    """Kernel and bias, from the layer's weights or from inputs 1 and 2."""
    kernel = call.weights(call.layer.kernel, shape) if call.get(1) is None else call.get(1)
    if kernel is None:
        raise call.error("has no kernel: neither weights nor input 1")
    bias = call.get(2)
    if bias is None:
        bias = call.weights(call.layer.bias, (call.layer.num_output_maps,))
    if tuple(kernel.shape) != tuple(shape):
        raise call.error(f"kernel of shape {list(kernel.shape)}, expected {list(shape)}")
    return widen(kernel), None if bias is None else widen(bias.reshape(-1))


@layer("CONVOLUTION", "IConvolutionLayer")
def convolution(call: Call):
    x, window = call.x, dims(call.layer.kernel_size_nd)
    n, groups = len(window), call.layer.num_groups
    kernel, bias = _kernel(call, (call.layer.num_output_maps, x.shape[-n - 1] // groups, *window))
    stride, dilation = dims(call.layer.stride_nd), dims(call.layer.dilation_nd)
    reach = [1 + d * (k - 1) for d, k in zip(dilation, window)]
    _, before, after = _padding(call, x.shape[-n:], reach, stride)
    conv = {2: F.conv2d, 3: F.conv3d}.get(n)
    if conv is None:
        raise call.error(f"convolution with {n} spatial dimensions")
    y = conv(_pad(widen(x), before, after), kernel, bias, stride, 0, dilation, groups)
    return y.to(x.dtype)


@layer("DECONVOLUTION", "IDeconvolutionLayer")
def deconvolution(call: Call):
    """Transposed convolution: the whole result, cropped by the padding (formulas: PaddingMode in
    NvInfer.h).
    """
    x, window = call.x, dims(call.layer.kernel_size_nd)
    n, groups = len(window), call.layer.num_groups
    kernel, bias = _kernel(call, (x.shape[-n - 1], call.layer.num_output_maps // groups, *window))
    stride, dilation = dims(call.layer.stride_nd), dims(call.layer.dilation_nd)
    conv = {2: F.conv_transpose2d, 3: F.conv_transpose3d}.get(n)
    if conv is None:
        raise call.error(f"deconvolution with {n} spatial dimensions")
    y = conv(widen(x), kernel, None, stride, 0, 0, groups, dilation)
    mode = call.layer.padding_mode.name
    before, after = [], []
    for i, (size, k, d, s) in enumerate(zip(x.shape[-n:], window, dilation, stride)):
        reach = 1 + d * (k - 1)
        full = (size - 1) * s + reach
        if mode in ("EXPLICIT_ROUND_DOWN", "EXPLICIT_ROUND_UP"):
            b, a = dims(call.layer.pre_padding)[i], dims(call.layer.post_padding)[i]
        elif mode in ("SAME_UPPER", "SAME_LOWER"):
            p = max(reach - s, 0)
            b = p // 2 if mode == "SAME_UPPER" else p - p // 2
            a = full - min(size * s, full) - b
        else:
            raise call.unknown("padding mode", call.layer.padding_mode)
        before.append(-b)
        after.append(-a)
    y = _pad(y, before, after)
    if bias is not None:
        y = y + bias.reshape(-1, *(1,) * n)
    return y.to(x.dtype)


@layer("POOLING", "IPoolingLayer")
def pooling(call: Call):
    x, window = call.x, dims(call.layer.window_size_nd)
    n, stride, kind = len(window), dims(call.layer.stride_nd), call.layer.type.name
    if n not in (2, 3):
        raise call.error(f"pooling with {n} spatial dimensions")
    _, before, after = _padding(call, x.shape[-n:], window, stride)
    wide = widen(x) if x.dtype.is_floating_point else x.float()

    def largest():
        pool = F.max_pool2d if n == 2 else F.max_pool3d
        return pool(_pad(wide, before, after, float("-inf")), window, stride)

    def total(values):
        pool = F.avg_pool2d if n == 2 else F.avg_pool3d
        return pool(values, window, stride, divisor_override=1)

    def average():
        # The denominator is the window's overlap with the input, or with the padded input. What the
        # rounding up adds after the padding counts for neither.
        ones = torch.ones((1, 1, *x.shape[-n:]), dtype=wide.dtype)
        if not call.layer.average_count_excludes_padding:
            inner = [min(a, p) for a, p in zip(after, _declared_after(call, n, after))]
            ones = _pad(_pad(ones, before, inner, 1.0), [0] * n, [a - i for a, i in zip(after, inner)])
        else:
            ones = _pad(ones, before, after)
        return total(_pad(wide, before, after)) / total(ones)

    if kind == "MAX":
        y = largest()
    elif kind == "AVERAGE":
        y = average()
    elif kind == "MAX_AVERAGE_BLEND":
        blend = call.layer.blend_factor
        y = (1 - blend) * largest() + blend * average()
    else:
        raise call.unknown("pooling type", call.layer.type)
    return y.to(x.dtype)


def _declared_after(call: Call, n: int, after):
    """Padding after the input that counts as padding: the layer's, or for SAME modes all of it."""
    if call.layer.padding_mode.name.startswith("EXPLICIT"):
        return dims(call.layer.post_padding)[:n]
    return after


@layer("LRN", "ILRNLayer")
def lrn(call: Call):
    """x / (k + alpha / window * sum of squares in a window of channels) ^ beta; channels are dimension 1."""
    x, window = call.x, call.layer.window_size
    wide = widen(x)
    half = window // 2
    squares = _pad((wide * wide).movedim(1, -1), [half], [half])
    sums = squares.unfold(-1, window, 1).sum(-1).movedim(-1, 1)
    return (wide / (call.layer.k + call.layer.alpha / window * sums) ** call.layer.beta).to(x.dtype)


@layer("PADDING", "IPaddingLayer")
def padding(call: Call):
    """Zero padding (or cropping, where negative) of the last two dimensions."""
    return _pad(call.x, dims(call.layer.pre_padding_nd), dims(call.layer.post_padding_nd))
