import torch
import torchvision.ops as vision

from .table import In, f16, row

NO_NMS = "TensorRT-RTX builds no NMS layer: the shape depends on the data"
IMAGES = In((2, 3, 9, 7), batch=None)
N = In((12,), low=-1, high=1)
PLACES = In((12, 2), low=0, high=6)
SIZES = In((12, 2), low=1, high=5)


def _nms(threshold, scale=1.0):
    return lambda low, size, scores: vision.nms(torch.cat([low, low + size], 1), scores * scale, threshold)


def _regions(image, low, size):
    """Regions of images 0 and 1 in turn."""
    return torch.cat([image, low, low + size], 1)


def _align(*arguments, **options):
    return lambda x, i, low, size: vision.roi_align(x, _regions(i, low, size), *arguments, **options)


K = (In((5, 1), low=0, high=1.99), In((5, 2), low=-3, high=8), In((5, 2), low=-0.5, high=7))


def _floor(fn):
    return lambda x, i, low, size: fn(x, i.floor(), low, size)


ROWS = [
    row("torchvision::nms", _nms(0.3), PLACES, SIZES, N, no_engine=NO_NMS),
    row("torchvision::nms", _nms(0.0), PLACES, SIZES, N, no_engine=NO_NMS),
    row("torchvision::nms", _nms(0.7, 1e6), PLACES, SIZES, N, no_engine=NO_NMS),
    row("torchvision::nms", _nms(2.0), PLACES, SIZES, N, no_engine=NO_NMS),
    row("torchvision::nms", lambda b, s: b[vision.nms(b, s, 0.5)[:3]], In((6, 4), batch=None), In((6,), batch=None), no_engine=NO_NMS),
    row("torchvision::nms", lambda b, s: vision.nms(b, s, 0.5), In((5001, 4), batch=None), In((5001,), batch=None), refused="5001 boxes; TensorRT's layer looks at the 5000 best only"),
    row("torchvision::nms", lambda b, s: vision.nms(b, s, -0.5), In((6, 4), batch=None), In((6,), batch=None), refused="negative iou_threshold"),
    row("torchvision::roi_align", _floor(_align(3, sampling_ratio=2)), IMAGES, *K),
    row("torchvision::roi_align", _floor(_align((2, 4), 0.5, 3, True)), IMAGES, *K),
    row("torchvision::roi_align", _floor(_align((1, 1), 2.0, 1)), IMAGES, *K),
    row("torchvision::roi_align", _floor(_align((4, 3), 1.0, 2, aligned=True)), In((2, 3, 9, 7), batch=3), *K),
    row("torchvision::roi_align", lambda x, i, low, size: _align(2, sampling_ratio=2)(x, i * 0, low, size), (2, 3, 9, 7), *K),
    row("torchvision::roi_align", lambda x, b: vision.roi_align(x, [b, b + 1], (2, 2), 1.0, 2), IMAGES, In((3, 4), low=0, high=6)),
    row("torchvision::roi_align", _floor(_align(2, sampling_ratio=2)), In((2, 3, 5, 4), f16, batch=None), *[In(k.shape, f16, k.low, k.high) for k in K], rtol=3e-2, reason="places are float16 in PyTorch"),
    row("torchvision::roi_align", _floor(_align(3)), IMAGES, *K, refused="sampling_ratio must be positive"),
]
