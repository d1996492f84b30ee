import torch

from .table import In, b8, bf16, f16, f64, i32, i64, row

X, Y = (2, 3, 4), (3, 1)
POS = In(X, low=0.1, high=3.0)
UNIT = In(X, low=-0.95, high=0.95)
INT, BOOL = In(X, i64, -7, 7), In(X, b8)
WEIGHT = torch.linspace(-1, 1, 12).reshape(3, 4)


def _each(names, spec, **options):
    return [row(f"aten::{name}", getattr(torch, name), spec, **options) for name in names]


ROWS = [
    row("aten::add.Tensor", torch.add, X, In(Y, batch=None)),
    row("aten::add.Tensor", lambda x, y: torch.add(x, y, alpha=2.5), X, X),
    row("aten::add.Tensor", lambda x: x + 1, X),
    row("aten::add.Tensor", lambda x: x + WEIGHT, X),
    row("aten::add.Tensor", lambda x, y: x + y, X, INT),
    row("aten::add.Tensor", lambda x, y: x + y, In(X, f16), X),
    row("aten::add.Tensor", lambda x, y: x + y, In(X, f16), In((), batch=None)),
    row("aten::add.Tensor", lambda x: x + 1.5, INT),
    row("aten::add.Tensor", lambda x, y: x + y, BOOL, BOOL),
    row("aten::add.Tensor", lambda x, y: x + y, In(X, f64), X),
    row("aten::add.Tensor", lambda x, y: x + y, In(X, i32, -5, 5), INT),
    row("aten::add_.Tensor", lambda x, y: (x * 2).add_(y, alpha=3), X, X),
    row("aten::sub.Tensor", torch.sub, X, In(Y, batch=None)),
    row("aten::sub.Tensor", lambda x, y: torch.sub(x, y, alpha=3), INT, INT),
    row("aten::sub.Tensor", lambda x: x - 2, In(X, bf16)),
    row("aten::rsub.Scalar", lambda x: 1 - x, X),
    row("aten::rsub.Scalar", lambda x: torch.rsub(x, 2.0, alpha=3), X),
    row("aten::mul.Tensor", torch.mul, X, In(Y, batch=None)),
    row("aten::mul.Tensor", lambda x: x * 3, INT),
    row("aten::mul.Tensor", lambda x, y: x * y, X, BOOL),
    row("aten::mul_.Tensor", lambda x: (x + 1).mul_(2.0), X),
    row("aten::div.Tensor", torch.div, X, POS),
    row("aten::div.Tensor", torch.div, INT, In(X, i64, 1, 5)),
    row("aten::div.Tensor", lambda x: x / 4, X),
    row("aten::reciprocal", lambda x: 1 / x, POS),
    row("aten::div.Tensor_mode", lambda x, y: torch.div(x, y, rounding_mode="floor"), X, POS),
    row("aten::div.Tensor_mode", lambda x, y: torch.div(x, y, rounding_mode="trunc"), X, POS),
    row("aten::div.Tensor_mode", lambda x, y: torch.div(x, y, rounding_mode="trunc"), INT, In(X, i64, 1, 5)),
    row("aten::div.Tensor_mode", lambda x, y: torch.div(x, y, rounding_mode="floor"), INT, In(X, i64, 1, 5)),
    row("aten::floor_divide", lambda x: x // 3, INT),
    row("aten::maximum", torch.maximum, X, In(Y, batch=None)),
    row("aten::max.other", torch.max, X, X),
    row("aten::max.other", torch.max, INT, INT),
    row("aten::min.other", torch.min, X, X),
    row("aten::minimum", torch.minimum, INT, X),
    row("aten::pow.Tensor_Scalar", lambda x: x**2, X),
    row("aten::pow.Tensor_Scalar", lambda x: x**2, INT),
    row("aten::pow.Tensor_Scalar", lambda x: x**0.5, POS),
    row("aten::pow.Tensor_Scalar", lambda x: x**-1.5, POS),
    row("aten::pow.Tensor_Tensor", torch.pow, POS, X),
    row("aten::pow.Scalar", lambda x: 2.0**x, X),
    row("aten::square", torch.square, X),
    row("aten::eq.Scalar", lambda x: x == 2, INT),
    row("aten::eq.Tensor", lambda x, y: x == y, BOOL, BOOL),
    row("aten::ne.Scalar", lambda x: x != 2, INT),
    row("aten::lt.Tensor", lambda x, y: x < y, X, INT),
    row("aten::le.Scalar", lambda x: x <= 2, INT),
    row("aten::gt.Scalar", lambda x: x > 0.5, X),
    row("aten::ge.Tensor", lambda x, y: x >= y, X, X),
    row("aten::logical_and", torch.logical_and, BOOL, X),
    row("aten::logical_or", torch.logical_or, BOOL, INT),
    row("aten::logical_xor", torch.logical_xor, BOOL, BOOL),
    row("aten::logical_not", torch.logical_not, INT),
    *_each(["exp", "sin", "cos", "tan", "sinh", "cosh", "atan", "asinh", "erf", "neg", "abs", "floor", "ceil", "round", "trunc", "sign"], X),
    *_each(["log", "sqrt", "rsqrt", "reciprocal"], POS),
    *_each(["asin", "acos", "atanh"], UNIT),
    *_each(["acosh"], In(X, low=1.1, high=4.0)),
    *_each(["exp", "sqrt", "reciprocal"], In(X, i64, 1, 5)),
    *_each(["neg", "abs", "sign", "floor", "trunc"], INT),
    *_each(["exp", "sqrt"], In(X, f16, 0.1, 2.0)),
    row("aten::clamp", lambda x: torch.clamp(x, -0.5, 1.0), X),
    row("aten::clamp", lambda x: torch.clamp(x, max=1), X),
    row("aten::clamp", lambda x: torch.clamp(x, -2, 3), INT),
    row("aten::clamp", lambda x: torch.clamp(x, -2.5, 3), INT),
    row("aten::clamp.Tensor", lambda x, y: torch.clamp(x, min=y), X, X),
    row("aten::clamp_min", lambda x: torch.clamp_min(x, 0.25), X),
    row("aten::clamp_max", lambda x: torch.clamp_max(x, 0.25), X),
    row("aten::where.self", torch.where, BOOL, X, In(Y, batch=None)),
    row("aten::where.self", torch.where, BOOL, X, INT),
    row("aten::masked_fill.Scalar", lambda x, m: x.masked_fill(m, -1e4), X, BOOL),
    row("aten::masked_fill.Scalar", lambda x, m: x.masked_fill(m, 3), INT, BOOL),
]
