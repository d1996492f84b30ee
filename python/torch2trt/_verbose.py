"""One line a node, through the "torch2trt" logger, and a progress bar on a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

logger = logging.getLogger("torch2trt")

_WIDTH = 30
Observer = Callable[[str, str, list[str], list[str]], None]


def log(level: str, text: str) -> None:
    """What the C++ core reports."""
    logger.log(logging.getLevelName(level.upper()), text)


@contextmanager
def observing(verbose: bool, nodes: int) -> Iterator[Observer | None]:
    """The observer of a run of `nodes` nodes, or None. Where logging is not set up, lines go to stderr meanwhile."""
    if not verbose:
        yield None
        return
    level = logger.level
    handler = None if logger.hasHandlers() else logging.StreamHandler(sys.stderr)
    if handler is not None:
        logger.addHandler(handler)
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    bar = _Bar(nodes, sys.stderr) if sys.stderr.isatty() else None
    try:
        yield _observer(bar)
    finally:
        if bar is not None:
            bar.clear()
        if handler is not None:
            logger.removeHandler(handler)
        logger.setLevel(level)


def _observer(bar: _Bar | None) -> Observer:
    def observe(kind: str, scope: str, inputs: list[str], outputs: list[str]) -> None:
        if bar is not None:
            bar.clear()
        logger.info(
            "%s: [%s]==>>[%s]%s", kind, ", ".join(inputs), ", ".join(outputs), f"  # {scope}" if scope else ""
        )
        if bar is not None:
            bar.step()

    return observe


class _Bar:
    """The last line of a terminal: [#######.......] 12/52."""

    def __init__(self, total: int, stream: Any) -> None:
        self._total = max(total, 1)
        self._done = 0
        self._stream = stream

    def step(self) -> None:
        self._done += 1
        filled = min(_WIDTH, _WIDTH * self._done // self._total)
        self._stream.write(f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {self._done}/{self._total}")
        self._stream.flush()

    def clear(self) -> None:
        self._stream.write("\r\x1b[K")
        self._stream.flush()
