"""Every script in examples/ runs, checks itself and prints one line; so does what examples/cpp builds."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
import torch

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
BUILD = ROOT / "build" / os.environ.get("PRESET", "dev")


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_example(path: pathlib.Path) -> None:
    done = subprocess.run([sys.executable, path], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, done.stdout


def test_all_examples_are_there() -> None:
    assert {path.stem for path in EXAMPLES} >= {
        "compose_itensors",
        "debug_mode",
        "graph_module",
        "inception_v3",
        "python_handler",
        "tensorrt_module",
        "two_models_one_engine",
    }


@torch.library.custom_op("demo::squareplus", mutates_args=())
def squareplus(x: torch.Tensor, b: float) -> torch.Tensor:
    return (x + (x * x + b).sqrt()) / 2


@squareplus.register_fake
def _(x: torch.Tensor, b: float) -> torch.Tensor:
    return torch.empty_like(x)


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return squareplus(x, 1.0) * squareplus(self.weight, 2.0)


@pytest.fixture
def model(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(Model(), (torch.randn(2, 3),)), path)
    return path


def check(program: pathlib.Path, model: pathlib.Path) -> tuple[int, dict]:
    done = subprocess.run([program, "check", "--json", model], capture_output=True, text=True, timeout=100)
    return done.returncode, json.loads(done.stdout)


def test_cpp_converter_with_a_handler_of_its_own(model: pathlib.Path) -> None:
    code, found = check(BUILD / "cli" / "torch2trt", model)
    assert code == 4 and not found["supported"], found
    assert [(group["kind"], group["count"]) for group in found["unsupported"]] == [("demo::squareplus", 2)]
    code, found = check(BUILD / "examples" / "cpp" / "own_handler", model)
    assert code == 0 and found["supported"], found
    # One node is converted, the one of the weight computed.
    assert found["layers"] == 9
    (output,) = found["outputs"]
    assert output["dtype"] == "float32" and output["shape"] == [2, 3]


@pytest.mark.skipif(
    torch.cuda.is_available(), reason="says what is missing where there is no TensorRT with a GPU"
)
def test_cpp_converter_says_what_is_missing(model: pathlib.Path) -> None:
    program = BUILD / "examples" / "cpp" / "own_handler"
    done = subprocess.run([program, "build", model], capture_output=True, text=True, timeout=100)
    assert done.returncode == 6 and "TensorRT" in done.stderr
