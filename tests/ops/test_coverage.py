"""Every operator overload of overloads.txt has at least three rows in the table, or says why not.

`python -m tests.ops.test_coverage` prints the number of rows of each.
"""

from __future__ import annotations

import collections
import pathlib

from tests.ops.test_operators import _rows

LIST = pathlib.Path(__file__).with_name("overloads.txt")
WANTED = 3


def overloads() -> list[tuple[str, str, str]]:
    """Tier, name and the reason to have fewer rows ("" mostly)."""
    lines = [line for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    return [tuple((line.split(maxsplit=2) + [""])[:3]) for line in lines]  # type: ignore[misc]


def counts() -> collections.Counter[str]:
    counted: collections.Counter[str] = collections.Counter()
    for _, row in _rows():
        counted.update({row.op} if isinstance(row.op, str) else set(row.op))
    return counted


def test_each_overload_has_three_rows() -> None:
    counted = counts()
    short = {name: counted[name] for _, name, reason in overloads() if not reason and counted[name] < WANTED}
    assert not short, f"fewer than {WANTED} rows: {short}"


def test_reasons_are_still_true() -> None:
    counted = counts()
    done = [name for _, name, reason in overloads() if reason == "not claimed yet" and counted[name] >= WANTED]
    assert not done, f"these have {WANTED} rows now; remove their reason from {LIST.name}: {done}"


def test_the_list_names_each_overload_once() -> None:
    names = [name for _, name, _ in overloads()]
    assert len(names) == len(set(names)) > 300


def main() -> None:
    counted = counts()
    for tier, name, reason in overloads():
        print(f"{tier} {name:55} {counted[name]:3}  {reason}")


if __name__ == "__main__":
    main()
