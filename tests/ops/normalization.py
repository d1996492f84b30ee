from torch import nn

from .table import In, f16, row

X = (2, 4, 5, 6)

ROWS = [
    row("aten::batch_norm", lambda: nn.BatchNorm2d(4), X, module=True),
    row("aten::batch_norm", lambda: nn.BatchNorm2d(4, affine=False, eps=0.1), X, module=True),
    row("aten::batch_norm", lambda: nn.BatchNorm1d(4), (2, 4), module=True),
    row("aten::batch_norm", lambda: nn.BatchNorm1d(4), (2, 4, 7), module=True),
    row("aten::batch_norm", lambda: nn.BatchNorm3d(4), (2, 4, 3, 5, 6), module=True),
    row("aten::batch_norm", lambda: nn.BatchNorm2d(4, track_running_stats=False), X, module=True),
    row("aten::batch_norm", lambda: nn.BatchNorm2d(4).half(), In(X, f16), module=True),
    row("aten::batch_norm", lambda: nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)), X, module=True),
    row("aten::batch_norm", lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, affine=False), nn.ReLU()), X, module=True),
    row("aten::batch_norm", lambda: nn.Sequential(nn.ConvTranspose2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)), X, module=True),
    row("aten::batch_norm", lambda: nn.Sequential(nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6)), (2, 4, 7), module=True),
]
