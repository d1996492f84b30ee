import torch

from .table import In, b8, f16, f64, i32, i64, row

X = (2, 3, 4)
SCALAR = In((), batch=None)

ROWS = [
    row("aten::cat", lambda x, y: torch.cat([x, y], 1), X, (2, 5, 4)),
    row("aten::cat", lambda x: torch.cat([x, x, x * 2], -1), X),
    row("aten::cat", lambda x: torch.cat([x, torch.ones(2, 1, 4)], 1), X, static_only="the constant has a batch"),
    row("aten::cat", lambda x, y: torch.cat([x, y], 1), In(X, i64, -3, 3), In(X, i64, -3, 3)),
    row("aten::cat", lambda x, y: torch.cat([x, y], 1), X, In(X, i64, -3, 3)),
    row("aten::cat", lambda x, y: torch.cat([x, y], 2), In(X, i32, -3, 3), In(X, f16)),
    row("aten::cat", lambda x, y: torch.cat([x, y]), In(X, b8), In(X, i32, -3, 3)),
    row("aten::cat", lambda x, y: torch.cat([x, y], 1), In(X, f16), In(X, f64)),
    row("aten::cat", lambda x: torch.cat([torch.ones(0), x], 1), In(X, f16)),
    row("aten::cat", lambda x: torch.cat([x, torch.ones(1, 3, 4, dtype=i64)]), In(X, f16)),
    row("aten::stack", lambda x, y: torch.stack([x, y], 1), X, X),
    row("aten::stack", lambda x: torch.stack([x, x], -1), In(X, b8)),
    row("aten::stack", lambda x, y: torch.stack([x, y], -1), X, X),
    row("aten::stack", lambda x, y: torch.stack([x, y]), In(X, i64, -3, 3), In(X, f16)),
    row("aten::vstack", lambda x, y: torch.vstack([x, y]), X, In(X, batch=0)),
    row("aten::vstack", lambda x: torch.vstack([x[0, 0], x[0, 1], torch.ones(4, dtype=i64)]), X),
    row("aten::vstack", lambda x, y: torch.vstack([x, y]), SCALAR, SCALAR),
    row(("aten::row_stack", "aten::vstack"), lambda x: torch.row_stack([x, x * 2]), (2, 3)),
    row("aten::hstack", lambda x, y: torch.hstack([x, y]), X, (2, 5, 4)),
    row("aten::hstack", lambda x, y: torch.hstack([x, y]), (3,), In((2,), i64, -3, 3)),
    row("aten::hstack", lambda x, y: torch.hstack([x, y[0]]), SCALAR, (3,)),
    row("aten::dstack", lambda x, y: torch.dstack([x, y]), X, X),
    row("aten::dstack", lambda x, y: torch.dstack([x, y]), (3, 2), In((3, 2), i32, -3, 3)),
    row("aten::dstack", lambda x: torch.dstack([x, x * 2]), (3,)),
    row("aten::column_stack", lambda x, y: torch.column_stack([x, y]), (3,), (3, 2)),
    row("aten::column_stack", lambda x, y: torch.column_stack([x, y]), SCALAR, SCALAR),
    row("aten::column_stack", lambda x, y: torch.column_stack([x, y]), X, In(X, i64, -3, 3)),
    row("aten::atleast_1d", torch.atleast_1d, In((), batch=None)),
    row("aten::atleast_1d", torch.atleast_1d, (3,)),
    row("aten::atleast_1d", torch.atleast_1d, In(X, i64, -3, 3)),
    row("aten::atleast_2d", lambda x: torch.atleast_2d(x) + 1, (3,)),
    row("aten::atleast_2d", torch.atleast_2d, SCALAR),
    row("aten::atleast_2d", lambda x: torch.atleast_2d(x) * 2, X),
    row("aten::atleast_3d", torch.atleast_3d, (3,)),
    row("aten::atleast_3d", torch.atleast_3d, (3, 2)),
    row("aten::atleast_3d", lambda x: torch.atleast_3d(x) + 1, X),
    row("aten::atleast_2d.Sequence", lambda x, y: torch.atleast_2d((x, y * 2)), In((), batch=None), (2, 3)),
    row("aten::broadcast_tensors", lambda x, y: torch.broadcast_tensors(x, y), (2, 1, 4), (3, 1)),
    row("aten::broadcast_tensors", lambda x, y: torch.broadcast_tensors(x, y * 2), X, SCALAR),
    row("aten::broadcast_tensors", lambda x: torch.broadcast_tensors(x, torch.ones(3, 1, dtype=i64)), In((2, 1, 4), f16)),
]
