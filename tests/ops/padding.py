import torch
import torch.nn.functional as F

from .table import In, b8, f16, i64, row

X = (2, 3, 4)
X4 = (2, 3, 6, 5)
X5 = (2, 2, 4, 3, 5)

ROWS = [
    row("aten::pad", lambda x: F.pad(x, (1, 2)), X),
    row("aten::pad", lambda x: F.pad(x, (1, 0, 2, 3), value=-1.5), X4),
    row("aten::pad", lambda x: F.pad(x, (-1, 2, 0, -1), value=3), X4),
    row("aten::pad", lambda x: F.pad(x, (-1, -2)), X4),
    row("aten::pad", lambda x: F.pad(x, (0, 0)) + 1, X4),
    row("aten::pad", lambda x: F.pad(x, (0, 0, 0, 0, 1, 1)), X),
    row("aten::pad", lambda x: F.pad(x, (1, 1), value=7), In(X, i64, -9, 9)),
    row("aten::pad", lambda x: F.pad(x, (1, 1), value=True), In(X, b8)),
    row("aten::pad", lambda x: F.pad(x, (1, 1), value=float("inf")), In(X, f16)),
    row("aten::pad", lambda x: F.pad(x, (2, 1), mode="reflect"), X),
    row("aten::pad", lambda x: F.pad(x, (2, 1, 3, 0), mode="reflect"), X4),
    row("aten::pad", lambda x: F.pad(x, (2, 1, 3, 0), mode="replicate"), X4),
    row("aten::pad", lambda x: F.pad(x, (1, 2, 0, 1, 2, 3), mode="replicate"), X5),
    row("aten::pad", lambda x: F.pad(x, (2, 1, 3, 0), mode="circular"), X4),
    row("aten::pad", lambda x: F.pad(x, (2, -1, -2, 1), mode="circular"), X4),
    row("aten::pad", lambda x: F.pad(x, (2, -1, 1, 1), mode="replicate"), X4),
    row("aten::pad", lambda x: F.pad(x, (0, x.shape[0])), X),
    row("aten::constant_pad_nd", lambda x: torch.constant_pad_nd(x, (1, 2), 0.5), X),
    row("aten::constant_pad_nd", lambda x: torch.constant_pad_nd(x, (1, 2, 0, -1)), X),
    row("aten::constant_pad_nd", lambda x: torch.constant_pad_nd(x, (1, 2, 0, 1), 2), In(X, i64, -9, 9)),
    row("aten::reflection_pad1d", lambda x: torch.ops.aten.reflection_pad1d(x, (2, 1)), X),
    row("aten::reflection_pad1d", lambda x: torch.ops.aten.reflection_pad1d(x, (0, 3)), (3, 4)),
    row("aten::reflection_pad1d", lambda x: torch.ops.aten.reflection_pad1d(x, (-1, 2)), X),
    row("aten::reflection_pad2d", lambda x: torch.ops.aten.reflection_pad2d(x, (2, 1, 0, 3)), X4),
    row("aten::reflection_pad2d", lambda x: torch.ops.aten.reflection_pad2d(x, (1, 1, 1, 1)), (2, 4, 4)),
    row("aten::reflection_pad2d", lambda x: torch.ops.aten.reflection_pad2d(x, (-1, 2, 1, -1)), In(X4, f16)),
    row("aten::reflection_pad3d", lambda x: torch.ops.aten.reflection_pad3d(x, (2, 1, 0, 2, 3, 1)), X5),
    row("aten::reflection_pad3d", lambda x: torch.ops.aten.reflection_pad3d(x, (1, 1, 1, 1, 1, 1)), X5),
    row(
        "aten::reflection_pad3d",
        lambda x: torch.ops.aten.reflection_pad3d(x, (0, 1, 0, 1, 0, 1)),
        (2, 4, 4, 4),
    ),
    row("aten::replication_pad1d", lambda x: torch.ops.aten.replication_pad1d(x, (5, 1)), X),
    row("aten::replication_pad1d", lambda x: torch.ops.aten.replication_pad1d(x, (0, 3)), (3, 4)),
    row("aten::replication_pad1d", lambda x: torch.ops.aten.replication_pad1d(x, (-1, 2)), X),
    row("aten::replication_pad2d", lambda x: torch.ops.aten.replication_pad2d(x, (2, 1, 0, 7)), X4),
    row("aten::replication_pad2d", lambda x: torch.ops.aten.replication_pad2d(x, (1, 1, 1, 1)), (2, 4, 4)),
    row(
        "aten::replication_pad2d", lambda x: torch.ops.aten.replication_pad2d(x, (-1, 2, 1, -1)), In(X4, f16)
    ),
    row("aten::replication_pad3d", lambda x: torch.ops.aten.replication_pad3d(x, (2, 1, 0, 2, 3, 1)), X5),
    row("aten::replication_pad3d", lambda x: torch.ops.aten.replication_pad3d(x, (1, 1, 1, 1, 1, 1)), X5),
    row(
        "aten::replication_pad3d",
        lambda x: torch.ops.aten.replication_pad3d(x, (0, 1, 0, 1, 0, 1)),
        (2, 4, 4, 4),
    ),
    row("aten::_pad_circular", lambda x: torch.ops.aten._pad_circular(x, (2, 1)), X),
    row("aten::_pad_circular", lambda x: torch.ops.aten._pad_circular(x, (2, 1, 6, 0)), X4),
    row("aten::_pad_circular", lambda x: torch.ops.aten._pad_circular(x, (-1, 2)), X),
]
