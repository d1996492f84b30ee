"""`python -m torch2trt` and the console script `torch2trt`: the command line in C++, building by Python's TensorRT."""

from __future__ import annotations

import sys

from . import _C


def main() -> int:
    """Runs the command line on sys.argv and returns the exit code."""
    sys.stdout.flush()
    return _C.main(["torch2trt", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
