"""A handler in Python: it converts a node in TensorRT mode and computes it in torch mode.

torch2trt converts aten::sum itself; a handler of the user's comes first. It is called for every aten::sum node of the
module, whatever its inputs are.
"""

import tensorrt_rtx as trt  # or: import tensorrt as trt
import torch

import torch2trt
from torch2trt.core import _axes_to_trt_axis, current_network, has_trt_tensor
from torch2trt.executor import execute

calls = []


@torch2trt.register_node_handler("aten::sum")
def aten_sum(inputs, attributes):
    """`inputs` is the whole schema: aten::sum.dim_IntList(self, dim, keepdim, dtype)."""
    inp, axes, keepdim, dtype = inputs
    calls.append(attributes["kind"])
    net = current_network()
    if net is not None and has_trt_tensor(inputs):
        axis_trt = _axes_to_trt_axis(axes, len(inp.shape))
        layer = net.add_reduce(inp, trt.ReduceOperation.SUM, axis_trt, bool(keepdim))
        return [layer.get_output(0)]
    return [inp.sum(tuple(axes), keepdim=bool(keepdim), dtype=dtype)]


class Energy(torch.nn.Module):
    """The sum of squares over the last two dimensions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * x).sum((-2, -1))


def main() -> None:
    torch.manual_seed(0)
    module, x = Energy(), torch.rand(2, 3, 4, 5)

    with torch2trt.core.torch_network():
        _, graph = torch2trt.core.torch2trt(module, x)
    torch.testing.assert_close(graph.get_resolved_outputs()[0][0], module(x))

    network = trt.Builder(trt.Logger(trt.Logger.WARNING)).create_network()
    with torch2trt.core.trt_network(network):
        _, graph = torch2trt.core.torch2trt(module, x, input_names=["x"])
    output = graph.get_resolved_outputs()[0][0]
    output.name = "energy"
    network.mark_output(output)
    torch.testing.assert_close(execute(network, {"x": x})["energy"], module(x))

    assert calls == ["aten::sum.dim_IntList"] * 2, calls
    torch2trt.core.unregister_node_handler("aten::sum")
    print("python handler: called once in each mode, equal to PyTorch")


if __name__ == "__main__":
    main()
