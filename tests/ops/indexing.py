import torch
import torch.nn.functional as F

from .table import In, b8, bf16, f16, i32, i64, row

X = (2, 3, 4)
X4 = (2, 4, 6, 5)
FIXED = In(X, batch=None)
ANY = In((4,), i64, 0, 2, batch=None)
NEGATIVE = In((4,), i64, -3, 2, batch=None)
GRID = torch.tensor([[0, 2], [1, 0]])
MASK = torch.tensor([True, False, True])
NO_NONZERO = "TensorRT-RTX builds no NonZero layer: the shape depends on the data"
t = torch.tensor

ROWS = [
    # One index tensor, known: ranges become slices.
    row("aten::index.Tensor", lambda x: x[:, t([2, 0, 0])], X),
    row("aten::index.Tensor", lambda x: x[:, t([0, 2])], X),
    row("aten::index.Tensor", lambda x: x[..., t([3, 2, 1])], X),
    row("aten::index.Tensor", lambda x: x[:, t([-1, 0, -2])], X),
    row("aten::index.Tensor", lambda x: x[:, t([1, 1, 1])] + 1, X),
    row("aten::index.Tensor", lambda x: x[:, GRID], X),
    row("aten::index.Tensor", lambda x: x[:, :, t([[0], [1], [2]])], X),
    row("aten::index.Tensor", lambda x: x[t([0, 0])], X),
    row("aten::index.Tensor", lambda x: x[t([-1])], In((3, 3, 4))),
    row("aten::index.Tensor", lambda x: x[t([-1, 0])], In((3, 3, 4))),
    row("aten::index.Tensor", lambda x: x[:, torch.empty(0, dtype=i64)] + 1, X),
    row("aten::index.Tensor", lambda x: x[:, t([1, 0], dtype=i32)], In(X, f16)),
    row("aten::index.Tensor", lambda x: x[:, t([2, 0, 1])], In(X, b8)),
    row("aten::index.Tensor", lambda x: x[:, t([2, 0, 1])], In(X, i32, -5, 5)),
    # Several, neighbours and not.
    row("aten::index.Tensor", lambda x: x[:, t([0, 2, 1]), t([3, -1, 0])], X),
    row("aten::index.Tensor", lambda x: x[:, t([[0], [2]]), t([3, 1, 0])], X),
    row("aten::index.Tensor", lambda x: x[t([0, -1, 0]), t([2, 1, 0])], X),
    row("aten::index.Tensor", lambda x: x[t([0, 0, 0]), :, t([3, -1, 0])], X),
    row("aten::index.Tensor", lambda x: x[:, t([0, 3]), :, t([4, 1])], X4),
    row("aten::index.Tensor", lambda x: x[:, t(1), t([0, 2])], X),
    row("aten::index.Tensor", lambda x: x[:, t([0, 2])[:, None], :, t([4, 1, 1])], X4),
    # Computed in the network.
    row("aten::index.Tensor", lambda x, i: x[:, i], X, ANY),
    row("aten::index.Tensor", lambda x, i: x[:, i], X, NEGATIVE),
    row("aten::index.Tensor", lambda x, i: x[i], In((3, 4), batch=0), In((5,), i64, -1, 0, batch=None)),
    row("aten::index.Tensor", lambda x, i: x[:, i.int()], X, In((2, 2), i64, 0, 2, batch=None)),
    row("aten::index.Tensor", lambda x, i, j: x[:, i, j], X, NEGATIVE, NEGATIVE),
    row(
        "aten::index.Tensor",
        lambda x, i, j: x[i, :, j[:, None]],
        FIXED,
        In((4,), i64, -2, 1, batch=None),
        ANY,
    ),
    row("aten::index.Tensor", lambda x, i: x[torch.arange(x.shape[0])[:, None], i], X, In((2, 5), i64, 0, 2)),
    row("aten::index.Tensor", lambda x, i: x[:, t([1, 2, 0, 0]), i], X, ANY),
    row("aten::index.Tensor", lambda i: torch.arange(12.0).reshape(3, 4)[i], In((2, 3), i64, -3, 2)),
    # Masks.
    row("aten::index.Tensor", lambda x: x[:, MASK], X),
    row("aten::index.Tensor", lambda x: x[:, MASK, t([0, 3])], X, only="trace"),
    row("aten::index.Tensor", lambda x: x[:, torch.ones(3, 4, dtype=b8)], X),
    row("aten::index.Tensor", lambda x: x[x > 0], FIXED, static_only="data-dependent", no_engine=NO_NONZERO),
    row(
        "aten::index.Tensor",
        lambda x: x[x[:, :, 0] > 0],
        FIXED,
        static_only="data-dependent",
        no_engine=NO_NONZERO,
    ),
    row("aten::index.Tensor", lambda x: x[t(True)], X),
    row("aten::index.Tensor", lambda x: x.view(3, 8)[t([[[0]]])], FIXED, static_only="the batch is a number"),
    row(
        "aten::masked_select",
        lambda x: x.masked_select(x > 0),
        FIXED,
        static_only="data-dependent",
        no_engine=NO_NONZERO,
    ),
    row(
        "aten::masked_select",
        lambda x: x.masked_select(x[0, :1] > 0),
        FIXED,
        static_only="data-dependent",
        no_engine=NO_NONZERO,
    ),
    row("aten::nonzero", lambda x: torch.nonzero(x > 0), FIXED, static_only="data-dependent", no_engine=NO_NONZERO),
    row("aten::nonzero", torch.nonzero, FIXED, static_only="data-dependent", no_engine=NO_NONZERO),
    row(
        "aten::nonzero",
        torch.nonzero,
        In((6,), i64, 0, 1, batch=None),
        static_only="data-dependent",
        no_engine=NO_NONZERO,
    ),
    row(
        "aten::argwhere",
        lambda x: torch.argwhere(x > 0),
        FIXED,
        static_only="data-dependent",
        no_engine=NO_NONZERO,
    ),
    row(
        "aten::where", lambda x: torch.where(x > 0), FIXED, static_only="data-dependent", no_engine=NO_NONZERO
    ),
    row(
        "aten::nonzero_numpy",
        lambda x: torch.nonzero(x, as_tuple=True)[1],
        FIXED,
        static_only="data-dependent",
        no_engine=NO_NONZERO,
    ),
    # The single-purpose forms.
    row("aten::index_select", lambda x: x.index_select(1, t([2, 0])), X),
    row("aten::index_select", lambda x: x.index_select(-1, t([0, 1, 2])), X),
    row("aten::index_select", lambda x: x.index_select(1, t(1)), In(X, bf16)),
    row("aten::index_select", lambda x, i: x.index_select(2, i), X, ANY),
    row(
        "aten::index_select",
        lambda x, i: x.index_select(0, i),
        In((), batch=None),
        In((1,), i64, 0, 0, batch=None),
    ),
    row("aten::gather", lambda x, i: x.gather(1, i), X, In((2, 5, 4), i64, 0, 2)),
    row("aten::gather", lambda x, i: x.gather(-1, i), X, In((2, 2, 3), i64, 0, 3)),
    row("aten::gather", lambda x: x.gather(1, x[:, :1].argmax(1, keepdim=True)), X),
    row("aten::gather", lambda x, i: x.gather(0, i), In((), batch=None), In((), i64, 0, 0, batch=None)),
    row("aten::gather", lambda x, i: x.gather(2, i), In(X, b8), In((2, 3, 1), i64, 0, 3)),
    row("aten::take_along_dim", lambda x: torch.take_along_dim(x, x.argsort(1), 1), X, only="trace"),
    row(
        "aten::take_along_dim",
        lambda x, i: torch.take_along_dim(x, i, -1),
        X,
        In((1, 1, 2), i64, 0, 3, batch=None),
        only="trace",
    ),
    row(
        "aten::take_along_dim",
        lambda x, i: torch.take_along_dim(x, i),
        FIXED,
        In((3,), i64, 0, 23, batch=None),
    ),
    row("aten::take", lambda x: x.take(t([0, -1, 5])), FIXED, static_only="the index is of the whole tensor"),
    row("aten::take", lambda x, i: x.take(i), FIXED, In((3, 2), i64, -24, 23, batch=0)),
    row("aten::take", lambda x: x.take(t([0, 1])), X),
    row("aten::embedding", lambda: torch.nn.Embedding(10, 4), In((2, 3), i64, 0, 9), module=True),
    row(
        "aten::embedding",
        lambda: torch.nn.Embedding(10, 4, padding_idx=0),
        In((2, 3), i32, 0, 9),
        module=True,
    ),
    row("aten::embedding", lambda w: F.embedding(t([[1, 2], [0, 0]]), w), In((4, 5), batch=1)),
    row(
        "aten::embedding",
        lambda i, w: F.embedding(i, w, scale_grad_by_freq=True),
        In((), i64, 0, 3, batch=None),
        In((4, 5), f16, batch=1),
    ),
    row("aten::one_hot", lambda x: F.one_hot(x, 4), In((2, 3), i64, 0, 3)),
    row("aten::one_hot", lambda x: F.one_hot(x, 4).float(), In((), i64, 0, 3, batch=None)),
    row("aten::one_hot", lambda x: F.one_hot(x, 7), In((2,), i64, 0, 3)),
    row(
        "aten::one_hot",
        lambda x: F.one_hot(x),
        In((2, 3), i64, 0, 3),
        only="trace",
        refused="num_classes|depends on the data",
    ),
]
