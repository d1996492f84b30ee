"""Every script in examples/ runs, and every Python block of the README."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
README_BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def run_python(arguments: list[str]) -> str:
    """Runs Python in a process of its own, so that nothing registered or imported leaks; returns what it printed."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_example(path: pathlib.Path) -> None:
    assert run_python([str(path)]).count("\n") == 1, "an example prints one line"


def test_all_examples_are_there() -> None:
    assert {path.stem for path in EXAMPLES} >= {"compose_itensors", "debug_mode", "inception_v3", "python_handler"}


@pytest.mark.parametrize("index", range(len(README_BLOCKS)))
def test_readme_block(index: int) -> None:
    run_python(["-c", README_BLOCKS[index]])


def test_readme_has_blocks() -> None:
    assert README_BLOCKS
