"""The operator table: every row through both front ends, static and with dynamic batch."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import tests.ops as package
from tests.ops.harness import check
from tests.ops.table import Row

_NOT_FAMILIES = {"table", "harness", "conftest"}


def _rows() -> list[tuple[str, Row]]:
    rows: list[tuple[str, Row]] = []
    for module in pkgutil.iter_modules(package.__path__):
        if module.name in _NOT_FAMILIES or module.name.startswith("test_"):
            continue
        for index, row in enumerate(importlib.import_module(f"tests.ops.{module.name}").ROWS):
            name = row.op if isinstance(row.op, str) else row.op[0]
            rows.append((f"{module.name}-{name}-{index}", row))
    return rows


def _cases() -> list[pytest.param]:
    cases = []
    for name, row in _rows():
        for frontend in (row.only,) if row.only else ("export", "trace"):
            cases.append(pytest.param(row, frontend, False, id=f"{name}-{frontend}-static"))
            if not row.static_only:
                cases.append(pytest.param(row, frontend, True, id=f"{name}-{frontend}-dynamic"))
    return cases


@pytest.mark.parametrize("row, frontend, dynamic", _cases())
def test_operator(row: Row, frontend: str, dynamic: bool) -> None:
    if row.rtol != 1e-5:
        assert row.reason, "a tolerance other than 1e-5 needs a reason"
    check(row, frontend, dynamic)
