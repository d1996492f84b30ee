"""Stands in for an engine and its execution context where there is no GPU: runs the network on the CPU.

It reads and writes memory by address, as TensorRT does, and knows only what was set.
"""

import ctypes

import tensorrt_rtx as trt
import torch

from torch2trt._inputs import torch_dtype_of
from torch2trt.executor import execute


def memory_at(address, shape, dtype):
    """The tensor of that type and shape that lies there."""
    count = torch.Size(shape).numel()
    size = count * torch.tensor([], dtype=dtype).element_size()
    return torch.frombuffer((ctypes.c_char * size).from_address(address), dtype=dtype, count=count).view(
        shape
    )


class Engine:
    """Of `network`; `ranges` are the (min, opt, max) shapes of dynamic inputs."""

    def __init__(self, network, ranges=None):
        self.network, self.ranges = network, ranges or {}
        inputs = [network.get_input(i) for i in range(network.num_inputs)]
        outputs = [network.get_output(i) for i in range(network.num_outputs)]
        self.tensors = {tensor.name: tensor for tensor in inputs + outputs}
        self.inputs = {tensor.name for tensor in inputs}
        self.num_io_tensors = len(self.tensors)

    def get_tensor_name(self, index):
        return list(self.tensors)[index]

    def get_tensor_mode(self, name):
        return trt.TensorIOMode.INPUT if name in self.inputs else trt.TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name):
        return self.tensors[name].dtype

    def get_tensor_profile_shape(self, name, profile):
        assert profile == 0
        shape = tuple(self.tensors[name].shape)
        return self.ranges.get(name, (shape, shape, shape))

    def create_execution_context(self):
        return Context(self)


class Context:
    """An execution context of `engine`. `fails`: what execute_async_v3 returns then is False. `older`: allocators are
    called as by TensorRT 8. Without dynamic inputs, -1 is a size that depends on the data."""

    def __init__(self, engine, fails=False):
        self.engine, self.fails = engine, fails
        self.shapes, self.addresses, self.streams, self.allocators = {}, {}, [], {}
        self.older = False

    def set_input_shape(self, name, shape):
        self.shapes[name] = shape
        return True

    def set_tensor_address(self, name, address):
        self.addresses[name] = address
        return True

    def set_output_allocator(self, name, allocator):
        self.allocators[name] = allocator
        return True

    def get_tensor_shape(self, name):
        declared = tuple(self.engine.tensors[name].shape)
        batches = {shape[0] for shape in self.shapes.values() if shape}
        batch = self.engine.ranges and declared[:1] == (-1,) and len(batches) == 1
        return (batches.pop(), *declared[1:]) if batch else declared

    def execute_async_v3(self, stream):
        self.streams.append(stream)
        if self.fails:
            return False
        inputs = {
            name: memory_at(
                self.addresses[name], self.shapes[name], torch_dtype_of(self.engine.tensors[name])
            ).clone()
            for name in self.engine.inputs
        }
        for name, value in execute(self.engine.network, inputs).items():
            address = self.addresses.get(name)
            if name in self.allocators:
                size = value.numel() * value.element_size()
                allocator = self.allocators[name]
                if self.older:
                    address = allocator.reallocate_output(name, 0, size, 256)
                else:
                    address = allocator.reallocate_output_async(name, 0, size, 256, stream)
                if not address:
                    return False
                allocator.notify_shape(name, trt.Dims(list(value.shape)))
            if value.numel():
                memory_at(address, value.shape, value.dtype).copy_(value)
        return True
