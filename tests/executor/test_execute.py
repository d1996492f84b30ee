"""`execute` itself: arguments, errors, kept tensors, plugins, types of weights, dynamic sizes, memory."""

import gc
import types
import weakref

import pytest
import tensorrt_rtx as trt
import torch
from networks import DATA_TYPES, Net, numbers

from torch2trt import executor
from torch2trt.executor import ExecutorError, execute, plugins, program, registry, weights
from torch2trt.executor.registry import Call

RELU, SUM = trt.ActivationType.RELU, trt.ElementWiseOperation.SUM


def two_layers(shape=None):
    """y = relu(x) + x, with the names of its tensors."""
    net = Net()
    x = net.input("x", torch.empty(2, 3), shape)
    relu = net.network.add_activation(x, RELU)
    relu.name = "first"
    relu.get_output(0).name = "positive"
    total = net.network.add_elementwise(relu.get_output(0), x, SUM)
    total.name = "second"
    net.output(total.get_output(0), "y")
    return net


def test_exports():
    assert executor.__all__ == ["ExecutorError", "execute"]


def test_every_layer_type_of_this_version_is_known_or_refused_by_name():
    known = registry.kinds() | set(program.BOUNDARIES)
    # PLUGIN is the removed IPluginLayer; collectives need several devices.
    assert set(trt.LayerType.__members__) - known == {"PLUGIN", "DIST_COLLECTIVE"}


@pytest.mark.parametrize(
    "inputs, message",
    [
        ({}, "input 'x' is missing; the network's inputs are ['x']"),
        ({"x": numbers(2, 3), "z": numbers(1)}, "there is no input 'z'; the network's inputs are ['x']"),
        ({"x": [1.0]}, "input 'x' is a list, not a torch.Tensor"),
        (
            {"x": numbers(2, 3).half()},
            "input 'x' has dtype torch.float16, the network declares torch.float32",
        ),
        ({"x": numbers(3, 2)}, "input 'x' has shape [3, 2], the network declares [2, 3]"),
        ({"x": numbers(3)}, "input 'x' has shape [3], the network declares [2, 3]"),
        ({"x": numbers(2, 3).to("meta")}, "input 'x' is on meta; the executor runs on the CPU"),
    ],
)
def test_wrong_inputs(inputs, message):
    with pytest.raises(ExecutorError) as failure:
        execute(two_layers().network, inputs)
    assert str(failure.value) == message
    assert failure.value.layer is None and failure.value.layer_type is None


def test_dimensions_of_one_name_must_be_equal():
    net = Net()
    tensors = [net.input(n, torch.empty(2), (-1,)) for n in "ab"]
    for t in tensors:
        t.set_dimension_name(0, "batch")
    net.output(net.network.add_elementwise(*tensors, SUM).get_output(0), "y")
    execute(net.network, {"a": numbers(4), "b": numbers(4)})
    with pytest.raises(ExecutorError, match="dimension 'batch' is 1 in input 'b' but 4 in 'a'"):
        execute(net.network, {"a": numbers(4), "b": numbers(1)})


def test_network_without_output():
    net = Net()
    net.input("x", numbers(1))
    with pytest.raises(ExecutorError, match="the network has no output"):
        execute(net.network, {"x": numbers(1)})


def test_keep():
    net, x = two_layers(), numbers(2, 3)
    assert list(execute(net.network, {"x": x})) == ["y"]
    found = execute(net.network, {"x": x}, keep=["positive"])
    assert list(found) == ["y", "positive"]
    assert torch.equal(found["positive"], x.relu())
    assert set(execute(net.network, {"x": x}, keep=True)) == {"x", "positive", "y"}
    with pytest.raises(ExecutorError, match="the network has no tensor 'negative' to keep"):
        execute(net.network, {"x": x}, keep=["negative"])


def test_results_are_the_callers():
    """A reshaped input, and a constant, as outputs: writing to them changes neither input nor weights."""
    net = Net()
    x, value = numbers(2, 3), torch.ones(3)
    shuffle = net.network.add_shuffle(net.input("x", x))
    shuffle.reshape_dims = (6,)
    net.output(shuffle.get_output(0), "y")
    net.output(net.constant(value), "c")
    before = x.clone()
    found = execute(net.network, {"x": x})
    found["y"].zero_()
    found["c"].zero_()
    assert torch.equal(x, before) and torch.equal(net.memory[0], torch.ones(3))


def test_nothing_of_the_network_changes():
    net = two_layers()
    layer = net.network.get_layer(0)
    before = type(layer)
    execute(net.network, {"x": numbers(2, 3)})
    with pytest.raises(ExecutorError):
        execute(net.network, {})
    assert type(layer) is before and layer.type == trt.LayerType.ACTIVATION
    assert net.build() is None


def test_dead_layers_are_not_computed():
    net, x = two_layers(), numbers(2, 3)
    bad = net.network.add_slice(net.network.get_input(0), (0, 0), (2, 3), (1, 1))
    bad.set_input(1, net.constant(torch.tensor([5, 5])))
    assert "y" in execute(net.network, {"x": x}, keep=True)


def test_layers_out_of_order_and_cycles():
    net, x = two_layers(), numbers(2, 3)
    network = net.network
    late = network.add_unary(network.get_input(0), trt.UnaryOperation.NEG)
    network.get_layer(0).set_input(0, late.get_output(0))  # the first layer now reads the last
    assert torch.equal(execute(network, {"x": x})["y"], (-x).relu() + x)
    late.set_input(0, network.get_layer(1).get_output(0))
    with pytest.raises(ExecutorError, match="depends on its own output"):
        execute(network, {"x": x})


def test_rejected_layer():
    net = Net()
    x = net.input("x", numbers(2, 3))
    layer = net.network.add_shuffle(x)
    layer.reshape_dims = (4,)
    net.network.mark_output(layer.get_output(0))
    with pytest.raises(ExecutorError, match=r"\(SHUFFLE\): cannot reshape \[2, 3\] to \[4\]"):
        execute(net.network, {"x": numbers(2, 3)})


def test_unknown_layer_type(monkeypatch):
    monkeypatch.delitem(registry._LAYERS, "ELEMENTWISE")
    net = two_layers()
    first = net.network.get_layer(0)
    before = type(first)
    with pytest.raises(ExecutorError) as failure:
        execute(net.network, {"x": numbers(2, 3)})
    assert str(failure.value) == "layer 'second' (ELEMENTWISE): the executor does not know this layer type"
    assert failure.value.layer == "second" and failure.value.layer_type == "ELEMENTWISE"
    assert type(first) is before


@pytest.mark.parametrize(
    "result, message",
    [
        (
            torch.ones(2, 3, dtype=torch.float64),
            "computed torch.float64 where 'positive' is declared torch.float32",
        ),
        (torch.ones(2, 2), "computed shape [2, 2] where 'positive' is declared [2, 3]"),
        ([], "computed 0 outputs where the network declares 1"),
    ],
)
def test_results_are_checked_against_the_network(monkeypatch, result, message):
    monkeypatch.setitem(registry._LAYERS, "ACTIVATION", ("IActivationLayer", lambda call: result))
    with pytest.raises(ExecutorError) as failure:
        execute(two_layers().network, {"x": numbers(2, 3)})
    assert str(failure.value) == "layer 'first' (ACTIVATION): " + message


def test_errors_of_torch_name_the_layer(monkeypatch):
    def broken(call):
        raise IndexError("oh")

    monkeypatch.setitem(registry._LAYERS, "ACTIVATION", ("IActivationLayer", broken))
    with pytest.raises(
        ExecutorError, match=r"layer 'first' .* IndexError: oh \(inputs: torch.float32\[2, 3\]\)"
    ):
        execute(two_layers().network, {"x": numbers(2, 3)})


def test_tensors_are_freed_after_their_last_use(monkeypatch):
    """In a chain no more than the tensors of two layers are alive."""
    net = Net()
    tensor = net.input("x", numbers(4))
    for _ in range(50):
        tensor = net.network.add_unary(tensor, trt.UnaryOperation.NEG).get_output(0)
    net.output(tensor, "y")
    alive, most = weakref.WeakSet(), []
    original = registry.find("UNARY")

    def watched(call):
        result = original[1](call)
        alive.add(result)
        gc.collect()
        most.append(len(alive))
        return result

    monkeypatch.setitem(registry._LAYERS, "UNARY", (original[0], watched))
    execute(net.network, {"x": numbers(4)})
    assert len(most) == 50 and max(most) <= 2


def test_deep_network():
    net = Net()
    tensor = net.input("x", torch.ones(1))
    one = net.constant(torch.ones(1))
    for _ in range(3000):
        tensor = net.network.add_elementwise(tensor, one, SUM).get_output(0)
    net.output(tensor, "y")
    assert float(execute(net.network, {"x": torch.zeros(1)})["y"]) == 3000


# TensorRT has no constants of uint8.
@pytest.mark.parametrize("dtype", [d for d in DATA_TYPES if d != torch.uint8], ids=str)
def test_constants_of_all_types(dtype):
    value = torch.tensor([0, 1, 1, 0]).to(dtype) if dtype == torch.bool else (numbers(4) * 20).abs().to(dtype)
    net = Net()
    identity = net.network.add_identity(net.constant(value))
    net.output(identity.get_output(0), "y")
    got = execute(net.network, {})["y"]
    assert got.dtype == dtype and torch.equal(got.float(), value.float())


def test_four_bit_constants():
    packed = torch.tensor([0x21, 0x9F], dtype=torch.uint8)
    for kind, wanted in ((trt.int4, [1, 2, -1, -7]), (trt.fp4, [0.5, 1.0, -6.0, -0.5])):
        net = Net()
        net.memory.append(packed)
        constant = net.network.add_constant((4,), trt.Weights(kind, packed.data_ptr(), 4))
        layer = net.network.add_dequantize(
            constant.get_output(0), net.constant(torch.tensor(1.0)), trt.float32
        )
        net.output(layer.get_output(0), "y")
        assert execute(net.network, {})["y"].tolist() == wanted


def test_bfloat16_kernel_and_bias():
    kernel, bias = numbers(2, 1, 1, 1, dtype=torch.bfloat16), numbers(2, seed=1, dtype=torch.bfloat16)
    net, x = Net(), numbers(1, 1, 2, 2, dtype=torch.bfloat16)
    layer = net.network.add_convolution_nd(
        net.input("x", x), 2, (1, 1), net.weights(kernel), net.weights(bias)
    )
    net.output(layer.get_output(0), "y")
    wanted = x.float() * kernel.float().reshape(1, 2, 1, 1) + bias.float().reshape(1, 2, 1, 1)
    assert torch.equal(execute(net.network, {"x": x})["y"], wanted.bfloat16())


def test_weights_of_another_layout_are_refused():
    value = torch.ones(2, dtype=torch.bfloat16)
    real = trt.Weights(trt.bfloat16, value.data_ptr(), 2)
    assert weights.memory(real) == (value.data_ptr(), 2)
    fake = types.SimpleNamespace(dtype=trt.bfloat16, size=2)
    with pytest.raises(ExecutorError, match="cannot find the memory of a Weights object"):
        weights.memory(fake)


def test_wrong_number_of_weights():
    net = Net()
    x = net.input("x", numbers(1, 3, 2, 2))
    layer = net.network.add_scale(
        x, trt.ScaleMode.CHANNEL, net.weights(torch.ones(4)), trt.Weights(), trt.Weights()
    )
    net.network.mark_output(layer.get_output(0))
    with pytest.raises(ExecutorError, match="has 4 weights where shape"):
        execute(net.network, {"x": numbers(1, 3, 2, 2)})


def test_dynamic_sizes_through_shape_arithmetic():
    """Flattens all but the first dimension, with sizes computed in the network."""
    net = Net()
    x = net.input("x", numbers(1, 1, 1), (-1, -1, 4))
    shape = net.network.add_shape(x).get_output(0)
    first = net.network.add_slice(shape, (0,), (1,), (1,)).get_output(0)
    rest = net.network.add_slice(shape, (1,), (2,), (1,)).get_output(0)
    product = net.network.add_reduce(rest, trt.ReduceOperation.PROD, 1, True).get_output(0)
    sizes = net.network.add_concatenation([first, product])
    sizes.axis = 0
    layer = net.network.add_shuffle(x)
    layer.set_input(1, sizes.get_output(0))
    net.output(layer.get_output(0), "y")
    for size in ((2, 3, 4), (5, 1, 4), (0, 3, 4)):
        found = execute(net.network, {"x": numbers(*size)}, keep=True)
        assert torch.equal(found["y"], numbers(*size).reshape(size[0], size[1] * 4))
        assert found[shape.name].tolist() == list(size) and found[shape.name].dtype == torch.int64
    assert net.build({"x": numbers(2, 3, 4)}) is None


def test_squeeze_unsqueeze_and_scalars():
    net = Net()
    x = net.input("x", torch.tensor(3.0))
    wide = net.network.add_unsqueeze(x, net.constant(torch.tensor([0, 1])))
    narrow = net.network.add_squeeze(wide.get_output(0), net.constant(torch.tensor([-1])))
    net.output(wide.get_output(0), "wide")
    net.output(narrow.get_output(0), "narrow")
    found = execute(net.network, {"x": torch.tensor(3.0)})
    assert found["wide"].tolist() == [[3]] and found["narrow"].tolist() == [3]


@pytest.mark.parametrize(
    "value, kind, wanted",
    [
        (torch.tensor([1.9, -1.9, 3e9, -3e9, float("nan")]), trt.int32, [1, -1, 2**31 - 1, -(2**31), 0]),
        (torch.tensor([1e19, -1e19, 7.5]), trt.int64, [2**63 - 1, -(2**63), 7]),
        (torch.tensor([200.7, -3.0]), trt.int8, [127, -3]),
        (torch.tensor([0.0, -0.0, 0.1]), trt.bool, [False, False, True]),
        (torch.tensor([200, 7], dtype=torch.uint8), trt.float32, [200.0, 7.0]),
        (torch.tensor([True, False]), trt.float16, [1.0, 0.0]),
    ],
)
def test_cast(value, kind, wanted):
    net = Net()
    net.output(net.network.add_cast(net.input("x", value), kind).get_output(0), "y")
    assert execute(net.network, {"x": value})["y"].tolist() == wanted


def test_cast_to_four_bits_is_refused():
    net = Net()
    net.output(net.network.add_cast(net.input("x", numbers(2)), trt.int4).get_output(0), "y")
    with pytest.raises(ExecutorError, match=r"\(CAST\): cast to INT4 is not supported"):
        execute(net.network, {"x": numbers(2)})
    assert net.build() is not None


def _plugin_call(layer, functions):
    return Call(trt, layer, "PLUGIN_V3", [numbers(2)], [None], [None], functions)


def test_plugins():
    """This module cannot add plugin layers, so their functions run on a stand-in for the layer."""
    core = types.SimpleNamespace(plugin_name="Twice")
    plugin = types.SimpleNamespace(get_capability_interface=lambda kind: core, plugin_type="Twice")
    layer = types.SimpleNamespace(name="p", plugin=plugin)
    functions = {"Twice": lambda layer, x: (2 * x, x)}
    for function in (plugins.plugin_v2, plugins.plugin_v3):
        assert torch.equal(function(_plugin_call(layer, functions))[0], 2 * numbers(2))
        with pytest.raises(ExecutorError, match="plugin 'Twice': give a function for it in `plugins`"):
            function(_plugin_call(layer, {}))


def test_collectives_are_refused():
    net = Net()
    layer = net.network.add_dist_collective(
        net.input("x", numbers(2)), trt.CollectiveOperation.ALL_REDUCE, trt.ReduceOperation.SUM, -1, [0]
    )
    net.network.mark_output(layer.get_output(0))
    with pytest.raises(
        ExecutorError, match=r"\(DIST_COLLECTIVE\): the executor does not know this layer type"
    ):
        execute(net.network, {"x": numbers(2)})
