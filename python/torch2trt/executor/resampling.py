"""Resize and grid sample."""

import math

import torch
import torch.nn.functional as F

from .registry import Call, layer
from .types import dims, ints, is_float, widen


@layer("RESIZE", "IResizeLayer")
def resize(call: Call):
    """Interpolates one dimension after the other; formulas: operators documentation, "Resize".

    It documents coordinates by the ratio of the two lengths only. Where scales are given that do not divide
    evenly,
    ONNX (and so perhaps a TensorRT version) uses the scale: if that makes a difference, it is an error here.
    """
    sizes, scales = _sizes(call)
    y = _interpolate(call, sizes, [new / old if old else 1.0 for new, old in zip(sizes, call.x.shape)])
    if scales is not None and any(old * s != new for old, s, new in zip(call.x.shape, scales, sizes)):
        if not torch.allclose(y.float(), _interpolate(call, sizes, scales).float(), rtol=1e-5, atol=1e-6):
            raise call.error(
                f"scales {scales} make {list(sizes)} of {list(call.x.shape)}, which is not exact: "
                "what TensorRT computes then is not documented; give sizes instead"
            )
    return y


def _sizes(call: Call) -> tuple[tuple[int, ...], list[float] | None]:
    """Output sizes, and the scales if these were given."""
    x, lay = call.x, call.layer
    scales = None
    if call.get(1) is not None:
        sizes = ints(call.get(1))
    elif lay.scales:
        scales = torch.tensor(lay.scales, dtype=torch.float32).tolist()
        sizes = tuple(math.floor(d * s) for d, s in zip(x.shape, scales))
    elif lay.shape is not None:
        sizes = dims(lay.shape)
    else:
        raise call.error("has neither sizes nor scales")
    if len(sizes) != x.dim():
        raise call.error(f"sizes {sizes} for input {list(x.shape)}")
    return sizes, scales


def _interpolate(call: Call, sizes, scales) -> torch.Tensor:
    x, mode = call.x, call.layer.resize_mode
    if mode.name not in ("NEAREST", "LINEAR", "CUBIC"):
        raise call.unknown("interpolation mode", mode)
    if mode.name != "NEAREST" and not is_float(x.dtype):
        raise call.error(f"resize mode {mode.name} of {x.dtype}")
    y = widen(x)
    for axis, (old, size, scale) in enumerate(zip(x.shape, sizes, scales)):
        if size == old and scale == 1:
            continue
        if old == 0:
            raise call.error(f"cannot resize the empty dimension {axis} to {size}")
        taps, factors = _taps(call, mode.name, _coordinates(call, old, size, scale), old)
        shape = [-1 if i == axis else 1 for i in range(x.dim())]
        if mode.name == "NEAREST":
            y = y.index_select(axis, taps[0])
        else:
            y = sum(y.index_select(axis, t) * f.to(y.dtype).reshape(shape) for t, f in zip(taps, factors))
    return y.to(x.dtype)


def _coordinates(call: Call, old: int, new: int, scale: float) -> torch.Tensor:
    """Where in the input (float64) each place of the output lies."""
    lay = call.layer
    place = torch.arange(new, dtype=torch.float64)
    selector, transformation = lay.selector_for_single_pixel.name, lay.coordinate_transformation.name
    if selector not in ("FORMULA", "UPPER"):
        raise call.unknown("selector for a single pixel", lay.selector_for_single_pixel)
    if new == 1 and selector == "UPPER":
        return torch.zeros(1, dtype=torch.float64)
    # old / length is exact for lengths that are whole numbers; 1 / scale may not be.
    length = new if scale == new / old else old * scale
    if transformation == "ALIGN_CORNERS":
        return place * (old - 1) / (length - 1) if length > 1 else torch.zeros(new, dtype=torch.float64)
    if transformation == "ASYMMETRIC":
        return place * old / length
    if transformation == "HALF_PIXEL":
        return ((2 * place + 1) * old - length) / (2 * length)
    raise call.unknown("coordinate transformation", lay.coordinate_transformation)


def _taps(call: Call, mode: str, where: torch.Tensor, length: int):
    """Places to read, and their factors; places outside are replaced by the nearest inside."""
    if mode == "NEAREST":
        return [_round(call, where).long().clamp(0, length - 1)], [None]
    base = torch.floor(where)
    part = where - base
    if mode == "LINEAR":
        places, factors = [base, base + 1], [1 - part, part]
    else:
        a = call.layer.cubic_coeff
        places = [base + k for k in (-1, 0, 1, 2)]
        factors = [_cubic((where - p).abs(), a) for p in places]
        if call.layer.exclude_outside:
            factors = [torch.where((p < 0) | (p > length - 1), 0.0, f) for p, f in zip(places, factors)]
            total = sum(factors)
            factors = [f / total for f in factors]
    return [p.long().clamp(0, length - 1) for p in places], factors


def _round(call: Call, where: torch.Tensor) -> torch.Tensor:
    mode = call.layer.nearest_rounding.name
    if mode == "HALF_UP":
        return torch.floor(where + 0.5)
    if mode == "HALF_DOWN":
        return torch.ceil(where - 0.5)
    if mode == "FLOOR":
        return torch.floor(where)
    if mode == "CEIL":
        return torch.ceil(where)
    raise call.unknown("rounding", call.layer.nearest_rounding)


def _cubic(x: torch.Tensor, a: float) -> torch.Tensor:
    """Weight of a pixel at distance x (IResizeLayer::setCubicCoeff)."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0.0))


_INTERPOLATION = {"NEAREST": "nearest", "LINEAR": "bilinear", "CUBIC": "bicubic"}
_BORDER = {"FILL": "zeros", "CLAMP": "border", "REFLECT": "reflection"}


@layer("GRID_SAMPLE", "IGridSampleLayer")
def grid_sample(call: Call):
    """Input [N, C, H, W] (or 5-d), grid [N, H', W', 2] of x, y in -1..1."""
    mode, border = call.layer.interpolation_mode, call.layer.sample_mode
    if mode.name not in _INTERPOLATION:
        raise call.unknown("interpolation mode", mode)
    if border.name not in _BORDER:
        raise call.unknown("sample mode", border)
    x, grid = widen(call.x), widen(call.need(1, "grid"))
    y = F.grid_sample(x, grid, _INTERPOLATION[mode.name], _BORDER[border.name], call.layer.align_corners)
    return y.to(call.x.dtype)
