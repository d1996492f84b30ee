"""The Python classes that TensorRT calls back: logger and progress monitor of the engine builder.

TensorRT swallows what a callback raises, so these raise nothing: a build is cancelled by what `step_complete` returns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ._errors import is_noise


@cache
def _logger_class(trt: Any) -> type:
    names = {
        trt.ILogger.INTERNAL_ERROR: "error",
        trt.ILogger.ERROR: "error",
        trt.ILogger.WARNING: "warning",
        trt.ILogger.INFO: "info",
        trt.ILogger.VERBOSE: "verbose",
    }

    class Logger(trt.ILogger):
        """Hands every message but noise to the sink attached last."""

        def __init__(self) -> None:
            super().__init__()
            self._sinks: list[tuple[Callable[[str, str], None], bool]] = []

        def attach(self, sink: Callable[[str, str], None], verbose: bool) -> None:
            """From now on `sink(level, text)` gets the messages."""
            self._sinks.append((sink, verbose))

        def detach(self, sink: Callable[[str, str], None]) -> None:
            """Ends what `attach` began."""
            self._sinks = [entry for entry in self._sinks if entry[0] is not sink]

        def log(self, severity: Any, text: str) -> None:
            if not self._sinks or is_noise(text):
                return
            sink, verbose = self._sinks[-1]
            level = names.get(severity, "info")
            if verbose or level != "verbose":
                sink(level, text)

    return Logger


@cache
def _monitor_class(trt: Any) -> type:
    class ProgressMonitor(trt.IProgressMonitor):
        """Hands each event to `sink(event, phase, parent, number) -> bool`; False cancels the build."""

        def __init__(self, sink: Callable[[str, str, str, int], bool]) -> None:
            super().__init__()
            self._sink = sink

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._sink("start", phase_name, parent_phase or "", num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            return self._sink("step", phase_name, "", step + 1)

        def phase_finish(self, phase_name: str) -> None:
            self._sink("finish", phase_name, "", 0)

    return ProgressMonitor


@cache
def logger(trt: Any) -> Any:
    """The logger for TensorRT module `trt`: one for ever, because TensorRT keeps the first it sees."""
    return _logger_class(trt)()


def progress_monitor(trt: Any, sink: Callable[[str, str, str, int], bool]) -> Any:
    """A new progress monitor, or None where this TensorRT (before 10, or 8.6) has none."""
    if not hasattr(trt, "IProgressMonitor"):
        return None
    return _monitor_class(trt)(sink)
