"""What is broken, one thing in each handler, and which rows of the operator table are to notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """`old` occurs once in src/handlers/`file`; with `new` in its place the handler does what `what` says.

    `rows` selects rows as `pytest -k` does.
    """

    file: str
    what: str
    old: str
    new: str
    rows: str


BREAKS = [
    Break(
        "convolution.cpp",
        'padding="same" puts the odd element before',
        "g.pre_padding.push_back(total / 2);\n    g.post_padding.push_back(total - total / 2);",
        "g.post_padding.push_back(total / 2);\n    g.pre_padding.push_back(total - total / 2);",
        "conv1d or conv2d",
    ),
    Break(
        "pooling.cpp",
        "count_include_pad is ignored",
        'const bool include = a.boolean("count_include_pad");',
        'const bool include = a.boolean("count_include_pad") || true;',
        "avg_pool2d",
    ),
    Break(
        "padding.cpp",
        "padding before and after are swapped",
        "bounds.start.at(axis) = minus(net, 0, pad[2 * i]);",
        "bounds.start.at(axis) = minus(net, 0, pad[2 * i + 1]);",
        "constant_pad_nd or reflection_pad2d",
    ),
    Break(
        "normalization.cpp",
        "statistics of the batch are taken over the wrong axes",
        "if (axis != 1) axes.push_back(axis);",
        "if (axis != 0) axes.push_back(axis);",
        "normalization and batch_norm",
    ),
    Break(
        "reductions.cpp",
        "sums of integers keep their type",
        "x = net.cast(x, DType::kInt64);",
        "x = net.cast(x, x.dtype() == DType::kBool ? DType::kInt64 : x.dtype());",
        "sum or prod",
    ),
    Break(
        "resampling.cpp",
        "align_corners is ignored",
        "align ? kAlignCorners : kHalfPixel",
        "kHalfPixel",
        "bilinear2d or bicubic2d",
    ),
    Break(
        "indexing.cpp",
        "the dimensions of an index stay in front",
        "return net.permute(result, order);",
        "return result;",
        "index.Tensor",
    ),
    Break(
        "scatter.cpp",
        "a strided write begins one place late",
        "offset >= 0 && offset % step == 0",
        "offset >= 0 && offset % step == 1",
        "slice_scatter or copy_",
    ),
    Break(
        "sorting.cpp",
        "descending is ignored",
        "descending ? TopKOperation::kMax : TopKOperation::kMin",
        "descending ? TopKOperation::kMin : TopKOperation::kMin",
        "sort",
    ),
    Break(
        "activations.cpp",
        "elu's alpha is 1",
        "return net.activation(ActivationType::kElu, x, alpha);",
        "return net.activation(ActivationType::kElu, x, 1);",
        "elu",
    ),
    Break(
        "pointwise.cpp",
        "rsub's alpha is 1",
        'if (!plain && reversed) other = other * a.number("alpha");',
        'if (!plain && reversed) other = other * (a.number("alpha") * 0 + 1);',
        "rsub",
    ),
    Break(
        "attention.cpp",
        "a given scale is ignored",
        "const double factor = scale ? *scale : 1 /",
        "const double factor = 1 /",
        "scaled_dot_product_attention",
    ),
    Break(
        "shapes.cpp",
        "chunks are rounded down",
        "std::max<std::int64_t>((size + chunks - 1) / chunks, 1)",
        "std::max<std::int64_t>(size / chunks, 1)",
        "chunk",
    ),
    Break(
        "layer_normalization.cpp",
        "the last axis only is normalized",
        "const std::int64_t axis = x.rank() - static_cast<std::int64_t>(normalized.size() - i);\n"
        '    a.require(axis >= 0, "normalized_shape has more dimensions than the input");\n    axes.push_back(axis);',
        "const std::int64_t axis = x.rank() - static_cast<std::int64_t>(normalized.size() - i);\n"
        '    a.require(axis >= 0, "normalized_shape has more dimensions than the input");\n'
        "    if (i + 1 == normalized.size()) axes.push_back(axis);",
        "layer_norm",
    ),
]
