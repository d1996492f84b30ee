import torch

from .table import In, row

X = (2, 3, 4)

ROWS = [
    row("aten::view", lambda x: x.view(x.size(0) * x.size(1), x.size(-1)), X),
    row("aten::view", lambda x: x.view(x.size(0), x.size(1) * 2, x.size(2) // 2), X),
    row("aten::reshape", lambda x: x.reshape(-1, x.shape[0]), X),
    row("aten::slice.Tensor", lambda x: x[:, : x.size(1) - 1], X),
    row("aten::slice.Tensor", lambda x: x[x.size(0) // 2 :], X),
    row("aten::mul.Tensor", lambda x: x * x.size(1), X),
    row("aten::div.Tensor", lambda x: x / x.shape[-1] ** 0.5, X),
    row("aten::add.Tensor", lambda x: x + x.size(0), X),
    row("aten::size.int", lambda x: x.reshape(x.size(0), 12), X, only="trace"),
    row("aten::size.int", lambda x: x[:, : x.size(0)] * x.size(-1), In((2, 9, 4)), only="trace"),
    row("aten::size.int", lambda x: x.sum() / x.size(0), X, only="trace"),
    row("aten::Int", lambda x: x.reshape(x.size(0) * 3, 4), X, only="trace"),
    row("aten::Int", lambda x: x[x.size(0) // 2 :], X, only="trace"),
    row("aten::Int", lambda x: x.expand(2, -1, x.size(1), 4), X, only="trace"),
    row("aten::scalar_tensor", lambda x: torch.scalar_tensor(x.shape[0] > 1, dtype=torch.bool) & (x > 0), X, only="export"),
    row("aten::scalar_tensor", lambda x: torch.scalar_tensor(x.shape[0] >= 5, dtype=torch.bool) & (x > 0), X, only="export"),
    row("aten::scalar_tensor", lambda x: torch.scalar_tensor(x.shape[0] < 5, dtype=torch.bool) & (x > 0), X, only="export"),
    row("aten::scalar_tensor", lambda x: torch.scalar_tensor(x.shape[0] <= 1, dtype=torch.bool) & (x > 0), X, only="export"),
    row("aten::scalar_tensor", lambda x: torch.scalar_tensor(x.shape[0] == 5, dtype=torch.bool) & (x > 0), X, only="export"),
    row("aten::scalar_tensor", lambda x: torch.scalar_tensor(x.shape[0] != 1, dtype=torch.bool) & (x > 0), X, only="export"),
]
