import torch
import torch.nn.functional as F

from .table import In, b8, f16, i64, row

i8, u8 = torch.int8, torch.uint8

X = (2, 3, 4)
INT = In(X, i64, -5, 5)

ROWS = [
    row("aten::add.Tensor", lambda x: x + 1, In(X, i8, -128, 127)),
    row("aten::add.Tensor", lambda x: x + 1, In(X, u8, 0, 255)),
    row("aten::mul.Tensor", lambda x, y: x * y, In(X, i8, -128, 127), In(X, i8, -128, 127)),
    row("aten::mul.Tensor", lambda x, y: x * y, In(X, u8, 0, 255), In(X, u8, 0, 255)),
    row("aten::sub.Tensor", lambda x: x - torch.tensor([1, 2, 3, 100], dtype=i8), In(X, i8, -128, 127)),
    row("aten::sub.Tensor", lambda x, y: x - y, In(X, u8, 0, 255), In(X, u8, 0, 255)),
    row("aten::add.Tensor", lambda x, y: x + y, In(X, u8, 0, 255), In(X, i64)),
    row("aten::gt.Scalar", lambda x: x > 0, In(X, i8, -128, 127)),
    row("aten::eq.Tensor", lambda x, y: x == y, In(X, u8, 0, 3), In(X, u8, 0, 3)),
    row("aten::abs", lambda x: x.abs(), In(X, i8, -128, 127)),
    row("aten::neg", lambda x: -x, In(X, u8, 0, 255)),
    row(
        "aten::where.self", lambda x: torch.where(x > 0, x, torch.tensor([5], dtype=i8)), In(X, i8, -128, 127)
    ),
    row("aten::cat", lambda x: torch.cat([x, torch.ones(1, 3, 4, dtype=i8)]), In(X, i8, -9, 9)),
    row("aten::cat", lambda x: torch.cat([x, x]), In(X, u8, 0, 9), refused="uint8"),
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
    row("aten::to.device", lambda x: torch.ops.aten.to.device(x, torch.device("cpu"), torch.float16), X),
    row(
        "aten::to.device",
        lambda x: torch.ops.aten.to.device(x, torch.device("cpu"), torch.int64),
        X,
        only="export",
    ),
    row(
        "aten::to.device",
        lambda x: torch.ops.aten.to.device(x, "cpu", torch.float32, False, True),
        In(X, i64),
        only="export",
    ),
    row("aten::to.dtype_layout", lambda x: torch.ops.aten.to.dtype_layout(x, dtype=torch.float16), X),
    row(
        "aten::to.dtype_layout",
        lambda x: torch.ops.aten.to.dtype_layout(x, dtype=torch.int64, layout=torch.strided, device="cpu")
        + 1,
        X,
    ),
    row(
        "aten::to.dtype_layout",
        lambda x: torch.ops.aten.to.dtype_layout(x, dtype=torch.float32, copy=True),
        In(X, b8),
    ),
    row("aten::to.other", lambda x, y: torch.ops.aten.to.other(x, y), X, In(X, f16)),
    row("aten::to.other", lambda x, y: torch.ops.aten.to.other(x, y) + 1, X, INT),
    row("aten::to.other", lambda x: torch.ops.aten.to.other(x, torch.zeros(1, dtype=torch.float16)), X),
    row("aten::type_as", lambda x, y: x.type_as(y), INT, X),
    row("aten::_to_copy", lambda x: torch.ops.aten._to_copy(x, dtype=torch.float16), X),
    row("aten::_to_copy", lambda x: torch.ops.aten._to_copy(x, dtype=torch.int32), X),
    row("aten::_to_copy", lambda x: torch.ops.aten._to_copy(x) + 1, X),
    row("aten::contiguous", lambda x: x.transpose(0, 1).contiguous() + 1, X),
    row("aten::contiguous", lambda x: x.contiguous(memory_format=torch.channels_last) * 2, (2, 3, 4, 5)),
    row("aten::clone", lambda x: x.clone(memory_format=torch.contiguous_format) * x, X),
    row("aten::clone", lambda x: x.clone() & x, In(X, b8)),
    row("aten::detach", lambda x: x.detach() + x, INT),
    row("aten::detach", lambda x: x.transpose(0, 1).detach() + 1, X),
    row("aten::detach_", lambda x: (x * 2).detach_() + 1, X, only="export"),
    row("aten::detach_", lambda x: (x + 2).detach_() * x, INT, only="export"),
    row("aten::detach_", lambda x: (x + 2).sum(-1).detach_(), X, only="export"),
    row("aten::alias", lambda x: torch.ops.aten.alias(x) + 1, X),
    row("aten::alias", lambda x: torch.ops.aten.alias(x * 2) * x, INT),
    row("aten::alias", lambda x: torch.ops.aten.alias(x[:, 0]).sum(-1), X),
    row("aten::lift_fresh_copy", lambda x: x + torch.tensor([1.0, 2, 3, 4]), X, only="export"),
    row("aten::lift_fresh_copy", lambda x: torch.ops.aten.lift_fresh_copy(x) * 2, X),
    row("aten::lift_fresh_copy", lambda x: torch.ops.aten.lift_fresh_copy(x) + 1, INT),
    row("aten::dropout", lambda x: F.dropout(x, 0.0, training=True) * 2, X),
    row("aten::dropout_", lambda x: F.dropout(x * 2, 0.5, training=False, inplace=True), X),
    row("aten::dropout_", lambda x: F.dropout(x + 2, 0.0, training=True, inplace=True) * 2, X),
    row("aten::dropout_", lambda x: F.dropout(x + 1, 0.5, training=True, inplace=True), X, refused="random"),
    row("aten::_assert_tensor_metadata", lambda x: x.to(torch.float16) + 1, X, only="export"),
    row("aten::_assert_tensor_metadata", lambda x: (x * 2).to(torch.int64), X, only="export"),
    row("aten::_assert_tensor_metadata", lambda x: x.float() * 2, INT, only="export"),
    row("aten::resolve_conj", lambda x: x.resolve_conj() + 1, X),
    row("aten::resolve_neg", lambda x: x.resolve_neg() + 1, X),
]
