import torch.nn.functional as F

from .table import In, f16, row

X1, X2, X3 = (2, 3, 9), (2, 3, 9, 10), (2, 3, 5, 6, 7)

ROWS = [
    row("aten::max_pool1d", lambda x: F.max_pool1d(x, 3, 2, 1), X1),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, 3, 2, 1), X2),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, (2, 3)), X2),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), X2),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, 2, 2, 1, ceil_mode=True), (2, 3, 7, 8)),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x - 5, (3, 2), (2, 3), (1, 0), ceil_mode=True), X2),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, 2), In((3, 8, 8), batch=None), static_only="no batch dimension"),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, 3, 2), In(X2, f16)),
    row("aten::max_pool2d", lambda x: F.max_pool2d(x, 3, 2, dilation=2), X2, refused="no dilation"),
    row("aten::max_pool3d", lambda x: F.max_pool3d(x, 2, 2, ceil_mode=True), X3),
    row("aten::max_pool3d", lambda x: F.max_pool3d(x, (1, 2, 3), 1, (0, 1, 1)), X3),
    row("aten::avg_pool1d", lambda x: F.avg_pool1d(x, 3, 2, 1), X1),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1), X2),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), X2),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), X2),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), X2),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 2, 3, ceil_mode=True), X2),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1, divisor_override=5), X2),
    row("aten::avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 0, True, True, 2), X2),
    row("aten::avg_pool3d", lambda x: F.avg_pool3d(x, 2, 2, 1), X3),
    row("aten::adaptive_avg_pool1d", lambda x: F.adaptive_avg_pool1d(x, 4), X1),
    row("aten::adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, 1), X2),
    row("aten::adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (3, 5)), X2),
    row("aten::adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (4, 7)), X2),
    row("aten::adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (None, 1)), X2),
    row("aten::adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (13, 4)), X2),
    row("aten::adaptive_avg_pool3d", lambda x: F.adaptive_avg_pool3d(x, (2, 3, 1)), X3),
]
