"""Torch's headers cost seconds a file and its JIT changes most, so both stay in the rooms that need them."""

import re
from collections.abc import Iterator

from tree import Tree, is_cpp

TORCH_FREE = (
    "include/",
    "src/graph/",
    "src/handlers/",
    "src/network/",
    "src/passes/",
    "src/backend/dry/",
    "src/backend/nvinfer/",
    "src/tensorrt/",
    "cli/",
)
JIT_HOMES = (
    "src/frontend/torchscript/",
    "src/torch/",
    "python/src/bind_torchscript.cpp",
    "tests/cpp/frontend/torchscript_",
)

_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]((?:torch|ATen|c10|caffe2)/[^>"]+)[>"]')


def check(tree: Tree) -> Iterator[str]:
    """One line for each header that is included where it may not be."""
    for path, text in tree.items():
        if not is_cpp(path):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            include = _INCLUDE.match(line)
            if include is None:
                continue
            header = include[1]
            if path.startswith(TORCH_FREE):
                yield f"{path}:{number}: {header}: this room knows no torch; src/torch is the one that does"
            elif header.startswith("torch/csrc/jit/") and not path.startswith(JIT_HOMES):
                yield f"{path}:{number}: {header}: JIT headers belong in {', '.join(JIT_HOMES)}"
