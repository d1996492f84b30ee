"""The runtime as CMake installs it: a project outside the tree finds, compiles and links it, with nothing else."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
BUILD = ROOT / "build" / os.environ.get("PRESET", "dev")
CMAKE = pathlib.Path(sys.executable).parent / "cmake"


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def checked(*command: object) -> str:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder with the built programs."""
    folder = tmp_path_factory.mktemp("consumer")
    checked(CMAKE, "--install", BUILD, "--component", "runtime", "--prefix", folder / "installed")
    checked(
        CMAKE,
        *("-S", ROOT / "tests" / "install" / "consumer", "-B", folder / "build", "-G", "Ninja"),
        f"-DCMAKE_PREFIX_PATH={folder / 'installed'}",
        "-DCMAKE_CXX_STANDARD=17",
        f"-DCMAKE_MAKE_PROGRAM={CMAKE.parent / 'ninja'}",
        f"-DCLASSIFY={ROOT / 'examples' / 'cpp' / 'classify.cpp'}",
    )
    checked(CMAKE, "--build", folder / "build")
    return folder / "build"


def test_a_consumer_needs_only_the_runtime(consumer: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "damaged.engine").write_bytes(b"\x89T2TRT\r\n" + bytes(100))
    done = run(consumer / "consumer", tmp_path / "damaged.engine")
    assert done.returncode == 3
    first, _, last = done.stdout.partition("gpu: ")
    assert first == "[2, 3]\n"
    assert "format version 0; this torch2trt reads version 1" in last


def test_it_links_neither_torch_nor_cuda_nor_tensorrt(consumer: pathlib.Path) -> None:
    for program in ("consumer", "classify"):
        needed = checked("ldd", consumer / program)
        assert "libstdc++" in needed
        for library in ("torch", "cuda", "nvinfer", "python", "crypto"):
            assert library not in needed


def test_the_installed_headers_are_all_there_is(consumer: pathlib.Path) -> None:
    installed = consumer.parent / "installed"
    names = sorted(path.name for path in (installed / "include" / "torch2trt").iterdir())
    assert names == ["device.h", "dlpack.h", "dtype.h", "error.h", "runtime.h"]
    assert str(ROOT) not in "".join(
        path.read_text() for path in (installed / "lib" / "cmake").rglob("*.cmake")
    )


def test_a_missing_component_is_said(consumer: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(x NONE)\nfind_package(torch2trt REQUIRED COMPONENTS other)\n"
    )
    done = run(
        CMAKE,
        *("-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja"),
        f"-DCMAKE_PREFIX_PATH={consumer.parent / 'installed'}",
        f"-DCMAKE_MAKE_PROGRAM={CMAKE.parent / 'ninja'}",
    )
    assert done.returncode != 0
    assert 'installed without its component "other"' in done.stderr


def test_the_classifier_refuses_what_is_no_image(consumer: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "no.ppm").write_bytes(b"P5 2 2 255\n....")
    (tmp_path / "short.ppm").write_bytes(b"P6\n# a comment\n2 2 255\n....")
    (tmp_path / "good.ppm").write_bytes(b"P6\n2 2\n255\n" + bytes(12))
    for name, code, text in (
        ("no.ppm", 2, "no.ppm is no binary PPM image of 8 bits"),
        ("short.ppm", 2, "short.ppm ends before its last pixel"),
        ("good.ppm", 6, 'cannot read "none.engine"'),
    ):
        done = run(consumer / "classify", "none.engine", tmp_path / name)
        assert (done.returncode, text in done.stderr) == (code, True), done.stderr
    assert run(consumer / "classify").returncode == 2
