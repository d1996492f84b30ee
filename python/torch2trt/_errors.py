"""TensorRT's error texts, caught where they appear."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

logger = logging.getLogger("torch2trt")

# Without a GPU every error is followed by a line about CUDA error 35, which says nothing of the network.
# So does the note that TensorRT keeps the first logger of a process: the user's own, if there is one.
_NOISE = (
    "The logger passed into createInfer",
    "CUDA initialization failure",
    "cudaError 35",
    "CUDA error 35",
    "error: 35",
)


def is_noise(text: str) -> bool:
    """Whether a message of TensorRT only says that there is no GPU."""
    return any(noise in text for noise in _NOISE)


@cache
def _recorder_class(trt: Any) -> type:
    class ErrorRecorder(trt.IErrorRecorder):
        """Collects what TensorRT reports, for the message of torch2trt's own error."""

        torch2trt = True

        def __init__(self) -> None:
            super().__init__()
            self._errors: list[tuple[Any, str]] = []

        def clear(self) -> None:
            self._errors.clear()

        def get_error_code(self, index: int) -> Any:
            return self._errors[index][0]

        def get_error_desc(self, index: int) -> str:
            return self._errors[index][1]

        def has_overflowed(self) -> bool:
            return False

        def num_errors(self) -> int:
            return len(self._errors)

        def report_error(self, code: Any, description: str) -> bool:
            if not is_noise(description):
                self._errors.append((code, description))
            return False

        def take(self) -> list[tuple[Any, str]]:
            """What came since the last call."""
            errors = list(self._errors)
            self._errors.clear()
            return errors

        def take_texts(self) -> list[str]:
            """The texts since the last call."""
            return [text for _, text in self.take()]

    return ErrorRecorder


def error_recorder(trt: Any) -> Any:
    """A new error recorder for TensorRT module `trt`."""
    return _recorder_class(trt)()


def log_errors(recorder: Any, previous: Any) -> None:
    """Passes on what `recorder` has: to the recorder the network had before, and to the log.

    That of an enclosing block does its own logging.
    """
    for code, text in recorder.take():
        if previous is not None:
            previous.report_error(code, text)
        if not getattr(previous, "torch2trt", False):
            logger.error("TensorRT: %s", text)
