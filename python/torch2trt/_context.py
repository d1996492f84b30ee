"""What is current: the network that conversions add to, or torch mode."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from . import _C
from .errors import InvalidArgument


class Context:
    """What `trt_network` and `torch_network` yield. `network` is the user's INetworkDefinition, or None."""

    def __init__(self, network: Any = None) -> None:
        self.network = network
        self._native = None if network is None else _C.PythonNetwork(network)
        self._open = True

    @property
    def is_tensorrt(self) -> bool:
        """Whether conversions add to `network`."""
        return self.network is not None

    @property
    def is_torch(self) -> bool:
        """Whether conversions compute with torch."""
        return self.network is None

    def close(self) -> None:
        """Ends the block: the network gets its own error recorder back."""
        self._open = False
        if self._native is not None:
            self._native.close()


_current: ContextVar[Context | None] = ContextVar("torch2trt_network", default=None)


@contextlib.contextmanager
def _entered(network: Any) -> Iterator[Context]:
    context = Context(network)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
        context.close()


def trt_network(network: Any) -> contextlib.AbstractContextManager[Context]:
    """Within the block, conversions add to `network` (INetworkDefinition of tensorrt or tensorrt_rtx).

    Per thread and task (a context variable); blocks nest; what was current before is restored always.

    Raises:
        InvalidArgument: on entry, where `network` is something else.
    """
    if network is None:
        raise InvalidArgument(
            "trt_network needs an INetworkDefinition, not None; torch_network() computes with torch"
        )
    return _entered(network)


def torch_network() -> contextlib.AbstractContextManager[Context]:
    """Within the block, conversions compute with torch: the debug mode. Needs no TensorRT."""
    return _entered(None)


def current() -> Context | None:
    """The context of the innermost block.

    Raises:
        InvalidArgument: the block has ended; a copied contextvars.Context outlived it.
    """
    context = _current.get()
    if context is not None and not context._open:
        raise InvalidArgument("the trt_network or torch_network block that was current here has ended")
    return context


def current_context() -> Context:
    """The context of the innermost block; outside of all, one in torch mode."""
    context = current()
    return Context() if context is None else context


def current_network() -> Any:
    """The INetworkDefinition given to the innermost `trt_network`, the very object; None in torch mode."""
    context = current()
    return None if context is None else context.network
