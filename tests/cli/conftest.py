"""Files made once, and the two hosts of the command line as fixtures."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import pytest
import torch
from hosts import NATIVE, PYTHON, Lookup, Net, Run, Unsupported, Wide, runner

from torch2trt import _C


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of programs and of files that are none."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    x = torch.rand(2, 3, 8, 8)

    def export(module: torch.nn.Module, args: tuple[torch.Tensor, ...], name: str, **kwargs: object) -> None:
        torch.export.save(torch.export.export(module.eval(), args, **kwargs), folder / name)

    export(Net(), (x,), "static.pt2")
    export(Net(), (x,), "dynamic.pt2", dynamic_shapes={"x": {0: torch.export.Dim("batch", min=1, max=16)}})
    export(Net(), (x,), "unbounded.pt2", dynamic_shapes={"x": {0: torch.export.Dim("batch")}})
    export(Unsupported(), (x,), "unsupported.pt2")
    export(Lookup(), (torch.ones(2, 3, dtype=torch.int64), torch.tensor(2.0)), "lookup.pt2")
    export(Wide(), (torch.rand(2, 3, dtype=torch.float64),), "wide.pt2")
    with warnings.catch_warnings():  # TorchScript is deprecated, and its files are still about
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.save(torch.jit.trace(Net().eval(), x), folder / "traced.pt")
        torch.jit.save(torch.jit.script(Net().eval()), folder / "scripted.pt2")  # by its name a .pt2
        torch.jit.save(torch.jit.script(Lookup()), folder / "lookup.pt")
    (folder / "renamed.pt").write_bytes((folder / "static.pt2").read_bytes())
    torch.save(Net().state_dict(), folder / "state_dict.pt")
    torch.save(Net().state_dict(), folder / "legacy.pt", _use_new_zipfile_serialization=False)
    (folder / "text.pt2").write_text("not a zip archive " * 50)
    (folder / "empty.pt2").write_bytes(b"")
    for name in ("static.pt2", "traced.pt"):
        data = (folder / name).read_bytes()
        (folder / f"cut_{name}").write_bytes(data[: len(data) * 2 // 3])
    data = bytearray((folder / "static.pt2").read_bytes())
    at = data.index(b'"graph_module"')
    data[at + 3] ^= 0x20
    (folder / "flipped.pt2").write_bytes(bytes(data))
    return folder


@pytest.fixture()
def native(models: Path) -> Run:
    """The executable, run in the folder of models."""
    return runner([str(NATIVE)], models)


@pytest.fixture()
def module(models: Path) -> Run:
    """`python -m torch2trt`, run in the folder of models."""
    return runner(PYTHON, models)


@pytest.fixture()
def packaged(models: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same in this process, where torch is imported already."""
    monkeypatch.chdir(models)
    monkeypatch.delenv("TORCH2TRT_TENSORRT", raising=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        code = _C.main(["torch2trt", *arguments])
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(list(arguments), code, out, err)

    return run


@pytest.fixture(params=["native", "packaged"])
def either(request: pytest.FixtureRequest) -> Run:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)
