import torch
import torch.nn.functional as F

from .table import In, f16, row

X = (2, 3, 4)
t = torch.tensor


def _difference(loss, **options):
    return lambda x, y: loss(x, y, **options)


ROWS = [
    row("aten::cosine_similarity", F.cosine_similarity, X, X),
    row("aten::cosine_similarity", _difference(F.cosine_similarity, dim=-1, eps=0.5), X, In(X, low=-0.2, high=0.2)),
    row("aten::cosine_similarity", _difference(F.cosine_similarity, dim=0), X, In((3, 4), batch=None)),
    row("aten::cosine_similarity", lambda x: F.cosine_similarity(x, x * 0, -1) + 1, X),
    row("aten::cosine_similarity", F.cosine_similarity, In(X, f16), In(X, f16)),
    row("aten::pairwise_distance", F.pairwise_distance, X, X),
    row("aten::pairwise_distance", _difference(F.pairwise_distance, p=1.0, keepdim=True), X, X),
    row("aten::pairwise_distance", _difference(F.pairwise_distance, p=3.0, eps=0.1), X, In((4,), batch=None)),
    row("aten::dist", torch.dist, X, X),
    row("aten::dist", _difference(torch.dist, p=1), X, In((3, 1), batch=None)),
    row("aten::dist", _difference(torch.dist, p=float("inf")), X, X),
]
