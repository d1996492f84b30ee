"""The ONNX standard's backend cases as TensorRT networks with inputs and expected outputs."""

import functools
import glob
import os
from dataclasses import dataclass

import numpy
import onnx
import tensorrt_rtx as trt
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

import torch

_TORCH = {
    "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn,
    "float8_e8m0fnu": torch.float8_e8m0fnu,
}


class QuietLogger(trt.ILogger):
    """Keeps errors; drops the "CUDA error 35" that follows each of them on a machine without a GPU."""

    def __init__(self):
        trt.ILogger.__init__(self)
        self.errors: list[str] = []

    def log(self, severity, message):
        if severity <= trt.ILogger.ERROR and "cudaError" not in message:
            self.errors.append(message)


@functools.cache
def builder():
    """One builder and its logger for the whole test run."""
    logger = QuietLogger()
    return trt.Builder(logger), logger


@functools.cache
def cases() -> dict[str, object]:
    """All cases that come with a model: operators ("node") and small models exported by PyTorch."""
    found = {}
    for kind in ("node", "simple", "pytorch-operator", "pytorch-converted"):
        for case in load_model_tests(kind=kind):
            found[case.name if kind == "node" else f"{kind}/{case.name}"] = case
    return found


@dataclass
class Parsed:
    """A case that TensorRT's parser accepts. `messages` is why it does not, with `network` None."""

    network: object
    messages: list[str]
    keep_alive: tuple


def parse(case) -> Parsed:
    build, logger = builder()
    logger.errors.clear()
    network = build.create_network()
    parser = trt.OnnxParser(network, logger)
    path = os.path.join(case.model_dir, "model.onnx")
    if not parser.parse_from_file(path):
        messages = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        return Parsed(None, messages or list(logger.errors), ())
    return Parsed(network, [], (parser,))


def data_sets(case):
    """For each data set of a case the input and the expected output tensors by name, in the model's order."""
    model = onnx.load(os.path.join(case.model_dir, "model.onnx"))
    constants = {t.name for t in model.graph.initializer}
    inputs = [v for v in model.graph.input if v.name not in constants]
    for folder in sorted(glob.glob(os.path.join(case.model_dir, "test_data_set_*"))):
        yield tuple(
            {v.name: _load(os.path.join(folder, f"{what}_{i}.pb"), v) for i, v in enumerate(values)}
            for what, values in (("input", inputs), ("output", model.graph.output))
        )


def _load(path, value_info):
    if value_info.type.WhichOneof("value") != "tensor_type":
        raise ValueError(f"{value_info.name} is a {value_info.type.WhichOneof('value')}")
    tensor = TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return to_torch(numpy_helper.to_array(tensor))


def to_torch(array: numpy.ndarray) -> torch.Tensor:
    """A torch tensor of the array's values; int4 becomes int8, fp4 float32 (the executor's carriers)."""
    name = array.dtype.name
    if name in _TORCH:
        bits = {1: numpy.uint8, 2: numpy.int16}[array.dtype.itemsize]
        return torch.from_numpy(array.view(bits).copy()).view(_TORCH[name])
    if name == "int4":
        array = array.astype(numpy.int8)
    if name == "float4_e2m1fn":
        array = array.astype(numpy.float32)
    return torch.from_numpy(numpy.array(array))
