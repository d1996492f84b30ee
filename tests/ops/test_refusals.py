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
}

# Inputs whose sizes are only known at run time, where these are 0.
DYNAMIC = {"label smoothing over a number of classes that is only known at run time": {"x": (2, 0)}}


@pytest.mark.parametrize("reason", GRAPHS)
def test_refused(reason: str) -> None:
    graph = _C.parse_graph(GRAPHS[reason])
    shapes = {name: tuple([size or n for size in sizes] for n in (1, 2, 4)) for name, sizes in DYNAMIC.get(reason, {}).items()}
    with pytest.raises(UnsupportedOperator, match=re.escape(reason)):
        _C.dry_convert(graph, shapes)
