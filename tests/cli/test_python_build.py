"""_C.build: what a build from Python needs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from torch2trt import _C, errors

trt = pytest.importorskip("tensorrt_rtx")


def graph(models: Path, name: str) -> _C.Graph:
    read = _C.read_pt2(str(models / name))
    _C.run_passes(read)
    return read


def test_gives_bytes_that_tensorrt_reads(models: Path) -> None:
    events: list[tuple[str, str, str, int]] = []
    engine, about = _C.build(
        graph(models, "dynamic.pt2"),
        {"x": ([1, 3, 8, 8], [2, 3, 8, 8], [4, 3, 8, 8])},
        {"tf32": False, "workspace_bytes": 1 << 26},
        "tensorrt_rtx",
        progress=lambda *event: events.append(event),
    )
    assert isinstance(engine, bytes) and len(engine) > 1000
    assert about == {
        "layers": 3,
        "tensorrt": f"tensorrt_rtx {trt.__version__} (Python)",
        "inputs": [
            {"name": "x", "dtype": torch.float32, "torch_dtype": torch.float32, "shape": (-1, 3, 8, 8)}
        ],
        "outputs": [
            {"name": "output", "dtype": torch.float32, "torch_dtype": torch.float32, "shape": (-1, 4)}
        ],
        "ranges": {"x": ([1, 3, 8, 8], [2, 3, 8, 8], [4, 3, 8, 8])},
    }
    assert events[0][0] == "start" and events[0][2] == "" and events[-1][0] == "finish"
    assert {event[0] for event in events} == {"start", "step", "finish"}


def test_false_from_progress_cancels(models: Path) -> None:
    with pytest.raises(KeyboardInterrupt, match="cancelled"):
        _C.build(graph(models, "static.pt2"), progress=lambda *_: False)


def test_what_progress_raises_comes_out(models: Path) -> None:
    def progress(*_: object) -> bool:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        _C.build(graph(models, "static.pt2"), progress=progress)


def test_errors(models: Path) -> None:
    with pytest.raises(errors.InvalidArgument, match='no build option "workspace"'):
        _C.build(graph(models, "static.pt2"), options={"workspace": 1})
    with pytest.raises(errors.UnsupportedOperator) as caught:
        _C.build(graph(models, "unsupported.pt2"))
    assert [node.kind for node in caught.value.unsupported].count("aten::linalg_svdvals") == 2


def test_builds_twice_in_one_process(models: Path) -> None:
    sizes = {len(_C.build(graph(models, "static.pt2"))[0]) for _ in range(2)}
    assert min(sizes) > 1000


SHAPES_THAT_NEVER_FIT = """graph forward(
  %x : float32[s0,4] "x",
  %y : float32[s1,4] "y",
) symbols(s0 in [1, 16], s1 in [1, 16]) {
  %z : float32[s0,4] = aten::add.Tensor(self=%x, other=%y, alpha=1)
  return (%z)
}
"""


def test_a_build_failure_has_tensorrts_own_text() -> None:
    ranges = {"x": ([5, 4], [6, 4], [8, 4]), "y": ([2, 4], [3, 4], [4, 4])}
    with pytest.raises(errors.BuildFailed, match="could not build an engine\n  TensorRT: ") as caught:
        _C.build(_C.parse_graph(SHAPES_THAT_NEVER_FIT), ranges)
    assert "CUDA" not in str(caught.value)
