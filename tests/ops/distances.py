import torch
import torch.nn.functional as F

from .table import In, f16, i64, row

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
    row("aten::l1_loss", F.l1_loss, X, X),
    row("aten::l1_loss", _difference(F.l1_loss, reduction="none"), X, X),
    row("aten::l1_loss", _difference(F.l1_loss, reduction="sum"), X, X),
    row("aten::mse_loss", F.mse_loss, X, X),
    row("aten::mse_loss", _difference(F.mse_loss, reduction="none"), X, X),
    row("aten::mse_loss", _difference(F.mse_loss, reduction="sum"), X, X),
    row("aten::smooth_l1_loss", F.smooth_l1_loss, X, X),
    row("aten::smooth_l1_loss", _difference(F.smooth_l1_loss, beta=0.3, reduction="none"), X, X),
    row(
        ("aten::smooth_l1_loss", "aten::smooth_l1_loss"),
        lambda x, y: torch.ops.aten.smooth_l1_loss(x, y, 2, 0.0),
        X,
        X,
    ),
    row("aten::huber_loss", F.huber_loss, X, X),
    row("aten::huber_loss", _difference(F.huber_loss, delta=0.3, reduction="none"), X, X),
    row("aten::huber_loss", _difference(F.huber_loss, delta=2.0, reduction="sum"), X, X),
    row(
        "aten::mse_loss",
        lambda x, y: torch.ops.aten.mse_loss(x, y),
        In(X, i64, -3, 3),
        In(X, i64, -3, 3),
        refused="loss of integers|not implemented|could not infer",
    ),
]
