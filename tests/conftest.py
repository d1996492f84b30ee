"""For every test: one thread, the same random numbers each run, and the marks that pyproject.toml lists."""

import os
import pathlib
import random
import signal

import pytest
import torch

torch.set_num_threads(1)
# A shell's background job ignores SIGINT, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The same for scripts that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["PYTHONPATH"] = str(pathlib.Path(__file__).parents[1] / "python")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(0)
    torch.manual_seed(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.cpu)
