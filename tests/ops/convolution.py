import torch
from torch import nn

from .table import In, f16, row

E1, E2, E3 = (2, 4, 9), (2, 4, 9, 8), (2, 4, 5, 6, 7)
_T = ("aten::conv2d", "aten::conv2d")


def _conv(cls, *args, **kwargs):
    return lambda: cls(*args, **kwargs)


K, B = torch.linspace(-1, 1, 6 * 4 * 3 * 3).sin().reshape(6, 4, 3, 3), torch.linspace(-1, 1, 6)

ROWS = [
    row("aten::conv1d", _conv(nn.Conv1d, 4, 6, 3, padding=1, stride=2), E1, module=True),
    row("aten::conv1d", _conv(nn.Conv1d, 4, 6, 3, dilation=2, groups=2, bias=False), E1, module=True),
    row("aten::conv2d", _conv(nn.Conv2d, 4, 6, 3), E2, module=True),
    row("aten::conv2d", _conv(nn.Conv2d, 4, 6, (3, 1), (2, 1), (1, 2), (2, 1), 2, False), E2, module=True),
    row("aten::conv2d", _conv(nn.Conv2d, 4, 8, 1, groups=4), E2, module=True),
    row("aten::conv2d.padding", _conv(nn.Conv2d, 4, 6, (3, 4), padding="same", dilation=(2, 1)), E2, module=True, only="export"),
    row("aten::conv2d.padding", _conv(nn.Conv2d, 4, 6, 3, padding="valid"), E2, module=True, only="export"),
    row("aten::conv2d", _conv(nn.Conv2d, 4, 6, 3), In((4, 9, 8), batch=None), module=True, static_only="no batch dimension"),
    row("aten::conv2d", lambda x, w: torch.conv2d(x, w, padding=1), E2, In((5, 4, 3, 3), batch=None)),
    row("aten::conv2d", lambda x, w, b: torch.conv2d(x, w, b), E2, In((5, 4, 3, 3), batch=None), In((5,), batch=None)),
    row("aten::conv2d", lambda: nn.Conv2d(4, 6, 3).half(), In(E2, f16), module=True),
    row("aten::conv3d", _conv(nn.Conv3d, 4, 6, 3, padding=1), E3, module=True),
    row("aten::conv3d", _conv(nn.Conv3d, 4, 6, (1, 2, 3), (2, 1, 1), groups=2), E3, module=True),
    row("aten::conv_transpose1d", _conv(nn.ConvTranspose1d, 4, 6, 3, 2, 1, 1), E1, module=True),
    row("aten::conv_transpose2d", _conv(nn.ConvTranspose2d, 4, 6, 3, 2, 1), E2, module=True),
    row("aten::conv_transpose2d", _conv(nn.ConvTranspose2d, 4, 6, 3, 2, 1, 1, 2, False, 2), E2, module=True),
    row("aten::conv_transpose2d", _conv(nn.ConvTranspose2d, 4, 6, 3, 3, 0, 2), E2, module=True),
    row("aten::conv_transpose1d", _conv(nn.ConvTranspose1d, 4, 6, 3, 3, 1, 2, dilation=2), E1, module=True),
    row("aten::conv_transpose2d", lambda x, w: torch.conv_transpose2d(x, w, stride=2, dilation=2), E2, In((4, 5, 3, 3), batch=None),
        refused="constant kernel"),
    row("aten::conv_transpose3d", _conv(nn.ConvTranspose3d, 4, 6, 2, 2), E3, module=True),
    row("aten::conv3d", _conv(nn.Conv3d, 4, 6, (1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1), groups=2), E3, module=True),
    row("aten::convolution", lambda x: torch.ops.aten.convolution(x, K, B, [2, 1], [1, 0], [1, 1], False, [0, 0], 1), E2, only="export"),
    row("aten::convolution", lambda x: torch.ops.aten.convolution(x, K, None, [1], [0], [2], False, [0], 1), E2, only="export"),
    row("aten::convolution", lambda x: torch.ops.aten.convolution(x, K.transpose(0, 1), B, [2, 2], [1, 1], [1, 1], True, [1, 0], 1), E2, only="export"),
    *[row("aten::_convolution", lambda x, g=g: torch.ops.aten._convolution(x, K[:, : 4 // g], B, [1, 2], [1, 1], [1, 1], False, [0, 0], g, False, False, True, True), E2, only="export") for g in (1, 2, 1)],
    *[row("aten::_convolution.deprecated", lambda x, g=g: torch.ops.aten._convolution.deprecated(x, K[:, : 4 // g], None, [2, 1], [0, 1], [1, 1], False, [0, 0], g, False, False, True), E2, only="export") for g in (1, 2, 1)],
]
