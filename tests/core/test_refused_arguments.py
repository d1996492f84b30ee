"""Arguments that torch2trt() refuses in its own words, before PyTorch or TensorRT meets them."""

import inspect

import pytest
import tensorrt_rtx as trt
import torch
from converting import convert, new_network
from torch import nn

from torch2trt import GraphModule, TensorRTModule, TensorRTModuleWrapper, core
from torch2trt.errors import InvalidArgument, InvalidModel


@pytest.mark.parametrize("argument", ["param_exclude", "param_include"])
@pytest.mark.parametrize("pattern", ["*(", "[", 3])
def test_what_is_no_regular_expression(argument, pattern):
    with pytest.raises(InvalidArgument) as caught:
        core.torch2trt(nn.Linear(3, 3), torch.zeros(1, 3), **{argument: pattern})
    with pytest.raises(InvalidArgument, match="which is no regular expression"):
        GraphModule(nn.Linear(3, 3), torch.zeros(1, 3), **{argument: pattern})
    assert str(caught.value).startswith(f"{argument} is {pattern!r}, which is no regular expression: ")


@pytest.mark.parametrize("names", [[""], ["a", ""], "", ("",), [None]])
def test_empty_names(names):
    with pytest.raises(InvalidArgument, match="a list of names is needed, none of them empty"):
        convert(lambda a, b: a - b, (torch.zeros(1), torch.zeros(1)), input_names=names)
    with pytest.raises(InvalidArgument, match="a list of names is needed, none of them empty"):
        net = TensorRTModuleWrapper(nn.Identity(), 1, 1 << 20, input_names=names or [""])
        net.build_tensorrt(nn.ReLU(), [torch.zeros(1)])


@pytest.mark.parametrize("names", [[3], [None], ["x", 1]])
@pytest.mark.parametrize("torch_mode", [False, True])
def test_output_names_that_are_none(names, torch_mode):
    with core.torch_network() if torch_mode else core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match=r"output_names is \[.*\]; a list of names is needed"):
            core.torch2trt(nn.ReLU(), torch.zeros(1), output_names=names)


REFUSED = [
    (
        torch.eye(3).to_sparse(),
        'input "x" is torch.sparse_coo; a network takes dense tensors: give x.to_dense()',
    ),
    (torch.eye(3).to_sparse_csr(), 'input "x" is torch.sparse_csr; a network takes dense tensors'),
    (torch.zeros(3, 3, device="meta"), 'input "x" is on the device "meta", where tensors have no values'),
    (
        torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        'input "x" is a nested tensor; a network takes',
    ),
    (torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), r'input "x" is torch.qint8; give x.dequ'),
]


@pytest.mark.parametrize("value, message", REFUSED)
@pytest.mark.parametrize("torch_mode", [False, True])
def test_tensors_that_no_network_takes(frontend, value, message, torch_mode):
    with core.torch_network() if torch_mode else core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match=message):
            core.torch2trt(lambda x: x * 2, value, frontend=frontend)
    with pytest.raises(InvalidArgument, match=message.replace('"x"', r'"y\.1"')):
        core.torch2trt(lambda x, y: x * 2, (torch.ones(1), [torch.ones(1), value]), frontend=frontend)


def test_tensors_that_no_graph_runs_on():
    sparse, message = REFUSED[0]
    _, graph = core.torch2trt(lambda x: x * 2, torch.eye(3))
    with pytest.raises(InvalidArgument, match=message):
        core.debug_call_graph(graph, sparse)
    with pytest.raises(InvalidArgument, match=message):
        GraphModule(lambda x: x * 2, sparse)
    with pytest.raises(InvalidArgument, match='"args.0" is torch.sparse_coo'):
        TensorRTModuleWrapper(nn.ReLU(), 1, 1 << 20).build_tensorrt(nn.ReLU(), [sparse])


def test_a_fixed_tensor_beside_a_dynamic_one():
    network = new_network()
    dynamic = network.add_input("i", trt.float32, (-1, 3))
    with core.trt_network(network):
        with pytest.raises(InvalidArgument) as caught:
            core.torch2trt(lambda p, q: p + q, (dynamic, torch.ones(4, 3)), frontend="export")
        core.torch2trt(lambda p, q: p + q, (dynamic, torch.ones(3)), frontend="export")
        core.torch2trt(lambda p, q: p + q, (dynamic, torch.ones(1, 3)), frontend="export")
    assert str(caught.value).startswith(
        'torch.export fails where the ITensor "p" of shape [-1, 3] is dynamic and the torch tensor "q" of shape [4, 3] '
        "is not; where their sizes must agree, give an ITensor of dynamic shape for it too: The size of tensor a"
    )


def test_an_error_of_the_users_own_stays_what_it_is():
    class Mine(RuntimeError):
        pass

    def broken(p):
        raise Mine("mine")

    network = new_network()
    with core.trt_network(network), pytest.raises(RuntimeError, match="mine") as caught:
        core.torch2trt(broken, network.add_input("i", trt.float32, (-1, 3)), frontend="export")
    assert not isinstance(caught.value, InvalidArgument)


@pytest.mark.parametrize("cls", [nn.LSTM, nn.GRU])
def test_a_scripted_module_without_forward(cls):
    scripted = torch.jit.script(cls(3, 4).eval())
    with pytest.raises(
        InvalidModel,
        match=rf"the scripted {cls.__name__} has no forward\(\). Script a module whose forward\(\) calls",
    ):
        core.torch2trt(scripted, torch.zeros(2, 1, 3))


def test_the_wrapper_takes_the_modules_arguments():
    """They are listed once, in TensorRTModule."""
    own = list(inspect.signature(TensorRTModule).parameters.values())
    net, *rest = inspect.signature(TensorRTModuleWrapper).parameters.values()
    assert net.name == "net" and rest == own
    wrapped = TensorRTModuleWrapper(nn.ReLU(), 4, 1 << 20, verbose=True, frontend="trace")
    assert (wrapped.max_batchsize, wrapped.verbose, wrapped.frontend) == (4, True, "trace")
    with pytest.raises(TypeError, match="unexpected keyword argument 'batch'"):
        TensorRTModuleWrapper(nn.ReLU(), 4, 1 << 20, batch=3)


def test_a_tensor_too_many(frontend):
    module, x = nn.Linear(3, 2), torch.zeros(1, 3)
    _, graph = core.torch2trt(module, x, frontend=frontend)
    with pytest.raises(InvalidArgument, match=r"the program takes 1 input \(input\), 2 given"):
        core.debug_call_graph(graph, (x, x))
    with pytest.raises(InvalidArgument, match=r"the program takes 1 input \(input\), 2 given"):
        convert(torch.jit.script(module), (x, x))


def test_a_tensor_that_nothing_reads_is_none_too_many(frontend):
    x = torch.rand(1, 3)
    _, graph = core.torch2trt(lambda a, unread, b: (a - b, 1), (x, torch.ones(2), x + 1), frontend=frontend)
    result, one = core.debug_call_graph(graph, (x, torch.ones(2), x + 2))
    torch.testing.assert_close(result, torch.full((1, 3), -2.0))
    assert one == 1
