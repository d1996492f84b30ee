import torch

from .table import In, b8, f16, i32, i64, row

X = (2, 3, 4)

ROWS = [
    row("aten::sort", lambda x: tuple(x.sort()), X),
    row("aten::sort", lambda x: tuple(x.sort(1, descending=True)), X),
    row("aten::sort", lambda x: x.sort(-2)[0], In(X, i64, -9, 9)),
    row("aten::sort", lambda x: x.sort(1)[1], X),
    row("aten::sort", lambda x: x.sort(-1)[0], In(X, b8)),
    row("aten::sort", lambda x: tuple(x.sort()), In((5,), batch=None)),
    row("aten::sort", lambda x: x.sort()[0] + 1, In((), batch=None)),
    row("aten::sort", lambda x: x.sort()[0], (2, 4000), refused="at most 3840"),
    row("aten::sort.stable", lambda x: tuple(x.sort(stable=True, dim=1)), In(X, i32, -1, 1)),
    row(
        "aten::sort.stable", lambda x: tuple(x.sort(stable=True, dim=-1, descending=True)), In(X, i64, -1, 1)
    ),
    row("aten::sort.stable", lambda x: x.sort(stable=True, dim=1)[0], In(X, f16)),
    row("aten::argsort", lambda x: x.argsort(), X),
    row("aten::argsort", lambda x: x.argsort(1, True), X),
    row("aten::argsort", lambda x: x.argsort(-2), In((2, 5, 1))),
    row("aten::argsort.stable", lambda x: x.argsort(dim=1, stable=True), In(X, i64, -1, 1)),
    row("aten::msort", torch.msort, In(X, batch=1)),
    row("aten::msort", torch.msort, In((6,), batch=None)),
    row("aten::msort", torch.msort, In((4, 3), i64, -9, 9, batch=1)),
    row("aten::kthvalue", lambda x: tuple(x.kthvalue(2)), X),
    row("aten::kthvalue", lambda x: tuple(x.kthvalue(3, 1, keepdim=True)), X),
    row("aten::kthvalue", lambda x: x.kthvalue(1, -2)[0], In(X, i64, -9, 9)),
    row("aten::median", torch.median, (5,), static_only="sorts the batch"),
    row("aten::median", torch.median, In((2, 3, 4), batch=None)),
    row("aten::median", torch.median, In((), batch=None)),
    row("aten::median.dim", lambda x: x.median(1), (2, 5, 3)),
    row("aten::median.dim", lambda x: x.median(-1, keepdim=True)[0], In((2, 3, 4), i64, -30, 30)),
    row("aten::median.dim", lambda x: x.median(2)[1], (2, 3, 6)),
    row("aten::bucketize.Tensor", lambda x: torch.bucketize(x, torch.tensor([-1.0, 0.0, 0.5])), (2, 3, 4)),
    row("aten::bucketize.Tensor", lambda x: torch.bucketize(x, torch.tensor([-2, 0, 3]), right=True, out_int32=True), In((2, 7), i64, -4, 4)),
    row("aten::bucketize.Tensor", lambda x: torch.bucketize(x / 0.0, torch.tensor([-1.0, 1.0])), In((2, 5), i64, -1, 1)),
    row("aten::bucketize.Tensor", lambda x, b: torch.bucketize(x, b.sort().values), (2, 3), In((4,), batch=None)),
    row("aten::searchsorted.Tensor", lambda x: torch.searchsorted(torch.tensor([-1.0, 0.0, 0.5]), x), (2, 3)),
    row("aten::searchsorted.Tensor", lambda s, x: torch.searchsorted(s.sort(-1).values, x, side="right"), (2, 5), (2, 3)),
    row("aten::searchsorted.Tensor", lambda x: torch.searchsorted(torch.tensor([-2, 0, 0, 2]), x, right=True), In((2, 7), i64, -3, 3)),
    row(
        "aten::searchsorted.Tensor",
        lambda x: torch.searchsorted(torch.tensor([3.0, 1.0]), x, sorter=torch.tensor([1, 0])),
        (2, 3),
        refused='argument "sorter"',
    ),
]
