"""The two hosts of the command line, and the programs it is given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

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


def environment(**changes: str) -> dict[str, str]:
    """The environment of the commands: this worktree's package, no terminal, English."""
    base = {key: value for key, value in os.environ.items() if key not in ("TORCH2TRT_TENSORRT", "TERM")}
    path = os.pathsep.join([str(ROOT / "python"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**base, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "LC_ALL": "C.UTF-8", **changes}


Run = Callable[..., subprocess.CompletedProcess[str]]


def runner(command: list[str], folder: Path) -> Run:
    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            cwd=folder,
            timeout=300,
            check=False,
            env=environment(**changes),
        )

    return run


def one_error(stderr: str) -> str:
    """The error, which is the only one and no traceback."""
    assert stderr.count("torch2trt: ") == 1, stderr
    assert "Traceback" not in stderr and "terminate called" not in stderr and "frame #" not in stderr
    return stderr
