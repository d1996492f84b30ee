"""The package as pip installs it works outside the tree, with the libtorch beside it."""

import os
import pathlib
import subprocess
import sys

import pytest
import torch

ROOT = pathlib.Path(__file__).parents[2]

PROGRAM = """
import pathlib, torch, torch2trt
assert pathlib.Path(torch2trt.__file__).parents[1] == pathlib.Path.cwd(), torch2trt.__file__
module, x = torch.nn.Linear(3, 2), torch.rand(4, 3)
with torch2trt.core.torch_network():
    _, graph = torch2trt.core.torch2trt(module, x)
torch.testing.assert_close(graph.get_resolved_outputs()[0][0], module(x))
print("ok")
"""


# As the preset "dev" compiles, so that ccache has most of it.
AS_DEV = ["cmake.build-type=Dev", "build.tool-args=-j2"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A stand-in for site-packages that holds torch2trt and torch."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "--quiet"]
    settings = [f"--config-settings={setting}" for setting in AS_DEV]
    environment = {**os.environ, "CXXFLAGS": "-O1 -g1", "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
    subprocess.run([*pip, *settings, "--target", folder, ROOT], check=True, env=environment)
    (folder / "torch").symlink_to(pathlib.Path(torch.__file__).parent)
    return folder


@pytest.mark.slow
def test_torch_mode(site: pathlib.Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=site, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "ok\n", done.stderr


@pytest.mark.slow
def test_libtorch_is_found_beside_it(site: pathlib.Path) -> None:
    (extension,) = (site / "torch2trt").glob("_C*.so")
    needed = subprocess.run(["ldd", extension], check=True, capture_output=True, text=True).stdout
    (line,) = [line for line in needed.splitlines() if "libtorch_cpu.so" in line]
    assert str(site / "torch2trt" / ".." / "torch" / "lib") in line


@pytest.mark.slow
def test_console_script(site: pathlib.Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [site / "bin" / "torch2trt", "--help"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "build" in done.stdout
