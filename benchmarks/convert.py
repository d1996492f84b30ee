"""What converting costs, ours beside the ONNX route: `python benchmarks/convert.py [--json FILE] [--page]`.

For each model a .pt2 file is made (not measured), then two fresh processes go from that file to an engine of the same
TensorRT-RTX: ours reads the file; the ONNX route loads it (torch.export.load), exports it (torch.onnx.export) and
parses that (OnnxParser). Seconds are of the wall clock, a process's from its start to its end; memory is resident.

The JSON: a list of {"model", "weights_mb", "ours": {"layers", "wall_s", "base_rss_mb", "rss_before_build_mb",
"peak_rss_mb", "engine_mb", "seconds"}, "onnx": {"layers", "wall_s", "peak_rss_mb", "engine_mb", "seconds"}}; MB are of
10^6 bytes. `base_rss_mb` is of our process when it has imported what it needs and made an empty network, the model's
weights not among it; `rss_before_build_mb` when the network is whole and the builder has not begun; `seconds` has the
stages. `--page` puts the tables into docs/benchmarks.md.

Exits with 1 where ours takes more than half the ONNX route's time, or more memory before the build than
base + 1.1 x the weights.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# The measured processes run this file too: what they do not need is imported where it is used.

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODELS = ("resnet18", "resnet50", "vit_b_16", "swin_t", "efficientnet_b0")
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- begin: benchmarks/convert.py -->", "<!-- end: benchmarks/convert.py -->"
TIME_RATIO = 0.5
WEIGHTS_RATIO = 1.1


# --- the measured processes -------------------------------------------------------------------------------------------


def rss_mb(field: str) -> float:
    """VmRSS, what this process holds in memory now, or VmHWM, the most it held."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(field + ":"))
    return round(int(line.split()[1]) * 1024 / 1e6, 1)


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Notes how long the block took."""
    start = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - start, 3)


def build(trt: Any, builder: Any, network: Any, engine_file: pathlib.Path) -> float:
    """Builds the engine, writes it, and returns its size in MB."""
    engine = builder.build_serialized_network(network, builder.create_builder_config())
    if engine is None:
        raise SystemExit("TensorRT built no engine")
    engine_file.write_bytes(engine)
    return round(engine.nbytes / 1e6, 1)


def ours(program: pathlib.Path, folder: pathlib.Path) -> dict[str, Any]:
    """From the .pt2 file to an engine with torch2trt."""
    seconds: dict[str, float] = {}
    with timed(seconds, "import"):
        import tensorrt_rtx as trt

        import torch2trt
    with timed(seconds, "TensorRT"):
        builder = trt.Builder(trt.Logger(trt.Logger.ERROR))
        network = builder.create_network(0)
    base = rss_mb("VmRSS")
    with timed(seconds, "read"):
        graph = torch2trt._C.read_pt2(str(program))
    with timed(seconds, "network"):
        torch2trt._C.run_passes(graph)
        torch2trt._C.convert(graph, torch2trt._C.PythonNetwork(network), {})
    before = rss_mb("VmRSS")
    with timed(seconds, "build"):
        engine_mb = build(trt, builder, network, folder / "ours.engine")
    return {
        "layers": network.num_layers,
        "base_rss_mb": base,
        "rss_before_build_mb": before,
        "peak_rss_mb": rss_mb("VmHWM"),
        "engine_mb": engine_mb,
        "seconds": seconds,
    }


def onnx(program: pathlib.Path, folder: pathlib.Path) -> dict[str, Any]:
    """From the .pt2 file to an engine through an ONNX file."""
    warnings.simplefilter("ignore")  # torch's own, about its future
    seconds: dict[str, float] = {}
    with timed(seconds, "import"):
        import tensorrt_rtx as trt
        import torch
    with timed(seconds, "TensorRT"):
        logger = trt.Logger(trt.Logger.ERROR)
        builder = trt.Builder(logger)
        network = builder.create_network(0)
    with timed(seconds, "load"):
        exported = torch.export.load(program)
    file = folder / "model.onnx"
    with timed(seconds, "export"):
        torch.onnx.export(exported, dynamo=True, external_data=False, verbose=False).save(str(file))
    parser = trt.OnnxParser(network, logger)
    with timed(seconds, "parse"):
        if not parser.parse_from_file(str(file)):
            raise SystemExit("; ".join(parser.get_error(i).desc() for i in range(parser.num_errors)))
    with timed(seconds, "build"):
        engine_mb = build(trt, builder, network, folder / "onnx.engine")
    return {
        "layers": network.num_layers,
        "peak_rss_mb": rss_mb("VmHWM"),
        "engine_mb": engine_mb,
        "seconds": seconds,
    }


def make(name: str, program: pathlib.Path) -> dict[str, Any]:
    """The model with torchvision's random weights as a .pt2 file."""
    import torch
    import torchvision

    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None).eval()
    torch.export.save(torch.export.export(model, (torch.rand(1, 3, 224, 224),)), program)
    tensors = [*model.parameters(), *model.buffers()]
    return {"weights_mb": round(sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e6, 1)}


# --- around them ------------------------------------------------------------------------------------------------------


def fresh(stage: str, name: str, folder: pathlib.Path) -> dict[str, Any]:
    """What a stage reports, run in a process of its own, and that process's time."""
    start = time.perf_counter()
    command = [sys.executable, __file__, "--stage", stage, "--folder", str(folder), name]
    # The package as `make build` leaves it in this checkout, if there is one there.
    path = os.pathsep.join(filter(None, [str(ROOT / "python"), os.environ.get("PYTHONPATH")]))
    environment = os.environ | ({"PYTHONPATH": path} if any(ROOT.glob("python/torch2trt/_C*.so")) else {})
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    wall = round(time.perf_counter() - start, 3)
    return {**json.loads((folder / f"{stage}.json").read_text()), "wall_s": wall}


def measure(name: str) -> dict[str, Any]:
    """One model's entry."""
    with tempfile.TemporaryDirectory(prefix="torch2trt-convert-") as folder:
        made = fresh("make", name, pathlib.Path(folder))
        (pathlib.Path(folder) / "model.pt2").read_bytes()  # both find it in the file cache
        return {
            "model": name,
            "weights_mb": made["weights_mb"],
            "ours": fresh("ours", name, pathlib.Path(folder)),
            "onnx": fresh("onnx", name, pathlib.Path(folder)),
        }


def complaints(entry: dict[str, Any]) -> list[str]:
    """Which promises the entry breaks."""
    mine, other, found = entry["ours"], entry["onnx"], []
    if mine["wall_s"] > TIME_RATIO * other["wall_s"]:
        found.append(f"{entry['model']}: {mine['wall_s']:.1f} s, the ONNX route {other['wall_s']:.1f} s")
    allowed = mine["base_rss_mb"] + WEIGHTS_RATIO * entry["weights_mb"]
    if mine["rss_before_build_mb"] > allowed:
        found.append(
            f"{entry['model']}: {mine['rss_before_build_mb']:.0f} MB before the build, {allowed:.0f} allowed"
        )
    if mine["layers"] > other["layers"]:
        found.append(f"{entry['model']}: {mine['layers']} layers, the ONNX route {other['layers']}")
    return found


def stages(seconds: dict[str, float]) -> str:
    return " + ".join(f"{value:.2f}" for value in seconds.values())


def table(report: list[dict[str, Any]]) -> str:
    """The report as Markdown tables."""
    lines = [
        "| model | weights | layers | process | base, before the build | peak | engine |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for entry in report:
        a, b = entry["ours"], entry["onnx"]
        lines += [
            f"| {entry['model']} | {entry['weights_mb']:.0f} MB | {a['layers']} | {a['wall_s']:.1f} s "
            f"| {a['base_rss_mb']:.0f}, {a['rss_before_build_mb']:.0f} MB | {a['peak_rss_mb']:.0f} MB "
            f"| {a['engine_mb']:.0f} MB |",
            f"| through ONNX | | {b['layers']} | {b['wall_s']:.1f} s | | {b['peak_rss_mb']:.0f} MB "
            f"| {b['engine_mb']:.0f} MB |",
        ]
    names = [", ".join(stage for stage in report[0][route]["seconds"]) for route in ("ours", "onnx")]
    lines += ["", f"| seconds | {names[0]} | through ONNX: {names[1]} |", "|---|---|---|"]
    lines += [
        f"| {entry['model']} | {stages(entry['ours']['seconds'])} | {stages(entry['onnx']['seconds'])} |"
        for entry in report
    ]
    return "\n".join(lines) + "\n"


def put_into_page(text: str) -> None:
    """Replaces what the page has between this script's marks."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{PAGE} lacks the lines {BEGIN} and {END}")
    PAGE.write_text(f"{before}{BEGIN}\n{text}{end}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "models", nargs="*", default=MODELS, metavar="MODEL", help="of torchvision; default: five"
    )
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the measurements there")
    parser.add_argument("--page", action="store_true", help="put the tables into docs/benchmarks.md")
    parser.add_argument("--stage", choices=("make", "ours", "onnx"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        program = options.folder / "model.pt2"
        (name,) = options.models
        if options.stage == "make":
            result = make(name, program)
        else:
            result = (ours if options.stage == "ours" else onnx)(program, options.folder)
        (options.folder / f"{options.stage}.json").write_text(json.dumps(result))
        return 0
    report = []
    for name in options.models:
        report.append(measure(name))
        if options.json:
            options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report), end="")
    if options.page:
        put_into_page(table(report))
    broken = [text for entry in report for text in complaints(entry)]
    print("".join(f"\nnot as promised: {text}" for text in broken), file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
