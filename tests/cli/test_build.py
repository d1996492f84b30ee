"""build: engines, reports, cancelling. Through the Python package, with the TensorRT that is installed."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import struct
import subprocess
import threading
import time
import zipfile
from pathlib import Path

import pytest
from hosts import PYTHON, Run, environment

trt = pytest.importorskip("tensorrt_rtx")


def test_builds_an_engine_and_a_report(packaged: Run, tmp_path: Path) -> None:
    engine, report = tmp_path / "model.engine", tmp_path / "report.json"
    done = packaged(
        "build", "static.pt2", f"--saveEngine={engine}", f"--exportReport={report}", "--tensorrt=tensorrt_rtx"
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.engine", "report.json"]
    found = json.loads(report.read_text())
    assert found["model"] == "static.pt2"
    assert found["layers"] == 3
    assert set(found["seconds"]) == {"load", "network", "build"}
    assert all(seconds > 0 for seconds in found["seconds"].values())
    assert found["engine_bytes"] == engine.stat().st_size > 1000
    assert found["inputs"] == [
        {"name": "x", "dtype": "float32", "torch_dtype": "float32", "shape": [2, 3, 8, 8]}
    ]
    assert found["outputs"] == [
        {"name": "output", "dtype": "float32", "torch_dtype": "float32", "shape": [2, 4]}
    ]
    assert found["tensorrt"] == f"tensorrt_rtx {trt.__version__} (Python)"
    assert found["warnings"] == []
    assert f"saved {engine}\n" in done.stdout
    # Plain lines, since stderr is no terminal.
    assert re.search(r"^load: \d+\.\d\d s\nnetwork: \d+\.\d\d s\nbuild: [^\n]+\n", done.stderr, re.MULTILINE)
    assert "\r" not in done.stderr and "\x1b" not in done.stderr and "%" not in done.stderr


@pytest.mark.parametrize("model, member", [("static.pt2", "/weight_0"), ("traced.pt", "/data/0")])
def test_a_flipped_bit_in_a_weight_is_no_engine(
    packaged: Run, models: Path, tmp_path: Path, model: str, member: str
) -> None:
    with zipfile.ZipFile(models / model) as archive:
        (info,) = (entry for entry in archive.infolist() if entry.filename.endswith(member))
    data = bytearray((models / model).read_bytes())
    lengths = struct.unpack_from("<HH", data, info.header_offset + 26)
    data[info.header_offset + 30 + sum(lengths) + info.file_size // 2] ^= 1
    (tmp_path / model).write_bytes(data)
    shapes = ["--shapes=x:2x3x8x8"] if model.endswith(".pt") else []
    done = packaged("build", str(tmp_path / model), *shapes, f"--saveEngine={tmp_path / 'e'}")
    assert done.returncode == 3
    assert f'the checksum of member "{info.filename}" does not match' in done.stderr
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize("model", ["dynamic.pt2", "unbounded.pt2", "traced.pt"])
def test_dynamic_shapes_become_the_profile(packaged: Run, tmp_path: Path, model: str) -> None:
    report = tmp_path / "report.json"
    done = packaged(
        "build",
        model,
        "--minShapes=x:1x3x8x8",
        "--optShapes=x:2x3x8x8",
        "--maxShapes=x:8x3x8x8",
        f"--exportReport={report}",
        f"--saveEngine={tmp_path / 'e'}",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["inputs"] == [
        {
            "name": "x",
            "dtype": "float32",
            "torch_dtype": "float32",
            "shape": [-1, 3, 8, 8],
            "min": [1, 3, 8, 8],
            "opt": [2, 3, 8, 8],
            "max": [8, 3, 8, 8],
        }
    ]


def test_options_reach_tensorrt(packaged: Run, tmp_path: Path) -> None:
    done = packaged(
        "build",
        "static.pt2",
        "--memPoolSize=workspace:64M",
        "--profilingVerbosity=detailed",
        "--noTF32",
        "--skipInference",
        f"--saveEngine={tmp_path / 'e'}",
    )
    assert done.returncode == 0, done.stderr
    assert "change nothing" in done.stderr


def test_what_this_tensorrt_lacks_is_refused_by_name(packaged: Run, tmp_path: Path) -> None:
    done = packaged(
        "build",
        "static.pt2",
        f"--timingCacheFile={tmp_path / 'cache'}",
        f"--saveEngine={tmp_path / 'e'}",
        "--tensorrt=tensorrt_rtx",
    )
    assert done.returncode == 2
    assert "has no timing cache; leave the option out" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_verbose_shows_nodes_and_tensorrts_log(packaged: Run) -> None:
    done = packaged("build", "static.pt2", "--verbose")
    assert done.returncode == 0
    assert re.search(r"^aten::conv2d\(input=.*\) -> .*# conv$", done.stderr, re.MULTILINE)
    assert re.search(r"^verbose: ", done.stderr, re.MULTILINE)
    assert "The engine was not saved" in done.stdout


def test_an_existing_engine_is_replaced_only_by_a_whole_one(packaged: Run, tmp_path: Path) -> None:
    engine = tmp_path / "e"
    engine.write_text("old")
    assert packaged("build", "unsupported.pt2", f"--saveEngine={engine}").returncode == 4
    assert engine.read_text() == "old"
    assert packaged("build", "static.pt2", f"--saveEngine={engine}").returncode == 0
    assert engine.stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


def _interruptible(tmp_path: Path) -> list[str]:
    # A step of TensorRT's progress monitor that waits until the signal is there: the build is certainly under way.
    wait = tmp_path / "wait.py"
    wait.write_text(
        "import os, sys, time\n"
        "import torch2trt._callbacks as callbacks\n"
        "real = callbacks.progress_monitor\n"
        "def monitor(trt, sink):\n"
        "    def slow(event, phase, parent, number):\n"
        "        open(os.environ['STARTED'], 'w').close()\n"
        "        end = time.monotonic() + 60\n"
        "        go = sink(event, phase, parent, number)\n"
        "        while go and event == 'step' and time.monotonic() < end:\n"
        "            time.sleep(0.01)\n"
        "            go = sink(event, phase, parent, number)\n"
        "        return go\n"
        "    return real(trt, slow)\n"
        "callbacks.progress_monitor = monitor\n"
        "from torch2trt.__main__ import main\n"
        "sys.exit(main())\n"
    )
    return [PYTHON[0], "-W", "ignore", str(wait)]


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_builds_leave_nothing(models: Path, tmp_path: Path, number: int, code: int) -> None:
    started, out = tmp_path / "started", tmp_path / "out"
    out.mkdir()
    process = subprocess.Popen(
        [
            *_interruptible(tmp_path),
            "build",
            "static.pt2",
            f"--saveEngine={out / 'e'}",
            f"--exportReport={out / 'r'}",
        ],
        cwd=models,
        env=environment(STARTED=str(started)),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 120
    while not started.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code, stderr
    assert "interrupted; nothing was written" in stderr
    assert stdout == ""
    assert list(out.iterdir()) == []


def test_a_terminal_sees_phase_and_time(models: Path) -> None:
    leader, follower = pty.openpty()
    text = bytearray()

    def drain() -> None:
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:  # the other end is closed
                return
            if not piece:
                return
            text.extend(piece)

    reader = threading.Thread(target=drain)
    reader.start()
    done = subprocess.run(
        [*PYTHON, "build", "static.pt2"],
        cwd=models,
        env=environment(TERM="xterm"),
        stderr=follower,
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=300,
    )
    os.close(follower)
    reader.join()
    os.close(leader)
    assert done.returncode == 0
    shown = text.decode()
    assert re.search(r"\r[|/\\-] build \d+\.\d s", shown)
    assert "%" not in shown
    assert re.search(r"\r\x1b\[Kbuild: \d+\.\d\d s\r\n", shown)
