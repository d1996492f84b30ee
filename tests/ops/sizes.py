import math

import torch

from .table import In, row

X = (2, 3, 4)


@torch.jit.script
def _scaled_by_comparisons(x: torch.Tensor) -> torch.Tensor:
    rows, columns = x.size(0), x.size(1)
    a, b, c = int(rows > columns), int(rows >= 5), int(rows < columns)
    d, e, f = int(rows <= 1), int(rows == columns), int(rows != 5)
    return x * a + b * 10 + c * 100 + d * 1000 + e * 10000 + f * 100000


@torch.jit.script
def _scaled_by_floats(x: torch.Tensor) -> torch.Tensor:
    rows = x.size(0)
    return x * (rows / 2) + rows * 0.25 + float(rows) + math.sqrt(rows) + 1.5 / float(rows)


@torch.jit.script
def _rounded_size(x: torch.Tensor) -> torch.Tensor:
    return x[:, : int(x.size(0) * 0.5) + 1]


ROWS = [
    row("aten::view", lambda x: x.view(x.size(0) * 2, -1), (2, 6)),
    row("aten::view", lambda x: x.view(-1, x.size(0) * 2), (2, 6)),
    row("aten::view", lambda x: x.view(x.size(0) * x.size(1), -1), X),
    row("aten::view", lambda x: x.view(3 * x.size(0), 2, -1), X),
    row("aten::gt.int", _scaled_by_comparisons, X, only="trace"),
    row("aten::gt.int", _scaled_by_comparisons, (1, 1, 2), only="trace"),
    row("aten::div.int", _scaled_by_floats, X, only="trace"),
    row("aten::Int.float", _rounded_size, (2, 9), only="trace"),
    row("aten::view", lambda x: x.view(x.size(0) * x.size(1), x.size(-1)), X),
    row("aten::view", lambda x: x.view(x.size(0), x.size(1) * 2, x.size(2) // 2), X),
    row("aten::reshape", lambda x: x.reshape(-1, x.shape[0]), X),
    row("aten::slice.Tensor", lambda x: x[:, : x.size(1) - 1], X),
    row("aten::slice.Tensor", lambda x: x[x.size(0) // 2 :], X),
    row("aten::slice.Tensor", lambda x: x[-x.size(0) // 2 :], X, only="trace"),
    row("aten::slice.Tensor", lambda x: x[: -(x.size(0) // 2)] * 2, X),
    row("aten::slice.Tensor", lambda x: x[-(x.size(0) + 3) : x.size(0) - 1], X, only="trace"),
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
