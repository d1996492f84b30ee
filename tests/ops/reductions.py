import torch

from .table import In, b8, f16, i32, i64, row

X = (2, 3, 4)
INT = In(X, i64, -3, 3)

ROWS = [
    row("aten::sum", torch.sum, X),
    row("aten::sum.dim_IntList", lambda x: x.sum(-1), X),
    row("aten::sum.dim_IntList", lambda x: x.sum((0, 2), keepdim=True), X),
    row("aten::sum.dim_IntList", lambda x: x.sum(1, dtype=torch.float16), X),
    row("aten::sum.dim_IntList", lambda x: x.sum(1), INT),
    row("aten::sum.dim_IntList", lambda x: x.sum(1), In(X, b8)),
    row("aten::sum.dim_IntList", lambda x: x.sum(1), In(X, i32, -3, 3)),
    row("aten::mean", torch.mean, X),
    row("aten::mean.dim", lambda x: x.mean((1, -1)), X),
    row("aten::mean.dim", lambda x: x.mean(1, keepdim=True), In(X, f16)),
    row("aten::mean.dim", lambda x: x.mean(1, dtype=torch.float32), INT),
    row("aten::prod", torch.prod, X),
    row("aten::prod.dim_int", lambda x: x.prod(1), X),
    row("aten::prod.dim_int", lambda x: x.prod(-1, keepdim=True), INT),
    row("aten::max", torch.max, X),
    row("aten::min", torch.min, INT),
    row("aten::amax", lambda x: torch.amax(x, (1, 2)), X),
    row("aten::amin", lambda x: torch.amin(x, -1, keepdim=True), X),
    row("aten::max.dim", lambda x: tuple(x.max(1)), X),
    row("aten::max.dim", lambda x: x.max(1)[1], X),
    row("aten::max.dim", lambda x: x.max(-1, keepdim=True)[0], INT),
    row("aten::min.dim", lambda x: tuple(x.min(2)), X),
    row("aten::min.dim", lambda x: x.min(0)[0], In(X, batch=1)),
    row("aten::argmax", lambda x: x.argmax(1), X),
    row("aten::argmax", torch.argmax, X),
    row("aten::argmin", lambda x: x.argmin(-1, keepdim=True), X),
    row("aten::topk", lambda x: tuple(x.topk(2)), X),
    row("aten::topk", lambda x: tuple(x.topk(2, 1, largest=False)), X),
    row("aten::topk", lambda x: x.topk(4000)[0], (2, 4001), refused="at most 3840"),
    row("aten::any.dim", lambda x: torch.any(x, 1), In(X, b8)),
    row("aten::any", torch.any, In(X, b8)),
    row("aten::all.dim", lambda x: torch.all(x, -1), In(X, b8)),
]
