"""Programs as files, made once, and the two hosts of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
import torch

from torch2trt import _C

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "build" / os.environ.get("PRESET", "dev") / "cli" / "torch2trt"
PYTHON = [sys.executable, "-W", "ignore", "-m", "torch2trt"]


class Net(torch.nn.Module):
    """Convolution, batch norm, ReLU, mean."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.bn = torch.nn.BatchNorm2d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.bn(self.conv(x))).mean((2, 3))


class Unsupported(torch.nn.Module):
    """Operators without handlers, one of them twice, one only behind another."""

    def __init__(self) -> None:
        super().__init__()
        self.net = Net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.net(x)
        a = torch.linalg.svdvals(y)
        b = torch.linalg.svdvals(y + 1)
        return torch.linalg.pinv(torch.outer(a, b)).relu()


class Lookup(torch.nn.Module):
    """An int64 input beside a 0-d one."""

    def forward(self, ids: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return (ids + ids).to(torch.float32) * scale


class Wide(torch.nn.Module):
    """float64, which TensorRT has not."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs and of files that are none."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    x = torch.rand(2, 3, 8, 8)

    def export(module: torch.nn.Module, args: tuple[torch.Tensor, ...], name: str, **kwargs: object) -> None:
        torch.export.save(torch.export.export(module.eval(), args, **kwargs), folder / name)

    export(Net(), (x,), "static.pt2")
    export(Net(), (x,), "dynamic.pt2", dynamic_shapes={"x": {0: torch.export.Dim("batch", min=1, max=16)}})
    export(Net(), (x,), "unbounded.pt2", dynamic_shapes={"x": {0: torch.export.Dim("batch")}})
    export(Unsupported(), (x,), "unsupported.pt2")
    export(Lookup(), (torch.ones(2, 3, dtype=torch.int64), torch.tensor(2.0)), "lookup.pt2")
    export(Wide(), (torch.rand(2, 3, dtype=torch.float64),), "wide.pt2")
    torch.jit.save(torch.jit.trace(Net().eval(), x), folder / "traced.pt")
    torch.jit.save(torch.jit.script(Net().eval()), folder / "scripted.pt2")  # by its name a .pt2
    torch.jit.save(torch.jit.script(Lookup()), folder / "lookup.pt")
    (folder / "renamed.pt").write_bytes((folder / "static.pt2").read_bytes())
    torch.save(Net().state_dict(), folder / "state_dict.pt")
    torch.save(Net().state_dict(), folder / "legacy.pt", _use_new_zipfile_serialization=False)
    (folder / "text.pt2").write_text("not a zip archive " * 50)
    (folder / "empty.pt2").write_bytes(b"")
    for name in ("static.pt2", "traced.pt"):
        data = (folder / name).read_bytes()
        (folder / f"cut_{name}").write_bytes(data[:len(data) * 2 // 3])
    data = bytearray((folder / "static.pt2").read_bytes())
    at = data.index(b'"graph_module"')
    data[at + 3] ^= 0x20
    (folder / "flipped.pt2").write_bytes(bytes(data))
    return folder


def environment(**changes: str) -> dict[str, str]:
    """The environment of the commands: this worktree's package, no terminal, English."""
    base = {key: value for key, value in os.environ.items() if key not in ("TORCH2TRT_TENSORRT", "TERM")}
    path = os.pathsep.join([str(ROOT / "python"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**base, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "LC_ALL": "C.UTF-8", **changes}


Run = Callable[..., subprocess.CompletedProcess[str]]


def _runner(command: list[str], folder: Path) -> Run:
    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=folder, timeout=300, check=False,
                              env=environment(**changes))

    return run


@pytest.fixture()
def native(models: Path) -> Run:
    """The executable, run in the folder of models."""
    return _runner([str(NATIVE)], models)


@pytest.fixture()
def module(models: Path) -> Run:
    """`python -m torch2trt`, run in the folder of models."""
    return _runner(PYTHON, models)


@pytest.fixture()
def packaged(models: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same in this process, where torch is imported already."""
    monkeypatch.chdir(models)
    monkeypatch.delenv("TORCH2TRT_TENSORRT", raising=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        code = _C.main(["torch2trt", *arguments])
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(list(arguments), code, out, err)

    return run


@pytest.fixture(params=["native", "packaged"])
def either(request: pytest.FixtureRequest) -> Run:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)
