"""Torch mode: the graph runs on torch tensors, through the same walk that builds a network. Needs no TensorRT.

It shows whether a wrong result comes from the graph (it is wrong here too) or from the network.
"""

import torch
import torchvision

import torch2trt


def main() -> None:
    torch.manual_seed(0)
    net = torchvision.models.inception_v3(weights=None, init_weights=False).eval()
    inputs = torch.rand(1, 3, 224, 224)
    with torch2trt.core.torch_network():
        _, graph = torch2trt.core.torch2trt(net, inputs, param_exclude=".*AuxLogits.*")
    with torch.no_grad():
        torch.testing.assert_close(torch2trt.core.debug_call_graph(graph, inputs), net(inputs))

        # Again, with other values and another batch.
        others = torch.rand(2, 3, 224, 224)
        results = torch2trt.core.debug_call_graph(graph, others)
        torch.testing.assert_close(results, net(others), rtol=1e-4, atol=1e-4)

    # Values inside the graph, by the names that str(graph) shows.
    name = graph.graph.output_names[0]
    (value,) = torch2trt.core.debug_call_graph(graph, others, output_names=[name])
    assert value.shape == (2, 1000)

    # With compare=True each node's result is compared with the TensorRT network, executed on the CPU. This needs a
    # TensorRT module, no GPU; the first node that differs would be an error with its module path and source line.
    torch2trt.core.debug_call_graph(graph, inputs, compare=True)
    print(
        f"debug mode: {len(graph.graph.kinds)} nodes, equal to PyTorch for both batches; {graph.comparison}"
    )


if __name__ == "__main__":
    main()
