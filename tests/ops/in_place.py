"""Writes in the program: the pass functionalize makes them the operators of scatter and creation."""

import torch
import torch.nn.functional as F

from .table import In, b8, f16, i64, row

X = (2, 3, 4)
t = torch.tensor


def _add_to_column(x):
    x = x.clone()
    x[:, 1] += 1
    return x


def _zeros_then_column(x):
    y = torch.zeros(x.shape[0], 3, 4)
    y[:, 0] = x[:, 1]
    y[:, 2, 1:3] = 5
    return y


def _swap_halves(x):
    y = x.clone()
    y[..., :2], y[..., 2:] = x[..., 2:], x[..., :2]
    return y


def _view_of_view(x):
    y = x * 2
    y.view(x.shape[0], 12)[:, 3:6].mul_(10)
    return y, y.sum(1)


def _masked(x):
    y = x.clone()
    y[y < 0] = 0
    return y


def _indexed(x):
    y = x.clone()
    y[:, t([0, 2])] = y[:, t([2, 0])]
    return y


def _strided(x):
    y = x.clone()
    y[..., ::2] = -y[..., 1::2]
    return y


def _first_row(x):
    y = x.clone()
    y[0] = 7
    return y


def _last_rows(x):
    y = x.clone()
    y[1:] *= 2
    return y


def _transposed(x):
    y = x.clone()
    y.transpose(1, 2)[:, 0] = 3
    return y


def _window_mask(x):
    mask = x.new_zeros((6, 6))
    count = 0
    for rows in (slice(0, -2), slice(-2, None)):
        for columns in (slice(0, -2), slice(-2, None)):
            mask[rows, columns] = count
            count += 1
    return x + mask


def _narrowed(x):
    y = x.clone()
    y.narrow(1, 1, 2).copy_(x[:, :1])
    return y


def _diagonal(x):
    y = x.clone()
    y.diagonal(0, 1, 2).fill_(9)
    return y


def _accumulated(x):
    y = torch.zeros(x.shape[0], 3, 4)
    y.index_add_(1, t([0, 0, 2]), x)
    return y


def _scattered(x, i):
    y = torch.zeros_like(x)
    y.scatter_(1, i, 1.0)
    return y


def _input(x):
    x[:, 0] = 1
    return x * 2


def _cast(x):
    y = torch.zeros(x.shape[0], 4, dtype=i64)
    y[:] = x[:, 0] * 3
    return y


def _split(x):
    y = x.clone()
    a, b = y.split(2, 2)
    a.add_(b)
    b.zero_()
    return y


class _Buffer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, x):
        self.seen += 1
        return x + self.seen


def _chunk(x):
    y = x.clone()
    a, b = y.chunk(2, 2)
    a.add_(1)
    b.mul_(a)
    return y


def _chunk_of_batch(x):
    y = x.clone()
    a = y.chunk(2, 0)[0]
    a.add_(1)
    return y


class _Weight(torch.nn.Module):
    def __init__(self, copy):
        super().__init__()
        self.copy = copy
        self.weight = torch.nn.Parameter(torch.arange(12.0).reshape(3, 4), requires_grad=False)

    def forward(self, x):
        copied = self.copy(self.weight)
        copied[0] = 0
        return x * copied.sum() + self.weight.sum()


def _transposed_weight():
    return _Weight(lambda w: w.t().contiguous())


def _cut_weight():
    return _Weight(lambda w: w[:, 1:].reshape(-1))


def _perhaps_weight():
    return _Weight(lambda w: w.unfold(0, 3, 3).contiguous())


def _cast_copy(x):
    y = (x * 2).to(i64)
    y[:, 0] = 1
    return y + x


def _cast_to_itself(x):
    y = (x * 2).relu()
    z = y.to(x.dtype)
    z[:, 0] = 1
    return y, z


def _resized(x):
    y = x.clone()
    y.resize_(2, 3, 2)
    return y + x[:2, :, :2]


def _resized_view(x):
    y = x.clone().select(1, 0)
    return y.resize_(2, 2) + x[0, 0, 0]


def _resized_empty(x):
    y = torch.empty(0)
    y.resize_(x.shape[0], 3, 4).copy_(x)
    return y


ROWS = [
    row("aten::add_.Tensor", _add_to_column, X),
    row("aten::copy_", _zeros_then_column, X),
    row("aten::copy_", _swap_halves, X),
    row("aten::mul_.Tensor", _view_of_view, X),
    row("aten::index_put_", _masked, X),
    row("aten::index_put_", _indexed, X),
    row("aten::copy_", _strided, X),
    row("aten::fill_.Tensor", _first_row, X),
    row("aten::mul_.Tensor", _last_rows, In((4, 3))),
    row("aten::fill_.Tensor", _transposed, X),
    row("aten::fill_.Tensor", _window_mask, (2, 6, 6), only="export"),
    row("aten::copy_", _narrowed, X),
    row("aten::fill_.Scalar", _diagonal, X),
    row("aten::index_add_", _accumulated, X),
    row("aten::scatter_.value", _scattered, X, In((2, 1, 4), i64, 0, 2)),
    row("aten::copy_", _cast, X),
    row("aten::zero_", _split, X),
    row("aten::pow_.Scalar", lambda x: (x * 1).pow_(2), X),
    row("aten::pow_.Scalar", lambda x: (x * 1).pow_(0.5), In(X, low=0.1)),
    row("aten::pow_.Scalar", lambda x: (x * 1).pow_(2), In(X, i64, -3, 3)),
    row("aten::pow_.Tensor", lambda x: (x * 1).pow_(t([2.0, 0.5, -1.0, 3.0])), In(X, low=0.1)),
    row("aten::float_power_.Scalar", lambda x: x.double().float_power_(2), X),
    row("aten::float_power_.Tensor", lambda x: x.double().float_power_(t([2.0])), In(X, low=0.1)),
    row("aten::remainder_.Scalar", lambda x: (x * 1).remainder_(-0.75), X),
    row("aten::remainder_.Tensor", lambda x: (x * 1).remainder_(t([1.0, -1.0, 0.5, 3.0])), X),
    row("aten::fmod_.Scalar", lambda x: (x * 1).fmod_(-0.75), X),
    row("aten::atan2_", lambda x, y: (x * 1).atan2_(y), X, X),
    row("aten::copysign_.Scalar", lambda x: (x * 1).copysign_(-3), X),
    row("aten::copysign_.Tensor", lambda x: (x * 1).copysign_(t([1.0])), X),
    row("aten::polygamma_", lambda x: (x + 3).polygamma_(1), X, refused="no handler"),
    row("aten::relu_", lambda x: F.relu_(x + 1), X),
    row("aten::masked_fill_.Scalar", lambda x: x.clone().masked_fill_(x > 0, 2), X),
    row("aten::clamp_", lambda x: (x * 1).clamp_(-1, 1), In(X, f16)),
    row("aten::logical_not_", lambda x: x.clone().logical_not_(), In(X, b8)),
    row("aten::add_.Tensor", _Buffer, X, module=True, refused="seen"),
    row("aten::zero_", lambda x: (x * 2).zero_() + x, X),
    row("aten::zero_", lambda x: (x + 1).zero_(), In(X, i64, -3, 3)),
    # torch.jit.trace itself makes constants of these.
    *[row("aten::resize_", fn, In(X, batch=None), static_only="resize_ fixes the size", only="export", refused="aten::resize_ cannot be made functional") for fn in (_resized, _resized_view, _resized_empty)],
    row("aten::add_.Tensor", _chunk, X),
    row("aten::add_.Tensor", _chunk_of_batch, In((4, 3)), static_only="a batch of 1 makes one chunk"),
    row("aten::fill_.Tensor", _transposed_weight, X, module=True),
    row("aten::copy_", _cut_weight, X, module=True),
    row("aten::fill_.Tensor", _perhaps_weight, X, module=True, static_only="as the static case", refused="whether that is the memory of parameter .weight. or a copy"),
    row("aten::fill_.Tensor", _cast_copy, X),
    row("aten::fill_.Tensor", _cast_to_itself, X),
]
