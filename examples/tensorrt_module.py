"""A module that is a TensorRT engine in eval mode and PyTorch in training mode.

Needs a GPU to run the engine; without one it is built all the same, and the eval call says what is missing.
"""

import torch

import torch2trt

MAX_BATCHSIZE, MAX_WORKSPACE = 8, 1 << 30


class TensorRTExample(torch2trt.TensorRTModule):
    """TensorRT in eval mode, PyTorch in training mode."""

    def __init__(self) -> None:
        super().__init__(MAX_BATCHSIZE, MAX_WORKSPACE)
        self.net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x) / 2


def main() -> None:
    torch.manual_seed(0)
    module, x = TensorRTExample(), torch.rand(2, 3, 16, 16)
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    module.train()(x).square().mean().backward()
    optimizer.step()

    module.eval()
    module.build_tensorrt(module, [x])  # the first call would do it; this needs no GPU with TensorRT-RTX
    assert module.built and module.engine_bytes is not None
    size = len(module.engine_bytes) / 2**10
    if torch.cuda.is_available():
        module, x = module.cuda(), x.cuda()
    try:
        torch.testing.assert_close(module(x), module.forward(x), rtol=1e-2, atol=1e-3)
        ran = "equal to PyTorch"
    except torch2trt.errors.RuntimeFailure as error:
        ran = str(error).splitlines()[0]
    print(f"TensorRTModule: engine of {size:.0f} KiB; {ran}")


if __name__ == "__main__":
    main()
