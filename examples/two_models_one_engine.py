"""Two torchvision models and a post-processing of layers added by hand, in one engine.

A classifier says what is in the image, a segmentation network where. Layers added by hand weight each class's map,
without its mean, by the classifier's probability, and choose each pixel's class. One input, two outputs, one engine.
"""

import tensorrt_rtx as trt  # or: import tensorrt as trt
import torch
import torchvision

import torch2trt
from torch2trt.executor import execute

CLASSES = 21


def seeded(model: torch.nn.Module) -> torch.nn.Module:
    """Weights that are the same each time; trained ones are a download."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, 0, 0.05)
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.running_var, 0.5, 1.5)
    return model.eval()


def main() -> None:
    torch.manual_seed(0)
    classifier = seeded(torchvision.models.resnet18(weights=None, num_classes=CLASSES))
    segmenter = seeded(
        torchvision.models.segmentation.lraspp_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=CLASSES
        )
    )
    image = torch.rand(1, 3, 64, 64)

    builder = trt.Builder(trt.Logger(trt.Logger.ERROR))  # its warnings say how a resize is given
    network = builder.create_network()
    pixels = network.add_input("image", trt.float32, (1, 3, 64, 64))
    with torch2trt.core.trt_network(network):
        # A function is as good as a module: the image as bytes would have it, scaled.
        _, graph = torch2trt.core.torch2trt(lambda x: (x - 0.45) / 0.225, pixels)
        scaled = graph.outputs
        _, graph = torch2trt.core.torch2trt(classifier, scaled)
        scores = graph.outputs
        _, graph = torch2trt.core.torch2trt(segmenter, scaled)
        maps = graph.outputs["out"]

        # By hand: maps without their means, probabilities as weights of them, and each pixel's best class.
        means = network.add_reduce(maps, trt.ReduceOperation.AVG, 1 << 2 | 1 << 3, True)
        centred = network.add_elementwise(maps, means.get_output(0), trt.ElementWiseOperation.SUB)
        softmax = network.add_softmax(scores)
        softmax.axes = 1 << 1
        weights = network.add_shuffle(softmax.get_output(0))
        weights.reshape_dims = (1, CLASSES, 1, 1)
        weighted = network.add_elementwise(
            centred.get_output(0), weights.get_output(0), trt.ElementWiseOperation.PROD
        )
        best = network.add_topk(weighted.get_output(0), trt.TopKOperation.MAX, 1, 1 << 1)

        # And a function again, behind them.
        _, graph = torch2trt.core.torch2trt(
            lambda value, index: (value.squeeze(1), index.squeeze(1).long()),
            (best.get_output(0), best.get_output(1)),
        )
    for name, tensor in zip(("value", "label"), graph.outputs):
        tensor.name = name
        network.mark_output(tensor)

    with torch.no_grad():
        x = (image - 0.45) / 0.225
        maps = segmenter(x)["out"]
        maps = (maps - maps.mean((2, 3), keepdim=True)) * classifier(x).softmax(1)[:, :, None, None]
        value, label = maps.max(1)
    results = execute(network, {"image": image})
    torch.testing.assert_close(results["value"], value, rtol=1e-4, atol=1e-5)
    agreeing = (results["label"] == label).float().mean().item()
    if agreeing < 0.999 or label.unique().numel() < 2:
        raise SystemExit(
            f"labels: {agreeing:.2%} of the pixels agree, {label.unique().numel()} classes occur"
        )
    engine = builder.build_serialized_network(network, builder.create_builder_config())
    print(
        f"two models, one engine: {network.num_layers} layers, {engine.nbytes / 2**20:.0f} MiB, equal to PyTorch"
    )


if __name__ == "__main__":
    main()
