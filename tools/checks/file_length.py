"""No file is longer than 600 lines: beyond that it holds more than one thing."""

from collections.abc import Iterator

from tree import Tree

LIMIT = 600


def check(tree: Tree) -> Iterator[str]:
    """One line for each file that is too long."""
    for path, text in tree.items():
        lines = text.count("\n")
        if lines > LIMIT:
            yield f"{path}: {lines} lines; the limit is {LIMIT}"
