"""Programs of programs.py through both front ends, with dynamic sizes and in half precision, equal to PyTorch."""

import pytest
import tensorrt_rtx as trt
import torch
from torch import nn
from torch.utils import _pytree as pytree

from tests.models.programs import PROGRAMS, Recurrent
from torch2trt import _C, _frontends, core
from torch2trt.executor import execute

BUILDER = trt.Builder(trt.Logger(trt.Logger.ERROR))


def seeded(kind):
    torch.manual_seed(1)
    module = kind().eval()
    for child in module.modules():
        if isinstance(child, nn.modules.batchnorm._NormBase) and child.running_mean is not None:
            child.running_mean.normal_(0, 0.1)
            child.running_var.uniform_(0.5, 1.5)
    return module


def wanted(module, args):
    with torch.no_grad():
        results = pytree.tree_leaves(module(*pytree.tree_map_only(torch.Tensor, torch.clone, args)))
    assert all(result.double().std() > 1e-4 for result in results if result.is_floating_point())
    return results


def compare(results, references, tolerance):
    for got, reference in zip(results, references, strict=True):
        assert got.shape == reference.shape and got.dtype == reference.dtype
        if reference.is_floating_point():
            assert (got - reference).norm() <= tolerance * reference.norm()
        else:
            assert torch.equal(got, reference)


def converted(module, args, frontend, **options):
    """(network, graph), the results marked in order."""
    network = BUILDER.create_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(module, args, frontend=frontend, **options)
    for index, (result,) in enumerate(graph.get_resolved_outputs()):
        result.name = f"out{index}"
        network.mark_output(result)
    return network, graph


def run(network, args):
    leaves = pytree.tree_leaves(args)
    return list(
        execute(network, {network.get_input(i).name: leaves[i] for i in range(network.num_inputs)}).values()
    )


@pytest.mark.parametrize("frontend", ["trace", "export"])
@pytest.mark.parametrize("kind", PROGRAMS)
def test_static(kind, frontend):
    module, (args, _) = seeded(kind), PROGRAMS[kind]
    references = wanted(module, args)
    if kind is Recurrent and frontend == "trace":
        module = torch.jit.script(module)
    network, graph = converted(module, args, frontend)
    compare(run(network, args), references, 1e-5)
    compare(pytree.tree_leaves(core.debug_call_graph(graph, args)), references, 1e-5)


@pytest.mark.parametrize("kind", [kind for kind, (_, dynamic) in PROGRAMS.items() if dynamic])
def test_dynamic(kind):
    module, (args, varying) = seeded(kind), PROGRAMS[kind]
    dimensions = {
        name: torch.export.Dim(name, max=11 if name == "t" else 24) for name in ("b", "t", "p", "s")
    }
    shapes = pytree.tree_map_only(str, dimensions.get, varying)
    _, graph = _frontends.export(module, args, shapes)
    _C.run_passes(graph)
    network = BUILDER.create_network()
    outputs = _C.convert(graph, _C.PythonNetwork(network), {})["outputs"]
    feeds = {name: value for (name, _, _), value in zip(graph.inputs, pytree.tree_leaves(args))}
    results = execute(network, feeds)
    compare([results[output["name"]] for output in outputs], wanted(module, args), 1e-5)


@pytest.mark.parametrize("kind", PROGRAMS)
def test_half(kind):
    module, (args, _) = seeded(kind), PROGRAMS[kind]
    references = wanted(module, args)
    network, _ = converted(module, args, "export", precision=torch.float16)
    compare(run(network, args), references, 1e-2)
    assert BUILDER.build_serialized_network(network, BUILDER.create_builder_config()) is not None
