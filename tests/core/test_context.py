"""trt_network, torch_network, current_network: what is current where."""

import contextvars
import gc
import threading

import pytest
import tensorrt_rtx as trt
import torch
from converting import new_network, run
from torch import nn

import torch2trt
from torch2trt import core
from torch2trt.errors import InvalidArgument


def test_yields_the_context_and_current_is_the_very_object():
    network = new_network()
    assert core.current_network() is None
    with core.trt_network(network) as context:
        assert isinstance(context, core.Context)
        assert context.network is network
        assert core.current_network() is network
    assert core.current_network() is None
    with core.torch_network() as context:
        assert context.network is None and core.current_network() is None


def test_restored_after_an_exception():
    network = new_network()
    with pytest.raises(ZeroDivisionError):
        with core.trt_network(network):
            raise ZeroDivisionError
    assert core.current_network() is None


def test_nesting():
    outer, inner = new_network(), new_network()
    with core.trt_network(outer):
        with core.trt_network(inner):
            assert core.current_network() is inner
        assert core.current_network() is outer
        with core.torch_network():
            assert core.current_network() is None
            with core.trt_network(inner):
                assert core.current_network() is inner
            assert core.current_network() is None
        assert core.current_network() is outer


def test_the_same_network_nested_in_itself():
    network = new_network()
    x = torch.randn(2, 3)
    with core.trt_network(network):
        _, first = core.torch2trt(nn.ReLU(), x)
        with core.trt_network(network):
            _, second = core.torch2trt(nn.Tanh(), first.outputs)
        _, third = core.torch2trt(nn.ReLU(), second.outputs)
    network.mark_output(third.outputs)
    torch.testing.assert_close(run(network, x)[0], torch.relu(torch.tanh(torch.relu(x))))


def test_another_thread_starts_without_a_network():
    seen = []
    with core.trt_network(new_network()):
        thread = threading.Thread(target=lambda: seen.append(core.current_network()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_two_threads_get_the_right_networks(frontend):
    modules = [
        nn.Sequential(nn.Linear(4, 4), nn.ReLU()),
        nn.Sequential(nn.Conv1d(4, 4, 3), nn.Tanh(), nn.Conv1d(4, 2, 1)),
    ]
    inputs = [torch.randn(2, 4), torch.randn(1, 4, 9)]
    networks = [[], []]
    failures = []
    start = threading.Barrier(2)

    def work(which):
        try:
            start.wait()
            for _ in range(4):
                network = new_network()
                with core.trt_network(network):
                    _, graph = core.torch2trt(modules[which], inputs[which], frontend=frontend)
                    assert core.current_network() is network
                network.mark_output(graph.outputs)
                networks[which].append(network)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    for which in range(2):
        assert len(networks[which]) == 4
        for network in networks[which]:
            torch.testing.assert_close(run(network, inputs[which])[0], modules[which](inputs[which]).detach())


@pytest.mark.parametrize("wrong", [3, "network", torch.zeros(1), object()])
def test_something_else_is_refused(wrong):
    with pytest.raises(
        InvalidArgument, match="INetworkDefinition of tensorrt or tensorrt_rtx is needed, not .*class"
    ):
        with core.trt_network(wrong):
            pass
    assert core.current_network() is None


def test_another_object_of_tensorrt_is_refused():
    with pytest.raises(InvalidArgument, match="an INetworkDefinition is needed, not .*Logger"):
        with core.trt_network(trt.Logger()):
            pass


def test_none_is_refused():
    with pytest.raises(InvalidArgument, match="not None; torch_network"):
        core.trt_network(None)


def test_a_finished_block_does_not_become_torch_mode():
    with core.trt_network(new_network()):
        inside = contextvars.copy_context()
    for call in (core.current_network, lambda: core.torch2trt(nn.ReLU(), torch.zeros(1))):
        with pytest.raises(InvalidArgument, match="block that was current here has ended"):
            inside.run(call)


def test_a_finished_context_object_adds_nothing():
    network = new_network()
    with core.trt_network(network) as context:
        pass
    with pytest.raises(InvalidArgument, match="block of this network has ended"):
        context._native.add_input("x", "float32", [1])
    assert network.num_inputs == 0


def test_torch_mode_inside_a_network_adds_nothing():
    network = new_network()
    x = torch.randn(2, 3)
    with core.trt_network(network):
        with core.torch_network():
            _, graph = core.torch2trt(nn.ReLU(), x)
    assert network.num_layers == network.num_inputs == 0
    assert torch.equal(graph.outputs, x.relu())


def test_an_itensor_in_torch_mode(frontend):
    tensor = new_network().add_input("x", trt.float32, (2, 3))
    for options in ({}, {"input_tensors": [tensor]}):
        example = torch.zeros(2, 3) if options else tensor
        with core.torch_network():
            with pytest.raises(InvalidArgument, match="ITensor was given outside core.trt_network"):
                core.torch2trt(nn.ReLU(), example, frontend=frontend, **options)


def test_an_itensor_of_another_network():
    other = new_network().add_input("theirs", trt.float32, (2, 3))
    network = new_network()
    with core.trt_network(network):
        with pytest.raises(InvalidArgument, match='the ITensor for "input" belongs to another network'):
            core.torch2trt(nn.ReLU(), other)
    assert network.num_layers == 0


def test_an_itensor_whose_network_is_gone():
    other = new_network().add_input("orphan", trt.float32, (2, 3))
    with core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match='the ITensor for "input" belongs to another network'):
            core.torch2trt(nn.ReLU(), other)


def gone():
    """An output of a layer, which does not keep its network."""
    network = new_network()
    return network.add_identity(network.add_input("x", trt.float32, (2, 3))).get_output(0)


def test_an_output_whose_network_is_gone_is_not_read(frontend):
    """Its attributes would be read from freed memory."""
    module = torch2trt.GraphModule(nn.ReLU(), torch.zeros(2, 3))

    @torch2trt.register_node_handler("aten::tanh")
    def tanh(inputs, attributes):
        return [gone()]

    network = new_network()
    with core.trt_network(network):
        for call in (
            lambda: core.torch2trt(nn.ReLU(), gone(), frontend=frontend),
            lambda: core.torch2trt(nn.ReLU(), torch.zeros(2, 3), input_tensors=[gone()], frontend=frontend),
            lambda: module(gone()),
        ):
            with pytest.raises(
                InvalidArgument, match='the ITensor for "input" .*, perhaps to one that is gone'
            ):
                call()
        with pytest.raises(
            InvalidArgument, match="as output 0, what cannot be used: an ITensor belongs to an"
        ):
            core.torch2trt(nn.Tanh(), torch.zeros(2, 3), frontend=frontend)


def test_results_keep_their_network(frontend):
    def converted():
        with core.trt_network(new_network()):
            return core.torch2trt(nn.ReLU(), torch.zeros(2, 3), frontend=frontend)[1]

    graph = converted()
    gc.collect()
    assert tuple(graph.outputs.shape) == (2, 3) and graph.outputs.name


class ITensor:
    """As another TensorRT module's."""

    name, shape = "foreign", (2, 3)
    dtype = trt.float32


def test_an_itensor_of_another_tensorrt_module():
    with core.trt_network(new_network()):
        with pytest.raises(InvalidArgument, match='the ITensor for "input" belongs to another network'):
            core.torch2trt(nn.ReLU(), ITensor())
