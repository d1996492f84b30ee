import torch
from torch import nn

from .table import In, f16, i64, row

A, B = (2, 3, 4), (2, 4, 5)

ROWS = [
    row("aten::linear", lambda: nn.Linear(4, 5), (2, 4), module=True),
    row("aten::linear", lambda: nn.Linear(4, 5, bias=False), A, module=True),
    row("aten::linear", lambda: nn.Linear(4, 5), In((4,), batch=None), module=True, static_only="no batch dimension"),
    row("aten::linear", lambda: nn.Linear(4, 5).half(), In(A, f16), module=True),
    row("aten::linear", torch.nn.functional.linear, A, In((5, 4), batch=None), In((5,), batch=None)),
    row("aten::matmul", torch.matmul, A, B),
    row("aten::matmul", torch.matmul, (2, 6, 3, 4), In((4, 5), batch=None)),
    row("aten::matmul", torch.matmul, A, In((4,), batch=None)),
    row("aten::matmul", torch.matmul, In((4,), batch=None), B),
    row("aten::matmul", torch.matmul, In((4,), batch=None), In((4,), batch=None), static_only="no batch dimension"),
    row("aten::matmul", lambda x: x @ torch.linspace(-1, 1, 20).reshape(4, 5), A),
    row("aten::matmul", lambda x: x @ x, In((2, 3, 3), i64), refused="floating-point"),
    row("aten::mm", torch.mm, (2, 4), In((4, 5), batch=None)),
    row("aten::bmm", torch.bmm, A, B),
    row("aten::mv", torch.mv, (2, 4), In((4,), batch=None)),
    row("aten::addmm", torch.addmm, In((5,), batch=None), (2, 4), In((4, 5), batch=None)),
    row("aten::addmm", lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), In((5,), batch=None), (2, 4), In((4, 5), batch=None)),
    row("aten::addmm", lambda a, b: torch.addmm(torch.full((5,), float("nan")), a, b, beta=0), (2, 4), In((4, 5), batch=None)),
    row("aten::baddbmm", lambda c, a, b: torch.baddbmm(c, a, b, beta=2, alpha=0.5), (2, 3, 5), A, B),
    row("aten::mm", lambda x: torch.mm(x, torch.linspace(-1, 1, 12).reshape(4, 3)), (2, 4)),
    row("aten::mm", torch.mm, In((2, 4), f16), In((4, 3), f16, batch=None)),
    row("aten::bmm", lambda x, y: torch.bmm(x, y.transpose(1, 2)), A, (2, 5, 4)),
    row("aten::bmm", torch.bmm, In(A, f16), In(B, f16)),
    row("aten::baddbmm", lambda x, y, z: torch.baddbmm(z, x, y, beta=0.5, alpha=2), A, B, (2, 3, 5)),
    row("aten::baddbmm", lambda x, y, z: torch.baddbmm(z * float("nan"), x, y, beta=0), A, B, (2, 3, 5)),
    row("aten::addbmm", torch.addbmm, In((3, 5), batch=None), (2, 3, 4), (2, 4, 5)),
    row("aten::addbmm", lambda b, x, y: torch.addbmm(b, x, y, beta=0, alpha=2), In((3, 5), batch=None), (2, 3, 4), (2, 4, 5)),
    row("aten::addbmm", lambda x, y: torch.addbmm(torch.ones(5), x, y, beta=0.5), (2, 3, 4), (2, 4, 5)),
    row("aten::addr", torch.addr, In((3, 4), batch=None), In((3,), batch=None), In((4,), batch=None)),
    row("aten::addr", lambda x, y: torch.addr(torch.ones(4), x, y, beta=0.5, alpha=-2), (3,), In((4,), batch=None)),
    row("aten::addr", lambda x, y: torch.addr(torch.ones(4), x, y, beta=0), (3,), In((4,), f16, batch=None)),
]
