import torch

from .table import In, b8, f16, i32, i64, row

X = (2, 3, 4)
X4 = (2, 4, 6, 5)
FIXED = In(X, batch=None)
ROW = In((4,), batch=None)
t = torch.tensor
FRONT = "the written dimension is the batch"


def _put(x, indices, values, accumulate=False):
    return torch.ops.aten.index_put(x, indices, values, accumulate)


def _permutation(n: int) -> torch.Tensor:
    return torch.arange(n).flip(0)


ROWS = [
    # index_put
    row("aten::index_put", lambda x, v: _put(x, [t([1])], v), In((3, 4), batch=None), ROW),
    row(
        "aten::index_put",
        lambda x, v: _put(x, [t([0, 2])], v),
        In((3, 4), batch=None),
        In((2, 4), batch=None),
    ),
    row("aten::index_put", lambda x, v: _put(x, [None, t([2, 0])], v), X, In((2, 4), batch=None)),
    row("aten::index_put", lambda x, v: _put(x, [None, t([-1, -2])], v), X, In((2, 2, 4))),
    row("aten::index_put", lambda x, v: _put(x, [None, None, t([1, 2])], v), X, In((), batch=None)),
    row("aten::index_put", lambda x: _put(x, [None, t([0, 2]), t([3, -4])], t(7.0)), X),
    row("aten::index_put", lambda x, v: _put(x, [None, t([0, 2]), t([3, 1])], v), X, In((2, 2))),
    row(
        "aten::index_put",
        lambda x, v: _put(x, [t([0, 1]), None, t([3, 1])], v),
        FIXED,
        In((2, 3), batch=None),
    ),
    row(
        "aten::index_put",
        lambda x, v: _put(x, [None, t([0, 2]), None, t([3, 1])], v),
        In(X4, batch=None),
        In((2, 2, 6), batch=None),
    ),
    row(
        "aten::index_put",
        lambda x, i, v: _put(x, [i], v),
        In((3, 4), batch=None),
        In((1,), i64, -3, 2, batch=None),
        ROW,
    ),
    row("aten::index_put", lambda x, i, v: _put(x, [None, i], v), X, In((1,), i64, 0, 2, batch=None), ROW),
    row("aten::index_put", lambda x, v: _put(x, [x > 0], v), X, In((), batch=None)),
    row("aten::index_put", lambda x, v: _put(x, [x[:, :, 0] > 0], v), X, ROW),
    row("aten::index_put", lambda x, v: _put(x, [None, x[0] > 0], v), X, In((1,), batch=None)),
    row("aten::index_put", lambda x, v: _put(x, [x > 0], v, True), X, In((), batch=None)),
    row(
        "aten::index_put",
        lambda x: _put(x, [x > 0], x[x > 0] * 2),
        FIXED,
        static_only="data-dependent",
        no_engine="TensorRT-RTX builds no NonZero layer",
    ),
    row(
        "aten::index_put", lambda x: _put(x, [t([True, False, True])], t(1)), In((3, 4), i64, -3, 3, batch=1)
    ),
    row(
        "aten::index_put",
        lambda x, v: _put(x, [t([1, 1, 0])], v, True),
        In((3, 4), batch=None),
        In((3, 4), batch=None),
    ),
    row("aten::index_put", lambda x, v: _put(x, [None, t([1, 1])], v, True), X, ROW),
    row(
        "aten::index_put",
        lambda x, i, v: _put(x, [i, i], v, True),
        In((3, 4), batch=None),
        In((5,), i64, -3, 2, batch=None),
        In((5,), batch=None),
    ),
    row(
        "aten::index_put",
        lambda x, i, v: _put(x, [i], v, True),
        In((3, 4), i64, -3, 3, batch=None),
        In((2, 3), i64, 0, 2, batch=None),
        In((4,), i64, -3, 3, batch=None),
    ),
    # along one dimension
    row("aten::index_copy", lambda x, v: x.index_copy(1, t([2, 0]), v), X, In((2, 2, 4))),
    row(
        "aten::index_copy",
        lambda x, v: x.index_copy(0, t([1, 0]), v),
        In((3, 4), f16, batch=1),
        In((2, 4), f16, batch=1),
    ),
    row(
        "aten::index_copy",
        lambda x, i, v: x.index_copy(-1, i, v),
        X,
        In((1,), i64, 0, 3, batch=None),
        In((2, 3, 1)),
    ),
    row("aten::index_fill.int_Scalar", lambda x: x.index_fill(1, t([0, 2]), 3), X),
    row(
        "aten::index_fill.int_Scalar",
        lambda x, i: x.index_fill(-1, i, -1.5),
        X,
        In((3,), i64, 0, 3, batch=None),
    ),
    row("aten::index_fill.int_Tensor", lambda x, v: x.index_fill(1, t([1]), v), X, In((), batch=None)),
    row("aten::index_fill.int_Scalar", lambda x: x.index_fill(1, t([0]), True), In(X, b8), only="export"),
    row("aten::index_add", lambda x, v: x.index_add(1, t([2, 0, 2]), v), X, X),
    row("aten::index_add", lambda x, v: x.index_add(1, t([0, 0]), v, alpha=-2), X, In((2, 2, 4))),
    row(
        "aten::index_add",
        lambda x, i, v: x.index_add(0, i, v),
        In((3, 4), i64, -3, 3, batch=1),
        In((5,), i64, 0, 2, batch=None),
        In((5, 4), i64, -3, 3, batch=1),
    ),
    row(
        "aten::index_add",
        lambda x, i, v: x.index_add(2, i, v),
        X,
        In((2,), i64, 0, 3, batch=None),
        In((2, 3, 2)),
    ),
    row(
        "aten::index_reduce",
        lambda x, i, v: x.index_reduce(1, i, v, "amax"),
        X,
        In((5,), i64, 0, 2, batch=None),
        In((2, 5, 4)),
    ),
    row(
        "aten::index_reduce",
        lambda x, v: x.index_reduce(1, t([0, 0, 2]), v, "mean", include_self=False),
        X,
        X,
    ),
    row("aten::index_reduce", lambda x, v: x.index_reduce(1, t([0, 0, 2]), v, "prod"), X, X),
    # scatter
    row(
        "aten::scatter.src",
        lambda x, v: x.scatter(1, _permutation(3)[None, :, None].expand(x.shape[0], 3, 4), v),
        X,
        X,
    ),
    row("aten::scatter.src", lambda x, i, v: x.scatter(1, i, v), X, In((2, 1, 4), i64, 0, 2), In((2, 3, 4))),
    row(
        "aten::scatter.src",
        lambda x, i, v: x.scatter(-1, i, v),
        In(X, i32, -3, 3),
        In((2, 2, 1), i64, 0, 3),
        In(X, i32, -3, 3),
    ),
    row(
        "aten::scatter.src",
        lambda x, i, v: x.scatter(1, i, v),
        In((2, 2)),
        In((2, 3), i64, 0, 1),
        In((2, 3)),
        refused="written twice",
    ),
    row("aten::scatter.value", lambda x, i: x.scatter(1, i, 9.0), X, In((2, 1, 4), i64, 0, 2)),
    row(
        "aten::scatter.value",
        lambda x, i: x.scatter(0, i, 2),
        In((), batch=None),
        In((), i64, 0, 0, batch=None),
    ),
    row(
        "aten::scatter.value",
        lambda x, i: x.scatter(2, i, True),
        In(X, b8),
        In((2, 3, 2), i64, 0, 3),
        only="export",
    ),
    row(
        "aten::scatter.reduce",
        lambda x, i, v: x.scatter(1, i, v, reduce="add"),
        X,
        In((2, 5, 4), i64, 0, 2),
        In((2, 5, 4)),
    ),
    row(
        "aten::scatter.value_reduce",
        lambda x, i: x.scatter(1, i, 2.0, reduce="multiply"),
        X,
        In((2, 5, 4), i64, 0, 2),
    ),
    row(
        "aten::scatter_add",
        lambda x, i, v: x.scatter_add(1, i, v),
        X,
        In((2, 5, 4), i64, 0, 2),
        In((2, 5, 4)),
    ),
    row(
        "aten::scatter_add",
        lambda x, i, v: x.scatter_add(2, i, v),
        X,
        In((2, 2, 6), i64, 0, 3),
        In((2, 3, 7)),
    ),
    row(
        "aten::scatter_add",
        lambda x, i, v: x.scatter_add(-1, i, v),
        In(X, i64, -3, 3),
        In(X, i64, 0, 3),
        In(X, i64, -3, 3),
    ),
    row(
        "aten::scatter_reduce.two",
        lambda x, i, v: x.scatter_reduce(1, i, v, "sum"),
        X,
        In((2, 5, 4), i64, 0, 2),
        In((2, 5, 4)),
    ),
    row(
        "aten::scatter_reduce.two",
        lambda x, i, v: x.scatter_reduce(1, i, v, "mean"),
        X,
        In((2, 5, 4), i64, 0, 2),
        In((2, 5, 4)),
    ),
    row(
        "aten::scatter_reduce.two",
        lambda x, i, v: x.scatter_reduce(1, i, v, "mean", include_self=False),
        In(X, i64, -9, 9),
        In((2, 2, 4), i64, 0, 2),
        In((2, 5, 4), i64, -9, 9),
    ),
    row(
        "aten::scatter_reduce.two",
        lambda x, i, v: x.scatter_reduce(1, i, v, "amin", include_self=False),
        X,
        In((2, 2, 3), i64, 0, 2),
        In((2, 5, 4)),
    ),
    row(
        "aten::scatter_reduce.two",
        lambda x, i, v: x.scatter_reduce(1, i, v, "amax"),
        In(X, i32, -9, 9),
        In((2, 2, 3), i64, 0, 2),
        In((2, 5, 4), i32, -9, 9),
    ),
    row(
        "aten::scatter_reduce.two",
        lambda x, i, v: x.scatter_reduce(1, i, v, "prod"),
        X,
        In((2, 5, 4), i64, 0, 2),
        In((2, 5, 4)),
    ),
    row(
        "aten::scatter_add",
        lambda x, i, v: x.scatter_add(1, i, v),
        In((1, 40000), batch=None),
        In((1, 40000), i64, 0, 9, batch=None),
        In((1, 40000), batch=None),
        refused="it would take",
    ),
    # pieces
    row("aten::select_scatter", lambda x, v: x.select_scatter(v, 1, 0), X, In((2, 4))),
    row("aten::select_scatter", lambda x, v: x.select_scatter(v, -1, -2), X, In((2, 3))),
    row("aten::select_scatter", lambda x, v: x.select_scatter(v, 0, -1), In((2, 3)), In((3,), batch=None)),
    row(
        "aten::select_scatter",
        lambda x, v: x.select_scatter(v, 0, 0),
        In((2, 3), i64, -3, 3),
        In((3,), i64, -3, 3, batch=None),
    ),
    row("aten::slice_scatter", lambda x, v: x.slice_scatter(v, 1, 1, 3), X4, In((2, 2, 6, 5))),
    row("aten::slice_scatter", lambda x, v: x.slice_scatter(v, 1, 0, 2), X4, In((2, 2, 6, 5))),
    row("aten::slice_scatter", lambda x, v: x.slice_scatter(v, 2, -3), X4, In((2, 4, 3, 5))),
    row("aten::slice_scatter", lambda x, v: x.slice_scatter(v, 2, 1, 6, 2), X4, In((2, 4, 3, 5))),
    row("aten::slice_scatter", lambda x, v: x.slice_scatter(v) + 1, X, X),
    row(
        "aten::slice_scatter",
        lambda x, v: x.slice_scatter(v, 0, 1),
        In((3, 4)),
        In((2, 4), batch=None),
        static_only=FRONT,
    ),
    row("aten::slice_scatter", lambda x: x.slice_scatter(x[1:] * 2, 0, 1), In((4, 3))),
    row("aten::slice_scatter", lambda x: x.slice_scatter(x[:-1] * 2, 0, None, -1), In((4, 3))),
    row("aten::slice_scatter", lambda x: x.slice_scatter(x[::2] * 2, 0, 0, None, 2), In((4, 3))),
    row(
        "aten::diagonal_scatter",
        lambda x, v: x.diagonal_scatter(v),
        In((3, 4), batch=None),
        In((3,), batch=None),
    ),
    row("aten::diagonal_scatter", lambda x, v: x.diagonal_scatter(v, -1, 1, 2), X, In((2, 2))),
    row("aten::diagonal_scatter", lambda x, v: x.diagonal_scatter(v, 2, 2, 1), X, In((2, 1))),
    row("aten::diagonal_scatter", lambda x, v: x.diagonal_scatter(v, 1, 1, -1), X, In((2, 3))),
    row("aten::masked_scatter", lambda x, v: x.masked_scatter(x > 0, v), X, X),
    row("aten::masked_scatter", lambda x, m, v: x.masked_scatter(m, v), In(X, i64, -9, 9), In((3, 1), b8, batch=None), In((60,), i64, -9, 9, batch=None)),
    row("aten::masked_scatter", lambda x, v: x.masked_scatter(torch.tensor([True, False, True]), v), (2, 3), (4, 3)),
    row("aten::masked_scatter", lambda x, v: x.masked_scatter(x > 9, v), In((), batch=None), In((2,), batch=None)),
    row("aten::masked_scatter", lambda x, v: x.masked_scatter(v > 0, v * 2), In((1, 4), f16, batch=None), In((3, 4), f16)),
    row("aten::masked_scatter_", lambda x, v: x.clone().masked_scatter_(x < 0, v), X, X),
]
