"""Inputs of every type, and the sizes and texts that two conversions agree on."""

import io
import logging

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, check, convert, layer_names, run, same
from torch import nn

from torch2trt import _C, _frontends, core
from torch2trt._inputs import Arguments


def test_float64_is_float32_with_one_warning(frontend, caplog):
    module = nn.Linear(3, 4, dtype=torch.float64)
    x, y = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, 4, dtype=torch.float64)
    network, graph = convert(
        lambda x, y: module(x) * y + torch.tensor([0.5], dtype=torch.float64), (x, y), frontend
    )
    warnings = [
        record
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name == "torch2trt"
    ]
    assert len(warnings) == 1
    assert warnings[0].getMessage() == (
        'TensorRT has no float64: input "x" and what is computed from it are float32 in the network'
    )
    assert network.get_input(0).dtype == network.get_output(0).dtype == trt.float32
    wanted = module(x) * y + 0.5
    same(run(network, x, y)[0], wanted, 1e-5)
    debugged = core.debug_call_graph(graph, (x, y))
    assert debugged.dtype is torch.float64
    torch.testing.assert_close(debugged, wanted.detach())
    build(network)


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: (x.double().sin() + 1) * x.double(),
        lambda x: x * torch.arange(1, 4, dtype=torch.float64),
    ],
)
def test_float64_inside_is_float32_with_one_warning(frontend, caplog, fn):
    x = torch.randn(2, 3)
    network, _ = convert(fn, x, frontend)
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "torch2trt"]
    assert warning.startswith("TensorRT has no float64: the result of aten::")
    assert "test_types.py:" in warning
    same(run(network, x)[0], fn(x), 1e-5)


def test_float64_constants_alone_give_no_warning(frontend, caplog):
    convert(lambda x: x * torch.tensor(1.5, dtype=torch.float64), torch.randn(2, 3), frontend)
    assert [record for record in caplog.records if record.name == "torch2trt"] == []


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_integers(frontend, dtype):
    build(check(lambda x: x * 2 + x // 3 - 1, torch.arange(-4, 8, dtype=dtype).reshape(2, 6), frontend))


def test_bool(frontend):
    build(
        check(
            lambda x, y: torch.logical_and(x, ~y),
            (torch.tensor([True, False, True]), torch.tensor([True, False, False])),
            frontend,
        )
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float16, 2e-3), (torch.bfloat16, 2e-2)])
def test_half_types(frontend, dtype, tolerance):
    build(
        check(
            nn.Sequential(nn.Linear(3, 4), nn.ReLU()).to(dtype),
            torch.randn(2, 3).to(dtype),
            frontend,
            tolerance,
        )
    )


def test_types_mixed(frontend):
    build(
        check(
            lambda i, x, b: torch.where(b, i + x, x),
            (torch.tensor([1, 2]), torch.randn(2), torch.tensor([True, False])),
            frontend,
        )
    )


def model():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(36, 5),
    ).eval()


def test_twice_the_same_text_and_names(frontend):
    x = torch.randn(1, 3, 8, 8)
    module = model()
    (first, one), (second, two), (third, three) = (
        convert(module, x, frontend),
        convert(module, x, frontend),
        convert(model(), x, frontend),
    )
    assert str(one) == str(two) == str(three)
    assert layer_names(first) == layer_names(second) == layer_names(third)


@pytest.mark.parametrize("dynamic", [False, True])
def test_module_program_and_file_give_one_text(tmp_path, dynamic):
    module, x = model(), torch.randn(2, 3, 8, 8)
    shapes = ({0: torch.export.Dim("batch", max=16)},) if dynamic else None
    program = torch.export.export(module, (x,), dynamic_shapes=shapes)
    path = tmp_path / "model.pt2"
    torch.export.save(program, path)
    of_file = str(_C.read_pt2(str(path)))
    assert str(_frontends.graph_of_program(program)) == of_file
    if not dynamic:
        assert str(_frontends.from_export(module, Arguments(x, ["input"]))[1]) == of_file
    loaded = torch.export.load(io.BytesIO(path.read_bytes()))
    assert str(_frontends.graph_of_program(loaded)) == of_file
    assert str(_C.parse_graph(of_file)) == of_file
