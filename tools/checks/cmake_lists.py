"""Every C++ source is in the lists of some CMakeLists.txt: one that is not would silently not be built."""

import posixpath
import re
from collections.abc import Iterator

from tree import Tree

_COMMENT = re.compile(r"#.*")
_SOURCE = re.compile(r"[\w./-]+\.cpp\b")


def listed_sources(tree: Tree) -> dict[str, str]:
    """Each listed source's path from the root, and the list it is in."""
    found = {}
    for path, text in tree.items():
        if posixpath.basename(path) == "CMakeLists.txt":
            for name in _SOURCE.findall(_COMMENT.sub("", text)):
                found[posixpath.normpath(posixpath.join(posixpath.dirname(path), name))] = path
    return found


def check(tree: Tree) -> Iterator[str]:
    """One line for each source no list has, and each entry without a file."""
    listed = listed_sources(tree)
    for path in tree:
        if path.endswith(".cpp") and path not in listed:
            yield f"{path}: no CMakeLists.txt has it"
    for path, where in listed.items():
        if path not in tree:
            yield f"{where}: {path} does not exist"
