"""What must be known of a network before it runs: producers, live layers, loop nesting, uses of each tensor.

TensorRT keeps a flat list of layers in order of creation, which need not be an order of execution (inputs
can be replaced), and marks loops and conditionals only by boundary layers. A layer belongs to the loops
whose recurrences or iterators its value depends on; one that depends on none of a loop is computed once,
outside of it.
"""

import sys

from . import registry
from .errors import ExecutorError

# Boundary layers without an own function; `Run` executes them.
BOUNDARIES = {
    "TRIP_LIMIT": "ITripLimitLayer",
    "RECURRENCE": "IRecurrenceLayer",
    "ITERATOR": "IIteratorLayer",
    "LOOP_OUTPUT": "ILoopOutputLayer",
    "CONDITION": "IConditionLayer",
    "CONDITIONAL_INPUT": "IIfConditionalInputLayer",
    "CONDITIONAL_OUTPUT": "IIfConditionalOutputLayer",
}


class Node:
    """A layer, cast to its own class, with its tensors. `home` is the innermost loop around it, or None."""

    __slots__ = ("layer", "kind", "inputs", "outputs", "function", "loops", "home", "shapes")

    def __init__(self, layer, kind, function):
        self.layer, self.kind, self.function = layer, kind, function
        self.inputs = [layer.get_input(i) for i in range(layer.num_inputs)]
        self.outputs = [layer.get_output(i) for i in range(layer.num_outputs)]
        self.loops, self.home, self.shapes = frozenset(), None, None

    def error(self, message):
        return ExecutorError(message, self.layer.name, self.kind)


class Loop:
    """A loop: its boundary nodes, the loops around it (`context`) and the nearest of those (`parent`)."""

    def __init__(self, handle):
        self.handle = handle
        self.count = self.condition = self.parent = None
        self.recurrences, self.outputs, self.assertions = [], [], []
        self.context = frozenset()
        self.externals = []  # tensors of the parent which the loop reads


class Program:
    """Analysis of a network; see the module's text. Raises ExecutorError for what cannot be executed."""

    def __init__(self, network):
        self.trt = sys.modules[type(network).__module__]
        self.classes: list[tuple] = []  # layer objects and the classes they had
        try:
            self._analyse(network)
        except BaseException:
            self.restore()
            raise

    def _analyse(self, network) -> None:
        self.nodes = [self._node(network.get_layer(i)) for i in range(network.num_layers)]
        self.network_inputs = [network.get_input(i) for i in range(network.num_inputs)]
        self.network_outputs = [network.get_output(i) for i in range(network.num_outputs)]
        self.producer: dict[int, Node] = {id(t): n for n in self.nodes for t in n.outputs}
        # pybind11 gives the same object for the same conditional only as long as one is alive: hold them.
        self.handles = [
            n.layer.conditional for n in self.nodes if n.kind in BOUNDARIES and "CONDITION" in n.kind
        ]
        self.conditions = {id(n.layer.conditional): n for n in self.nodes if n.kind == "CONDITION"}
        self.loops: dict[int, Loop] = {}
        self._find_loops()
        self._find_homes()
        self.assertions = []  # those outside of loops
        for node in self.nodes:
            if node.kind == "ASSERTION":
                (self.assertions if node.home is None else node.home.assertions).append(node)
        self.roots = [*self.network_outputs, *(t for n in self.assertions for t in n.inputs)]
        self.uses: dict[int, int] = {}
        self._count_uses()

    def _node(self, layer) -> Node:
        # A derived class may hide ILayer.type (IActivationLayer.type is the activation): ask the base class.
        kind = self.trt.ILayer.type.__get__(layer).name
        found = registry.find(kind)
        class_name, function = found if found else (BOUNDARIES.get(kind), None)
        if class_name is None:
            raise ExecutorError("the executor does not know this layer type", layer.name, kind)
        self.classes.append((layer, type(layer)))
        layer.__class__ = getattr(self.trt, class_name)
        return Node(layer, kind, function)

    def restore(self) -> None:
        """Gives layer objects, which their user may hold too, back the class they had."""
        for layer, original in reversed(self.classes):
            layer.__class__ = original

    def loop_of(self, node: Node) -> Loop:
        """The loop of a loop boundary node."""
        handle = node.layer.loop
        return self.loops.setdefault(id(handle), Loop(handle))

    def home(self, tensor) -> Loop | None:
        node = self.producer.get(id(tensor))
        return node.home if node else None

    def condition(self, node: Node):
        """The condition tensor of a CONDITIONAL_OUTPUT node."""
        found = self.conditions.get(id(node.layer.conditional))
        if found is None:
            raise node.error("its conditional has no condition")
        return found.inputs[0]

    def _find_loops(self):
        for node in self.nodes:
            if node.kind == "TRIP_LIMIT":
                loop, kind = self.loop_of(node), node.layer.kind.name
                if kind == "COUNT":
                    loop.count = node.inputs[0]
                elif kind == "WHILE":
                    loop.condition = node.inputs[0]
                else:
                    raise node.error(f"trip limit {kind} is not supported by the executor")
            elif node.kind == "RECURRENCE":
                if len(node.inputs) < 2 or node.inputs[1] is None:
                    raise node.error("has no second input: the value of the next iteration")
                self.loop_of(node).recurrences.append(node)
            elif node.kind == "LOOP_OUTPUT":
                self.loop_of(node).outputs.append(node)
        for loop in self.loops.values():
            if loop.count is None and loop.condition is None:
                raise (loop.recurrences + loop.outputs)[0].error("its loop has no trip limit")

    def _find_homes(self):
        changed = bool(self.loops)
        while changed:
            changed = False
            for node in self.nodes:
                changed |= self._update_loops(node)
        for loop in self.loops.values():
            loop.parent = self._innermost(loop.context)
        for node in self.nodes:
            node.home = self._innermost(node.loops)

    def _update_loops(self, node: Node) -> bool:
        loops = frozenset().union(*(self._loops_of(t) for t in node.inputs))
        changed = False
        if node.kind in ("TRIP_LIMIT", "RECURRENCE", "ITERATOR", "LOOP_OUTPUT"):
            own = self.loop_of(node)
            # Whatever else a boundary layer depends on lies around its loop.
            context = own.context.union(loops - {own})
            changed = context != own.context
            own.context = context
            loops = context if node.kind == "LOOP_OUTPUT" else context | {own}
        elif node.kind == "CONDITIONAL_OUTPUT":
            loops = loops | self._loops_of(self.condition(node))
        for loop in tuple(loops):
            loops = loops | loop.context
        changed |= loops != node.loops
        node.loops = loops
        return changed

    def _loops_of(self, tensor) -> frozenset:
        node = self.producer.get(id(tensor)) if tensor is not None else None
        return node.loops if node else frozenset()

    @staticmethod
    def _innermost(loops) -> Loop | None:
        chosen = max(loops, key=lambda loop: len(loop.context), default=None)
        if chosen is not None and loops != chosen.context | {chosen}:
            raise ExecutorError(
                f"loops {sorted(str(x.handle.name) for x in loops)} overlap without being nested"
            )
        return chosen

    def reads(self, node: Node) -> list:
        """All tensors that executing a node may read, with those its loop or conditional reads for it."""
        if node.kind == "CONDITIONAL_OUTPUT":
            return [*node.inputs, self.condition(node)]
        if node.kind == "LOOP_OUTPUT":
            loop = self.loop_of(node)
            tensors = [loop.count, loop.condition]
            tensors += [t for n in (*loop.recurrences, *loop.outputs) for t in n.inputs]
            return [t for t in tensors + [t for n in loop.assertions for t in n.inputs] if t is not None]
        return [t for t in node.inputs if t is not None]

    def _count_uses(self):
        """How often each tensor is read by a live layer of its own loop level, or by a loop in that level."""
        seen, stack, external = set(), list(self.roots), set()
        for tensor in self.roots:
            self._use(tensor)
        while stack:
            node = self.producer.get(id(stack.pop()))
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            for tensor in self.reads(node):
                stack.append(tensor)
                reader = self.loop_of(node) if node.kind == "LOOP_OUTPUT" else node.home
                level = self.home(tensor)
                if reader is level:
                    self._use(tensor)
                    continue
                while reader is not None and reader.parent is not level:
                    reader = reader.parent
                if reader is not None and (id(reader), id(tensor)) not in external:
                    external.add((id(reader), id(tensor)))
                    reader.externals.append(tensor)
                    self._use(tensor)

    def _use(self, tensor):
        self.uses[id(tensor)] = self.uses.get(id(tensor), 0) + 1
