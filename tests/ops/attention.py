import torch
import torch.nn.functional as F

from .table import In, b8, row

Q, K = (2, 3, 5, 4), (2, 3, 6, 4)
OP = "aten::scaled_dot_product_attention"
CPU = "aten::_scaled_dot_product_flash_attention_for_cpu"
ATTEND = F.scaled_dot_product_attention
MASK = torch.tensor([[1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]] + [[1] * 6] * 3, dtype=torch.bool)

ROWS = [
    row(OP, ATTEND, Q, K, K),
    row(OP, lambda q, k, v: ATTEND(q, k, v, scale=0.3), Q, K, K),
    row(OP, lambda q, k, v: ATTEND(q, k, v, is_causal=True), Q, Q, Q),
    row(OP, lambda q, k, v: ATTEND(q, k, v, is_causal=True), Q, K, K),
    # Sequences of a dynamic length, and a dynamic size of the last dimension.
    row(OP, lambda q: ATTEND(q, q, q, is_causal=True), In((2, 3, 5, 4), batch=2)),
    row(OP, lambda q, k: ATTEND(q, k, k, is_causal=True), In((2, 5, 4), batch=1), In((2, 7, 4), batch=None)),
    row(OP, lambda q, k: ATTEND(q, k, k, is_causal=True), In(Q, batch=None), In(K, batch=2)),
    row(OP, ATTEND, In(Q, batch=3), In(K, batch=3), In(K, batch=3)),
    row(OP, lambda q, k, v, m: ATTEND(q, k, v, attn_mask=m), Q, K, K, In((5, 6), batch=None)),
    row(OP, lambda q, k, v: ATTEND(q, k, v, attn_mask=MASK), Q, K, K),
    row(OP, lambda q, k, v, m: ATTEND(q, k, v, attn_mask=m), Q, K, K, In((2, 1, 5, 6), b8)),
    row(OP, ATTEND, (2, 5, 4), (2, 6, 4), (2, 6, 4)),
    row(OP, lambda q, k, v: ATTEND(q, k, v, enable_gqa=True), (2, 4, 5, 4), (2, 2, 6, 4), (2, 2, 6, 4), only="export"),
    row(OP, lambda q, k, v: ATTEND(q, k, v, dropout_p=0.5), Q, K, K, refused="dropout"),
    # What decomposed exports have; those of other devices cannot be computed here (test_attention_of_devices.py).
    row(CPU, lambda q, k, v: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)[0], Q, K, K),
    row(CPU, lambda q: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, q, q, 0.0, True, scale=0.3)[0], Q),
    row(CPU, lambda q, k, m: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, k, attn_mask=m)[0], Q, K, In((5, 6), batch=None)),
    row(CPU, lambda q: torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, q, q)[1], Q, refused="only the result of attention"),
]
