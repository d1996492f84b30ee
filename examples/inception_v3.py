"""Inception v3 in TensorRT mode: network, engine, and a check against PyTorch.

The first example of the original torch2trt. What changed: `builder.max_workspace_size` is now a limit of the builder
config, `build_cuda_engine` is `build_serialized_network`, and `param_exclude` is not needed: unused parameters do no
harm.
"""

import tensorrt_rtx as trt  # or: import tensorrt as trt
import torch
import torchvision

import torch2trt
from torch2trt.executor import execute

TRT_LOGGER = trt.Logger(trt.Logger.WARNING)


def main() -> None:
    torch.manual_seed(0)
    # With trained weights: weights="DEFAULT". They are a download, so here random ones stand in.
    net = torchvision.models.inception_v3(weights=None, init_weights=True).eval()
    inputs = torch.rand(1, 3, 299, 299)

    builder = trt.Builder(TRT_LOGGER)
    network = builder.create_network()
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, 1 << 30)

    # Either torch.Tensor or trt.ITensor may be given as inputs.
    with torch2trt.core.trt_network(network):
        _, graph = torch2trt.core.torch2trt(net, inputs, input_names=["image"], param_exclude=".*AuxLogits.*")
    results = graph.get_resolved_outputs()
    output_tensor = results[0][0]
    output_tensor.name = "output"
    network.mark_output(tensor=output_tensor)

    # No GPU is needed to see that the network computes what the module does.
    with torch.no_grad():
        expected = net(inputs)
    actual = execute(network, {"image": inputs})["output"]
    error = ((actual - expected).norm() / expected.norm()).item()
    if error > 1e-5:
        raise SystemExit(f"Inception v3: relative error {error:.1e}")

    engine = builder.build_serialized_network(network, config)
    size = engine.nbytes / 2**20
    print(f"Inception v3: {network.num_layers} layers, engine of {size:.0f} MiB, relative error {error:.1e}")


if __name__ == "__main__":
    main()
