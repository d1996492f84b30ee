"""Latency on a GPU: our engines beside PyTorch eager, eager in channels_last (CNNs) and torch.compile, in one run.

    python -m benchmarks.gpu DIR --cli PATH_OF_torch2trt --tensorrt FOLDER [--models NAME ...] [--batches 1 32]
                             [--precisions fp32,tf32,fp16] [--no-compile] [--engines FOLDER] [--jobs N]

For each batch size and precision, first the engines are built and torch.compile's caches are filled, N at a time; more
than a few builds at a time only slow each other down. Then N processes load and warm up what is timed, each model in a
process of its own, and take turns: while one measures no other does (a lock on DIR/gpu.lock).

Weights are random and seeded. All times are medians in milliseconds: PyTorch's by CUDA events around one call after
warming up, ours by `torch2trt bench` without transfers. Leaves DIR/gpu.json, a list of {"model", "batch", "precision",
"eager_ms", "channels_last_ms", "compile_ms", "engine_ms", "graph_ms", "layers", "build_s"}, written after each entry;
prints a Markdown table. --engines is the folder `models` of tools/gpu_check, whose batch-1 engines are taken. Needs
torch, torchvision and transformers, and a GPU.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import fcntl
import itertools
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

from tests.gpu import models

MODELS = ("resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny", "vit_b_16", "bert_base")
CNNS = {"resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny"}
FLAGS = {"fp32": ["--noTF32"], "tf32": [], "fp16": ["--fp16"]}


@contextlib.contextmanager
def alone(folder: pathlib.Path) -> Iterator[None]:
    """While nobody else measures."""
    with (folder / "gpu.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def median_ms(call: Callable[[], Any], seconds: float, folder: pathlib.Path) -> float:
    """Median milliseconds of one call on the GPU, events around each call."""
    for _ in range(10):
        call()
    torch.cuda.synchronize()
    if seconds == 0:
        return 0.0
    times = []
    with alone(folder):
        for _ in range(10):
            call()
        end_at = time.monotonic() + seconds
        while time.monotonic() < end_at or len(times) < 20:
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            call()
            end.record()
            end.synchronize()
            times.append(start.elapsed_time(end))
    return statistics.median(times)


def torch_times(
    name: str, batch: int, precision: str, compiled: bool, folder: pathlib.Path, seconds: float = 0.5
) -> dict[str, float | None]:
    """PyTorch's own times; 0 seconds only warm up, which fills torch.compile's caches."""
    allow = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allow
    model, inputs = models.model_and_inputs(name, batch)
    model, inputs = model.cuda(), tuple(value.cuda() for value in inputs)
    if precision == "fp16":
        model = model.half()
        inputs = tuple(value.half() if value.is_floating_point() else value for value in inputs)
    found: dict[str, float | None] = {"channels_last_ms": None, "compile_ms": None}
    with torch.inference_mode():
        found["eager_ms"] = median_ms(lambda: model(*inputs), seconds, folder)
        if name in CNNS:
            last = model.to(memory_format=torch.channels_last)
            last_inputs = tuple(value.to(memory_format=torch.channels_last) for value in inputs)
            found["channels_last_ms"] = median_ms(lambda: last(*last_inputs), seconds, folder)
            model = model.to(memory_format=torch.contiguous_format)
        if compiled:
            torch._dynamo.reset()
            fast = torch.compile(model, mode="reduce-overhead")

            def step() -> None:
                torch.compiler.cudagraph_mark_step_begin()
                fast(*inputs)

            found["compile_ms"] = median_ms(step, seconds, folder)
    return found


def engine_of(name: str, batch: int, precision: str, options: argparse.Namespace) -> pathlib.Path:
    """Where the engine is, or will be."""
    kind = {"fp32": "float32", "fp16": "float16"}.get(precision)
    if options.engines and batch == 1 and kind:
        made = options.engines / kind / f"{name}.engine"
        if made.exists():
            return made
    return options.folder / f"{name}-b{batch}" / f"{precision}.engine"


def export(name: str, batch: int, options: argparse.Namespace) -> None:
    """The .pt2 file that the engines of all precisions are built from."""
    folder = options.folder / f"{name}-b{batch}"
    if (folder / f"{name}.pt2").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    run([sys.executable, "-m", "tests.gpu.models", folder, name, "--batch", batch])


def build(name: str, batch: int, precision: str, options: argparse.Namespace) -> None:
    """Our engine, if there is none yet; beside it a JSON with its layers and the seconds it took."""
    engine = engine_of(name, batch, precision, options)
    if engine.exists():
        return
    file = engine.parent / f"{name}.pt2"
    start = time.monotonic()
    report = engine.with_suffix(".build.json")
    flags = [f"--exportReport={report}", f"--timingCacheFile={options.folder / 'timing.cache'}"]
    common = ["--tensorrt", options.tensorrt, *FLAGS[precision]]
    run([options.cli, "build", file, f"--saveEngine={engine}", *flags, *common])
    built = {
        "build_s": round(time.monotonic() - start, 1),
        "layers": json.loads(report.read_text())["layers"],
    }
    report.write_text(json.dumps(built))


def ours(name: str, batch: int, precision: str, options: argparse.Namespace) -> dict[str, Any]:
    """Our engine's times."""
    engine = engine_of(name, batch, precision, options)
    built = engine.with_suffix(".build.json")
    found: dict[str, Any] = json.loads(built.read_text()) if built.exists() else {}
    report = options.folder / f"{name}-{batch}-{precision}.bench.json"
    for key, flag in (("engine_ms", "--noCudaGraph"), ("graph_ms", "--useCudaGraph")):
        bench = ["bench", f"--loadEngine={engine}", "--tensorrt", options.tensorrt, "--noDataTransfers", flag]
        with alone(options.folder):
            run([options.cli, *bench, "--duration=1", "--warmUp=200", f"--exportReport={report}"])
        found[key] = json.loads(report.read_text())["bench"]["compute_ms"]["median"]
    return found


def own_process(options: argparse.Namespace, *more: object) -> str:
    """This script once more, with more arguments; what it prints."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", options.folder, "--cli", options.cli]
    command += ["--tensorrt", options.tensorrt, *(["--engines", options.engines] if options.engines else [])]
    return run([*command, *(["--no-compile"] if options.no_compile else []), *more])


def entry_of(name: str, batch: int, precision: str, options: argparse.Namespace) -> dict[str, Any]:
    """What is known of one model, batch size and precision."""
    entry: dict[str, Any] = {"model": name, "batch": batch, "precision": precision}
    for times in (
        lambda: ours(name, batch, precision, options),
        lambda: torch_times(name, batch, precision, not options.no_compile, options.folder),
    ):
        try:
            entry |= times()
        except Exception as error:  # the other figures still count
            entry["error"] = f"{type(error).__name__}: {error}"
    return entry


def prepare(wanted: list[tuple[str, int, str]], options: argparse.Namespace) -> None:
    """Engines and caches; what fails here fails again, and is reported, where it is timed."""
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        models_of_batches = dict.fromkeys((name, batch) for name, batch, _ in wanted)
        list(pool.map(lambda what: export(*what, options), models_of_batches))
        tasks = [pool.submit(build, *what, options) for what in wanted]
        if not options.no_compile:
            tasks += [pool.submit(own_process, options, "--warm", *what) for what in wanted]
        for task in concurrent.futures.as_completed(tasks):
            if error := task.exception():
                print(error, flush=True)


def run(command: list[Any]) -> str:
    """Runs a command; what it prints."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


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
    parser.add_argument("--engines", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 32])
    parser.add_argument("--precisions", default="fp32,tf32,fp16")
    parser.add_argument("--no-compile", action="store_true")
    for flag in ("--warm", "--entry"):  # what own_process() is started for
        parser.add_argument(flag, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.warm:
        name, batch, precision = options.warm
        torch_times(name, int(batch), precision, True, options.folder, 0.0)
        return
    if options.entry:
        name, batch, precision = options.entry
        print(json.dumps(entry_of(name, int(batch), precision, options)))
        return
    warnings.simplefilter("ignore")
    os.environ["LD_LIBRARY_PATH"] = f"{options.tensorrt.resolve()}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    options.folder.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    precisions = options.precisions.split(",")
    for batch, precision in itertools.product(options.batches, precisions):
        wanted = [(name, batch, precision) for name in options.models]
        prepare(wanted, options)
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            tasks = [pool.submit(own_process, options, "--entry", *what) for what in wanted]
            for task in concurrent.futures.as_completed(tasks):
                entry = json.loads(task.result().splitlines()[-1])
                found.append(entry)
                print(
                    {key: round(v, 3) if isinstance(v, float) else v for key, v in entry.items()}, flush=True
                )
                (options.folder / "gpu.json").write_text(json.dumps(found, indent=1))
    found.sort(
        key=lambda entry: (
            options.models.index(entry["model"]),
            entry["batch"],
            precisions.index(entry["precision"]),
        )
    )
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
