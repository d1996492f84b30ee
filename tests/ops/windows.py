import torch.nn.functional as F

from .table import In, f16, i64, row

X = (2, 3, 6)
X4 = (2, 3, 6, 5)

ROWS = [
    row("aten::im2col", lambda x: F.unfold(x, 2), X4),
    row("aten::im2col", lambda x: F.unfold(x, (3, 2), stride=(1, 2), padding=(1, 0), dilation=(2, 1)), X4),
    row("aten::im2col", lambda x: F.unfold(x, (2, 5), stride=2, padding=1), In(X4, f16)),
    row("aten::im2col", lambda x: F.unfold(x, 3, stride=3), (2, 2, 6, 6)),
    row(
        "aten::im2col", lambda x: F.unfold(x, 2), (3, 6, 5), static_only="the first dimension is the channels"
    ),
    row("aten::unfold", lambda x: x.unfold(2, 3, 1), X),
    row("aten::unfold", lambda x: x.unfold(1, 2, 1), X4),
    row("aten::unfold", lambda x: x.unfold(-1, 2, 2), In(X, i64, -9, 9)),
    row("aten::unfold", lambda x: x.unfold(0, 1, 1), X),
    row("aten::unfold", lambda x: x.unfold(-1, 6, 1), X),
    row("aten::col2im", lambda x: F.fold(x, (4, 5), 2), (2, 12, 12)),
    row("aten::col2im", lambda x: F.fold(x, (6, 5), (3, 2), stride=(1, 2), padding=(1, 0), dilation=(2, 1)), (2, 18, 8)),
    row("aten::col2im", lambda x: F.fold(x, (6, 6), 3, stride=3), (2, 18, 4)),
    row("aten::col2im", lambda x: F.fold(x, (8, 7), 3, stride=3), (2, 18, 4)),
    row("aten::col2im", lambda x: F.fold(x, (7, 8), (2, 3), stride=3, padding=1), In((2, 6, 9), f16)),
    row("aten::col2im", lambda x: F.fold(x, (5, 4), 3, dilation=(2, 1), stride=2, padding=(2, 1)), (3, 9, 6)),
    row("aten::col2im", lambda x: F.fold(x, (4, 4), 1, stride=2), (2, 3, 4)),
    row("aten::col2im", lambda x: F.fold(F.unfold(x, 3, padding=1), (6, 5), 3, padding=1), X4),
    row("aten::col2im", lambda x: F.fold(x, (3, 3), 2), (8, 4), static_only="the first dimension is the channels"),
]
