"""TensorRT's error texts, caught where they appear."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# Without a GPU every error is followed by a line about CUDA error 35, which says nothing of the network.
_NOISE = ("CUDA initialization failure", "cudaError 35", "CUDA error 35", "error: 35")


def is_noise(text: str) -> bool:
    """Whether a message of TensorRT only says that there is no GPU."""
    return any(noise in text for noise in _NOISE)


@lru_cache(maxsize=None)
def _recorder_class(trt: Any) -> type:
    class ErrorRecorder(trt.IErrorRecorder):
        """Collects what TensorRT reports, for the message of torch2trt's own error."""

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

        def take(self) -> list[str]:
            """The texts since the last call."""
            texts = [text for _, text in self._errors]
            self._errors.clear()
            return texts

    return ErrorRecorder


def error_recorder(trt: Any) -> Any:
    """A new error recorder for TensorRT module `trt`."""
    return _recorder_class(trt)()
