import torch
import torch.nn.functional as F

from .table import In, f16, row

X1, X2, X3 = (2, 3, 6), (2, 3, 6, 5), (2, 3, 4, 5, 6)


def up(mode, align=None, **kwargs):
    return lambda x: F.interpolate(x, mode=mode, align_corners=align, **kwargs)


ops = torch.ops.aten


def vec(name):
    """What F.interpolate calls; traces may hold the other overload."""
    return (f"aten::{name}.vec", f"aten::{name}")


ROWS = [
    row(vec("upsample_nearest1d"), up("nearest", scale_factor=2), X1),
    row(vec("upsample_nearest2d"), up("nearest", size=(9, 7)), X2),
    row(vec("upsample_nearest2d"), up("nearest", scale_factor=2.0), X2),
    row(vec("upsample_nearest2d"), up("nearest", scale_factor=0.5), (2, 3, 6, 4)),
    row(vec("upsample_nearest3d"), up("nearest", scale_factor=2), X3),
    row(vec("upsample_linear1d"), up("linear", False, size=11), X1),
    row(vec("upsample_bilinear2d"), up("bilinear", False, size=(9, 7)), X2),
    row(vec("upsample_bilinear2d"), up("bilinear", True, size=(9, 7)), X2),
    row(vec("upsample_bilinear2d"), up("bilinear", False, scale_factor=(2, 3)), X2),
    row(vec("upsample_bilinear2d"), up("bilinear", False, scale_factor=1.3), X2, refused="quotient"),
    row(vec("upsample_bilinear2d"), up("bilinear", True, scale_factor=1.3), X2),
    row(vec("upsample_bilinear2d"), up("bilinear", False, scale_factor=1.3, recompute_scale_factor=True), X2),
    row(vec("upsample_bilinear2d"), up("bilinear", False, size=(3, 2)), X2),
    row(vec("upsample_trilinear3d"), up("trilinear", False, scale_factor=2), X3),
    row(vec("upsample_bicubic2d"), up("bicubic", False, size=(9, 7)), X2),
    row(vec("upsample_bicubic2d"), up("bicubic", True, size=(9, 7)), X2),
    *[row("aten::grid_sampler", lambda x, g, m=m, p=p, a=a: F.grid_sample(x, g, m, p, a), X2, In((2, 4, 7, 2), low=-1.3, high=1.3))
      for m, p, a in (("bilinear", "zeros", False), ("bilinear", "border", True), ("nearest", "zeros", False),
                      ("bilinear", "reflection", False), ("bicubic", "zeros", True), ("bilinear", "reflection", True))],
    row(vec("upsample_nearest1d"), up("nearest", size=4), X1),
    row(vec("upsample_nearest1d"), up("nearest", scale_factor=3), In(X1, f16)),
    row(vec("upsample_nearest3d"), up("nearest", size=(3, 7, 6)), X3),
    row(vec("upsample_nearest3d"), up("nearest", scale_factor=(1, 2, 3)), X3),
    row(vec("upsample_linear1d"), up("linear", True, size=4), X1),
    row(vec("upsample_linear1d"), up("linear", True, scale_factor=2), X1),
    row(vec("upsample_trilinear3d"), up("trilinear", True, size=(3, 7, 6)), X3),
    row(vec("upsample_trilinear3d"), up("trilinear", False, size=(8, 5, 3)), X3),
    row(vec("upsample_bicubic2d"), up("bicubic", False, scale_factor=2), X2),
    *[row("aten::upsample_nearest1d", lambda x, n=n: ops.upsample_nearest1d(x, [n]), X1) for n in (3, 11, 12)],
    *[row("aten::upsample_nearest2d", lambda x, n=n: ops.upsample_nearest2d(x, n), X2) for n in ([9, 7], [12, 10], [3, 5])],
    *[row("aten::upsample_nearest3d", lambda x, n=n: ops.upsample_nearest3d(x, n), X3) for n in ([4, 9, 7], [2, 2, 2], [8, 10, 12])],
    *[row("aten::upsample_linear1d", lambda x, n=n, a=a: ops.upsample_linear1d(x, [n], a), X1) for n, a in ((11, False), (4, True), (1, True))],
    *[row("aten::upsample_bilinear2d", lambda x, n=n, a=a: ops.upsample_bilinear2d(x, n, a), X2) for n, a in (([9, 7], False), ([3, 9], True), ([6, 5], False))],
    *[row("aten::upsample_trilinear3d", lambda x, n=n, a=a: ops.upsample_trilinear3d(x, n, a), X3) for n, a in (([8, 7, 5], False), ([3, 9, 6], True), ([8, 10, 12], False))],
    *[row("aten::grid_sampler_2d", lambda x, g, m=m, p=p, a=a: ops.grid_sampler_2d(x, g, m, p, a), X2, In((2, 4, 7, 2), low=-1.3, high=1.3)) for m, p, a in ((0, 0, False), (1, 1, True), (0, 2, False))],
    *[row(vec("_upsample_nearest_exact1d"), up("nearest-exact", **k), X1) for k in ({"size": 9}, {"scale_factor": 2}, {"size": 4}, {"size": 6})],
    *[row(vec("_upsample_nearest_exact2d"), up("nearest-exact", **k), X2) for k in ({"size": (9, 7)}, {"scale_factor": 1.3}, {"size": (3, 11)}, {"scale_factor": (2, 0.7)}, {"scale_factor": 2.0})],
    row(vec("_upsample_nearest_exact2d"), up("nearest-exact", scale_factor=2), In((2, 2, 6, 5), batch=2)),
    row(vec("_upsample_nearest_exact2d"), up("nearest-exact", scale_factor=(1, 0.5), recompute_scale_factor=True), In((2, 3, 6, 7), f16)),
    *[row(vec("_upsample_nearest_exact3d"), up("nearest-exact", **k), X3) for k in ({"size": (3, 7, 6)}, {"scale_factor": (1, 2, 3)}, {"size": (2, 9, 12)})],
    *[row("aten::_upsample_nearest_exact1d", lambda x, n=n: ops._upsample_nearest_exact1d(x, [n]), X1) for n in (3, 11, 12)],
    *[row("aten::_upsample_nearest_exact2d", lambda x, n=n, s=s: ops._upsample_nearest_exact2d(x, n, *s), X2) for n, s in (([9, 7], ()), ([12, 10], (2.0, 2.0)), ([7, 6], (1.3, 1.3)))],
    *[row("aten::_upsample_nearest_exact3d", lambda x, n=n: ops._upsample_nearest_exact3d(x, n), X3) for n in ([4, 9, 7], [2, 2, 2], [8, 10, 12])],
    *[row(vec(f"_upsample_{m}2d_aa"), up(m, a, antialias=True, **k), X2) for m in ("bilinear", "bicubic") for a, k in (
        (False, {"size": (3, 2)}), (False, {"size": (9, 7)}), (True, {"size": (3, 8)}), (True, {"size": (1, 5)}), (False, {"scale_factor": 0.6}), (False, {"scale_factor": (1.0, 1.7)}), (True, {"scale_factor": 0.7}))],
    row(vec("_upsample_bilinear2d_aa"), up("bilinear", False, size=(6, 5), antialias=True), X2),
    row(vec("_upsample_bicubic2d_aa"), up("bicubic", False, size=(5, 40), antialias=True), (2, 2, 33, 17)),
    *[row(f"aten::_upsample_{m}2d_aa", lambda x, m=m, n=n, a=a: getattr(ops, f"_upsample_{m}2d_aa")(x, n, a), X2) for m in ("bilinear", "bicubic") for n, a in (([4, 2], False), ([3, 9], True), ([13, 5], False))],
    *[row("aten::grid_sampler", lambda x, g, m=m, p=p, a=a: F.grid_sample(x, g, m, p, a), X3, In((2, 2, 3, 4, 3), low=-1.5, high=1.5))
      for m in ("bilinear", "nearest") for p in ("zeros", "border", "reflection") for a in (False, True)],
    row("aten::grid_sampler", lambda x, g: F.grid_sample(x, g, align_corners=True), In((2, 2, 3, 4, 5), batch=3), In((2, 2, 3, 4, 3), low=-1.2, high=1.2, batch=2)),
    row("aten::grid_sampler", lambda x, g: F.grid_sample(x, g, "bilinear", "reflection", True), In((2, 3, 1, 5, 4)), In((2, 2, 2, 2, 3), low=-3, high=3)),
    row("aten::grid_sampler", lambda x, g: F.grid_sample(x, g, align_corners=False), In(X3, f16), In((2, 2, 3, 4, 3), f16, -1.2, 1.2), rtol=1e-2, reason="places are float16 in PyTorch"),
    *[row("aten::grid_sampler_3d", lambda x, g, m=m, p=p, a=a: ops.grid_sampler_3d(x, g, m, p, a), X3, In((2, 2, 3, 4, 3), low=-1.3, high=1.3)) for m, p, a in ((0, 0, False), (1, 1, True), (0, 2, False))],
]
