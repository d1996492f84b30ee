"""tools/sabotage takes minutes; that what it breaks is still there is seen at once."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools" / "sabotage"))

from breaks import BREAKS  # noqa: E402


@pytest.mark.parametrize("break_", BREAKS, ids=lambda break_: break_.file)
def test_what_a_break_replaces_is_in_the_handler_once(break_):
    source = (ROOT / "src" / "handlers" / break_.file).read_text()
    assert source.count(break_.old) == 1
    assert break_.new != break_.old
