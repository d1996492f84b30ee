"""Weights: kept alive, never changed, bound by name."""

import gc
import hashlib
import weakref

import pytest
import torch
from converting import build, check, convert, new_network, run, same
from torch import nn

from torch2trt import core
from torch2trt.errors import Error, InvalidArgument


def digest(module):
    hashed = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        hashed.update(
            name.encode()
            + str(tensor.dtype).encode()
            + tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
        )
    return hashed.hexdigest()


def big():
    return nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 6 * 6, 300)
    ).eval()


def test_module_and_graph_may_be_deleted(frontend):
    module, x = big(), torch.randn(1, 3, 8, 8)
    wanted = module(x).detach()
    network, graph = convert(module, x, frontend)
    before = run(network, x)[0]
    gone = weakref.ref(module[4].weight)
    del module, graph
    gc.collect()
    assert gone() is None
    ballast = [torch.full((64 * 6 * 6, 300), 7.0) for _ in range(20)]
    after = run(network, x)[0]
    assert torch.equal(before, after) and len(ballast) == 20
    same(after, wanted)
    build(network)


def test_the_modules_tensors_may_get_other_memory(frontend):
    module, x = big(), torch.randn(1, 3, 8, 8)
    wanted = module(x).detach()
    network, graph = convert(module, x, frontend)
    module.half()
    for parameter in module.parameters():
        parameter.data = torch.zeros(1)
    gc.collect()
    ballast = [torch.full((64 * 6 * 6, 300), 7.0) for _ in range(20)]
    same(run(network, x)[0], wanted)
    assert len(ballast) == 20
    torch.testing.assert_close(core.debug_call_graph(graph, x), wanted, rtol=1e-5, atol=1e-5)


def test_memory_goes_with_the_network(frontend):
    tensor = torch.randn(1000, 100)
    network, graph = convert(lambda x: x @ tensor, torch.randn(2, 1000), frontend)
    assert network.num_layers > 0
    alive = weakref.ref(network)
    del network, graph
    gc.collect()
    assert alive() is None


class InPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3))
        self.register_buffer("offset", torch.randn(3))

    def forward(self, x):
        x.add_(1)
        y = x * self.weight
        y.relu_()
        y[0] = self.offset
        nn.functional.relu(y, inplace=True)
        return y + self.offset


def test_in_place_models_change_nothing_of_the_users(frontend):
    module, x = InPlace(), torch.randn(2, 3)
    before, kept = digest(module), x.clone()
    wanted = module(x.clone()).detach()
    network, graph = convert(module, x, frontend)
    assert torch.equal(x, kept)
    same(run(network, x)[0], wanted)
    with core.torch_network():
        _, graph = core.torch2trt(module, x, frontend=frontend)
    torch.testing.assert_close(graph.outputs, wanted)
    torch.testing.assert_close(core.debug_call_graph(graph, x), wanted)
    assert torch.equal(x, kept) and digest(module) == before


@pytest.mark.parametrize("training", [False, True])
def test_parameters_and_buffers_are_unchanged(frontend, training):
    module, x = big().train(training), torch.randn(2, 3, 8, 8)
    before = digest(module)
    pointers = [tensor.data_ptr() for tensor in module.state_dict().values()]
    state = torch.random.get_rng_state()
    try:
        convert(module, x, frontend)
    except Error as error:
        assert training and "num_batches_tracked" in str(error)
    assert digest(module) == before
    assert pointers == [tensor.data_ptr() for tensor in module.state_dict().values()]
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_module_that_writes_to_its_parameter_is_refused_and_undone():
    class Clamps(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([-1.0, 2.0]))

        def forward(self, x):
            self.weight.data.clamp_(0)
            return x * self.weight

    module = Clamps()
    before = digest(module)
    with pytest.raises(InvalidArgument, match='the module writes to its parameter "weight" when it runs'):
        convert(module, torch.ones(2), "trace")
    assert digest(module) == before


def test_unused_parameters_and_buffers(frontend):
    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = nn.Linear(300, 300)
            self.register_buffer("table", torch.zeros(10))
            self.used = nn.Linear(3, 4)
            self.other = nn.Parameter(torch.zeros(4, 3))

        def forward(self, x):
            return self.used(x)

    network = check(Module(), torch.randn(2, 3), frontend)
    build(network)
    assert network.num_layers <= 4


def test_tied_weights(frontend):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode = nn.Linear(4, 4)
            self.decode = nn.Linear(4, 4, bias=False)
            self.decode.weight = self.encode.weight
            self.gain = self.alias = nn.Parameter(torch.randn(4))

        def forward(self, x):
            return self.decode(self.encode(x) * self.gain).tanh() + self.alias

    build(check(Tied(), torch.randn(2, 4), frontend))


def test_weights_under_any_name_and_shape(frontend):
    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.gamma = nn.Parameter(torch.randn(4, 6)[:, ::2])
            self.register_buffer("shift", torch.randn(3, 4).t(), persistent=False)
            self.scale = torch.randn(3)  # a plain attribute

        def forward(self, x):
            return (x @ self.gamma.t()) @ self.shift * self.scale

    build(check(Module(), torch.randn(2, 3), frontend))


def test_parameters_that_need_gradients_give_results_that_do_not(frontend):
    module = nn.Linear(3, 4)
    _, graph = core.torch2trt(module, torch.randn(2, 3, requires_grad=True), frontend=frontend)
    assert not graph.outputs.requires_grad
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_weights_are_not_copied(frontend):
    module = nn.Linear(300, 300)
    _, graph = core.torch2trt(module, torch.randn(2, 300), frontend=frontend)
    assert graph.graph.parameters["weight"].data_ptr() == module.weight.data_ptr()


def test_two_networks_of_one_module(frontend):
    module, x = big(), torch.randn(1, 3, 8, 8)
    first, _ = convert(module, x, frontend)
    second, _ = convert(module, x, frontend)
    assert torch.equal(run(first, x)[0], run(second, x)[0])
    del first
    gc.collect()
    build(second)
    assert new_network().num_layers == 0
