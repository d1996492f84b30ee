"""Matrix multiply and einsum."""

import torch

from .registry import Call, layer
from .types import widen


@layer("MATRIX_MULTIPLY", "IMatrixMultiplyLayer")
def matrix_multiply(call: Call):
    """Each operand is a stack of matrices, transposed matrices or vectors; leading dimensions broadcast."""
    a, b = call.x, call.need(1, "second operand")
    if a.dtype != b.dtype:
        raise call.error(f"operands of types {a.dtype} and {b.dtype}")
    op0, op1 = call.layer.op0.name, call.layer.op1.name
    left, right = _operand(call, a, op0, 0), _operand(call, b, op1, 1)
    if left.dim() != right.dim():
        raise call.error(f"operands of shapes {list(a.shape)} ({op0}) and {list(b.shape)} ({op1})")
    y = torch.matmul(left, right)
    if op1 == "VECTOR":
        y = y.squeeze(-1)
    if op0 == "VECTOR":
        y = y.squeeze(-1 if op1 == "VECTOR" else -2)
    return y.to(call.dtype())


def _operand(call: Call, x, op, side):
    x = widen(x)
    if op == "VECTOR":
        return x.unsqueeze(-2 if side == 0 else -1)
    if op == "TRANSPOSE":
        return x.transpose(-1, -2)
    if op == "NONE":
        return x
    raise call.unknown("matrix operation", call.layer.op0 if side == 0 else call.layer.op1)


@layer("EINSUM", "IEinsumLayer")
def einsum(call: Call):
    parts = [widen(call.need(i, "operand")) for i in range(len(call.inputs))]
    return torch.einsum(call.layer.equation, *parts).to(call.dtype())
