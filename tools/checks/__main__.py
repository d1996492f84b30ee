"""The rules of this tree that no formatter or compiler knows. `python tools/checks` prints what breaks them."""

import sys
from pathlib import Path

import cmake_lists
import file_length
import tensorrt_versions
import torch_headers
from tree import read_tree

CHECKS = (cmake_lists.check, file_length.check, tensorrt_versions.check, torch_headers.check)


def main() -> int:
    tree = read_tree(Path(__file__).parents[2])
    problems = [problem for check in CHECKS for problem in check(tree)]
    print("\n".join(problems) if problems else f"tools/checks: {len(CHECKS)} rules hold in {len(tree)} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
