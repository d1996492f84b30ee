"""Each rule of tools/checks finds what breaks it, and lets pass what does not."""

import importlib
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _checks_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools" / "checks"))


def problems(rule: str, tree: dict[str, str]) -> list[str]:
    return list(importlib.import_module(rule).check(tree))


def test_the_tree_passes() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "checks"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "rule, tree, expected",
    [
        ("file_length", {"src/a.cpp": "x\n" * 600}, []),
        ("file_length", {"src/a.cpp": "x\n" * 601}, ["src/a.cpp: 601 lines; the limit is 600"]),
        (
            "tensorrt_versions",
            {"src/tensorrt/compat.h": "#if NV_TENSORRT_MAJOR > 9\n", "docs/a.py": "NV_TENSORRT_"},
            [],
        ),
        (
            "tensorrt_versions",
            {"src/a.h": "\n#if NV_TENSORRT_MAJOR > 9\n"},
            ["src/a.h:2: NV_TENSORRT_ belongs in src/tensorrt/compat.h"],
        ),
        ("torch_headers", {"src/torch/a.cpp": "#include <torch/csrc/jit/ir/ir.h>"}, []),
        (
            "torch_headers",
            {"src/handlers/a.cpp": '#include "src/torch/schema.h"\n// #include <ATen/ATen.h>'},
            [],
        ),
        (
            "torch_headers",
            {"src/handlers/a.cpp": "#include <ATen/ATen.h>"},
            ["src/handlers/a.cpp:1: ATen/ATen.h: this room knows no torch; src/torch is the one that does"],
        ),
        (
            "torch_headers",
            {"src/convert/a.cpp": "#include <ATen/ATen.h>\n#include <torch/csrc/jit/ir/ir.h>"},
            [
                "src/convert/a.cpp:2: torch/csrc/jit/ir/ir.h: JIT headers belong in src/frontend/torchscript/, "
                "src/torch/, python/src/bind_torchscript.cpp, tests/cpp/frontend/torchscript_"
            ],
        ),
        (
            "cmake_lists",
            {"src/CMakeLists.txt": "add_library(a\n  x/a.cpp ../b.cpp)", "src/x/a.cpp": "", "b.cpp": ""},
            [],
        ),
        (
            "cmake_lists",
            {"src/CMakeLists.txt": "add_library(a a.cpp)  # b.cpp", "src/a.cpp": "", "src/b.cpp": ""},
            ["src/b.cpp: no CMakeLists.txt has it"],
        ),
        (
            "cmake_lists",
            {"a/CMakeLists.txt": "add_library(a b.cpp)"},
            ["a/CMakeLists.txt: a/b.cpp does not exist"],
        ),
    ],
)
def test_rule(rule: str, tree: dict[str, str], expected: list[str]) -> None:
    assert problems(rule, tree) == expected


@pytest.fixture
def states(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    """What tools/tidy.py says of src/a.cpp, in a repository of four files that may be changed."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    tidy = importlib.import_module("tidy")
    for name in tidy.CONFIGURATION:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "src").mkdir()
    (tmp_path / "include").mkdir()
    (tmp_path / "src" / "a.cpp").write_text('#include "src/a.h"\n#include <vector>\n')
    (tmp_path / "src" / "a.h").write_text('#pragma once\n#include "b.h"\n')
    (tmp_path / "include" / "b.h").write_text('#include "src/a.h"\n')
    (tmp_path / "src" / "other.h").write_text("")
    command = f"c++ -I{tmp_path} -I {tmp_path}/include -c src/a.cpp"

    def state(options: str = "") -> str:
        return tidy.States(tmp_path).of(
            {"file": str(tmp_path / "src" / "a.cpp"), "command": command + options}
        )

    return tmp_path, state


@pytest.mark.parametrize(
    "changed", ["src/a.cpp", "src/a.h", "include/b.h", ".clang-tidy", "requirements-dev.txt"]
)
def test_clang_tidy_reads_again_what_changed(states, changed: str) -> None:
    root, state = states
    before = state()
    with (root / changed).open("a") as file:
        file.write("\n")
    assert state() != before


def test_clang_tidy_does_not_read_again_what_did_not(states) -> None:
    root, state = states
    before = state()
    (root / "src" / "other.h").write_text("int x;")
    assert state() == before
    assert state(" -O2") != before


def test_the_front_ends_know_the_files_of_the_package() -> None:
    text = (ROOT / "src" / "frontend" / "own_files.h").read_text()
    known = set(re.findall(r'"(\w+\.py)"', text))
    assert known == {path.name for path in (ROOT / "python" / "torch2trt").glob("*.py")}
