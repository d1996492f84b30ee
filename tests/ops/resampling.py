import torch.nn.functional as F

from .table import In, row

X1, X2, X3 = (2, 3, 6), (2, 3, 6, 5), (2, 3, 4, 5, 6)


def up(mode, align=None, **kwargs):
    return lambda x: F.interpolate(x, mode=mode, align_corners=align, **kwargs)


ROWS = [
    row("aten::upsample_nearest1d", up("nearest", scale_factor=2), X1),
    row("aten::upsample_nearest2d", up("nearest", size=(9, 7)), X2),
    row("aten::upsample_nearest2d", up("nearest", scale_factor=2.0), X2),
    row("aten::upsample_nearest2d", up("nearest", scale_factor=0.5), (2, 3, 6, 4)),
    row("aten::upsample_nearest3d", up("nearest", scale_factor=2), X3),
    row("aten::upsample_linear1d", up("linear", False, size=11), X1),
    row("aten::upsample_bilinear2d", up("bilinear", False, size=(9, 7)), X2),
    row("aten::upsample_bilinear2d", up("bilinear", True, size=(9, 7)), X2),
    row("aten::upsample_bilinear2d", up("bilinear", False, scale_factor=(2, 3)), X2),
    row("aten::upsample_bilinear2d", up("bilinear", False, scale_factor=1.3), X2, refused="quotient"),
    row("aten::upsample_bilinear2d", up("bilinear", True, scale_factor=1.3), X2),
    row("aten::upsample_bilinear2d", up("bilinear", False, scale_factor=1.3, recompute_scale_factor=True), X2),
    row("aten::upsample_bilinear2d", up("bilinear", False, size=(3, 2)), X2),
    row("aten::upsample_trilinear3d", up("trilinear", False, scale_factor=2), X3),
    row("aten::upsample_bicubic2d", up("bicubic", False, size=(9, 7)), X2),
    row("aten::upsample_bicubic2d", up("bicubic", True, size=(9, 7)), X2),
    *[row("aten::grid_sampler", lambda x, g, m=m, p=p, a=a: F.grid_sample(x, g, m, p, a), X2, In((2, 4, 7, 2), low=-1.3, high=1.3))
      for m, p, a in (("bilinear", "zeros", False), ("bilinear", "border", True), ("nearest", "zeros", False),
                      ("bilinear", "reflection", False), ("bicubic", "zeros", True), ("bilinear", "reflection", True))],
]
