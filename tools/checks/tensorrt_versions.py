"""TensorRT's versions are told apart in one file, so that supporting another is one place to look at."""

from collections.abc import Iterator

from tree import Tree, is_cpp

HOME = "src/tensorrt/compat.h"


def check(tree: Tree) -> Iterator[str]:
    """One line for each version macro elsewhere."""
    for path, text in tree.items():
        if not is_cpp(path) or path == HOME:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if "NV_TENSORRT_" in line:
                yield f"{path}:{number}: NV_TENSORRT_ belongs in {HOME}"
