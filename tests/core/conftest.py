import pytest
import torch

from torch2trt import _handlers

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _no_handlers_left(monkeypatch):
    """Handlers that a test registers are gone after it."""
    monkeypatch.setattr(_handlers, "_handlers", {})
    monkeypatch.setattr(_handlers, "_announced", set())


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


@pytest.fixture(params=["trace", "export"])
def frontend(request):
    return request.param
