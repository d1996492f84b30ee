"""One clear error, a documented exit code, nothing written: for whatever is given."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hosts import Run, environment, one_error

import torch2trt

NO_TENSORRT = (
    "import sys; sys.modules['tensorrt'] = sys.modules['tensorrt_rtx'] = None; sys.argv[0] = 'torch2trt'; "
    "from torch2trt.__main__ import main; sys.exit(main())"
)


BAD_MODELS = [
    ("missing.pt2", 6, '"missing.pt2" cannot be read: the file cannot be opened: No such file or directory'),
    (".", 3, "it is a directory"),
    ("empty.pt2", 3, "the file is empty"),
    ("text.pt2", 3, "it is not a zip archive"),
    ("cut_static.pt2", 3, "the zip directory at the end of the file is missing"),
    ("cut_traced.pt", 3, "the zip directory at the end of the file is missing"),
    ("flipped.pt2", 3, "checksum"),
    ("state_dict.pt", 3, "it is a torch.save file (a pickled module or state_dict), which holds no program"),
    ("legacy.pt", 3, "it is a Python pickle"),
    ("unsupported.pt2", 4, "aten::linalg_pinv"),
    ("unbounded.pt2", 2, "has no upper bound in the program"),
    ("traced.pt", 2, 'what shape input "x" has; give it (--shapes=x:'),
]


@pytest.mark.parametrize("model, code, message", BAD_MODELS)
def test_check(either: Run, model: str, code: int, message: str) -> None:
    done = either("check", model)
    assert done.returncode == code, done.stderr
    assert message in (done.stdout if code == 4 else one_error(done.stderr))


def test_messages_are_safe_to_print(either: Run) -> None:
    done = either("check", "red\x1b[31m.pt2")
    assert done.returncode == 6
    assert '"red\\x1b[31m.pt2" cannot be read' in one_error(done.stderr)


@pytest.mark.parametrize("model, code, message", BAD_MODELS)
def test_build_writes_nothing(
    packaged: Run, models: Path, tmp_path: Path, model: str, code: int, message: str
) -> None:
    before = sorted(models.iterdir())
    done = packaged("build", model, f"--saveEngine={tmp_path / 'e'}", f"--exportReport={tmp_path / 'r.json'}")
    assert done.returncode == code, done.stderr
    assert message in one_error(done.stderr)
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert sorted(models.iterdir()) == before


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--shapes=y:1x3x8x8"], 'the program has no input "y"; its inputs are: "x"'),
        (["--shapes=x:1x3x9x9"], "dimension 2 is 8 there, 9 was given"),
        (["--shapes=x:1x3x8"], "has 3 dimensions, [s"),
        (["--shapes=x:17x3x8x8"], "was exported for"),
        (["--shapes=x:1xx3"], '"1xx3" is no shape of input "x"'),
        (["--minShapes=x:4x3x8x8", "--maxShapes=x:2x3x8x8"], "not in order"),
        (["--shapes=x:1x3x8x8", "--maxShapes=x:2x3x8x8"], "give one of the two"),
    ],
)
def test_shapes_that_do_not_fit(either: Run, arguments: list[str], message: str) -> None:
    done = either("check", "dynamic.pt2", *arguments)
    assert done.returncode == 2
    assert message in one_error(done.stderr)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--memPoolSize=tactic:4G"], "write workspace:SIZE"),
        (["--profilingVerbosity=much"], 'there is no "much"'),
        (["--tensorrt=numpy"], 'there is no TensorRT called "numpy"; there are: tensorrt, tensorrt_rtx'),
        (
            ["--saveEngine=same", "--exportReport=same"],
            '--saveEngine and --exportReport are the same file, "same"',
        ),
        (["--saveEngine=./static.pt2"], "MODEL and --saveEngine are the same file"),
    ],
)
def test_build_options(packaged: Run, models: Path, arguments: list[str], message: str) -> None:
    before = {path: path.stat().st_size for path in models.iterdir()}
    done = packaged("build", "static.pt2", *arguments)
    assert done.returncode == 2, done.stderr
    assert message in one_error(done.stderr)
    assert {path: path.stat().st_size for path in models.iterdir()} == before


def test_unwritable_output_is_known_before_the_build(packaged: Run, tmp_path: Path) -> None:
    for target, message in [
        (tmp_path / "no" / "e", "there is no folder"),
        (tmp_path, "it is a folder"),
        (Path("/proc/e"), "/proc"),
    ]:
        done = packaged("build", "static.pt2", f"--saveEngine={target}")
        assert done.returncode == 6
        assert message in one_error(done.stderr)
        assert "load" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_tensorrt(models: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_TENSORRT, "build", "static.pt2", f"--saveEngine={tmp_path / 'e'}"],
        cwd=models,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    text = one_error(done.stderr)
    assert "TensorRT cannot be imported (tensorrt: " in text and "tensorrt_rtx: " in text
    assert "pip install tensorrt-rtx" in text
    assert list(tmp_path.iterdir()) == []
    checked = subprocess.run(
        [sys.executable, "-c", NO_TENSORRT, "check", "static.pt2"],
        cwd=models,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0


# As the tensorrt wheel behaves on a machine without a GPU.
WITHOUT_GPU = """
__version__ = "10.14.1"
class ILogger:
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)
class IErrorRecorder:
    pass
class Builder:
    def __init__(self, logger):
        logger.log(ILogger.ERROR, "createInferBuilder: no device")
        raise TypeError("pybind11::init(): factory function returned nullptr")
"""


def test_a_tensorrt_that_makes_no_builder(module: Run, tmp_path: Path) -> None:
    (tmp_path / "tensorrt.py").write_text(WITHOUT_GPU)
    done = module(
        "build",
        "static.pt2",
        f"--saveEngine={tmp_path / 'e'}",
        PYTHONPATH=f"{tmp_path}:{environment()['PYTHONPATH']}",
    )
    assert done.returncode == 6
    text = one_error(done.stderr)
    assert "tensorrt 10.14.1 (Python) makes no builder on this machine" in text
    assert "TensorRT: createInferBuilder: no device" in text
    assert "--tensorrt=tensorrt_rtx" in text
    assert not (tmp_path / "e").exists()


def test_a_module_that_only_has_the_name(module: Run, tmp_path: Path) -> None:
    (tmp_path / "tensorrt").mkdir()
    done = module("build", "static.pt2", PYTHONPATH=f"{tmp_path}:{environment()['PYTHONPATH']}")
    assert done.returncode in (0, 6)
    assert done.returncode == 0 or "tensorrt: it has no Builder" in done.stderr
    asked = module(
        "build", "static.pt2", "--tensorrt=tensorrt", PYTHONPATH=f"{tmp_path}:{environment()['PYTHONPATH']}"
    )
    assert asked.returncode == 6
    assert "TensorRT cannot be imported (tensorrt: it has no Builder)" in one_error(asked.stderr)


def test_the_tensorrt_asked_for_by_the_environment(module: Run) -> None:
    done = module("build", "static.pt2", TORCH2TRT_TENSORRT="tensorrt_lean")
    assert done.returncode == 2
    assert 'there is no TensorRT called "tensorrt_lean"' in done.stderr


def test_codes_are_those_of_the_categories() -> None:
    table = {
        "InvalidArgument": 2,
        "InvalidModel": 3,
        "UnsupportedOperator": 4,
        "BuildFailed": 5,
        "Runtime": 6,
        "Internal": 70,
    }
    assert {category: torch2trt._C.exit_code(category) for category in table} == table
    text = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text()
    for category, code in table.items():
        assert f"| {code} | {category} |" in text
