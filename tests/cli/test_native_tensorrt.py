"""The executable's `build` and the library it opens. There is no GPU, so libnvinfer is a fake that makes no builder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hosts import NATIVE, ROOT, Run, environment, one_error

FAKES = ROOT / "build" / os.environ.get("PRESET", "dev") / "tests" / "cpp" / "fakes"


def _build(models: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NATIVE), "build", "static.pt2", *arguments],
        cwd=models,
        env=environment(**{"VIRTUAL_ENV": "", "TORCH2TRT_TENSORRT_LIB": "", **changes}),
        capture_output=True,
        text=True,
        check=False,
    )


def _fake(folder: Path, kind: str, name: str = "libnvinfer.so.10") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes((FAKES / f"fake_nvinfer_{kind}.so").read_bytes())
    return folder


def test_without_a_library_says_where_it_looked_and_what_to_install(models: Path, tmp_path: Path) -> None:
    wheel = _fake(tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "tensorrt_libs", "older")
    done = _build(models, f"--saveEngine={tmp_path / 'e'}", VIRTUAL_ENV=str(tmp_path / "venv"))
    assert done.returncode == 6
    text = one_error(done.stderr)
    assert "TensorRT's library is missing: libnvinfer.so.10 of 10.14 or later was looked for in" in text
    assert (
        f"pip wheel: {wheel / 'libnvinfer.so.10'}: is TensorRT 8.4.1, and this torch2trt was compiled against 10.14.1"
        in text
    )
    assert "loader: libnvinfer.so.10" in text
    assert "pip install 'tensorrt>=10.14,<11'" in text and "--tensorrt=DIR or TORCH2TRT_TENSORRT_LIB" in text
    assert not (tmp_path / "e").exists()


def test_the_option_wins_over_the_environment(models: Path, tmp_path: Path) -> None:
    option, other = _fake(tmp_path / "option", "right"), _fake(tmp_path / "other", "right")
    done = _build(models, f"--tensorrt={option}", TORCH2TRT_TENSORRT_LIB=str(other))
    assert done.returncode == 6
    text = one_error(done.stderr)
    assert f"TensorRT 10.14.1 ({option / 'libnvinfer.so.10'}) makes no builder on this machine" in text
    assert "TensorRT: CUDA initialization failure with error: 35" in text
    assert "needs an NVIDIA GPU" in text
    done = _build(models, TORCH2TRT_TENSORRT_LIB=str(other))
    assert f"({other / 'libnvinfer.so.10'}) makes no builder" in one_error(done.stderr)


def test_the_loaders_path_is_the_last_resort(models: Path, tmp_path: Path) -> None:
    folder = _fake(tmp_path / "libs", "newer")
    done = _build(models, LD_LIBRARY_PATH=str(folder))
    assert "TensorRT 10.15.1" in one_error(done.stderr)
    assert "makes no builder on this machine" in done.stderr


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("older", "is TensorRT 8.4.1, and this torch2trt was compiled against 10.14.1"),
        ("other", "is no TensorRT library: it has no getInferLibVersion"),
    ],
)
def test_a_library_that_does_not_fit(models: Path, tmp_path: Path, kind: str, message: str) -> None:
    done = _build(models, f"--tensorrt={_fake(tmp_path / 'libs', kind)}")
    assert done.returncode == 6
    assert message in one_error(done.stderr)


@pytest.mark.parametrize("command", ["ops", "check", "inspect"])
def test_other_commands_need_no_library(native: Run, command: str) -> None:
    done = native(
        *((command,) if command == "ops" else (command, "static.pt2")), TORCH2TRT_TENSORRT_LIB="/nowhere"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("flag", "dtype"), [("--fp16", "float16"), ("--bf16", "bfloat16")])
def test_half_precision(packaged: Run, tmp_path: Path, flag: str, dtype: str) -> None:
    report = tmp_path / "report.json"
    done = packaged("build", "static.pt2", flag, f"--exportReport={report}", "--tensorrt=tensorrt_rtx")
    assert done.returncode == 0, done.stderr
    assert f"  {dtype}: 2 operators, 1 stay float32\n" in done.stdout
    told = json.loads(report.read_text())
    assert told["precision"] == {"type": dtype, "operators": 2, "float32": {"mean": 1}}
    assert [told[side][0]["dtype"] for side in ("inputs", "outputs")] == ["float32", "float32"]
    kept = packaged(
        "build",
        "static.pt2",
        flag,
        "--keepFloat32=.",
        "--tensorrt=tensorrt_rtx",
    )
    assert kept.returncode == 0 and f"warning: {dtype}: 0 operators compute in it; float32: " in kept.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--fp16", "--bf16"), "--fp16 excludes --bf16"),
        (("--keepFloat32=x",), "no reduced precision is asked for; add --fp16 or --bf16"),
        (("--fp16", "--keepFloat32=("), '"(", which says what stays float32, is no regular expression'),
    ],
)
def test_precisions_that_contradict(
    packaged: Run, tmp_path: Path, flags: tuple[str, ...], message: str
) -> None:
    engine = tmp_path / "e"
    done = packaged("build", "static.pt2", *flags, f"--saveEngine={engine}", "--tensorrt=tensorrt_rtx")
    assert done.returncode == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_python_finds_what_it_imports_from(tmp_path: Path) -> None:
    """In a virtual environment that is not activated: VIRTUAL_ENV is unset, and the program is the base's Python."""
    _fake(tmp_path / "tensorrt_libs", "right")
    done = subprocess.run(
        [sys.executable, "-c", "import torch2trt._C as c; print(c.native_tensorrt())"],
        env={
            key: value
            for key, value in environment(
                PYTHONPATH=os.pathsep.join([str(ROOT / "python"), str(tmp_path)])
            ).items()
            if key not in ("VIRTUAL_ENV", "CONDA_PREFIX", "TORCH2TRT_TENSORRT_LIB")
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "10.14.1\n"), done.stderr
