"""Small networks made by hand: build, execute, compare, and let TensorRT build an engine of them."""

import onnx_cases
import tensorrt_rtx as trt
import torch

from torch2trt.executor import execute
from torch2trt.executor.types import carrier

DATA_TYPES = {
    carrier(t): t
    for name, t in trt.DataType.__members__.items()
    if name not in ("INT4", "FP4")  # carried by int8 and float32
}


class Net:
    """A network under construction; owns the memory of its weights."""

    def __init__(self):
        self.builder, self.logger = onnx_cases.builder()
        self.logger.errors.clear()
        self.network = self.builder.create_network()
        self.memory = []

    def input(self, name, value, shape=None, dtype=None):
        dtype = DATA_TYPES[value.dtype] if dtype is None else dtype
        return self.network.add_input(name, dtype, tuple(value.shape if shape is None else shape))

    def weights(self, value: torch.Tensor, dtype=None):
        value = value.contiguous()
        self.memory.append(value)
        dtype = DATA_TYPES[value.dtype] if dtype is None else dtype
        return trt.Weights(dtype, value.data_ptr(), value.numel())

    def constant(self, value, dtype=None):
        value = torch.as_tensor(value)
        if value.dtype == torch.float64:
            value = value.float()
        return self.network.add_constant(tuple(value.shape), self.weights(value, dtype)).get_output(0)

    def output(self, tensor, name):
        tensor.name = name
        self.network.mark_output(tensor)

    def build(self, feed=None):
        """TensorRT's verdict: None, or its errors. `feed` gives the sizes of dynamic inputs."""
        self.logger.errors.clear()
        config, profile = self.builder.create_builder_config(), self.builder.create_optimization_profile()
        dynamic = False
        for i in range(self.network.num_inputs):
            tensor = self.network.get_input(i)
            if tensor.is_shape_tensor:
                values = feed[tensor.name].flatten().tolist()
                profile.set_shape_input(tensor.name, values, values, values)
                dynamic = True
            elif -1 in tuple(tensor.shape):
                shape = tuple(feed[tensor.name].shape)
                profile.set_shape(tensor.name, shape, shape, shape)
                dynamic = True
        if dynamic:
            config.add_optimization_profile(profile)
        plan = self.builder.build_serialized_network(self.network, config)
        return None if plan is not None else (self.logger.errors or ["no engine"])


def outputs_of(made):
    """Tensors of a layer, a tensor, or a list of these."""
    if isinstance(made, trt.ITensor):
        return [made]
    if isinstance(made, (list, tuple)):
        return [t for m in made for t in outputs_of(m)]
    return [made.get_output(i) for i in range(made.num_outputs)]


def run(make, *inputs, shapes=None, builds=True):
    """Executes the network that `make(net, *tensors)` adds for the inputs; returns the list of its outputs.

    shapes: declared shapes of the inputs. builds: whether TensorRT must accept the network, or words of its
    refusal.
    """
    net = Net()
    feed = {f"x{i}": value for i, value in enumerate(inputs)}
    declared = shapes or [None] * len(inputs)
    tensors = [net.input(n, v, s) for (n, v), s in zip(feed.items(), declared, strict=True)]
    results = outputs_of(make(net, *tensors))
    for i, tensor in enumerate(results):
        net.output(tensor, f"y{i}")
    found = execute(net.network, feed)
    verdict = net.build(feed)
    if builds is True:
        assert verdict is None, verdict
    else:
        assert verdict is not None and builds in " ".join(verdict), verdict
    return [found[f"y{i}"] for i in range(len(results))]


def numbers(*shape, seed=0, dtype=torch.float32):
    """Random values of a normal distribution, the same for the same arguments."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator).to(dtype)
