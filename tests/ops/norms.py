import torch
from torch.nn import functional as F

from .table import In, f16, i64, row

X = (2, 3, 4)
ops = torch.ops.aten
INF = float("inf")

ROWS = [
    row("aten::linalg_vector_norm", torch.linalg.vector_norm, X),
    *[row("aten::linalg_vector_norm", lambda x, p=p: torch.linalg.vector_norm(x, p, dim=-1), X) for p in (0, 1, 2, 3, 1.5, INF, -INF, -1)],
    row("aten::linalg_vector_norm", lambda x: torch.linalg.vector_norm(x, dim=(0, 2), keepdim=True), X),
    row("aten::linalg_vector_norm", lambda x: torch.linalg.vector_norm(x, 0, dim=1), In(X, low=-1, high=1)),
    row("aten::linalg_vector_norm", lambda x: torch.linalg.vector_norm(torch.relu(x), 0, dim=1), X),
    row("aten::linalg_vector_norm", lambda x: torch.linalg.vector_norm(x, dim=1, dtype=torch.float32), In(X, f16)),
    row("aten::linalg_vector_norm", lambda x: torch.linalg.vector_norm(x * 100, dim=1), In(X, f16)),
    row("aten::linalg_vector_norm", lambda x: F.normalize(x, dim=1), X),
    row("aten::norm.Scalar", lambda x: ops.norm.Scalar(x, 3), X),
    row("aten::norm.Scalar", lambda x: ops.norm.Scalar(x), X),
    row("aten::norm.ScalarOpt_dim", lambda x: ops.norm.ScalarOpt_dim(x, None, [1], True), X),
    row("aten::norm.ScalarOpt_dim", lambda x: ops.norm.ScalarOpt_dim(x, 1, [-1, 0]), X),
    row("aten::norm.ScalarOpt_dim", lambda x: ops.norm.ScalarOpt_dim(x, INF, [2]), In(X, f16)),
    row("aten::norm.ScalarOpt_dim_dtype", lambda x: ops.norm.ScalarOpt_dim_dtype(x, 2, [1], False, dtype=torch.float32), In(X, f16)),
    row("aten::frobenius_norm.dim", lambda x: ops.frobenius_norm.dim(x, [1, 2]), X),
    row("aten::frobenius_norm.dim", lambda x: ops.frobenius_norm.dim(x, [-1], True), X),
    row("aten::frobenius_norm.dim", lambda x: ops.frobenius_norm.dim(x, [0, 1]), X),
    row("aten::linalg_norm", torch.linalg.norm, X),
    row("aten::linalg_norm", lambda x: torch.linalg.norm(x, dim=-1, keepdim=True), X),
    *[row("aten::linalg_norm", lambda x, p=p: torch.linalg.norm(x, p, dim=(1, 2)), X) for p in (1, -1, INF, -INF)],
    row("aten::linalg_norm", lambda x: torch.linalg.norm(x, 1, dim=(2, 0), keepdim=True), X),
    row("aten::linalg_norm", lambda x: torch.linalg.norm(x, 3, dim=1), X),
    row("aten::linalg_norm", lambda x: torch.linalg.norm(x, 2, dim=(1, 2)), X, refused="singular values"),
    row("aten::linalg_norm.ord_str", lambda x: torch.linalg.norm(x, "fro", dim=(1, 2)), X),
    row("aten::linalg_norm.ord_str", lambda x: torch.linalg.norm(x, "nuc", dim=(1, 2)), X, refused='"nuc" needs singular values'),
    row("aten::linalg_matrix_norm", lambda x: torch.linalg.matrix_norm(x, INF), X),
    row("aten::linalg_matrix_norm.str_ord", lambda x: torch.linalg.matrix_norm(x, keepdim=True), X),
    *[row("aten::cdist", lambda x, y, p=p: torch.cdist(x, y, p), X, (2, 5, 4)) for p in (2.0, 1.0, INF, 3.0)],
    row("aten::cdist", torch.cdist, X, In((5, 4), batch=None)),
    row("aten::_cdist_forward", lambda x, y: ops._cdist_forward(x, y, 2.0, None), X, (2, 5, 4)),
    row("aten::_cdist_forward", lambda x, y: ops._cdist_forward(x, y, 1.0, None), X, (2, 5, 4)),
    row("aten::_cdist_forward", lambda x, y: ops._cdist_forward(x, y, 2.0, 2), (3, 4), (5, 4)),
    row("aten::pdist", lambda x: torch.pdist(x[0]), X),
    row("aten::_pdist_forward", lambda x: ops._pdist_forward(x[0] * 2, 1.0), X),
    row("aten::_pdist_forward", lambda x: ops._pdist_forward(x, 2.0), In((4, 3), batch=1)),
    row("aten::linalg_vector_norm", lambda x: torch.linalg.vector_norm(x.float()), In(X, i64, -3, 3)),
    row("aten::_pdist_forward", lambda x: ops._pdist_forward(x, 3.0), In((4, 3), batch=1)),
]
