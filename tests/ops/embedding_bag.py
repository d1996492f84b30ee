"""Bags of embeddings: sums, means and maxima of rows; empty bags, padding, weights, and offsets of the network."""

import torch
import torch.nn.functional as F

from .table import In, f16, i32, i64, row

T = In((10, 4), batch=None)
I2 = In((2, 3), i64, 0, 9)
FLAT = In((7,), i64, 0, 9, batch=None)
OFFSETS = torch.tensor([0, 2, 2, 5])  # the third bag is empty
LAST = torch.tensor([0, 2, 2, 5, 7])
OP, INNER = "aten::embedding_bag", "aten::_embedding_bag"
bag = F.embedding_bag
inner = torch.ops.aten._embedding_bag

ROWS = [
    row(OP, lambda i, w: bag(i, w), I2, T),
    row(OP, lambda i, w: bag(i, w, mode="sum"), I2, T),
    row(OP, lambda i, w: bag(i, w, mode="max"), I2, T),
    row(OP, lambda i, w: bag(i, w, OFFSETS, mode="sum"), FLAT, T),
    row(OP, lambda i, w: bag(i, w, OFFSETS, mode="mean"), FLAT, T),
    row(OP, lambda i, w: bag(i, w, OFFSETS, mode="max"), FLAT, T),
    row(OP, lambda i, w: bag(i, w, LAST, mode="sum", include_last_offset=True), FLAT, T),
    row(OP, lambda i, w: bag(i, w, mode="mean", padding_idx=3), In((2, 5), i64, 2, 4), T),
    row(OP, lambda i, w: bag(i, w, mode="max", padding_idx=-7), In((4, 1), i64, 2, 4), T),
    row(OP, lambda i, w, p: bag(i, w, per_sample_weights=p, mode="sum"), I2, T, (2, 3)),
    row(OP, lambda i, w, o: bag(i, w, o.cumsum(0) - o[0], mode="sum"), FLAT, T, In((3,), i64, 0, 1)),
    row(OP, lambda i, w: bag(i, w), In((2, 3), i32, 0, 9), In((10, 4), f16, batch=None)),
    row(OP, lambda: torch.nn.EmbeddingBag(10, 4, mode="max"), I2, module=True),
    row(OP, lambda i, w: bag(i, w, OFFSETS, mode="sum", scale_grad_by_freq=True), FLAT, T),
    row(INNER, lambda i, w: inner(w, i, OFFSETS, False, 0)[0], FLAT, T),
    row(INNER, lambda i, w: inner(w, i, OFFSETS, False, 1, False, None, False, 2)[0], FLAT, T),
    row(INNER, lambda i, w: inner(w, i, LAST, False, 2, False, None, True)[0], FLAT, T),
    row(INNER, lambda i, w: inner(w, i, OFFSETS)[1] + 0 * w[0, 0].long(), FLAT, T, refused="only the bags"),
]
