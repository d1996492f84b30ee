"""Writes a program with an operator of its own, an input and what PyTorch returns: model.pt2, x.npy and y.npy.

python export.py DIR
"""

import pathlib
import sys

import numpy as np
import torch


@torch.library.custom_op("demo::running_max", mutates_args=())
def running_max(x: torch.Tensor, window: int) -> torch.Tensor:
    """The largest of the last `window` values in each row."""
    padded = torch.nn.functional.pad(x, (window - 1, 0), value=float("-inf"))
    return padded.unfold(-1, window, 1).amax(-1)


@running_max.register_fake
def _(x: torch.Tensor, window: int) -> torch.Tensor:
    return torch.empty_like(x)


class Peaks(torch.nn.Module):
    """The operator on a tensor of the network and on a parameter, between layers of TensorRT's."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = torch.nn.Parameter(torch.randn(64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return running_max(x.sin() * 2, 5) + running_max(self.bias, 3)


def main(folder: pathlib.Path) -> None:
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    module, x = Peaks(), torch.randn(3, 4, 64)
    torch.export.save(torch.export.export(module, (x,)), folder / "model.pt2")
    np.save(folder / "x.npy", x.numpy())
    np.save(folder / "y.npy", module(x).detach().numpy())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
