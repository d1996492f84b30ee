"""Outputs sized by the data, through the session over TensorRT's Python module. TensorRT-RTX builds no engine of such
layers, so the network runs on the CPU (standin.py); the allocators are its own IOutputAllocator."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import convert
from standin import Context, Engine

from torch2trt import _sessions
from torch2trt.errors import RuntimeFailure

CPU = torch.device("cpu")


def positive(x):
    return x * 2, torch.nonzero(x > 0), x.sum()


@pytest.fixture
def context():
    network, _ = convert(positive, (torch.ones(3, 4),), frontend="export")
    return Context(Engine(network))


@pytest.fixture
def session(context):
    outputs = [{"name": name} for name in ("out0", "out1", "out2")]
    return _sessions.PythonSession(trt, context, CPU, {"inputs": [{"name": "x"}], "outputs": outputs})


def test_each_run_has_memory_of_its_own(context, session):
    kept = []
    for x in (torch.randn(3, 4), -torch.ones(3, 4), torch.ones(3, 4)):
        doubled, found, total = session.run([x])
        torch.testing.assert_close(doubled, 2 * x)
        torch.testing.assert_close(total, x.sum())
        assert torch.equal(found.long(), torch.nonzero(x > 0)) and found.is_contiguous()
        kept.append((found, found.clone()))
    assert [found.shape[0] for found, _ in kept[1:]] == [0, 12]
    assert all(torch.equal(found, copied) for found, copied in kept), "a later run wrote to it"
    assert list(context.allocators) == ["out1"] and isinstance(
        context.allocators["out1"], trt.IOutputAllocator
    )


def test_the_older_callback_too(context, session):
    context.older = True
    assert session.run([torch.ones(3, 4)])[1].shape == (12, 2)


def test_no_memory(session, monkeypatch):
    empty = torch.empty

    def failing(*args, **kwargs):
        if kwargs.get("dtype") is torch.uint8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return empty(*args, **kwargs)

    monkeypatch.setattr(torch, "empty", failing)
    with pytest.raises(RuntimeFailure, match='there is no memory for output "out1": CUDA out of memory'):
        session.run([torch.ones(3, 4)])
    monkeypatch.setattr(torch, "empty", empty)
    assert session.run([torch.ones(3, 4)])[1].shape == (12, 2), "it can be used again"


def test_a_shape_that_is_not_told(context, session, monkeypatch):
    x = torch.ones(3, 4)
    session.run([x])
    monkeypatch.setattr(context.allocators["out1"], "notify_shape", lambda name, shape: None)
    with pytest.raises(RuntimeFailure, match='TensorRT did not tell the shape of output "out1"'):
        session.run([x])


def test_tensorrt_refuses(context, session, monkeypatch):
    context.fails = True
    with pytest.raises(RuntimeFailure, match="TensorRT could not run the engine; its logger said why"):
        session.run([torch.ones(3, 4)])
    context.fails, session._allocators = False, {}
    monkeypatch.setattr(context, "set_output_allocator", lambda name, allocator: False)
    with pytest.raises(RuntimeFailure, match='TensorRT refused the allocator of output "out1"'):
        session.run([torch.ones(3, 4)])
