"""Every script in examples/ runs, checks itself and prints one line."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_example(path: pathlib.Path) -> None:
    done = subprocess.run([sys.executable, path], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, done.stdout


def test_all_examples_are_there() -> None:
    assert {path.stem for path in EXAMPLES} >= {
        "compose_itensors",
        "debug_mode",
        "inception_v3",
        "python_handler",
    }
