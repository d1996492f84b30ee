"""compare=True: each node's result in torch mode beside the same value of the TensorRT network, executed on the CPU.

The network is made as a conversion would make it, batch norms folded, and executed once with every node's result as an
output. Then torch mode runs and each value is compared where it appears; the first difference ends the run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _C, _handlers, _inputs, _tensorrt, _verbose
from ._context import trt_network
from .errors import Mismatch

logger = logging.getLogger("torch2trt")

# Of the value, and of the tensor's median magnitude. What two right implementations differ by after a hundred layers is
# well below; a wrong axis, padding or constant well above.
_TOLERANCES = {torch.float64: 1e-3, torch.float32: 1e-3, torch.float16: 2e-2, torch.bfloat16: 1e-1}
# No tensor is compared more closely than to this absolute difference times the tolerance.
_SMALLEST_MAGNITUDE = 1e-3


@dataclass(frozen=True)
class Compare:
    """What `compare` may be in place of True.

    Attributes:
        tolerance: allowed difference relative to an element and to the tensor's median magnitude, for all floating
            types; None: 1e-3 for float32, 2e-2 for float16, 1e-1 for bfloat16. Integers and bools must be equal.
        plugins: what computes plugin layers, by plugin type: see `torch2trt.executor.execute`.
        tensorrt: "tensorrt" or "tensorrt_rtx"; "": whichever is installed.
    """

    tolerance: float | None = None
    plugins: Mapping[str, Callable[..., Any]] | None = None
    tensorrt: str = ""


@dataclass(frozen=True)
class ComparedNode:
    """One node of torch mode.

    Attributes:
        kind: with overload, "aten::sum.dim_IntList".
        name: of its first output.
        scope: module path. source: line of the user's program.
        status: "equal" (within tolerance), "differs", "folded" (the network has no such value: it is part of a later
            node), "random" (it is, or depends on, a random number) or "unknown" (no form that can be compared).
        difference: largest difference relative to the larger of the element and the tensor's median magnitude.
    """

    kind: str
    name: str
    scope: str
    source: str
    status: str
    difference: float = 0.0


@dataclass
class Comparison:
    """All nodes compared so far, in the program's order. `str()` is one line."""

    nodes: list[ComparedNode] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many nodes have that status."""
        return sum(node.status == status for node in self.nodes)

    @property
    def largest_difference(self) -> float:
        """Of the nodes that are equal within tolerance."""
        return max((node.difference for node in self.nodes if node.status == "equal"), default=0.0)

    def __str__(self) -> str:
        rest = [
            f"{self.count(status)} {status}"
            for status in ("folded", "random", "unknown")
            if self.count(status)
        ]
        text = f"{self.count('equal')} nodes equal the network's, largest difference {self.largest_difference:.1e}"
        return ", ".join([text, *rest])


class Comparer:
    """Compares a run of `graph` in torch mode on `values`: give `record` to the run."""

    def __init__(self, graph: Any, values: list[Any], settings: Compare) -> None:
        self.comparison = Comparison()
        self._tolerance = settings.tolerance
        self._network = _network_values(graph, values, settings)
        self._random: set[str] = set()
        self._folded: dict[str, ComparedNode] = {}

    def record(self, node: tuple[Any, ...], values: list[Any]) -> None:
        """One node's results.

        Raises:
            Mismatch: they differ from the network's.
        """
        kind, overload, scope, source, names, reads, is_random = node
        qualified = f"{kind}.{overload}" if overload else kind
        absent = not any(name in self._network for name in names)

        def add(status: str, difference: float = 0.0) -> ComparedNode:
            row = ComparedNode(qualified, names[0] if names else "", scope, source, status, difference)
            self.comparison.nodes.append(row)
            return row

        if is_random or self._random.intersection(reads):
            self._random.update(names)
            add("random")
            return
        if absent:
            row = add("folded")
            self._folded.update((name, row) for name in names)
            return
        largest, compared = 0.0, False
        for name, value in zip(names, values):
            if name not in self._network:
                continue
            difference = _difference(value, self._network.pop(name), self._tolerance)
            if isinstance(difference, str):
                add("differs")
                raise self._mismatch(node, qualified, name, difference)
            if difference is not None:
                largest, compared = max(largest, difference), True
        add("equal" if compared else "unknown", largest)

    def _mismatch(self, node: tuple[Any, ...], qualified: str, name: str, difference: str) -> Mismatch:
        kind, overload, scope, source, _, reads, _ = node
        message = f'torch mode and the network differ first in "{name}": {difference}'
        where = (
            f"\n  at {qualified}"
            + (f' in module "{scope}"' if scope else "")
            + (f" ({source})" if source else "")
        )
        parts = [self._folded[read] for read in reads if read in self._folded]
        for part in parts:
            where += f'\n  into which {part.kind} in module "{part.scope}" ({part.source}) was folded'
        before = self.comparison.count("equal")
        advice = (
            f"\nThe {before} nodes compared before it are equal (largest difference "
            f"{self.comparison.largest_difference:.1e}). "
        )
        handler = _handlers.lookup(kind, overload)
        if handler is None:
            advice += f"Replace the conversion of {kind} with a handler of your own, and please report it"
        else:
            advice += f"Look at your handler {_handlers._name_of(handler)}"
        return Mismatch(
            message + where + advice, message, (qualified, scope, source), comparison=self.comparison
        )

    def finish(self) -> Comparison:
        """Logs the summary of a run without difference."""
        logger.info("compare: %s", self.comparison)
        return self.comparison


def _network_values(graph: Any, values: list[Any], settings: Compare) -> dict[str, Any]:
    """What each value of `graph` is in the network, by name: torch tensors, numbers, lists of them."""
    trt = _tensorrt.import_tensorrt(settings.tensorrt)
    builder = _tensorrt.new_builder(trt)
    network = _tensorrt.new_network(trt, builder)
    folded = graph.copy()
    _C.run_passes(folded, _handlers.disabled_passes())
    found: dict[str, Any] = {}
    inputs: dict[str, torch.Tensor] = {}

    def record(node: tuple[Any, ...], results: list[Any]) -> None:
        found.update(zip(node[4], results))

    with trt_network(network) as context, torch.no_grad():
        operands = []
        for (_, _, sizes), value in zip(graph.inputs, values):
            if isinstance(value, torch.Tensor):
                name = f"input_{len(inputs)}"
                inputs[name] = _carried(value)
                dtype = str(value.dtype).removeprefix("torch.")
                value = context._native.add_input(name, dtype, _declared_shape(sizes, value))
            operands.append(value)
        _C.run(
            folded,
            operands,
            context._native,
            lookup=_handlers.lookup,
            log=_verbose.log,
            record=record,
            record_names=graph.value_names,
        )
    tensors = [leaf for leaf in pytree.tree_leaves(found) if _inputs.is_itensor(leaf)]
    names: set[str] = set()
    for tensor in tensors:
        if tensor.name in names:
            tensor.name = f"compared_{len(names)}"
        names.add(tensor.name)
        network.mark_output(tensor)
    from .executor import execute

    results = execute(network, inputs, plugins=settings.plugins) if tensors else {}
    leaves, spec = pytree.tree_flatten(found)
    return pytree.tree_unflatten(
        [results[leaf.name] if _inputs.is_itensor(leaf) else leaf for leaf in leaves], spec
    )


def _declared_shape(sizes: list[int] | None, value: torch.Tensor) -> list[int]:
    """Dynamic where the program is: then the layers that compute sizes are compared too."""
    given = list(value.shape)
    if sizes is None or len(sizes) != len(given):
        return given
    return [-1 if wanted < 0 else size for wanted, size in zip(sizes, given)]


def _carried(value: torch.Tensor) -> torch.Tensor:
    value = value.detach().cpu()
    return value.float() if value.dtype is torch.float64 else value


def _difference(value: Any, other: Any, tolerance: float | None) -> float | str | None:
    """Relative difference; what differs, as text, where it is too large; None for what cannot be compared."""
    if value is Ellipsis or other is Ellipsis:
        return None
    if isinstance(value, (list, tuple)) or isinstance(other, (list, tuple)):
        if (
            not isinstance(value, (list, tuple))
            or not isinstance(other, (list, tuple))
            or len(value) != len(other)
        ):
            return f"torch has {_described(value)}, the network {_described(other)}"
        largest = None
        for index, (one, two) in enumerate(zip(value, other)):
            difference = _difference(one, two, tolerance)
            if isinstance(difference, str):
                return f"element {index}: {difference}"
            if difference is not None:
                largest = max(largest or 0.0, difference)
        return largest
    numbers = (torch.Tensor, bool, int, float)
    if isinstance(value, numbers) and isinstance(other, numbers):
        return _numeric_difference(value, other, tolerance)
    return 0.0 if value == other else f"torch has {_described(value)}, the network {_described(other)}"


def _numeric_difference(value: Any, other: Any, tolerance: float | None) -> float | str:
    of_tensors = isinstance(value, torch.Tensor) and isinstance(other, torch.Tensor)
    one = _carried(value) if isinstance(value, torch.Tensor) else torch.tensor(value)
    two = _carried(other) if isinstance(other, torch.Tensor) else torch.tensor(other)
    if one.shape != two.shape:
        return f"torch has the shape {list(one.shape)}, the network {list(two.shape)}"
    if of_tensors and one.dtype != two.dtype:
        return f"torch has the type {_type(one)}, the network {_type(two)}"
    if one.numel() == 0:
        return 0.0
    floating = one.dtype.is_floating_point or two.dtype.is_floating_point
    allowed = (_TOLERANCES.get(one.dtype, 1e-3) if tolerance is None else tolerance) if floating else 0.0
    one, two = (tensor.double() if floating else tensor.long() for tensor in (one, two))
    equal = (one == two) | (one.isnan() & two.isnan())
    if equal.all():
        return 0.0
    if not floating:
        return _text(one, two, (one - two).abs(), ~equal, "equal values are needed")
    magnitude = one.abs()[one.isfinite() & (one != 0)]
    typical = max(magnitude.median().item() if magnitude.numel() else 0.0, _SMALLEST_MAGNITUDE)
    distance = (one - two).abs().nan_to_num(torch.inf, torch.inf).masked_fill(equal, 0.0)
    relative = distance / one.abs().nan_to_num(0.0, 0.0, 0.0).clamp(min=typical)
    largest = relative.max().item()
    if largest <= allowed:
        return largest
    return _text(one, two, relative, relative > allowed, f"{allowed:g} of the value is allowed")


def _text(one: torch.Tensor, two: torch.Tensor, badness: torch.Tensor, wrong: torch.Tensor, rule: str) -> str:
    worst = int(badness.argmax())
    index = [int(axis) for axis in torch.unravel_index(torch.tensor(worst), one.shape)]
    values = f"torch {one.flatten()[worst].item():.6g}, network {two.flatten()[worst].item():.6g}"
    return f"{int(wrong.sum())} of {one.numel()} elements; at {index} {values}; {rule}"


def _type(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _described(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{_type(value)}{list(value.shape)}"
    return f"a list of {len(value)}" if isinstance(value, (list, tuple)) else repr(value)
