"""Torch mode: the graph runs on torch tensors, through the same walk that builds a network. Needs no TensorRT.

It shows whether a wrong result comes from the graph (it is wrong here too) or from the network.
"""

import torch
import torchvision

import torch2trt


def main() -> None:
    torch.manual_seed(0)
    net = torchvision.models.resnet18(weights=None).eval()
    inputs = torch.rand(1, 3, 64, 64)
    with torch2trt.core.torch_network():
        _, graph = torch2trt.core.torch2trt(net, inputs)
    with torch.no_grad():
        torch.testing.assert_close(graph.get_resolved_outputs()[0][0], net(inputs))

        # Again, with other values and another batch.
        others = torch.rand(4, 3, 64, 64)
        results = torch2trt.core.debug_call_graph(graph, others)
        torch.testing.assert_close(results, net(others), rtol=1e-4, atol=1e-4)

    # Values inside the graph, by the names that str(graph) shows.
    name = graph.graph.output_names[0]
    (value,) = torch2trt.core.debug_call_graph(graph, others, output_names=[name])
    assert value.shape == (4, 1000)
    print(f"debug mode: {len(graph.graph.kinds)} nodes, equal to PyTorch for both batches")


if __name__ == "__main__":
    main()
