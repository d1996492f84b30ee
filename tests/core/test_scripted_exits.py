"""`break`, `continue` and `return` in scripted loops and branches: TorchScript leaves values unset on the other way."""

import re

import pytest
import torch
from converting import new_network
from scripting import X, check, convert, graph_of, refused
from torch import nn

from torch2trt import _C, core
from torch2trt.errors import InvalidArgument, InvalidModel, UnsupportedOperator


def full(*values):
    return [(torch.full((2, 2), float(value)),) for value in values]


class BreakAndContinue(nn.Module):
    def forward(self, x):
        t = x.clone()
        i = 0
        while i < 100:
            if bool(t.sum() > 10):
                break
            if bool(t[0, 0] > 1):
                i += 2
                continue
            t[i % 2] = t[i % 2] + 0.3
            i += 1
        return t, i


class Continues(nn.Module):
    def forward(self, x):
        for i in range(100):
            if bool(x.sum() > 10):
                continue
            x = x + i
        return x


class ReturnsInLoop(nn.Module):
    def forward(self, x):
        if bool(x.sum() > 0):
            return x * 2
        for _ in range(100):
            x = x + 0.1
            if bool(x.sum() > 0):
                return x
        return x - 1


class ReturnsTuple(nn.Module):
    def forward(self, x):
        for i in range(100):
            x = x + 0.1
            if bool(x.sum() > 0):
                return x * 3, i, x.sum(0)
        return x - 1, -1, x.sum(1)


class ReturnsInWhile(nn.Module):
    """Nothing is known of the returned value before the loop."""

    def forward(self, x):
        count = 0
        while bool(x.sum() < 100):
            if bool(x[0, 0] > 7):
                return x - 1
            count += 1
            if count > 20:
                return x + 100
            x = x + x.abs() * 0.5
        return x


class ReturnsVariable(nn.Module):
    def forward(self, x):
        while bool(x.sum() < 100):
            x = x + x.abs() * 0.5 + 1
            if bool(x[0, 0] > 7):
                return x
        return x - 5


class NestedReturns(nn.Module):
    def forward(self, x):
        for i in range(70):
            for j in range(66):
                x = x + 0.1
                if bool(x.sum() > 10):
                    if bool(x[0, 0] > 5):
                        return x, i + j
                    return x * 2, i
            if bool(x[0, 1] < -50):
                return x - 7, -1
        return x, 5


class NestedBreaks(nn.Module):
    def forward(self, x):
        n = 0
        for i in range(80):
            if bool(x.sum() > 20):
                break
            for j in range(70):
                n += 1
                if bool(x[0, 0] > j):
                    continue
                x = x + 0.25
                if bool(x[0, 1] > i + 1):
                    break
                if j > 3:
                    break
            if bool(x[0, 0] > 3.0):
                continue
            x = x - 0.125
        return x, n


class NestedIfs(nn.Module):
    def forward(self, x):
        if bool(x.sum() > 0):
            if bool(x[0, 0] > 0):
                return x * 2
            if bool(x[0, 1] > 0):
                x = x + 1
                if bool(x[0, 1] > 5):
                    return x.abs()
        else:
            for _ in range(2):
                if bool(x[1, 0] > -2):
                    return x.t()
                x = x * 3
        return x - 1


class Writes(nn.Module):
    def forward(self, x):
        t = torch.zeros(2, 2)
        for i in range(70):
            t[i % 2] += x[0]
            if bool(t.sum() > 10):
                return t
            if bool(t.sum() < -10):
                t.neg_()
                break
            t[0, 0] = i
        return t


class Calls(nn.Module):
    """An inlined function that returns from its loop, twice."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def find(self, x):
        for _ in range(66):
            x = self.linear(x) * 1.5
            if bool(x.abs().sum() > 4):
                return x, x > 0
            if bool(x.abs().sum() < 1e-4):
                continue
            x = x + 0.1
        return x * 0, x < 0

    def forward(self, x):
        a, b = self.find(x)
        c, d = self.find(a / 9)
        return a + c, b & d


def rows(*values):
    return [(torch.tensor(value).reshape(2, 2),) for value in values]


@pytest.mark.parametrize(
    "module, runs, engine",
    [
        (BreakAndContinue, full(0, -1, 0.5, 2, 100), True),
        (Continues, full(0, -3, 11), True),
        (ReturnsTuple, full(1, -1, -100), True),
        (ReturnsInWhile, full(1, -1, 0, 50), True),
        (ReturnsVariable, full(1, -300, 50), True),
        (NestedReturns, full(0, -300, -30, 3) + rows([8.0, 0, 0, 1]), True),
        (Writes, full(1, 0.1, -100, -0.3), True),
        (Calls, full(1, 0.1, -100), True),
        (NestedIfs, full(1, -1, -4) + rows([-1.0, 9, 0, 1], [-1.0, 2, 0, 1]), True),
        # TensorRT-RTX 1.7 builds no loop inside of a conditional: docs/control-flow.md
        (ReturnsInLoop, full(1, -1, -100), True),
        (NestedBreaks, full(0, -3, 3), False),
    ],
)
def test_ways_out(module, runs, engine):
    check(module(), *runs, engine=engine)


def test_dynamic_sizes():
    ranges = {"x": ([1, 3], [2, 3], [8, 3])}
    types = [("float32", [-1, 3])]
    runs = [(X,), (-X,), (X - 100,), (torch.cat([X, X - 3]),)]
    check(ReturnsInLoop(), *runs, types=types, shapes=ranges, engine=False)
    check(ReturnsVariable(), *runs, types=types, shapes=ranges)
    with pytest.raises(
        UnsupportedOperator,
        match=r"network tensor float32\[-1, 3\] is first set in the loop \(by a `return` or `break` there\), and "
        r"TensorRT must know its shape before",
    ):
        convert(graph_of(ReturnsInWhile(), types), ranges)


class FlagOfBranch(nn.Module):
    def forward(self, x):
        positive = False
        small = True
        for _ in range(70):
            for _ in range(66):
                x = x * 0.9 + 0.1
                if bool(x.sum() > 1):
                    positive, small = True, False
                else:
                    positive, small = False, True
            if positive:
                break
        return x, positive, small


def test_a_flag_that_branches_set_is_their_condition():
    found = check(FlagOfBranch(), *full(1, -10, 0))
    assert "CONDITION" not in found


class OtherRank(nn.Module):
    def forward(self, x):
        for _ in range(100):
            x = x + 1
            if bool(x.sum() > 0):
                return x.sum(0)
        return x


def test_what_is_returned_must_fit():
    refused(
        OtherRank(),
        X,
        match=r"output 0 of the branches is network tensor float32\[3\] and network tensor float32\[2, 3\]",
    )


def graph_text(nodes):
    return _C.parse_graph(f'graph g(%x : float32[2,3] "x") {{\n{nodes}\n}}\nstructure inputs (*) outputs *\n')


UNSET = (
    "%u = prim::Uninitialized()\n%s = aten::sum(self=%x, dtype=None)\n%c : bool = aten::Bool.Tensor(a=%s)\n"
)


def test_what_only_an_unset_value_is_read_by_is_not_converted():
    """The branch that a valid program does not take: its operators have no operands."""
    graph = graph_text(
        UNSET + "%y = prim::If(condition=%c)\n"
        " block() {\n %a = aten::neg(self=%u)\n %l : list = prim::ListConstruct(a=%a, b=%x)\n"
        " %p, %q = prim::ListUnpack(list=%l)\n return (%p)\n }\n"
        " block() {\n %b = aten::neg(self=%x)\n return (%b)\n }\nreturn (%y)"
    )
    assert _C.dry_convert(graph, {})["outputs"][0]["shape"] == (2, 3)


def test_a_loop_that_reads_an_unset_value_is_refused():
    graph = graph_text(
        UNSET + "%y = prim::Loop(max_trip_count=9223372036854775807, condition=%c, carried_0=%u)\n"
        " block(%i : int, %k) {\n %z = prim::If(condition=%c)\n block() {\n %b = aten::neg(self=%x)\n return (%b)\n }\n"
        " block() {\n return (%k)\n }\n return (%c, %z)\n }\nreturn (%y)"
    )
    with pytest.raises(
        UnsupportedOperator, match="reads its carried value 0, which only an earlier iteration sets"
    ):
        _C.dry_convert(graph, {})


def test_a_value_that_is_never_set_is_no_result():
    graph = graph_text("%u = prim::Uninitialized()\nreturn (%u)")
    with pytest.raises(
        UnsupportedOperator, match="is a value that is not set yet, which no engine can return"
    ):
        _C.dry_convert(graph, {})
    with pytest.raises(InvalidModel, match="the program gives out a value that it never sets"):
        _C.run(graph, [torch.ones(2, 3)], None)


@pytest.mark.parametrize("module", [BreakAndContinue, ReturnsInWhile, NestedReturns, Calls])
def test_compared(module):
    """Results of a loop that nothing reads have no value in the network, and are no difference."""
    scripted = torch.jit.script(module().eval())
    _, graph = core.torch2trt(scripted, torch.full((2, 2), -0.5), compare=True)
    assert graph.comparison.count("equal") > 0


def test_a_result_that_nothing_reads_has_no_output():
    scripted = torch.jit.script(NestedReturns().eval())
    _, graph = core.torch2trt(scripted, X)
    unread = next(
        name
        for name in re.findall(r"%(Loop\w*) :", str(graph))
        if len(re.findall(rf"%{name}\b", str(graph))) == 1
    )
    assert len(core.debug_call_graph(graph, X, [unread])) == 1, "torch mode computes it"
    network = new_network()
    with core.trt_network(network):
        with pytest.raises(
            InvalidArgument, match=f'nothing in the program reads "{unread}", and the network does'
        ):
            core.torch2trt(scripted, X, output_names=[unread])
