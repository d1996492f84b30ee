import torch
import torch.nn.functional as F

from .table import In, b8, f16, i64, row

X = (2, 3, 4)

ROWS = [
    row("aten::to.dtype", lambda x: x.to(torch.float16), X),
    row("aten::to.dtype", lambda x: x.to(torch.int64), X),
    row("aten::to.dtype", lambda x: x.to(torch.float32), In(X, i64, -5, 5)),
    row("aten::to.dtype", lambda x: x.bool(), In(X, i64, -1, 1)),
    row("aten::to.dtype", lambda x: x.int() + 1, In(X, b8)),
    row("aten::to.device", lambda x, y: x.to(y), X, In(X, f16)),
    row("aten::type_as", lambda x, y: x.type_as(y), X, In(X, f16)),
    row("aten::contiguous", lambda x: x.transpose(1, 2).contiguous(), X),
    row("aten::clone", lambda x: x.clone() + 1, X),
    row("aten::detach", lambda x: x.detach() * 2, X),
    row("aten::dropout", lambda x: F.dropout(x, 0.5, training=False) + 1, X),
    row("aten::dropout", lambda x: F.dropout(x, 0.5, training=True), X, refused="random"),
]
