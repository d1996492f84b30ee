"""torch.cond, while_loop, map and scan of exported programs."""

import pytest
import torch
from converting import build, new_network, same
from scripting import X, kinds, profile_build
from torch import nn
from torch._higher_order_ops.associative_scan import associative_scan
from torch._higher_order_ops.map import map as torch_map
from torch._higher_order_ops.scan import scan
from torch._higher_order_ops.while_loop import while_loop
from torch.utils import _pytree as pytree

from torch2trt import _C, _frontends
from torch2trt.errors import UnsupportedOperator
from torch2trt.executor import execute

DYNAMIC = torch.export.Dim.DYNAMIC


def graph_of(module, args, dynamic=None):
    _, graph = _frontends.export(module.eval(), args, dynamic)
    _C.run_passes(graph)
    return graph


def check(module, *runs, dynamic=None, shapes=None, engine=True):
    """Network, torch mode and `module.plain` agree for each of `runs`. Returns the kinds of layers.

    `plain` is the module without higher-order operators, which PyTorch compiles when it runs them.
    """
    graph = graph_of(module, runs[0], dynamic)
    network = new_network()
    converted = _C.convert(graph, _C.PythonNetwork(network), shapes or {})
    dry = _C.dry_convert(graph, shapes or {})
    assert dry["outputs"] == converted["outputs"] and dry["layers"] == network.num_layers
    names = [network.get_input(i).name for i in range(network.num_inputs)]
    for args in runs:
        with torch.no_grad():
            wanted = pytree.tree_leaves(module.plain(*args))
        results = list(execute(network, dict(zip(names, args))).values())
        for got, reference in zip(results, wanted, strict=True):
            same(got, reference)
        for got, reference in zip(_C.run(graph, list(args), None), wanted, strict=True):
            torch.testing.assert_close(torch.as_tensor(got), reference)
    if not engine:
        return kinds(network)
    if converted["ranges"]:
        profile_build(network, converted["ranges"])
    else:
        build(network)
    return kinds(network)


class Cond(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: (self.linear(x), x), lambda x: (x - 1, x * 2), (x,))

    def plain(self, x):
        return (self.linear(x), x) if x.sum() > 0 else (x - 1, x * 2)


def test_cond():
    torch.manual_seed(0)
    found = check(Cond(), (X,), (-X,))
    assert found.count("CONDITION") == 1 and found.count("CONDITIONAL_OUTPUT") == 2


class CondOnSize(nn.Module):
    def forward(self, x):
        return torch.cond(x.shape[0] > 3, lambda x: x + 1, lambda x: x - 1, (x,))

    def plain(self, x):
        return x + 1 if x.shape[0] > 3 else x - 1


def test_cond_on_a_dynamic_size():
    found = check(
        CondOnSize(),
        (X,),
        (torch.cat([X, X]),),
        dynamic=({0: DYNAMIC},),
        shapes={"x": ([2, 3], [2, 3], [8, 3])},
    )
    assert "CONDITIONAL_OUTPUT" in found


class NestedCond(nn.Module):
    def forward(self, x, y):
        def outer(x, y):
            return torch.cond(y.sum() > 0, lambda x, y: x + y, lambda x, y: x - y, (x, y))

        return torch.cond(x.sum() > 0, outer, lambda x, y: x * y, (x, y))

    def plain(self, x, y):
        return (x + y if y.sum() > 0 else x - y) if x.sum() > 0 else x * y


def test_nested_cond():
    y = X * 1.5  # not X itself: torch.export would take the two for one
    check(NestedCond(), (X, y), (X, -y), (-X, y), (-X, -y))


class While(nn.Module):
    def forward(self, x, n):
        return while_loop(
            lambda i, x: i < n, lambda i, x: (i + 1, x * 2 + n), (torch.zeros((), dtype=torch.int64), x)
        )

    def plain(self, x, n):
        i = torch.tensor(0)
        while i < n:
            i, x = i + 1, x * 2 + n
        return i, x


class KnownWhile(nn.Module):
    def forward(self, x):
        return while_loop(lambda i, x: i < 4, lambda i, x: (i + 1, x * 2), (torch.tensor(0), x))

    def plain(self, x):
        return torch.tensor(4), x * 16


def test_while_loop():
    found = check(While(), *[(X, torch.tensor(n)) for n in (3, 0, 1)])
    assert found.count("TRIP_LIMIT") == 1
    assert "TRIP_LIMIT" not in check(KnownWhile(), (X,))


class Map(nn.Module):
    def forward(self, x, y):
        return torch_map(lambda a, b: a * b + 1, x, y)

    def plain(self, x, y):
        return x * y + 1


class Scan(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, h, x):
        def step(h, x):
            h = torch.tanh(self.linear(h) + x)
            return h, h * 2

        return scan(step, h, x)

    def plain(self, h, x):
        states = []
        for row in x:
            h = torch.tanh(self.linear(h) + row)
            states.append(h * 2)
        return h, torch.stack(states)


@pytest.mark.parametrize("length, loop", [(1, False), (5, False), (64, False), (65, True)])
def test_map_and_scan(length, loop):
    torch.manual_seed(0)
    x = torch.randn(length, 3)
    found = check(Scan(), (torch.randn(3), x), engine=length < 64 or loop)
    assert ("TRIP_LIMIT" in found) == loop
    assert ("ITERATOR" in found) == loop
    assert ("ITERATOR" in check(Map(), (x, torch.randn(3)), engine=loop)) == loop


def test_map_of_a_dynamic_length():
    check(
        Map(),
        (X, torch.ones(3) * 2),
        (torch.cat([X, X]), torch.ones(3)),
        dynamic=({0: DYNAMIC}, None),
        shapes={"x": ([2, 3], [2, 3], [8, 3])},
    )


class Reversed(nn.Module):
    def forward(self, h, x):
        return scan(lambda c, a: (c * 0.5 + a, c + a), h, x, dim=1, reverse=True)

    def plain(self, h, x):
        sums = []
        for i in (2, 1, 0):
            sums.insert(0, h + x[:, i])
            h = h * 0.5 + x[:, i]
        return h, torch.stack(sums, 1)


def test_reversed_scan_along_another_dimension():
    check(Reversed(), (torch.ones(2), X))


def test_associative_scan():
    class Sums(nn.Module):
        def forward(self, x):
            return associative_scan(lambda a, b: a + b, x, dim=0)

        def plain(self, x):
            return x.cumsum(0)

    check(Sums(), (torch.randn(5, 3),))
    with pytest.raises(UnsupportedOperator, match="associative_scan over 70 elements; up to 64"):
        _C.dry_convert(graph_of(Sums(), (torch.randn(70, 3),)), {})
