"""Loops and conditionals."""

import pytest
import tensorrt_rtx as trt
import torch
from networks import Net, numbers, run
from test_layers import close

from torch2trt.executor import ExecutorError, execute

SUM, PROD, LESS = (getattr(trt.ElementWiseOperation, n) for n in ("SUM", "PROD", "LESS"))
LAST, CONCATENATE, REVERSE = (getattr(trt.LoopOutput, n) for n in ("LAST_VALUE", "CONCATENATE", "REVERSE"))
COUNT, WHILE = trt.TripLimit.COUNT, trt.TripLimit.WHILE


def add(net, a, b, op=SUM):
    return net.network.add_elementwise(a, b, op).get_output(0)


def counting(net, count, kinds, reverse=False, axis=0, data=None):
    """A loop that sums slices of `data`, with one output of each kind."""
    loop = net.network.add_loop()
    loop.add_trip_limit(count, COUNT)
    piece = loop.add_iterator(data, axis, reverse).get_output(0)
    total = loop.add_recurrence(net.constant(torch.zeros(2)))
    total.set_input(1, add(net, total.get_output(0), piece))
    outputs = []
    for kind in kinds:
        if kind == LAST:
            outputs.append(loop.add_loop_output(total.get_output(0), kind))
        else:
            outputs.append(loop.add_loop_output(total.get_input(1), kind, 1))
            outputs[-1].set_input(1, count)
    return outputs


@pytest.mark.parametrize("reverse", [False, True])
def test_counted_loop(reverse):
    x = numbers(2, 5)

    def make(net, data):
        count = net.constant(torch.tensor(5, dtype=torch.int32))
        return counting(net, count, [LAST, CONCATENATE, REVERSE], reverse, 1, data)

    last, forward, backward = run(make, x)
    sums = (x.flip(1) if reverse else x).cumsum(1)
    close(last, sums[:, -1])
    close(forward, sums)
    close(backward, sums.flip(1))


def test_loop_without_an_iteration_gives_the_initial_value():
    net, feed = Net(), {"x": numbers(2, 5), "n": torch.tensor(0, dtype=torch.int32)}
    data, count = (net.input(n, t) for n, t in feed.items())
    for name, layer in zip("yz", counting(net, count, [LAST, CONCATENATE], False, 1, data), strict=True):
        net.output(layer.get_output(0), name)
    found = execute(net.network, feed)
    assert found["y"].tolist() == [0, 0] and found["z"].shape == (2, 0)


def test_trip_count_beyond_the_iterated_dimension():
    net = Net()
    count = net.constant(torch.tensor(6, dtype=torch.int32))
    outputs = counting(net, count, [LAST], False, 1, net.input("x", numbers(2, 5)))
    net.output(outputs[0].get_output(0), "y")
    with pytest.raises(ExecutorError, match=r"\(ITERATOR\): iteration 5 is outside dimension 1"):
        execute(net.network, {"x": numbers(2, 5)})


def doubling(net, start, limit, count=None, concatenate=None):
    """Doubles a value while it is below a limit, at most `count` times."""
    loop = net.network.add_loop()
    if count is not None:
        loop.add_trip_limit(count, COUNT)
    value = loop.add_recurrence(start)
    below = add(net, value.get_output(0), limit, LESS)
    flat = net.network.add_shuffle(below)
    flat.reshape_dims = ()
    loop.add_trip_limit(flat.get_output(0), WHILE)
    twice = add(net, value.get_output(0), net.constant(torch.tensor([2.0])), PROD)
    value.set_input(1, twice)
    outputs = [loop.add_loop_output(value.get_output(0), LAST)]
    if concatenate is not None:
        outputs.append(loop.add_loop_output(twice, CONCATENATE, 0))
        outputs[-1].set_input(1, concatenate)
    return outputs


def test_while_loop():
    def make(net, start):
        return doubling(net, start, net.constant(torch.tensor([20.0])))

    assert run(make, torch.tensor([3.0]))[0].tolist() == [24]
    assert run(make, torch.tensor([50.0]))[0].tolist() == [50]


def test_while_loop_with_a_count_and_a_longer_concatenation():
    def make(net, start):
        length = net.constant(torch.tensor(4, dtype=torch.int32))
        return doubling(net, start, net.constant(torch.tensor([20.0])), length, length)

    last, all_ = run(make, torch.tensor([6.0]))
    assert last.tolist() == [24] and all_.flatten().tolist() == [12, 24, 0, 0]
    assert run(make, torch.tensor([1.0]))[0].tolist() == [16]


def test_nested_loops_where_the_inner_starts_from_a_constant():
    """sum over i of the sum over j of x[i] * y[j]: the inner body reads the outer iterator."""

    def make(net, x, y):
        outer, inner = net.network.add_loop(), net.network.add_loop()
        three, two = (net.constant(torch.tensor(n, dtype=torch.int32)) for n in (3, 2))
        outer.add_trip_limit(three, COUNT)
        inner.add_trip_limit(two, COUNT)
        a = outer.add_iterator(x, 0, False).get_output(0)
        b = inner.add_iterator(y, 0, False).get_output(0)
        zero = net.constant(torch.zeros(1))
        inner_total = inner.add_recurrence(zero)
        inner_total.set_input(1, add(net, inner_total.get_output(0), add(net, a, b, PROD)))
        row = inner.add_loop_output(inner_total.get_output(0), LAST).get_output(0)
        total = outer.add_recurrence(zero)
        total.set_input(1, add(net, total.get_output(0), row))
        rows = outer.add_loop_output(row, CONCATENATE, 0)
        rows.set_input(1, three)
        return [outer.add_loop_output(total.get_output(0), LAST), rows]

    x, y = numbers(3, 1), numbers(2, 1, seed=1)
    total, rows = run(make, x, y)
    close(total, x.sum(0) * y.sum(0))
    close(rows, x * y.sum(0))


def conditional(net, condition, x, branches):
    choice = net.network.add_if_conditional()
    choice.set_condition(condition)
    inside = choice.add_input(x).get_output(0)
    return choice.add_output(*(branch(inside) for branch in branches))


@pytest.mark.parametrize("taken", [True, False])
def test_conditional(taken):
    def make(net, x, condition):
        ops = trt.UnaryOperation
        branches = [lambda t, op=op: net.network.add_unary(t, op).get_output(0) for op in (ops.EXP, ops.NEG)]
        return conditional(net, condition, x, branches)

    x = numbers(3)
    close(run(make, x, torch.tensor(taken))[0], x.exp() if taken else -x)


def test_only_the_taken_branch_is_computed():
    net = Net()
    x, condition = net.input("x", numbers(3), (-1,)), net.input("c", torch.tensor(True))

    def cut(t):
        return net.network.add_slice(t, (0,), (5,), (1,)).get_output(0)

    def fill(t):
        layer = net.network.add_slice(t, (0,), (5,), (1,))
        layer.mode = trt.SampleMode.FILL
        return layer.get_output(0)

    net.output(conditional(net, condition, x, [fill, cut]).get_output(0), "y")
    found = execute(net.network, {"x": torch.ones(3), "c": torch.tensor(True)}, keep=True)
    assert found["y"].tolist() == [1, 1, 1, 0, 0]
    with pytest.raises(ExecutorError, match="outside its length 3"):
        execute(net.network, {"x": torch.ones(3), "c": torch.tensor(False)})


def test_conditional_in_a_loop():
    """Adds or subtracts each element by its sign."""

    def make(net, data):
        loop = net.network.add_loop()
        loop.add_trip_limit(net.constant(torch.tensor(4, dtype=torch.int32)), COUNT)
        piece = loop.add_iterator(data, 0, False).get_output(0)
        total = loop.add_recurrence(net.constant(torch.tensor(0.0)))
        positive = add(net, net.constant(torch.tensor(0.0)), piece, LESS)
        ops = trt.UnaryOperation
        branches = [lambda t, op=op: net.network.add_unary(t, op).get_output(0) for op in (ops.ABS, ops.CEIL)]
        value = conditional(net, positive, piece, branches).get_output(0)
        total.set_input(1, add(net, total.get_output(0), value))
        return loop.add_loop_output(total.get_output(0), LAST)

    assert run(make, torch.tensor([1.5, -2.5, 3.0, -0.5]))[0].item() == 1.5 - 2 + 3 + 0


def test_assertions_outside_and_inside_a_loop():
    def make(net, data, limit):
        loop = net.network.add_loop()
        loop.add_trip_limit(net.constant(torch.tensor(3, dtype=torch.int32)), COUNT)
        step = loop.add_recurrence(net.constant(torch.tensor(0, dtype=torch.int32)))
        step.set_input(1, add(net, step.get_output(0), net.constant(torch.tensor(1, dtype=torch.int32))))
        net.network.add_assertion(add(net, step.get_output(0), limit, LESS), "too many steps")
        return loop.add_loop_output(step.get_output(0), LAST)

    net = Net()
    limit = net.input("n", torch.tensor(0, dtype=torch.int32))
    net.output(make(net, None, limit).get_output(0), "y")
    assert int(execute(net.network, {"n": torch.tensor(3, dtype=torch.int32)})["y"]) == 3
    with pytest.raises(ExecutorError, match=r"\(ASSERTION\): assertion failed: too many steps"):
        execute(net.network, {"n": torch.tensor(2, dtype=torch.int32)})


def test_last_value_must_be_of_a_recurrence():
    net = Net()
    loop = net.network.add_loop()
    loop.add_trip_limit(net.constant(torch.tensor(3, dtype=torch.int32)), COUNT)
    value = loop.add_recurrence(net.input("x", torch.zeros(1)))
    value.set_input(1, add(net, value.get_output(0), net.constant(torch.ones(1))))
    net.output(loop.add_loop_output(value.get_input(1), LAST).get_output(0), "y")
    with pytest.raises(ExecutorError, match="LAST_VALUE must read a recurrence"):
        execute(net.network, {"x": torch.zeros(1)})
    assert net.build() is not None
