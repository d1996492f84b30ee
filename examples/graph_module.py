"""The first example of the original's last version: one object that computes with torch tensors and adds layers.

What changed there: the batch is a dimension of the input, `builder.max_workspace_size` a limit of the builder config,
and `build_cuda_engine` is `build_serialized_network`.
"""

import tensorrt_rtx as trt  # or: import tensorrt as trt
import torch
import torchvision

import torch2trt
from torch2trt.executor import execute


def toy_example(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Another module or function to convert."""
    return torch.softmax(x, 1), torch.sigmoid(x)


def main() -> None:
    torch.manual_seed(0)
    net = torchvision.models.squeezenet1_1(weights=None).eval()
    inputs = torch.rand(1, 3, 224, 224)
    graph_pth = torch2trt.GraphModule(net, inputs)
    torch_mode_out = graph_pth(inputs)
    graph_pth_toy = torch2trt.GraphModule(toy_example, torch_mode_out)
    probs, sigmoid = graph_pth_toy(torch_mode_out)

    builder = trt.Builder(trt.Logger(trt.Logger.WARNING))
    trt_net = builder.create_network()
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, 1 << 30)
    with torch2trt.trt_network(trt_net):  # ITensors belong in here
        img = trt_net.add_input(name="image", shape=(1, 3, 224, 224), dtype=trt.float32)
        trt_mode_out = graph_pth(img)
        # A layer or plugin of yours may stand in between: trt_net.add_plugin_v3(...).get_output(0)
        trt_probs, trt_sigmoid = graph_pth_toy(trt_mode_out)
    for name, tensor in (("output_softmax", trt_probs), ("output_sigmoid", trt_sigmoid)):
        tensor.name = name
        trt_net.mark_output(tensor=tensor)
    engine_bin = builder.build_serialized_network(trt_net, config)

    # Without a GPU the network is executed on the CPU ...
    output_dict = execute(trt_net, {"image": inputs})
    torch.testing.assert_close(output_dict["output_softmax"], probs, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(output_dict["output_sigmoid"], sigmoid, rtol=1e-4, atol=1e-5)
    # ... with one (TensorRT-RTX runs on compute capability 7.5, 8.0, 8.6, 8.9 and 12.x) the engine runs.
    ran = "no GPU to run it"
    if torch.cuda.is_available():
        engine = trt.Runtime(trt.Logger(trt.Logger.WARNING)).deserialize_cuda_engine(engine_bin)
        if engine is not None:
            ctx = torch2trt.InferenceContext(engine.create_execution_context())
            output_dict = ctx.inference_async(inputs.numpy())
            torch.testing.assert_close(
                torch.from_numpy(output_dict["output_softmax"]), probs, rtol=1e-2, atol=1e-4
            )
            ran = "run on the GPU"
    print(f"graph module: {trt_net.num_layers} layers, engine of {engine_bin.nbytes / 2**20:.1f} MiB, {ran}")


if __name__ == "__main__":
    main()
