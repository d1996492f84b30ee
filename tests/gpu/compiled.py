"""TRTModule on a real GPU: values, types, streams, threads and CUDA graphs, with engines that `torch2trt build` made.

    python -m tests.gpu.compiled DIR --cli TORCH2TRT --tensorrt FOLDER

Needs torch and the package with its extension module (PYTHONPATH=python). Exports programs into DIR and builds bundles.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import threading

import torch

RUNS = 20


class Net(torch.nn.Module):
    """Nested, with float64, int64 and a keyword argument."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3, padding=1)

    def forward(self, pair: tuple[torch.Tensor, torch.Tensor], *, offset: torch.Tensor) -> dict[str, object]:
        image, other = pair
        y = self.conv(image).relu() + offset
        return {"y": y, "rest": [other.double() * 2, (y.mean((2, 3)) > 0).long()]}


def arguments(batch: int, device: str) -> tuple[tuple, dict]:
    image, other = torch.randn(batch, 3, 16, 16, device=device), torch.randn(batch, 5, device=device)
    return ((image, other),), {"offset": torch.randn(8, 1, 1, device=device)}


def check(engine: torch.nn.Module, module: torch.nn.Module, batch: int) -> None:
    args, kwargs = arguments(batch, "cuda")
    torch.cuda._sleep(2_000_000)  # inputs are still being computed when the engine is called
    args = ((args[0][0] * 2, args[0][1]),)
    got = engine(*args, **kwargs)
    wanted = module(*args, **kwargs)
    assert got["rest"][0].dtype is torch.float64 and got["rest"][1].dtype is torch.int64
    torch.testing.assert_close(got["y"], wanted["y"], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(got["rest"][0], wanted["rest"][0].double())
    assert torch.equal(got["rest"][1], wanted["rest"][1])


def on_threads(engine: torch.nn.Module, module: torch.nn.Module) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with torch.cuda.stream(torch.cuda.Stream()), torch.no_grad():
                for run in range(RUNS):
                    check(engine, module, 1 + run % 4)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cli", type=pathlib.Path, required=True)
    parser.add_argument("--tensorrt", type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.environ["TORCH2TRT_TENSORRT_LIB"] = str(options.tensorrt)

    import torch2trt

    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    module = Net().eval()
    args, kwargs = arguments(2, "cpu")
    batch = torch.export.Dim("batch", min=1, max=4)
    program = torch.export.export(
        module, args, kwargs, dynamic_shapes={"pair": ({0: batch}, {0: batch}), "offset": None}
    )
    path, bundle = options.folder / "net.pt2", options.folder / "net.engine"
    torch.export.save(program, path)
    command = [options.cli, "build", path, "--bundle", f"--saveEngine={bundle}", "--noTF32"]
    subprocess.run([*command, "--tensorrt", options.tensorrt], check=True)
    module.cuda()
    with torch.no_grad():
        for cuda_graph in (False, True):
            engine = torch2trt.TRTModule.load(bundle, cuda_graph=cuda_graph)
            for run in range(RUNS):
                check(engine, module, 1 + run % 4)
            on_threads(engine, module)
    torch.cuda.synchronize()
    try:
        engine(*arguments(5, "cuda")[0], offset=torch.zeros(8, 1, 1, device="cuda"))
    except torch2trt.Error as error:
        assert "allows 1 to 4" in str(error), error
    else:
        raise AssertionError("a batch outside of the profile ran")
    print(
        f"TRTModule: {10 * RUNS} runs, with and without CUDA graphs, right ({torch.cuda.get_device_name()})"
    )


if __name__ == "__main__":
    main()
