"""Two modules in one network, with a layer added by hand between them.

The second module takes an ITensor in place of a torch tensor: it continues where the first ended. Anything may stand in
between: a layer of TensorRT's, as here, or a plugin (`network.add_plugin_v3`).
"""

import tensorrt_rtx as trt  # or: import tensorrt as trt
import torch

import torch2trt
from torch2trt.executor import execute


def main() -> None:
    torch.manual_seed(0)
    features = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2, padding=1), torch.nn.BatchNorm2d(8)
    ).eval()
    head = torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 5)
    ).eval()
    image = torch.rand(2, 3, 32, 32)

    network = trt.Builder(trt.Logger(trt.Logger.WARNING)).create_network()
    with torch2trt.core.trt_network(network):
        _, graph = torch2trt.core.torch2trt(features, image, input_names=["image"])
        hidden = graph.get_resolved_outputs()[0][0]

        by_hand = network.add_activation(hidden, trt.ActivationType.SOFTSIGN)
        by_hand.name = "by hand"

        _, graph = torch2trt.core.torch2trt(head, by_hand.get_output(0))
        output = graph.get_resolved_outputs()[0][0]
    output.name = "scores"
    network.mark_output(output)

    with torch.no_grad():
        expected = head(torch.nn.functional.softsign(features(image)))
    actual = execute(network, {"image": image})["scores"]
    torch.testing.assert_close(actual, expected)
    print(f"composed: {network.num_layers} layers, one input, equal to PyTorch")


if __name__ == "__main__":
    main()
