"""The ONNX standard's backend cases as TensorRT networks with inputs and expected outputs."""

import functools
import glob
import os
from dataclasses import dataclass

import numpy
import onnx
import tensorrt_rtx as trt
import torch
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

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
    """A case TensorRT's parser accepts: `network`, and its data sets as (inputs, expected outputs) by name.

    `messages` is why it does not, with `network` None.
    """

    network: object
    messages: list[str]
    data_sets: list[tuple[dict, dict]]
    keep_alive: tuple = ()


def parse(case) -> Parsed:
    """Parses a case as it is, or else with all inputs but the first made constants.

    Cases give parameters (scales, axes, repeats) as inputs, where TensorRT wants many of them constant.
    """
    model = onnx.load(os.path.join(case.model_dir, "model.onnx"))
    parsed = _parse(model)
    if parsed.network is not None:
        parsed.data_sets = list(_data_sets(case, model))
        return parsed
    folders = _folders(case)
    constants = _inputs(model)[1:]
    if len(folders) != 1 or not all(_is_tensor(v) for v in constants):
        return parsed
    baked = onnx.ModelProto()
    baked.CopyFrom(model)
    del baked.graph.input[:]
    baked.graph.input.extend(v for v in model.graph.input if v not in constants)
    for i, value in enumerate(constants, start=1):
        # As raw data: the parser reads typed data of few types only.
        tensor = numpy_helper.from_array(numpy_helper.to_array(_tensor(folders[0], "input", i)), value.name)
        baked.graph.initializer.append(tensor)
    parsed = _parse(baked)
    if parsed.network is not None:
        parsed.data_sets = list(_data_sets(case, baked))
    return parsed


def _parse(model) -> Parsed:
    build, logger = builder()
    logger.errors.clear()
    network = build.create_network()
    parser = trt.OnnxParser(network, logger)
    data = model.SerializeToString()
    if not parser.parse(data):
        messages = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        return Parsed(None, messages or list(logger.errors), [])
    return Parsed(network, [], [], (parser, data))


def _inputs(model) -> list:
    constants = {t.name for t in model.graph.initializer}
    return [v for v in model.graph.input if v.name not in constants]


def _is_tensor(value_info) -> bool:
    return value_info.type.WhichOneof("value") == "tensor_type"


def _folders(case) -> list[str]:
    return sorted(glob.glob(os.path.join(case.model_dir, "test_data_set_*")))


def _tensor(folder: str, what: str, index: int) -> TensorProto:
    tensor = TensorProto()
    with open(os.path.join(folder, f"{what}_{index}.pb"), "rb") as file:
        tensor.ParseFromString(file.read())
    return tensor


def _data_sets(case, model):
    for folder in _folders(case):
        yield tuple(
            {v.name: to_torch(numpy_helper.to_array(_tensor(folder, what, i))) for i, v in enumerate(values)}
            for what, values in (("input", _inputs(model)), ("output", model.graph.output))
        )


@functools.cache
def parsed_names() -> list[str]:
    """Names of the cases which TensorRT's parser accepts."""
    return sorted(name for name, case in cases().items() if parse(case).network is not None)


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
