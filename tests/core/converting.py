"""Networks of the installed TensorRT, and modules converted into them, executed and compared."""

from functools import cache

import tensorrt_rtx as trt
import torch
from torch.utils import _pytree as pytree

from torch2trt import core
from torch2trt.executor import execute


@cache
def builder():
    return trt.Builder(trt.Logger(trt.Logger.ERROR))


def new_network():
    return builder().create_network()


def layers(network):
    return [network.get_layer(index) for index in range(network.num_layers)]


def layer_names(network):
    return [layer.name for layer in layers(network)]


def build(network):
    engine = builder().build_serialized_network(network, builder().create_builder_config())
    assert engine is not None
    return engine


def build_with(network, name, low, high):
    """An engine of a network with one dynamic input."""
    config, profile = builder().create_builder_config(), builder().create_optimization_profile()
    profile.set_shape(name, low, high, high)
    config.add_optimization_profile(profile)
    engine = builder().build_serialized_network(network, config)
    assert engine is not None
    return engine


def mark(network, outputs):
    """Marks each ITensor in `outputs`; returns their names."""
    names = []
    for tensor in pytree.tree_leaves(outputs):
        if isinstance(tensor, trt.ITensor):
            tensor.name = f"out{len(names)}"
            network.mark_output(tensor)
            names.append(tensor.name)
    return names


def convert(module, args, frontend="trace", **options):
    """(network, graph) of a module; the outputs are marked out0, out1, ..."""
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(module, args, frontend=frontend, **options)
    mark(network, [entry[0] for entry in graph.get_resolved_outputs()])
    return network, graph


def run(network, *tensors):
    """The outputs for tensors in the order of the network's inputs."""
    names = [network.get_input(index).name for index in range(network.num_inputs)]
    assert len(names) == len(tensors)
    carried = [tensor.float() if tensor.dtype is torch.float64 else tensor for tensor in tensors]
    return list(execute(network, dict(zip(names, carried))).values())


def same(got, wanted, tolerance=1e-5):
    """Shape, dtype (float64 as float32) and values; a reference of one value only proves nothing."""
    wanted = wanted.detach()
    dtype = torch.float32 if wanted.dtype is torch.float64 else wanted.dtype
    assert got.dtype == dtype
    torch.testing.assert_close(got, wanted.to(dtype), rtol=tolerance, atol=tolerance)


def check(module, args, frontend, tolerance=1e-5, trivial=False):
    """Network, torch mode and debug_call_graph all give what PyTorch gives. Returns the network."""
    args = args if isinstance(args, tuple) else (args,)
    wanted = [
        leaf
        for leaf in pytree.tree_leaves(module(*pytree.tree_map_only(torch.Tensor, torch.clone, args)))
        if leaf is not None
    ]
    assert trivial or any(torch.unique(leaf).numel() > 1 for leaf in wanted), "the reference is trivial"
    network, graph = convert(module, args, frontend)
    results = run(network, *pytree.tree_leaves(args))
    assert len(results) == len(wanted)
    for got, reference in zip(results, wanted):
        same(got, reference, tolerance)
    for got, reference in zip(pytree.tree_leaves(core.debug_call_graph(graph, args)), wanted):
        torch.testing.assert_close(got, reference.detach(), rtol=tolerance, atol=tolerance)
    return network
