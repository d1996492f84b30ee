"""torchvision's models through the converter: `python -m tools.zoo [MODEL ...]`, or `make zoo` for all.

Each model is exported, converted and built in a process of its own, statically and with a dynamic batch, and the
networks are executed on the CPU against PyTorch. Results go to build/zoo/MODEL.json; models that have one of these
converter's are left out, so it may be stopped and started. `--page` writes docs/models.md from what is there.
Exits with 1 if a model fails.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

from . import measure, models, page

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "build" / "zoo"


def in_own_process(arguments: list[str], memory_mb: float, seconds: float) -> str:
    """Runs `python -m tools.zoo ARGUMENTS` with one thread; "", or why it was killed or ended badly."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tools.zoo", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as child:
        started = time.monotonic()
        while child.poll() is None:
            if time.monotonic() - started > seconds:
                child.kill()
                return f"killed after {seconds:.0f} s"
            if (used := _rss_mb(child.pid)) > memory_mb:
                child.kill()
                return f"killed at {used:.0f} MB"
            time.sleep(0.2)
    return f"the process ended with {child.returncode}" if child.returncode else ""


def _rss_mb(process: int) -> float:
    try:
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:")), 0.0)


def results() -> dict[str, dict[str, Any]]:
    """What earlier runs found, by model."""
    read = (json.loads(file.read_text()) for file in RESULTS.glob("*.json"))
    return {entry["model"]: entry for entry in read}


def write(entry: dict[str, Any]) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{entry['model']}.json").write_text(json.dumps(entry, indent=2) + "\n")


def one(name: str, onnx: bool) -> None:
    """What a child process does: measures a model, or adds the ONNX route's layers to its entry."""
    size = models.full(name)
    if not onnx:
        write(measure.measure(size))
        return
    entry = json.loads((RESULTS / f"{name}.json").read_text())
    entry["onnx_layers"] = measure.onnx_layers(models.seeded(size), size)
    write(entry)


def run_all(names: list[str], again: bool, memory_mb: float, seconds: float) -> None:
    """Measures what has no result yet."""
    known = results()
    for name in names:
        if name in known and not again:
            continue
        reason = in_own_process(["--one", name], memory_mb, seconds)
        if reason:
            write({"model": name, "family": models.family(name), "killed": reason})
        entry = json.loads((RESULTS / f"{name}.json").read_text())
        print(f"{name}: {'; '.join(measure.failures(entry)) or page.summary(entry)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.zoo", description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="which; default: all")
    parser.add_argument("--families", action="store_true", help="the smallest model of each family")
    parser.add_argument("--again", action="store_true", help="also models that have a result")
    parser.add_argument(
        "--onnx", action="store_true", help="add the layers of the ONNX route, of models that have a result"
    )
    parser.add_argument("--page", action="store_true", help="write docs/models.md from the results")
    parser.add_argument(
        "--memory", type=float, default=16000, metavar="MB", help="kill a process beyond it (16000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=3600, metavar="S", help="kill a process after it (3600)"
    )
    parser.add_argument("--one", metavar="MODEL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.onnx)
        return 0
    chosen = options.models or [
        name for name in models.names() if not options.families or name in models.FAMILIES
    ]
    if unknown := set(chosen) - set(models.names()):
        parser.error(f"not in the zoo: {', '.join(sorted(unknown))}")
    if options.onnx:
        for name, entry in results().items():
            if name in chosen and (options.again or "onnx_layers" not in entry):
                reason = in_own_process(["--one", name, "--onnx"], options.memory, options.seconds)
                print(f"{name}: {reason or results()[name]['onnx_layers']}", flush=True)
    elif not options.page:
        run_all(chosen, options.again, options.memory, options.seconds)
    known = results()
    if options.page:
        page.PAGE.write_text(page.text(known))
    return 1 if any(measure.failures(known[name]) for name in chosen if name in known) else 0


if __name__ == "__main__":
    sys.exit(main())
