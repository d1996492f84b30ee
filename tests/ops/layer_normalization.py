import torch.nn.functional as F
from torch import nn

from .table import In, f16, row

X = (2, 6, 4, 5)

ROWS = [
    row("aten::layer_norm", lambda: nn.LayerNorm(5), X, module=True),
    row("aten::layer_norm", lambda: nn.LayerNorm((4, 5), eps=0.1), X, module=True),
    row("aten::layer_norm", lambda: nn.LayerNorm(6, elementwise_affine=False), (2, 6), module=True),
    row("aten::layer_norm", lambda: nn.LayerNorm(5, bias=False), X, module=True),
    row("aten::layer_norm", lambda: nn.LayerNorm(5).half(), In(X, f16), module=True),
    row("aten::group_norm", lambda: nn.GroupNorm(3, 6), X, module=True),
    row("aten::group_norm", lambda: nn.GroupNorm(1, 6, affine=False), X, module=True),
    row("aten::group_norm", lambda: nn.GroupNorm(6, 6, eps=0.1), (2, 6, 7), module=True),
    row("aten::instance_norm", lambda: nn.InstanceNorm2d(6), X, module=True),
    row("aten::instance_norm", lambda: nn.InstanceNorm2d(6, affine=True), X, module=True),
    row("aten::instance_norm", lambda: nn.InstanceNorm1d(6, affine=True, track_running_stats=True), (2, 6, 7), module=True),
    row("aten::rms_norm", lambda: nn.RMSNorm(5), X, module=True),
    row("aten::rms_norm", lambda: nn.RMSNorm((4, 5), eps=0.1), X, module=True),
    row("aten::rms_norm", lambda x: F.rms_norm(x, (5,)), In(X, f16)),
]
