import torch
import torch.nn.functional as F

from .table import In, bf16, f16, i64, row

X = (2, 3, 4)
P = In(X, low=0.01, high=0.99)
ops = torch.ops.aten


def _difference(loss, **options):
    return lambda x, y: loss(x, y, **options)


def _weighted(loss, weight, **options):
    """The weight is a parameter of the program, not a tensor of the network."""
    return lambda x, y: loss(x, y, torch.tensor(weight), **options)


C = (3, 5)
T = In((3,), i64, 0, 4)
C2, T2 = (2, 5, 3, 4), In((2, 3, 4), i64, 0, 4)
W = [0.5, 1.0, 2.0, 0.0, 3.0]
SIGN = In((3,), i64, 0, 1)


def _signs(loss, **options):
    """Targets are 1 or -1."""
    return lambda *x: loss(*x[:-1], (x[-1] * 2 - 1).float(), **options)


def _forward(name, *arguments):
    return lambda x, y: getattr(ops, name)(x, y, *arguments)


ROWS = [
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
    row("aten::nll_loss_nd", F.nll_loss, C, T),
    row("aten::nll_loss_nd", _difference(F.nll_loss, ignore_index=2, reduction="none"), C, T),
    row("aten::nll_loss_nd", _weighted(F.nll_loss, W, ignore_index=1), (6, 5), In((6,), i64, 0, 4)),
    row("aten::nll_loss_nd", _weighted(F.nll_loss, W, reduction="sum"), C2, T2),
    row("aten::nll_loss_nd", lambda x, w: F.nll_loss(x, torch.tensor([4, -100, 1]), w), In(C, batch=None), In((5,), low=0.1, batch=None)),
    row("aten::nll_loss_nd", F.nll_loss, In((5,), batch=None), In((), i64, 0, 4, batch=None)),
    row("aten::nll_loss_nd", _difference(F.nll_loss, ignore_index=7), (2, 5, 2, 1, 3), In((2, 2, 1, 3), i64, 0, 4)),
    row("aten::nll_loss_nd", lambda x, t: F.nll_loss(x, t * 0 - 100), C, T),  # all ignored: NaN
    row("aten::nll_loss_nd", lambda x, t: F.nll_loss(x / 0.0, t, torch.tensor(W), reduction="none"), C, T),
    row("aten::nll_loss_nd", F.nll_loss, In(C, f16), T),
    row("aten::nll_loss", _forward("nll_loss", None, 1, -100), C, T),
    row("aten::nll_loss", _forward("nll_loss", torch.tensor(W), 2, 3), C, T),
    row("aten::nll_loss", _forward("nll_loss", None, 0, 0), In((4, 5), bf16), In((4,), i64, 0, 4)),
    row("aten::nll_loss2d", _forward("nll_loss2d", None, 1, -100), C2, T2),
    row("aten::nll_loss2d", _forward("nll_loss2d", torch.tensor(W), 0, 1), C2, T2),
    row("aten::nll_loss2d", _forward("nll_loss2d", torch.tensor(W), 1, 4), C2, T2),
    row("aten::nll_loss_forward", _forward("nll_loss_forward", torch.tensor(W), 1, 1), C, T),
    row("aten::nll_loss_forward", _forward("nll_loss_forward", None, 2, -100), C, T),
    row("aten::nll_loss_forward", _forward("nll_loss_forward", None, 0, -100), C, T),
    row("aten::nll_loss2d_forward", _forward("nll_loss2d_forward", torch.tensor(W), 1, 1), C2, T2),
    row("aten::nll_loss2d_forward", _forward("nll_loss2d_forward", None, 0, 2), C2, T2),
    row("aten::nll_loss2d_forward", lambda x, t: ops.nll_loss2d_forward(x, t, None, 2, 2)[0], C2, T2),
    row("aten::cross_entropy_loss", F.cross_entropy, C, T),
    row("aten::cross_entropy_loss", _weighted(F.cross_entropy, W, ignore_index=0), (6, 5), In((6,), i64, 0, 4)),
    row("aten::cross_entropy_loss", _difference(F.cross_entropy, label_smoothing=0.2, ignore_index=3), (6, 5), In((6,), i64, 0, 4)),
    row("aten::cross_entropy_loss", _weighted(F.cross_entropy, W, label_smoothing=0.1, ignore_index=2), C2, T2),
    row("aten::cross_entropy_loss", _weighted(F.cross_entropy, W, label_smoothing=0.1, reduction="sum"), C, T),
    row("aten::cross_entropy_loss", _difference(F.cross_entropy, label_smoothing=0.3, reduction="none", ignore_index=1), C2, T2),
    row("aten::cross_entropy_loss", F.cross_entropy, In((5,), batch=None), In((), i64, 0, 4, batch=None)),
    row("aten::cross_entropy_loss", lambda x, t: F.cross_entropy(x * 300, t), C, T),
    row("aten::cross_entropy_loss", lambda x, t: F.cross_entropy(x, t.softmax(1)), C, C),
    row("aten::cross_entropy_loss", _weighted(F.cross_entropy, W, label_smoothing=0.2), C2, In(C2, low=0, high=1)),
    row("aten::cross_entropy_loss", _weighted(F.cross_entropy, W, reduction="none"), C2, In(C2, low=0, high=1)),
    row("aten::cross_entropy_loss", _difference(F.cross_entropy, reduction="sum"), In((5,), batch=None), In((5,), batch=None)),
    row("aten::cross_entropy_loss", F.cross_entropy, In(C, f16), T),
    row("aten::binary_cross_entropy", F.binary_cross_entropy, P, P),
    row("aten::binary_cross_entropy", _difference(F.binary_cross_entropy, reduction="none"), In(X, low=0, high=1e-3), P),
    row("aten::binary_cross_entropy", lambda x, y: F.binary_cross_entropy((x > 0).float(), y, reduction="sum"), X, P),
    row("aten::binary_cross_entropy", lambda x, y, w: F.binary_cross_entropy(x, y, w), P, P, In((3, 1), batch=None)),
    row("aten::binary_cross_entropy", F.binary_cross_entropy, In(X, f16, 0.05, 0.95), In(X, f16, 0, 1)),
    row("aten::binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, X, P),
    row("aten::binary_cross_entropy_with_logits", lambda x, y: F.binary_cross_entropy_with_logits(x * 100, y, reduction="none"), X, P),
    row("aten::binary_cross_entropy_with_logits", lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=torch.tensor([1.0, 2.0, 0.5, 3.0])), X, P),
    row("aten::binary_cross_entropy_with_logits", lambda x, y, w: F.binary_cross_entropy_with_logits(x, y, w, reduction="sum"), X, P, X),
    row("aten::binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, In(X, bf16), In(X, bf16, 0, 1)),
    row("aten::kl_div", _difference(F.kl_div, reduction="batchmean"), X, P),
    row("aten::kl_div", _difference(F.kl_div, reduction="sum", log_target=True), X, X),
    row("aten::kl_div", lambda x, y: F.kl_div(x, y.relu(), reduction="none"), X, X),
    row("aten::kl_div", _difference(F.kl_div, reduction="mean"), In(X, f16), In(X, f16, 0.1, 1)),
    row("aten::poisson_nll_loss", F.poisson_nll_loss, X, In(X, low=0, high=4)),
    row("aten::poisson_nll_loss", _difference(F.poisson_nll_loss, log_input=False, full=True, reduction="none"), In(X, low=0.1), In(X, low=0, high=4)),
    row("aten::poisson_nll_loss", _difference(F.poisson_nll_loss, log_input=False, eps=0.5, reduction="sum"), In(X, low=0), In(X, low=0, high=4)),
    row("aten::soft_margin_loss", _signs(F.soft_margin_loss), C, In((3, 1), i64, 0, 1)),
    row("aten::soft_margin_loss", _signs(F.soft_margin_loss, reduction="none"), C, In(C, i64, 0, 1)),
    row("aten::soft_margin_loss", _difference(F.soft_margin_loss, reduction="sum"), C, C),
    row("aten::hinge_embedding_loss", _signs(F.hinge_embedding_loss), C, In(C, i64, 0, 1)),
    row("aten::hinge_embedding_loss", _signs(F.hinge_embedding_loss, margin=0.3, reduction="none"), C, In(C, i64, 0, 1)),
    row("aten::hinge_embedding_loss", lambda x, t: F.hinge_embedding_loss(x, t.float(), reduction="sum"), C, In(C, i64, -1, 1)),
    row("aten::margin_ranking_loss", _signs(F.margin_ranking_loss), (3,), (3,), SIGN),
    row("aten::margin_ranking_loss", _signs(F.margin_ranking_loss, margin=0.5, reduction="none"), (3,), (3,), SIGN),
    row("aten::margin_ranking_loss", _signs(F.margin_ranking_loss, margin=-0.1, reduction="sum"), In((3,), f16), (3,), SIGN),
    row("aten::cosine_embedding_loss", _signs(F.cosine_embedding_loss), C, C, SIGN),
    row("aten::cosine_embedding_loss", _signs(F.cosine_embedding_loss, margin=0.2, reduction="none"), C, C, SIGN),
    row("aten::cosine_embedding_loss", _signs(F.cosine_embedding_loss, reduction="sum"), In((5,), batch=None), In((5,), batch=None), In((), i64, 0, 1, batch=None)),
    row("aten::triplet_margin_loss", F.triplet_margin_loss, C, C, C),
    row("aten::triplet_margin_loss", lambda *x: F.triplet_margin_loss(*x, margin=0.5, p=1.0, swap=True, reduction="none"), C, C, C),
    row("aten::triplet_margin_loss", lambda *x: F.triplet_margin_loss(*x, eps=0.1, p=3.0, reduction="sum"), X, X, X),
]
