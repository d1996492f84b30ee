"""The main job, start to end: PyTorch programs become .pt2 files, TensorRT networks and engines, without a GPU.

Exports ResNet-50 and Inception v3, converts each file, builds its engine, and executes the network on the CPU against
PyTorch. Leaves the .pt2 files, the engines and report.json in build/demo. Exits with 1 if a network is not equal to
PyTorch, or if the comparison would say nothing.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rich.box
import rich.console
import rich.table
import tensorrt_rtx as trt
import torch
import torchvision

from torch2trt import _C
from torch2trt.executor import execute

FOLDER = pathlib.Path(__file__).parents[1] / "build" / "demo"
TOLERANCE = 1e-5
LOGGER = trt.Logger(trt.Logger.WARNING)
MODELS = {"resnet50": ({}, 224), "inception_v3": ({"init_weights": True}, 299)}


def seeded(name: str, options: dict[str, Any]) -> torch.nn.Module:
    """A model with weights that are the same each time, and batch-norm statistics that folding could get wrong."""
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None, **options).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return model


def relative_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """The error's norm relative to the reference's. Raises SystemExit if the reference cannot tell right from wrong."""
    if not expected.isfinite().all() or expected.std() <= 1e-3 * expected.abs().max():
        raise SystemExit("the reference is constant or not finite: comparing with it would prove nothing")
    return ((actual - expected).norm() / expected.norm()).item()


def convert_file(path: pathlib.Path, seconds: dict[str, float]) -> Any:
    """The .pt2 file as a TensorRT network."""
    with timed(seconds, "load"):
        graph = _C.read_pt2(str(path))
    with timed(seconds, "network"):
        _C.run_passes(graph)
        network = trt.Builder(LOGGER).create_network()
        _C.convert(graph, _C.PythonNetwork(network))
    return network


@contextmanager
def timed(seconds: dict[str, float], phase: str) -> Iterator[None]:
    """Notes how long the block took."""
    start = time.perf_counter()
    yield
    seconds[phase] = round(time.perf_counter() - start, 4)


def demonstrate(name: str, options: dict[str, Any], size: int) -> dict[str, Any]:
    """One model through all of it; its entry of the report."""
    seconds: dict[str, float] = {}
    model = seeded(name, options)
    image = torch.rand(1, 3, size, size)
    with torch.no_grad():
        expected = model(image)

    file = FOLDER / f"{name}.pt2"
    with timed(seconds, "export"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.export's own, about its future
        torch.export.save(torch.export.export(model, (image,)), file)
    del model  # from here on only the file is used

    network = convert_file(file, seconds)
    with timed(seconds, "build"):
        builder = trt.Builder(LOGGER)
        engine = bytes(builder.build_serialized_network(network, builder.create_builder_config()))
    file.with_suffix(".engine").write_bytes(engine)

    (actual,) = execute(network, {network.get_input(0).name: image}).values()
    return {
        "model": name,
        "layers": network.num_layers,
        "seconds": seconds,
        "engine_bytes": len(engine),
        "relative_error": relative_error(actual, expected),
    }


def table(report: list[dict[str, Any]]) -> rich.table.Table:
    """The report for people."""
    shown = rich.table.Table(box=rich.box.SIMPLE, pad_edge=False)
    for column in ("model", "layers", "export", "load", "network", "build", "engine", "error"):
        shown.add_column(column, justify="left" if column == "model" else "right", no_wrap=True)
    for row in report:
        phases = [f"{row['seconds'][phase]:.2f} s" for phase in ("export", "load", "network", "build")]
        shown.add_row(
            row["model"],
            str(row["layers"]),
            *phases,
            f"{row['engine_bytes'] / 2**20:.0f} MiB",
            f"{row['relative_error']:.1e}",
        )
    return shown


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    report = [demonstrate(name, options, size) for name, (options, size) in MODELS.items()]
    (FOLDER / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    rich.console.Console().print(table(report))
    wrong = [row["model"] for row in report if not row["relative_error"] <= TOLERANCE]
    print(f"not equal to PyTorch: {', '.join(wrong)}" if wrong else f"equal to PyTorch; files in {FOLDER}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
