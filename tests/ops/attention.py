import torch
import torch.nn.functional as F

from .table import In, b8, row

Q, K = (2, 3, 5, 4), (2, 3, 6, 4)
OP = "aten::scaled_dot_product_attention"
ATTEND = F.scaled_dot_product_attention
MASK = torch.tensor([[1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]] + [[1] * 6] * 3, dtype=torch.bool)

ROWS = [
    row(OP, ATTEND, Q, K, K),
    row(OP, lambda q, k, v: ATTEND(q, k, v, scale=0.3), Q, K, K),
    row(OP, lambda q, k, v: ATTEND(q, k, v, is_causal=True), Q, Q, Q),
    row(OP, lambda q, k, v: ATTEND(q, k, v, is_causal=True), Q, K, K),
    row(OP, lambda q, k, v, m: ATTEND(q, k, v, attn_mask=m), Q, K, K, In((5, 6), batch=None)),
    row(OP, lambda q, k, v: ATTEND(q, k, v, attn_mask=MASK), Q, K, K),
    row(OP, lambda q, k, v, m: ATTEND(q, k, v, attn_mask=m), Q, K, K, In((2, 1, 5, 6), b8)),
    row(OP, ATTEND, (2, 5, 4), (2, 6, 4), (2, 6, 4)),
    row(OP, lambda q, k, v: ATTEND(q, k, v, enable_gqa=True), (2, 4, 5, 4), (2, 2, 6, 4), (2, 2, 6, 4), only="export"),
    row(OP, lambda q, k, v: ATTEND(q, k, v, dropout_p=0.5), Q, K, K, refused="dropout"),
]
