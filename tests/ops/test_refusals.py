"""Refusals that no row reaches: PyTorch itself refuses the program, or only sizes known at run time are refused."""

from __future__ import annotations

import re

import pytest

from torch2trt import _C
from torch2trt.errors import UnsupportedOperator

GRAPHS = {
    "a loss of integers is not supported": """graph g(%x : int64[2,3] "x") {
  %r = aten::l1_loss(self=%x, target=%x, reduction=1)
  return (%r)
}""",
    "classes are integers, not float32": """graph g(%x : float32[2,3] "x", %t : float32[2] "t") {
  %r = aten::nll_loss(self=%x, target=%t, weight=None, reduction=1, ignore_index=-100)
  return (%r)
}""",
    "2 dimensions of classes for a loss of 2 dimensions": """graph g(%x : float32[2,3] "x", %t : int64[2,3] "t") {
  %r = aten::nll_loss(self=%x, target=%t, weight=None, reduction=1, ignore_index=-100)
  return (%r)
}""",
    "a loss has no reduction 3": """graph g(%x : float32[2,3] "x") {
  %r = aten::mse_loss(self=%x, target=%x, reduction=3)
  return (%r)
}""",
    "likelihoods of classes are floats": """graph g(%x : float32[2,3] "x", %t : int64[2,3] "t") {
  %r = aten::cross_entropy_loss(self=%x, target=%t, weight=None, reduction=1, ignore_index=-100, label_smoothing=0.0)
  return (%r)
}""",
    "cross entropy needs a dimension of classes": """graph g(%x : float32[] "x", %t : int64[] "t") {
  %r = aten::cross_entropy_loss(self=%x, target=%t, weight=None, reduction=1, ignore_index=-100, label_smoothing=0.0)
  return (%r)
}""",
    "label smoothing over a number of classes that is only known at run time": """graph g(%x : float32[2,c] "x", %t : int64[2] "t") {
  %r = aten::cross_entropy_loss(self=%x, target=%t, weight=None, reduction=1, ignore_index=-100, label_smoothing=0.1)
  return (%r)
}""",
    "1 dimensions of targets for vectors of 1 and 1 dimensions": """graph g(%x : float32[3] "x", %t : float32[3] "t") {
  %r = aten::cosine_embedding_loss(input1=%x, input2=%x, target=%t, margin=0.0, reduction=1)
  return (%r)
}""",
    "the distance of numbers is not defined": """graph g(%x : float32[] "x") {
  %r = aten::triplet_margin_loss(anchor=%x, positive=%x, negative=%x, margin=1.0, p=2.0, eps=1e-06, swap=False, reduction=1)
  return (%r)
}""",
    "interpolation with antialias=True of dimension 3, whose size is only known at run time": """graph g(%x : float32[2,3,4,w] "x") {
  %r = aten::_upsample_bilinear2d_aa(self=%x, output_size=[3, 5], align_corners=False, scales_h=None, scales_w=None)
  return (%r)
}""",
    "interpolation in 2 dimensions takes a tensor of 4, not of 3": """graph g(%x : float32[3,4,5] "x") {
  %r = aten::_upsample_bicubic2d_aa(self=%x, output_size=[3, 5], align_corners=False, scales_h=None, scales_w=None)
  return (%r)
}""",
    "interpolation of int64 is not supported": """graph g(%x : int64[1,3,4,5] "x") {
  %r = aten::_upsample_bicubic2d_aa(self=%x, output_size=[3, 5], align_corners=False, scales_h=None, scales_w=None)
  return (%r)
}""",
    "interpolation of or to no pixels": """graph g(%x : float32[1,3,4,5] "x") {
  %r = aten::_upsample_nearest_exact2d(self=%x, output_size=[3, 0], scales_h=None, scales_w=None)
  return (%r)
}""",
    "col2im takes a tensor of 2 or 3 dimensions, not of 1": """graph g(%x : float32[4] "x") {
  %r = aten::col2im(self=%x, output_size=[3, 3], kernel_size=[2, 2], dilation=[1, 1], padding=[0, 0], stride=[1, 1])
  return (%r)
}""",
    "TensorRT adds up windows of floating-point types only, not int64": """graph g(%x : int64[1,4,4] "x") {
  %r = aten::col2im(self=%x, output_size=[3, 3], kernel_size=[2, 2], dilation=[1, 1], padding=[0, 0], stride=[1, 1])
  return (%r)
}""",
    "dimension 1 must be a multiple of the 4 elements of a window, and static": """graph g(%x : float32[1,6,4] "x") {
  %r = aten::col2im(self=%x, output_size=[3, 3], kernel_size=[2, 2], dilation=[1, 1], padding=[0, 0], stride=[1, 1])
  return (%r)
}""",
    "an image of 3 x 3 has 2 x 2 such windows, not 5": """graph g(%x : float32[1,4,5] "x") {
  %r = aten::col2im(self=%x, output_size=[3, 3], kernel_size=[2, 2], dilation=[1, 1], padding=[0, 0], stride=[1, 1])
  return (%r)
}""",
    "grids sample images or volumes, not tensors of 3 dimensions": """graph g(%x : float32[1,4,5] "x") {
  %r = aten::grid_sampler(input=%x, grid=%x, interpolation_mode=0, padding_mode=0, align_corners=False)
  return (%r)
}""",
    "a grid of 3 dimensions does not sample a volume": """graph g(%x : float32[1,2,3,4,5] "x", %g : float32[1,4,3] "g") {
  %r = aten::grid_sampler_3d(input=%x, grid=%g, interpolation_mode=0, padding_mode=0, align_corners=False)
  return (%r)
}""",
    "PyTorch samples volumes bilinearly or at the nearest point only": """graph g(%x : float32[1,2,3,4,3] "x") {
  %r = aten::grid_sampler_3d(input=%x, grid=%x, interpolation_mode=2, padding_mode=0, align_corners=False)
  return (%r)
}""",
    "unknown mode of grid_sampler": """graph g(%x : float32[1,2,3,4,3] "x") {
  %r = aten::grid_sampler_3d(input=%x, grid=%x, interpolation_mode=0, padding_mode=3, align_corners=False)
  return (%r)
}""",
    "reflection at the centres of pixels whose number is only known at run time": """graph g(%x : float32[1,2,3,4,w] "x", %g : float32[1,2,2,2,3] "g") {
  %r = aten::grid_sampler_3d(input=%x, grid=%g, interpolation_mode=0, padding_mode=2, align_corners=True)
  return (%r)
}""",
    "nms takes boxes of 2 dimensions and scores of 1, not of 3 and 1": """graph g(%x : float32[1,4,4] "x", %s : float32[4] "s") {
  %r = torchvision::nms(dets=%x, scores=%s, iou_threshold=0.5)
  return (%r)
}""",
    "roi_align takes images of 4 dimensions and regions of 2, not of 3 and 2": """graph g(%x : float32[3,4,5] "x", %s : float32[4,5] "s") {
  %r = torchvision::roi_align(input=%x, rois=%s, spatial_scale=1.0, pooled_height=2, pooled_width=2, sampling_ratio=2, aligned=False)
  return (%r)
}""",
    "PyTorch has no quantiles of float16": """graph g(%x : float16[3,4] "x") {
  %r = aten::quantile.scalar(self=%x, q=0.5, dim=1, keepdim=False, interpolation="linear")
  return (%r)
}""",
    "quantile 1.5 is outside of [0, 1]": """graph g(%x : float32[3,4] "x") {
  %r = aten::quantile.scalar(self=%x, q=1.5, dim=1, keepdim=False, interpolation="linear")
  return (%r)
}""",
    'interpolation "cubic" is not known': """graph g(%x : float32[3,4] "x") {
  %r = aten::nanquantile.scalar(self=%x, q=0.5, dim=1, keepdim=False, interpolation="cubic")
  return (%r)
}""",
    "q has 2 dimensions, at most 1 is possible": """graph g(%x : float32[3,4] "x") {
  %q = aten::ones(size=[1, 1], dtype=None, layout=None, device=None, pin_memory=None)
  %r = aten::quantile(self=%x, q=%q, dim=1, keepdim=False, interpolation="linear")
  return (%r)
}""",
    "no quantiles": """graph g(%x : float32[3,4] "x") {
  %q = aten::ones(size=[0], dtype=None, layout=None, device=None, pin_memory=None)
  %r = aten::quantile(self=%x, q=%q, dim=1, keepdim=False, interpolation="linear")
  return (%r)
}""",
    "mode compares all elements with each other, which would take 900000000 of them": """graph g(%x : float32[100,3000] "x") {
  %r, %i = aten::mode(self=%x, dim=1, keepdim=False)
  return (%r)
}""",
    "roi_align to no pixels": """graph g(%x : float32[1,3,4,5] "x", %s : float32[4,5] "s") {
  %r = torchvision::roi_align(input=%x, rois=%s, spatial_scale=1.0, pooled_height=0, pooled_width=2, sampling_ratio=2, aligned=False)
  return (%r)
}""",
}

# Inputs whose sizes are only known at run time, where these are 0.
DYNAMIC = {
    "label smoothing over a number of classes that is only known at run time": {"x": (2, 0)},
    "interpolation with antialias=True of dimension 3, whose size is only known at run time": {"x": (2, 3, 4, 0)},
    "reflection at the centres of pixels whose number is only known at run time": {"x": (1, 2, 3, 4, 0)},
}


@pytest.mark.parametrize("reason", GRAPHS)
def test_refused(reason: str) -> None:
    graph = _C.parse_graph(GRAPHS[reason])
    shapes = {name: tuple([size or n for size in sizes] for n in (1, 2, 4)) for name, sizes in DYNAMIC.get(reason, {}).items()}
    with pytest.raises(UnsupportedOperator, match=re.escape(reason)):
        _C.dry_convert(graph, shapes)
