"""run, bench, triton-repo and build --bundle, as far as a machine without a GPU goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hosts import Run

MAGIC = b"\x89T2TRT\r\n"


@pytest.fixture(scope="module")
def bundle(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of TensorRT for RTX, which builds without a GPU."""
    pytest.importorskip("tensorrt_rtx")
    from torch2trt import _C

    path = tmp_path_factory.mktemp("bundle") / "model.engine"
    code = _C.main(
        [
            "torch2trt",
            "build",
            str(models / "dynamic.pt2"),
            "--tensorrt=tensorrt_rtx",
            "--bundle",
            f"--saveEngine={path}",
        ]
    )
    assert code == 0
    return path


def test_a_bundle_holds_the_signature_and_the_plan(bundle: Path, packaged: Run, tmp_path: Path) -> None:
    file = bundle.read_bytes()
    assert file[:8] == MAGIC
    length = int.from_bytes(file[12:16], "little")
    about = json.loads(file[88 : 88 + length])
    assert about["built"]["flavour"] == "tensorrt_rtx"
    assert about["model"].endswith("dynamic.pt2")
    (x,) = about["signature"]["inputs"]
    assert (x["name"], x["torch_dtype"], x["shape"]) == ("x", "float32", [-1, 3, 8, 8])
    assert x["profiles"] == [{"min": [1, 3, 8, 8], "opt": [16, 3, 8, 8], "max": [16, 3, 8, 8]}]
    assert about["signature"]["input_structure"] is not None
    plan = file[-int.from_bytes(file[16:24], "little") :]
    done = packaged("build", "dynamic.pt2", "--tensorrt=tensorrt_rtx", f"--saveEngine={tmp_path / 'plan'}")
    assert done.returncode == 0
    # A build is not the same to the bit each time; how its plan begins is.
    assert (tmp_path / "plan").read_bytes()[:16] == plan[:16]


@pytest.mark.parametrize("command", ["run", "bench"])
def test_what_is_no_engine_is_refused_before_tensorrt_is_looked_for(
    native: Run, tmp_path: Path, command: str
) -> None:
    damaged = tmp_path / "damaged.engine"
    for content, code, text in (
        (b"", 3, "the engine file is empty"),
        (MAGIC, 3, "the engine file is damaged: it has 8 bytes, less than a header"),
        (MAGIC[:5], 3, "the engine file is damaged: it does not begin as it should"),
        (b"PK\x03\x04" + bytes(200), 3, "the file is a program (.pt2 or TorchScript), no engine"),
        (MAGIC + b"\x02" + bytes(200), 3, "format version 2; this torch2trt reads version 1"),
    ):
        damaged.write_bytes(content)
        done = native(command, f"--loadEngine={damaged}")
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr
        assert done.stdout == ""
    done = native(command, "--loadEngine=none.engine")
    assert done.returncode == 6
    assert 'cannot read "none.engine": No such file or directory' in done.stderr


@pytest.mark.parametrize("command", ["run", "bench"])
def test_a_flipped_bit_is_seen(bundle: Path, native: Run, tmp_path: Path, command: str) -> None:
    file = bytearray(bundle.read_bytes())
    file[-1] ^= 1
    (tmp_path / "flipped.engine").write_bytes(bytes(file))
    done = native(command, f"--loadEngine={tmp_path / 'flipped.engine'}")
    assert done.returncode == 3
    assert "its plan does not have the SHA-256 that was written with it" in done.stderr


@pytest.mark.parametrize("command", ["run", "bench"])
def test_without_a_gpu_it_says_so(bundle: Path, native: Run, command: str) -> None:
    done = native(command, f"--loadEngine={bundle}", TORCH2TRT_CUDA_LIB="/nowhere")
    assert done.returncode == 6
    assert "The CUDA runtime is missing" in done.stderr
    assert done.stdout == ""


def test_a_bare_plan_warns(native: Run, tmp_path: Path) -> None:
    (tmp_path / "plan").write_bytes(b"ftrt" + bytes(100))
    done = native("run", f"--loadEngine={tmp_path / 'plan'}", TORCH2TRT_CUDA_LIB="/nowhere")
    assert done.returncode == 6
    assert "warning: this is a bare TensorRT plan. Plans are code" in done.stderr
    done = native("run", f"--loadEngine={tmp_path / 'plan'}", "--trusted", TORCH2TRT_CUDA_LIB="/nowhere")
    assert "Plans are code" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run"], "--loadEngine is required"),
        (["bench"], "--loadEngine is required"),
        (["bench", "--loadEngine=e", "--percentile=101"], "is no list of numbers from 0 to 100"),
        (["bench", "--loadEngine=e", "--iterations=0"], '--iterations: "0" is no number from 1 on'),
        (["bench", "--loadEngine=e", "--duration=nan"], '--duration: "nan" is no number from 0 on'),
        (["bench", "--loadEngine=e", "--warmUp=inf"], '--warmUp: "inf" is no number from 0 on'),
        (["bench", "--loadEngine=e", "--infStreams=0"], "--infStreams"),
        (["bench", "--loadEngine=e", "--useCudaGraph", "--noCudaGraph"], "excludes"),
        (["bench", "--loadEngine=e", "--includeDataTransfers", "--noDataTransfers"], "excludes"),
        (["run", "--loadEngine=e", "--accuracyAlgorithm=linf"], "is none of l0, l1, l2, lInf and cos"),
        (["run", "--loadEngine=e", "--atol=-1"], '--atol: "-1" is no number from 0 on'),
        (["triton-repo"], "ENGINE is required"),
    ],
)
def test_wrong_options(native: Run, arguments: list[str], text: str) -> None:
    done = native(*arguments)
    assert done.returncode == 2, done.stderr
    assert text in done.stderr


def test_files_that_cannot_be_written_are_known_first(native: Run) -> None:
    done = native("bench", "--loadEngine=none.engine", "--exportTimes=/nowhere/times.json")
    assert done.returncode == 6
    assert "/nowhere/times.json" in done.stderr
    done = native("run", "--loadEngine=none.engine", "--saveOutputs=/nowhere")
    assert done.returncode == 6
    assert '--saveOutputs: there is no folder "/nowhere"' in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "--exportReport=e"], "--loadEngine and --exportReport are the same file"),
        (
            ["run", "--loadInputs=x:i", "--exportOutput=./i"],
            "--loadInputs and --exportOutput are the same file",
        ),
        (["run", "--refOutputs=y:i", "--exportOutput=i"], "--loadRefOutputs and --exportOutput are"),
        (
            ["bench", "--exportTimes=t", "--exportProfile=t"],
            "--exportTimes and --exportProfile are the same file",
        ),
    ],
)
def test_no_file_is_written_over_another(
    native: Run, tmp_path: Path, arguments: list[str], text: str
) -> None:
    for name in ("e", "i"):
        (tmp_path / name).write_bytes(b"before")
    here = [
        part.replace("=", f"={tmp_path}/").replace(f"={tmp_path}/x:", f"=x:{tmp_path}/") for part in arguments
    ]
    here = [part.replace(f"={tmp_path}/y:", f"=y:{tmp_path}/") for part in here]
    done = native(*here, f"--loadEngine={tmp_path}/e")
    assert (done.returncode, text in done.stderr) == (2, True), done.stderr
    assert all((tmp_path / name).read_bytes() == b"before" for name in ("e", "i"))


def test_triton_takes_engines_of_tensorrt(bundle: Path, native: Run, tmp_path: Path) -> None:
    done = native("triton-repo", str(bundle), str(tmp_path / "model"))
    assert done.returncode == 2
    assert "was built with tensorrt_rtx; Triton runs engines of TensorRT" in done.stderr
    assert list(tmp_path.iterdir()) == []
