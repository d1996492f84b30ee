"""The one exception type of torch2trt, with a subclass per category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class UnsupportedNode:
    """One node that could not be converted."""

    kind: str
    reason: str
    scope: str
    source: str


class Error(RuntimeError):
    """What failed, where, what was received and what is allowed.

    Attributes:
        category: "UnsupportedOperator", "InvalidModel", "InvalidArgument", "BuildFailed", "Runtime" or "Internal";
            "Mismatch" of compare=True.
        message: the text without the location.
        node: kind and overload of the node, "aten::conv2d", or "".
        scope: module path, "layer1.0.conv1", or "".
        source: line of the user's program, "resnet.py:197", or "".
        unsupported: every node that could not be converted (UnsupportedOperator only).
    """

    category = "Internal"

    def __init__(
        self,
        text: str,
        message: str | None = None,
        location: tuple[str, str, str] = ("", "", ""),
        unsupported: tuple[UnsupportedNode, ...] = (),
    ) -> None:
        super().__init__(text)
        self.message = text if message is None else message
        self.node, self.scope, self.source = location
        self.unsupported = tuple(unsupported)


class UnsupportedOperator(Error):
    category = "UnsupportedOperator"


class InvalidModel(Error):
    category = "InvalidModel"


class InvalidArgument(Error, ValueError):
    category = "InvalidArgument"


class BuildFailed(Error):
    category = "BuildFailed"


class RuntimeFailure(Error):
    category = "Runtime"


class Mismatch(Error):
    """compare=True found a value that differs in torch mode and in the network. `comparison` has all nodes so far."""

    category = "Mismatch"

    def __init__(self, *args: Any, comparison: Any = None) -> None:
        super().__init__(*args)
        self.comparison = comparison


class InternalError(Error):
    category = "Internal"


_CLASSES = {
    cls.category: cls
    for cls in (
        UnsupportedOperator,
        InvalidModel,
        InvalidArgument,
        BuildFailed,
        RuntimeFailure,
        InternalError,
    )
}


def make_error(
    category: str,
    text: str,
    message: str,
    location: tuple[str, str, str],
    unsupported: list[tuple[str, str, str, str]],
) -> Error:
    """The exception for an error of the C++ core, which calls this."""
    return _CLASSES[category](text, message, location, tuple(UnsupportedNode(*row) for row in unsupported))
