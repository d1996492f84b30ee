"""The record of what handlers do with arguments is current: see harness.check_argument_uses."""

from __future__ import annotations

import pytest

from tests.ops import harness


def test_an_unrecorded_use_is_an_error() -> None:
    with pytest.raises(AssertionError, match="argument keepdim of aten::nonesuch is read; .* says nothing"):
        harness.check_argument_uses({("aten::nonesuch", "keepdim", "read")})
    with pytest.raises(AssertionError, match="memory_format of aten::clone is read; .* says ignored"):
        harness.check_argument_uses({("aten::clone", "memory_format", "read")})


def test_a_lesser_use_is_none() -> None:
    harness.check_argument_uses({("aten::sum", "dtype", "default only"), ("prim::ListConstruct", "", "read")})


def test_every_operator_of_the_record_has_a_handler() -> None:
    keys = set(harness._C.handler_keys())
    operators = {operator for operator, _ in harness._USES}
    assert len(operators) > 300
    assert not {name for name in operators if not {name, name.split(".")[0]} & keys}
