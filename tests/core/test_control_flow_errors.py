"""What conditions and loops refuse that no program of PyTorch's front ends says: graphs given as text."""

import pytest
import torch

from torch2trt import _C
from torch2trt.errors import Error, InvalidArgument, UnsupportedOperator

FOREVER = 2**63 - 1


def graph_of(nodes):
    return _C.parse_graph(f'graph g(%x : float32[2,3] "x") {{\n{nodes}\n}}\nstructure inputs (*) outputs *\n')


def in_network(nodes):
    return _C.dry_convert(graph_of(nodes), {})


def in_torch(nodes, x=None):
    return _C.run(graph_of(nodes), [torch.ones(2, 3) if x is None else x], None)


IF = "%y = prim::If(condition=%x)\n block() {\n return (%x)\n }\n block() {\n return (%x)\n }\nreturn (%y)"
WHILE = (
    "%y = higher_order::while_loop(carried_inputs=[%x], additional_inputs=[])\n"
    " block(%a) {\n return (%a)\n }\n block(%b) {\n return (%b)\n }\nreturn (%y)"
)
NEVER_ENDS = (
    f"%y = prim::Loop(max_trip_count={FOREVER}, condition=True, carried_0=%x)\n"
    " block(%i : int, %a) {\n %b = aten::neg(self=%a)\n return (True, %b)\n }\nreturn (%y)"
)
NO_COUNT = (
    "%y = prim::Loop(max_trip_count=None, condition=True, carried_0=%x)\n"
    " block(%i : int, %a) {\n return (True, %a)\n }\nreturn (%y)"
)
NOTHING_TO_SCAN = (
    "%y = higher_order::scan(init=[%x], xs=[], additional_inputs=[])\n"
    " block(%a) {\n return (%a)\n }\nreturn (%y)"
)
SCAN = (
    "%y = higher_order::map_impl(xs=[%x], args=[])\n"
    " block(%a) {\n %b = aten::neg(self=%a)\n return (%b)\n }\nreturn (%y)"
)
TOO_FEW = (
    "%p = aten::eq.Scalar(self=1, other=1)\n%y = higher_order::cond(pred=%p, operands=[])\n"
    " block(%a) {\n return (%a)\n }\n block(%b) {\n return (%b)\n }\nreturn (%y)"
)
LISTS_OF_LISTS = (
    "%l : list = prim::ListConstruct()\n"
    "%n = aten::sum(self=%x, dtype=None)\n%t : int = aten::Int.Tensor(a=%n)\n"
    "%y : list = prim::Loop(max_trip_count=%t, condition=True, carried_0=%l)\n"
    " block(%i : int, %k : list) {\n %m : list = aten::add.t(a=%k, b=[[%x, %x]])\n return (True, %m)\n }\n"
    "%z = aten::cat(tensors=%y, dim=0)\nreturn (%z)"
)


@pytest.mark.parametrize(
    "nodes, category, match",
    [
        (IF, UnsupportedOperator, r"the condition is network tensor float32\[2, 3\]; it must be a tensor of one"),
        (NEVER_ENDS, UnsupportedOperator, "the loop never ends"),
        (NOTHING_TO_SCAN, InvalidArgument, "there is no tensor to iterate over"),
        (TOO_FEW, Error, "a block takes 1 values, 0 are given"),
        (LISTS_OF_LISTS, UnsupportedOperator, r"what a loop collects is \[network tensor .*; it must be a tensor"),
    ],
)  # fmt: skip
def test_networks(nodes, category, match):
    with pytest.raises(category, match=match):
        in_network(nodes)


@pytest.mark.parametrize(
    "nodes, match",
    [
        (IF, r"the condition is constant float32\[2, 3\]; it must be a tensor of one element"),
        (WHILE, "the condition of the loop is no tensor of one element"),
        (NO_COUNT, "the loop runs while True, None times"),
    ],
)
def test_torch_mode(nodes, match):
    with pytest.raises(InvalidArgument, match=match):
        in_torch(nodes)


def test_a_scan_over_nothing():
    with pytest.raises(InvalidArgument, match="a scan over nothing"):
        in_torch(SCAN, torch.ones(0, 3))
    assert torch.equal(in_torch(SCAN)[0], -torch.ones(2, 3))
