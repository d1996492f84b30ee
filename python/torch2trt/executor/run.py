"""Executes a network: on demand from its outputs, so a conditional computes only the branch it takes."""

import torch

from .errors import ExecutorError
from .program import Loop, Node, Program
from .registry import Call
from .types import carrier, dims, ints, is_float


class Frame:
    """Values of the tensors of one loop level: of the network, or of one iteration of a loop."""

    __slots__ = ("loop", "parent", "values", "left", "iteration", "trips")

    def __init__(
        self, loop: Loop | None, parent: "Frame | None", iteration: int = 0, trips: int | None = None
    ):
        self.loop, self.parent, self.iteration, self.trips = loop, parent, iteration, trips
        self.values: dict[int, torch.Tensor] = {}
        self.left: dict[int, int] = {}  # uses to come, for tensors that were read already

    def at(self, loop: Loop | None) -> "Frame":
        """This frame or the one around it that belongs to `loop`."""
        frame = self
        while frame.loop is not loop:
            if frame.parent is None:
                raise ExecutorError(f"a tensor of loop {loop.handle.name!r} is read outside of it")
            frame = frame.parent
        return frame


class Run:
    """One execution of a `Program`. `record(tensor, value)` is told each result."""

    def __init__(self, program: Program, plugins, record, strongly_typed: bool):
        self.program, self.plugins, self.record = program, plugins, record
        self.strongly_typed = strongly_typed
        self.top = Frame(None, None)

    def outputs(self, inputs: dict[int, torch.Tensor]) -> None:
        """Computes all roots and assertions from the values of the network inputs."""
        self.top.values.update(inputs)
        self.force(self.top, self.program.roots)
        for node in self.program.assertions:
            self._call(node, self.top)

    def value(self, frame: Frame, tensor) -> torch.Tensor | None:
        return frame.at(self.program.home(tensor)).values.get(id(tensor))

    def force(self, frame: Frame, tensors) -> None:
        """Computes tensors and what they need that `frame` and the frames around it don't have yet."""
        stack = list(reversed([t for t in tensors if t is not None]))
        waiting: set[int] = set()
        while stack:
            tensor = stack[-1]
            if self.value(frame, tensor) is not None:
                stack.pop()
                continue
            node = self.program.producer.get(id(tensor))
            if node is None:
                raise ExecutorError(f"tensor {tensor.name!r} is neither a network input nor a layer's output")
            home = frame.at(node.home)
            missing = [t for t in self._needs(node, home) if self.value(home, t) is None]
            if not missing:
                self._execute(node, home)
                if self.value(home, tensor) is None:
                    raise node.error(f"did not compute {tensor.name!r}")
                waiting.discard(id(node))
                stack.pop()
                continue
            waiting.add(id(node))
            for t in reversed(missing):
                if id(self.program.producer.get(id(t))) in waiting:
                    raise node.error(f"its input {t.name!r} depends on its own output")
                stack.append(t)

    def _needs(self, node: Node, frame: Frame) -> list:
        """Tensors to compute before a node can execute, as far as they are known."""
        if node.kind == "CONDITIONAL_OUTPUT":
            condition = self.program.condition(node)
            value = self.value(frame, condition)
            return [condition] if value is None else [node.inputs[0 if bool(value) else 1]]
        if node.kind == "LOOP_OUTPUT":
            loop = self.program.loop_of(node)
            tensors = [loop.count, *(n.inputs[0] for n in loop.recurrences)]
            tensors += [n.inputs[1] for n in loop.outputs if len(n.inputs) > 1]
            return [t for t in tensors if t is not None]
        return [t for t in node.inputs if t is not None]

    def _execute(self, node: Node, frame: Frame) -> None:
        if node.kind == "LOOP_OUTPUT":
            self._loop(self.program.loop_of(node), frame)
            return
        if node.kind == "CONDITIONAL_OUTPUT":
            taken = bool(self.value(frame, self.program.condition(node)))
            results = self.value(frame, node.inputs[0 if taken else 1])
        elif node.kind == "CONDITIONAL_INPUT":
            results = self.value(frame, node.inputs[0])
        elif node.kind == "ITERATOR":
            results = self._slice_of_iteration(node, frame)
        elif node.kind == "RECURRENCE":
            raise node.error("is read outside its loop")
        else:
            results = self._call(node, frame)
        self._store(node, frame, results)
        for tensor in self.program.reads(node):
            if self.program.home(tensor) is frame.loop:
                self._release(frame, tensor)

    def _call(self, node: Node, frame: Frame):
        inputs = [None if t is None else self.value(frame, t) for t in node.inputs]
        call = Call(self.program.trt, node.layer, node.kind, inputs, node.inputs, node.outputs, self.plugins)
        try:
            return node.function(call)
        except ExecutorError:
            raise
        except Exception as error:
            shapes = ", ".join("none" if x is None else f"{x.dtype}{list(x.shape)}" for x in inputs)
            raise node.error(f"{type(error).__name__}: {error} (inputs: {shapes})") from error

    def _store(self, node: Node, frame: Frame, results) -> None:
        results = [results] if isinstance(results, torch.Tensor) else list(results)
        if len(results) != len(node.outputs):
            raise node.error(
                f"computed {len(results)} outputs where the network declares {len(node.outputs)}"
            )
        if node.shapes is None:
            node.shapes = [self._declared(node, t) for t in node.outputs]
        for tensor, value, (dtype, shape) in zip(node.outputs, results, node.shapes):
            if value.dtype != dtype:
                # Without strong typing a float output may be given another float type than its inputs.
                if self.strongly_typed or not (is_float(value.dtype) and is_float(dtype)):
                    raise node.error(f"computed {value.dtype} where {tensor.name!r} is declared {dtype}")
                value = value.to(dtype)
            if not matches(value.shape, shape):
                raise node.error(
                    f"computed shape {list(value.shape)} where {tensor.name!r} is declared {shape}"
                )
            self._keep(frame, tensor, value)

    def _declared(self, node: Node, tensor):
        try:
            return carrier(tensor.dtype), list(dims(tensor.shape))
        except (RuntimeError, ValueError) as error:
            raise node.error(f"TensorRT rejects the layer: {tensor.name!r} has no shape ({error})") from error
        except KeyError as error:
            raise node.error(f"the executor does not know data type {error}") from error

    def _keep(self, frame: Frame, tensor, value: torch.Tensor) -> None:
        self.record(tensor, value)
        if self.program.uses.get(id(tensor)):
            frame.values[id(tensor)] = value

    def _release(self, frame: Frame, tensor) -> None:
        left = frame.left.get(id(tensor), self.program.uses.get(id(tensor), 0)) - 1
        frame.left[id(tensor)] = left
        if left == 0:
            frame.values.pop(id(tensor), None)

    def _slice_of_iteration(self, node: Node, frame: Frame) -> torch.Tensor:
        data, axis, index = self.value(frame, node.inputs[0]), node.layer.axis, frame.iteration
        if node.layer.reverse:
            if frame.trips is None:
                raise node.error("iterates in reverse, but its loop has no trip count")
            index = frame.trips - 1 - index
        if not 0 <= index < data.shape[axis]:
            raise node.error(f"iteration {frame.iteration} is outside dimension {axis} of {list(data.shape)}")
        return data.select(axis, index)

    def _loop(self, loop: Loop, outer: Frame) -> None:
        """Runs a loop and stores all its outputs in the frame around it.

        The loop ends when the trip count is reached or when the while condition, computed from the
        recurrences at the start of an iteration, is false.
        """
        trips = None if loop.count is None else ints(self.value(outer, loop.count))[0]
        state = [self.value(outer, n.inputs[0]) for n in loop.recurrences]
        collected: dict[int, list] = {id(n): [] for n in loop.outputs}
        iteration = 0
        while trips is None or iteration < trips:
            frame = Frame(loop, outer, iteration, trips)
            for node, value in zip(loop.recurrences, state):
                self._store(node, frame, value)
                frame.values[id(node.outputs[0])] = value
            if loop.condition is not None:
                self.force(frame, [loop.condition])
                if not bool(self.value(frame, loop.condition)):
                    break
            for node in loop.assertions:
                self.force(frame, node.inputs)
                self._call(node, frame)
            for node in loop.outputs:
                if self._recurrence_behind(node) is None:
                    self.force(frame, node.inputs[:1])
                    collected[id(node)].append(self.value(frame, node.inputs[0]))
            self.force(frame, [n.inputs[1] for n in loop.recurrences])
            state = [self.value(frame, n.inputs[1]) for n in loop.recurrences]
            iteration += 1
        final = {id(n): value for n, value in zip(loop.recurrences, state)}
        for node in loop.outputs:
            recurrence = self._recurrence_behind(node)
            if recurrence is not None:
                result = final[id(recurrence)]
            else:
                result = self._collect(node, outer, collected[id(node)])
            self._store(node, outer, result)
        for tensor in loop.externals:
            self._release(outer, tensor)

    def _recurrence_behind(self, node: Node) -> Node | None:
        """The recurrence a LAST_VALUE output reads: the output is its value after the last iteration."""
        if node.layer.kind.name != "LAST_VALUE":
            return None
        source = self.program.producer.get(id(node.inputs[0]))
        if source is None or source.kind != "RECURRENCE" or source.home is not self.program.loop_of(node):
            raise node.error("output LAST_VALUE must read a recurrence of its loop")
        return source

    def _collect(self, node: Node, outer: Frame, parts: list[torch.Tensor]) -> torch.Tensor:
        """Concatenates what an output was in each iteration; places no iteration reached are 0."""
        kind, axis = node.layer.kind.name, node.layer.axis
        if kind not in ("CONCATENATE", "REVERSE"):
            raise node.error(f"loop output {kind} is not supported by the executor")
        if len(node.inputs) < 2 or node.inputs[1] is None:
            raise node.error("has no second input: the length of the concatenation")
        length = ints(self.value(outer, node.inputs[1]))[0]
        if len(parts) > length:
            raise node.error(f"{len(parts)} iterations for a concatenation of length {length}")
        if parts:
            missing = [torch.zeros_like(parts[0])] * (length - len(parts))
            return torch.stack((parts + missing) if kind == "CONCATENATE" else missing + parts[::-1], axis)
        dtype, shape = self._declared(node, node.outputs[0])
        shape[axis] = length
        if min(shape, default=0) < 0:
            raise node.error(f"no iteration ran, so its shape {shape} is unknown")
        return torch.zeros(shape, dtype=dtype)


def matches(shape, declared) -> bool:
    """Whether a shape is one the declared dimensions allow; -1 allows any size."""
    return len(shape) == len(declared) and all(d in (-1, n) for n, d in zip(shape, declared))
