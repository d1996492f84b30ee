"""Latency on a GPU: our engines beside PyTorch eager, eager in channels_last (CNNs) and torch.compile, in one run.

    python -m benchmarks.gpu DIR --cli PATH_OF_torch2trt --tensorrt FOLDER [--models NAME ...] [--batches 1 32]
                             [--precisions fp32,tf32,fp16] [--no-compile]

Weights are random and seeded. All times are medians in milliseconds: PyTorch's by CUDA events around one call after
warming up, ours by `torch2trt bench` without transfers. Leaves DIR/gpu.json, a list of {"model", "batch", "precision",
"eager_ms", "channels_last_ms", "compile_ms", "engine_ms", "graph_ms", "layers", "build_s"}, written after each entry;
prints a Markdown table. Needs torch, torchvision and transformers, and a GPU.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from tests.gpu import models

MODELS = ("resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny", "vit_b_16", "bert_base")
CNNS = {"resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny"}
FLAGS = {"fp32": ["--noTF32"], "tf32": [], "fp16": ["--fp16"]}


def median_ms(call: Callable[[], Any], seconds: float = 1.0) -> float:
    """Median milliseconds of one call on the GPU, events around each call."""
    for _ in range(10):
        call()
    torch.cuda.synchronize()
    times = []
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at or len(times) < 20:
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


def torch_times(name: str, batch: int, precision: str, compiled: bool) -> dict[str, float | None]:
    """PyTorch's own times."""
    allow = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allow
    model, inputs = models.model_and_inputs(name, batch)
    model, inputs = model.cuda(), tuple(value.cuda() for value in inputs)
    if precision == "fp16":
        model = model.half()
        inputs = tuple(value.half() if value.is_floating_point() else value for value in inputs)
    found: dict[str, float | None] = {"channels_last_ms": None, "compile_ms": None}
    with torch.inference_mode():
        found["eager_ms"] = median_ms(lambda: model(*inputs))
        if name in CNNS:
            last = model.to(memory_format=torch.channels_last)
            last_inputs = tuple(value.to(memory_format=torch.channels_last) for value in inputs)
            found["channels_last_ms"] = median_ms(lambda: last(*last_inputs))
            model = model.to(memory_format=torch.contiguous_format)
        if compiled:
            torch._dynamo.reset()
            fast = torch.compile(model, mode="reduce-overhead")

            def step() -> None:
                torch.compiler.cudagraph_mark_step_begin()
                fast(*inputs)

            found["compile_ms"] = median_ms(step)
    return found


def ours(name: str, batch: int, precision: str, options: argparse.Namespace) -> dict[str, Any]:
    """Our engine's times."""
    folder = options.folder / f"{name}-b{batch}"
    file = folder / f"{name}.pt2"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        model, inputs = models.model_and_inputs(name, batch)
        with torch.no_grad():
            torch.export.save(torch.export.export(model, inputs), file)
    engine, report = folder / f"{precision}.engine", folder / f"{precision}.json"
    common = ["--tensorrt", str(options.tensorrt)]
    start = time.monotonic()
    run(
        [
            options.cli,
            "build",
            file,
            f"--saveEngine={engine}",
            f"--exportReport={report}",
            *common,
            *FLAGS[precision],
        ]
    )
    found: dict[str, Any] = {"build_s": round(time.monotonic() - start, 1)}
    found["layers"] = json.loads(report.read_text())["layers"]
    for key, flag in (("engine_ms", "--noCudaGraph"), ("graph_ms", "--useCudaGraph")):
        bench = [
            "bench",
            f"--loadEngine={engine}",
            *common,
            "--noDataTransfers",
            "--duration=1",
            "--warmUp=200",
            flag,
        ]
        run([options.cli, *bench, f"--exportReport={report}"])
        found[key] = json.loads(report.read_text())["bench"]["compute_ms"]["median"]
    return found


def run(command: list[Any]) -> None:
    """Runs a command whose output matters only if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def table(found: list[dict[str, Any]]) -> list[str]:
    """The entries as Markdown, and the geometric mean over torch.compile."""
    lines = [
        "| model | batch | precision | eager | channels_last | torch.compile | ours | ours, graph | over compile |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    ratios: dict[int, list[float]] = {}
    for entry in found:
        cells = [entry["model"], str(entry["batch"]), entry["precision"]]
        for key in ("eager_ms", "channels_last_ms", "compile_ms", "engine_ms", "graph_ms"):
            cells.append("" if entry.get(key) is None else f"{entry[key]:.3f}")
        if entry.get("compile_ms") and entry.get("graph_ms"):
            ratio = entry["compile_ms"] / entry["graph_ms"]
            ratios.setdefault(entry["batch"], []).append(ratio)
            cells.append(f"{ratio:.2f}x")
        else:
            cells.append(entry.get("error", "")[:80])
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    for batch, values in ratios.items():
        mean = math.exp(statistics.fmean(map(math.log, values)))
        lines.append(f"Batch {batch}: {mean:.2f}x over torch.compile in geometric mean of {len(values)}.")
    return lines


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cli", type=pathlib.Path, required=True)
    parser.add_argument("--tensorrt", type=pathlib.Path, required=True)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--precisions", default="fp32,tf32,fp16")
    parser.add_argument("--no-compile", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["LD_LIBRARY_PATH"] = f"{options.tensorrt.resolve()}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    options.folder.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    for precision in options.precisions.split(","):
        for batch in options.batches:
            for name in options.models:
                entry: dict[str, Any] = {"model": name, "batch": batch, "precision": precision}
                try:
                    entry |= torch_times(name, batch, precision, not options.no_compile)
                    entry |= ours(name, batch, precision, options)
                except Exception as error:  # the other entries still count
                    entry["error"] = f"{type(error).__name__}: {error}"
                found.append(entry)
                print(
                    {key: round(v, 3) if isinstance(v, float) else v for key, v in entry.items()}, flush=True
                )
                (options.folder / "gpu.json").write_text(json.dumps(found, indent=1))
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
