"""Non-maximum suppression."""

import torch

from .registry import Call, layer
from .types import ints, widen


@layer("NMS", "INMSLayer")
def nms(call: Call):
    """Boxes [batch, boxes, (classes,) 4], scores [batch, boxes, classes], then three scalars.

    Outputs: rows (batch, class, box) of the selected boxes, sorted by batch and falling score, and their
    count.
    """
    boxes, scores = _corners(call, widen(call.x)), widen(call.need(1, "scores"))
    most = ints(call.need(2, "maximum of boxes per class"))[0]
    overlap = 0.0 if call.get(3) is None else float(call.get(3))
    threshold = 0.0 if call.get(4) is None else float(call.get(4))
    rows = []
    for batch in range(scores.shape[0]):
        found = []
        limit = _limit(scores[batch], threshold, call.layer.topk_box_limit)
        for kind in range(scores.shape[2]):
            mine = boxes[batch] if boxes.dim() == 3 else boxes[batch, :, kind]
            column = torch.where(limit[:, kind], scores[batch, :, kind], float("-inf"))
            for box in _select(mine, column, most, overlap):
                found.append((float(column[box]), batch, kind, box))
        found.sort(key=lambda f: -f[0])
        rows += [f[1:] for f in found]
    selected = torch.tensor(rows, dtype=torch.int64).reshape(-1, 3)
    return [selected.to(call.dtype(0)), torch.tensor(len(rows), dtype=call.dtype(1))]


def _corners(call: Call, boxes):
    """Boxes as (low, low, high, high)."""
    kind = call.layer.bounding_box_format
    a, b = boxes[..., :2], boxes[..., 2:]
    if kind.name == "CORNER_PAIRS":
        return torch.cat([torch.minimum(a, b), torch.maximum(a, b)], -1)
    if kind.name == "CENTER_SIZES":
        return torch.cat([a - b / 2, a + b / 2], -1)
    raise call.unknown("bounding box format", kind)


def _limit(scores, threshold: float, count: int):
    """Which (box, class) are candidates: score above the threshold, and among the `count` best of the batch
    item.
    """
    good = scores > threshold
    if int(good.sum()) > count:
        order = (
            torch.where(good, scores, float("-inf")).flatten().argsort(descending=True, stable=True)[:count]
        )
        best = torch.zeros(good.numel(), dtype=torch.bool)
        best[order] = True
        good = good & best.reshape(good.shape)
    return good


def _select(boxes, scores, most: int, overlap: float) -> list[int]:
    chosen: list[int] = []
    area = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    for box in scores.argsort(descending=True, stable=True).tolist():
        if len(chosen) >= most or scores[box] == float("-inf"):
            break
        if chosen:
            others = boxes[chosen]
            low, high = (
                torch.maximum(boxes[box, :2], others[:, :2]),
                torch.minimum(boxes[box, 2:], others[:, 2:]),
            )
            common = (high - low).clamp(min=0).prod(-1)
            union = area[box] + area[chosen] - common
            if bool((torch.where(union > 0, common / union, 0.0) > overlap).any()):
                continue
        chosen.append(box)
    return chosen
