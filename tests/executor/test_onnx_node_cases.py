"""The executor against the expected outputs of the ONNX standard's backend cases.

Each case that TensorRT's parser accepts is one test. onnx_exceptions.tsv lists those that must fail, and how.
"""

import pathlib

import onnx_cases
import pytest
import tensorrt_rtx as trt
import torch

from torch2trt.executor import execute
from torch2trt.executor.types import carrier

# What TensorRT lacks a type for and the parser narrows: inputs are converted, results compared after
# conversion.
NARROWED = {torch.float64: torch.float32}
RANDOM = {trt.FillOperation.RANDOM_UNIFORM, trt.FillOperation.RANDOM_NORMAL}

# Cases whose expected values were published with four digits.
PUBLISHED_ROUNDED = {"test_gridsample_bicubic"}

LEAST_PASSING = 1114
# Layer types that no ONNX case reaches; test_execute.py covers them where the executor knows them.
UNREACHED = {
    "ASSERTION",
    "DIST_COLLECTIVE",
    "DYNAMIC_QUANTIZE",
    "MOE",
    "NON_ZERO",
    "PADDING",
    "PLUGIN",
    "PLUGIN_V2",
    "PLUGIN_V3",
    "RAGGED_SOFTMAX",
}


def _exceptions():
    path = pathlib.Path(__file__).with_name("onnx_exceptions.tsv")
    rows = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name: (words, cause) for name, words, cause in rows}


EXCEPTIONS = _exceptions()
PARSED = onnx_cases.parsed_names()


def layer_kinds(network):
    return [trt.ILayer.type.__get__(network.get_layer(i)).name for i in range(network.num_layers)]


def _is_random(network) -> bool:
    for i in range(network.num_layers):
        layer = network.get_layer(i)
        if trt.ILayer.type.__get__(layer) == trt.LayerType.FILL:
            layer.__class__ = trt.IFillLayer
            if layer.operation in RANDOM:
                return True
    return False


def compare(case, network, inputs, expected):
    """Executes a network; AssertionError beginning with "dtype", "shape" or "values" for another result."""
    feed = {}
    # By position: the parser renames an input that a loop body reads.
    for i, value in enumerate(inputs.values()):
        tensor = network.get_input(i)
        dtype = carrier(tensor.dtype)
        assert dtype == NARROWED.get(value.dtype, value.dtype), f"dtype of input {tensor.name}"
        feed[tensor.name] = value.to(dtype)
    results = execute(network, feed)
    kinds = layer_kinds(network)
    for name, wanted in expected.items():
        got = results[name]
        wanted = wanted.to(NARROWED.get(wanted.dtype, wanted.dtype))
        assert got.dtype == wanted.dtype, f"dtype of {name}: {got.dtype}, expected {wanted.dtype}"
        assert got.shape == wanted.shape, f"shape of {name}: {list(got.shape)}, expected {list(wanted.shape)}"
        if _is_random(network):
            continue
        if "NMS" in kinds:  # TensorRT sorts by score, ONNX by class
            got, wanted = (torch.tensor(sorted(t.tolist())).reshape(t.shape) for t in (got, wanted))
        _assert_close(case, name, got, wanted)


def _assert_close(case, name, got, wanted):
    if got.dtype.is_floating_point:
        # The standard's own runner allows rtol 1e-3, atol 1e-7.
        tight = got.dtype == torch.float32 and case not in PUBLISHED_ROUNDED
        largest = max(1.0, float(wanted.double().nan_to_num(0, 0, 0).abs().max())) if wanted.numel() else 1.0
        rtol, atol = (1e-4, 1e-6 * largest) if tight else (1e-3, 1e-7)
        same = torch.allclose(got.double(), wanted.double(), rtol=rtol, atol=atol, equal_nan=True)
    else:
        same = torch.equal(got, wanted)
    assert same, f"values of {name}: {got.flatten()[:8].tolist()}, expected {wanted.flatten()[:8].tolist()}"


def run_case(name):
    parsed = onnx_cases.parse(onnx_cases.cases()[name])
    assert parsed.data_sets
    for inputs, expected in parsed.data_sets:
        compare(name, parsed.network, inputs, expected)


@pytest.mark.parametrize("name", PARSED)
def test_case(name):
    if name not in EXCEPTIONS:
        run_case(name)
        return
    words, cause = EXCEPTIONS[name]
    with pytest.raises(Exception) as failure:
        run_case(name)
    assert words in str(failure.value), f"fails otherwise than by {cause}"


def test_exceptions_are_cases_with_causes():
    unknown = set(EXCEPTIONS) - set(PARSED)
    assert not unknown, f"listed, but not parsed: {sorted(unknown)}"
    assert all(words and cause for words, cause in EXCEPTIONS.values())


def test_enough_cases():
    assert len(PARSED) - len(EXCEPTIONS) >= LEAST_PASSING


def test_layer_types_reached():
    kinds = set()
    for name in PARSED:
        kinds.update(layer_kinds(onnx_cases.parse(onnx_cases.cases()[name]).network))
    assert set(trt.LayerType.__members__) - kinds == UNREACHED
