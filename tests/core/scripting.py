"""Scripted modules as networks, compared with PyTorch in every way there is to run them."""

import pytest
import tensorrt_rtx as trt
import torch
from converting import build, layers, new_network, same

from torch2trt import _C
from torch2trt.errors import UnsupportedOperator
from torch2trt.executor import execute

X = torch.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


def kinds(network):
    return [trt.ILayer.type.__get__(layer).name for layer in layers(network)]


def graph_of(module, types=()):
    graph = _C.graph_from_torchscript(torch.jit.script(module.eval())._c, list(types))
    _C.run_passes(graph)
    return graph


def convert(graph, shapes=None):
    """The network, which the dry backend must agree with."""
    network = new_network()
    converted = _C.convert(graph, _C.PythonNetwork(network), shapes or {})
    dry = _C.dry_convert(graph, shapes or {})
    assert dry["outputs"] == converted["outputs"] and dry["layers"] == network.num_layers
    return network, converted


def check(module, *runs, types=None, shapes=None, engine=True):
    """Network, torch mode and module agree for each of `runs` (tuples of arguments). Returns the kinds of layers."""
    if types is None:
        types = [(str(x.dtype).removeprefix("torch."), list(x.shape)) for x in runs[0]]
    graph = graph_of(module, types)
    network, converted = convert(graph, shapes)
    names = [network.get_input(i).name for i in range(network.num_inputs)]
    for args in runs:
        wanted = module(*[x.clone() for x in args])
        wanted = list(wanted) if isinstance(wanted, (tuple, list)) else [wanted]
        results = list(execute(network, dict(zip(names, args))).values())
        for got, reference in zip(results, wanted, strict=True):
            same(got, torch.as_tensor(reference))
        for got, reference in zip(_C.run(graph, list(args), None), wanted, strict=True):
            torch.testing.assert_close(torch.as_tensor(got), torch.as_tensor(reference))
    if engine:
        if converted["ranges"]:
            profile_build(network, converted["ranges"])
        else:
            build(network)
    return kinds(network)


def profile_build(network, ranges):
    builder = trt.Builder(trt.Logger(trt.Logger.ERROR))
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    for name, (low, opt, high) in ranges.items():
        profile.set_shape(name, low, opt, high)
    config.add_optimization_profile(profile)
    assert builder.build_serialized_network(network, config) is not None


def refused(module, *args, match):
    types = [(str(x.dtype).removeprefix("torch."), list(x.shape)) for x in args]
    with pytest.raises(UnsupportedOperator, match=match):
        convert(graph_of(module, types))
