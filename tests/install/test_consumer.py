"""The runtime as CMake installs it: a project outside the tree finds, compiles and links it, with nothing else."""

import os
import pathlib
import subprocess
import sys

import pytest
import torch

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


@pytest.fixture(scope="module")
def converter(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The converter of examples/cpp, built outside the tree."""
    folder = tmp_path_factory.mktemp("core")
    for component in ("runtime", "core"):
        checked(CMAKE, "--install", BUILD, "--component", component, "--prefix", folder / "installed")
    configured = run(*configuring(folder, sys.executable))
    assert configured.returncode == 0, configured.stdout + configured.stderr
    checked(CMAKE, "--build", folder / "build")
    return folder / "build" / "converter"


def configuring(folder: pathlib.Path, python: str, *more: str) -> list[object]:
    return [
        CMAKE,
        *("-S", ROOT / "tests" / "install" / "core_consumer", "-B", folder / "build", "-G", "Ninja"),
        f"-DCMAKE_PREFIX_PATH={folder / 'installed'}",
        f"-DCMAKE_MAKE_PROGRAM={CMAKE.parent / 'ninja'}",
        f"-DCONVERTER={ROOT / 'examples' / 'cpp' / 'converter.cpp'}",
        f"-DPython_EXECUTABLE={python}",
        *more,
    ]


def test_a_converter_outside_of_the_tree(converter: pathlib.Path, tmp_path: pathlib.Path) -> None:
    model = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(torch.nn.Linear(3, 2), (torch.randn(4, 3),)), model)
    done = run(converter, model)
    assert done.returncode == 0, done.stderr
    assert "= MatrixMultiply(" in done.stdout and "output %output : float32[4,2]" in done.stdout
    assert done.stdout.endswith("in input: float32, 2 dimensions\nout output: float32, 2 dimensions\n")
    (tmp_path / "no.pt2").write_bytes(b"nothing")
    assert run(converter, tmp_path / "no.pt2").returncode == 3
    if not torch.cuda.is_available():
        done = run(converter, model, tmp_path / "engine")
        assert done.returncode == 6 and "TensorRT" in done.stderr
        assert not (tmp_path / "engine").exists()


def test_the_core_names_nothing_of_the_tree(converter: pathlib.Path) -> None:
    installed = converter.parents[1] / "installed"
    text = "".join(path.read_text() for path in (installed / "lib" / "cmake").rglob("*.cmake"))
    assert str(ROOT) not in text and "fmt" not in text
    assert (installed / "include" / "torch2trt" / "program.h").exists()


@pytest.mark.parametrize(
    ("version", "message"),
    [(None, "needs libtorch"), ("2.3.1", "compiled against libtorch 2")],
)
def test_another_torch_is_refused(
    converter: pathlib.Path, tmp_path: pathlib.Path, version: str | None, message: str
) -> None:
    (tmp_path / "installed").symlink_to(converter.parents[1] / "installed")
    root = tmp_path / "torch"
    if version is not None:
        (root / "lib").mkdir(parents=True)
        (root / "lib" / "libtorch_cpu.so").touch()
        (root / "version.py").write_text(f"__version__ = '{version}'\n")
    done = run(*configuring(tmp_path, sys.executable, f"-DTORCH_ROOT={root}"))
    assert done.returncode != 0
    assert message in " ".join(done.stderr.split())
