"""TensorRTModule and TensorRTModuleWrapper: PyTorch in training, an engine in eval mode.

Engines are built by TensorRT-RTX, which needs no GPU; where one would run, the network runs on the CPU (standin.py).
"""

import copy
import logging
import weakref

import pytest
import tensorrt_rtx as trt
import torch
from converting import convert, run, same
from standin import Context, Engine
from torch import nn

from torch2trt import TensorRTModule, TensorRTModuleWrapper, TorchInferenceContext, core, module
from torch2trt.errors import BuildFailed, InvalidArgument, RuntimeFailure

WORKSPACE = 1 << 28


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x, bias=None):
        y = self.dropout(self.linear(x)).relu()
        return y if bias is None else {"sum": y + bias, "parts": (y, y.sum(1))}


class Own(TensorRTModule):
    def __init__(self, max_batchsize=1, **options):
        super().__init__(max_batchsize, WORKSPACE, **options)
        self.net = Net()

    def forward(self, x):
        return self.net(x) * 2


@pytest.fixture
def networks(monkeypatch):
    """Engines run on the CPU; collects the networks they were built of."""
    made = []
    kept = weakref.WeakKeyDictionary()  # by module: its networks, and the ranges of the last

    def opened(self):
        made.append(1)
        self.ctx = TorchInferenceContext(Context(Engine(*kept[self])), device=torch.device("cpu"))

    def built(self, net, inputs, build=TensorRTModule.build_tensorrt):
        networks = []
        self.net_post_fn = networks.append
        build(self, net, inputs)
        self.net_post_fn = None
        ranges = [(1, *value.shape[1:]) for value in inputs if isinstance(value, torch.Tensor)]
        (network,) = networks
        names = [network.get_input(i).name for i in range(network.num_inputs)]
        kept[self] = (
            network,
            {
                name: (low, low, (self.max_batchsize, *low[1:]))
                if self.frontend == "export"
                else ((low,) * 3)
                for name, low in zip(names, ranges)
            },
        )
        made.append(network)

    monkeypatch.setattr(module, "require_gpu", lambda what: None)
    monkeypatch.setattr(TensorRTModule, "_open", opened)
    monkeypatch.setattr(TensorRTModule, "build_tensorrt", built)
    return made


def test_pytorch_in_training_an_engine_in_eval_mode(networks):
    own, x = Own(), torch.randn(1, 3)
    own.train()
    assert own(x).requires_grad and networks == []
    own.eval()
    result = own(x)
    assert not result.requires_grad and own.built
    torch.testing.assert_close(result, own.forward(x).detach())
    other = torch.randn(1, 3)
    torch.testing.assert_close(own(other), own.forward(other).detach())
    assert len([n for n in networks if n != 1]) == 1
    assert own.output_names == ["output0"] and len(own.engine_bytes) > 100
    assert networks[0].get_input(0).name == "x"


def test_the_wrapper_nested_results_and_constants(networks):
    net = Net()
    wrapped = TensorRTModuleWrapper(net, 1, WORKSPACE, input_names=["image", "offset"]).eval()
    x, bias = torch.randn(1, 3), torch.randn(1, 4)
    got = wrapped(x, bias)
    wanted = net.eval()(x, bias)
    assert list(got) == ["sum", "parts"] and isinstance(got["parts"], tuple)
    torch.testing.assert_close(
        got,
        {"sum": wanted["sum"].detach(), "parts": (wanted["parts"][0].detach(), wanted["parts"][1].detach())},
    )
    network = networks[0]
    assert [network.get_input(i).name for i in range(2)] == ["image", "offset"]
    assert any(network.get_layer(i).name == "linear/linear" for i in range(network.num_layers))
    plain = TensorRTModuleWrapper(net, 1, WORKSPACE).eval()
    torch.testing.assert_close(plain(x, None), net(x).detach())
    assert plain.net is net and "net.linear.weight" in dict(plain.named_parameters())


def test_the_batch_varies_up_to_the_largest(networks):
    wrapped = TensorRTModuleWrapper(Net(), 4, WORKSPACE).eval()
    for batch in (2, 1, 4):
        x = torch.randn(batch, 3)
        torch.testing.assert_close(wrapped(x), wrapped.net(x).detach())
    assert len([n for n in networks if n != 1]) == 1
    assert tuple(networks[0].get_input(0).shape) == (-1, 3)
    with pytest.raises(
        InvalidArgument, match=r"has the shape \[5, 3\]; the engine takes \[1, 3\] to \[4, 3\]"
    ):
        wrapped(torch.randn(5, 3))
    with pytest.raises(InvalidArgument, match='"x" has the batch 5; max_batchsize is 4'):
        TensorRTModuleWrapper(Net(), 4, WORKSPACE).eval()(torch.randn(5, 3))


def test_changed_weights_build_again(networks, caplog):
    caplog.set_level(logging.INFO, logger="torch2trt")
    own, x = Own().eval(), torch.randn(1, 3)
    own(x)
    own.train()
    own(x).sum().backward()
    torch.optim.SGD(own.parameters(), 0.1).step()
    own.eval()
    assert not own.built
    torch.testing.assert_close(own(x), own.forward(x).detach())
    assert len([n for n in networks if n != 1]) == 2
    assert "the weights of Own changed: its engine is built again" in caplog.text
    own(x)
    assert len([n for n in networks if n != 1]) == 2


def test_what_is_written_through_data_is_noticed_at_eval(networks):
    wrapped, x = (
        TensorRTModuleWrapper(nn.BatchNorm1d(3).half(), 1, WORKSPACE).eval(),
        torch.randn(1, 3).half(),
    )
    wrapped(x)
    wrapped.train().eval()
    assert wrapped.built
    wrapped.train()
    wrapped.net.bias.data.add_(1)
    wrapped.eval()
    assert not wrapped.built
    torch.testing.assert_close(wrapped(x), wrapped.net(x).detach(), rtol=1e-2, atol=1e-2)
    assert wrapped.built


def test_one_inside_another_and_inside_a_module(networks):
    class Outer(TensorRTModule):
        def __init__(self):
            super().__init__(1, WORKSPACE)
            self.inner = Own()

        def forward(self, x):
            return self.inner(x) + 1

    outer, x = Outer().eval(), torch.randn(1, 3)
    torch.testing.assert_close(outer(x), outer.inner.forward(x).detach() + 1)
    assert len([n for n in networks if n != 1]) == 1 and not outer.inner.built
    mixed = nn.Sequential(Own(), nn.ReLU()).eval()
    torch.testing.assert_close(mixed(x), mixed[0].forward(x).relu().detach())
    assert mixed[0].built


def test_part_of_a_module_that_is_converted_it_is_pytorch(frontend):
    parent, x = nn.Sequential(Own(), nn.ReLU()).eval(), torch.randn(1, 3)
    _, graph = core.torch2trt(parent, x, frontend=frontend)
    torch.testing.assert_close(graph.outputs, parent[0].forward(x).relu().detach())
    network, _ = convert(parent, x, frontend)
    same(run(network, x)[0], parent[0].forward(x).relu())
    assert not parent[0].built


def test_the_builder_config_is_the_users_too(networks):
    configs = []
    wrapped = TensorRTModuleWrapper(Net(), 1, WORKSPACE, builder_config_fn=configs.append).eval()
    wrapped(torch.randn(1, 3))
    assert isinstance(configs[0], trt.IBuilderConfig)
    assert configs[0].get_memory_pool_limit(trt.MemoryPoolType.WORKSPACE) == WORKSPACE


def test_build_tensorrt_needs_no_gpu_and_calls_net_post_fn():
    posts = []
    wrapped = TensorRTModuleWrapper(Net(), 2, WORKSPACE, net_post_fn=posts.append).eval()
    wrapped.build_tensorrt(wrapped.net, [torch.randn(2, 3)])
    assert wrapped.built and posts[0].num_outputs == 1
    assert len(wrapped.engine_bytes) > 100


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing without a GPU")
def test_without_a_gpu_one_sentence():
    with pytest.raises(RuntimeFailure) as caught:
        Own().eval()(torch.randn(1, 3))
    assert str(caught.value) == (
        "Own in eval mode runs a TensorRT engine, which needs an NVIDIA GPU, and PyTorch sees none "
        "(torch.cuda.is_available() is False)"
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing without a GPU")
def test_an_engine_that_cannot_be_opened():
    wrapped = TensorRTModuleWrapper(Net(), 1, WORKSPACE).eval()
    wrapped.build_tensorrt(wrapped.net, [torch.randn(1, 3)])
    wrapped.engine_bytes = b"no engine"
    with pytest.raises(RuntimeFailure, match="TensorRT cannot run this engine here"):
        wrapped._open()


def test_a_copy_builds_its_own(networks):
    own, x = Own().eval(), torch.randn(1, 3)
    own(x)
    twin = copy.deepcopy(own)
    assert own.built and not twin.built
    with torch.no_grad():
        twin.net.linear.weight.mul_(2)
    torch.testing.assert_close(twin(x), twin.forward(x).detach())
    torch.testing.assert_close(own(x), own.forward(x).detach())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_batchsize": 0}, "max_batchsize is 0; at least 1 is needed"),
        ({"dtype": trt.int32}, r"dtype is DataType.INT32; float32, float16 and bfloat16 are possible"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(InvalidArgument, match=message):
        Own(**options)
    Own(dtype=trt.float32)


@pytest.mark.parametrize(
    ("options", "args", "message"),
    [
        (
            {"input_names": ["a", "b"]},
            (torch.zeros(1, 3),),
            "input_names has 2 entries, the module takes 1 tensors",
        ),
        ({}, (3,), "needs at least one tensor among its arguments"),
        (
            {},
            (torch.zeros(1, 3, dtype=torch.complex64),),
            '"x" is torch.complex64, which TensorRT has no type for',
        ),
    ],
)
def test_wrong_inputs(networks, options, args, message):
    with pytest.raises(InvalidArgument, match=message):
        TensorRTModuleWrapper(Net(), 1, WORKSPACE, **options).eval()(*args)


def test_keywords_and_other_constants(networks):
    wrapped = TensorRTModuleWrapper(Net(), 1, WORKSPACE).eval()
    with pytest.raises(InvalidArgument, match="takes positional arguments in eval mode"):
        wrapped(x=torch.zeros(1, 3))
    wrapped(torch.zeros(1, 3), None)
    with pytest.raises(InvalidArgument, match="the program was made for args.1 = None, not 3"):
        wrapped(torch.zeros(1, 3), 3)
    assert wrapped.train()(x=torch.zeros(1, 3)).shape == (1, 4)


def test_a_build_that_fails():
    def without_output(network):
        network.unmark_output(network.get_output(0))

    failing = TensorRTModuleWrapper(Net(), 1, WORKSPACE, net_post_fn=without_output).eval()
    with pytest.raises(BuildFailed, match="TensorRT built no engine of Net\n  TensorRT: "):
        failing.build_tensorrt(failing.net, [torch.zeros(1, 3)])
    assert not failing.built
