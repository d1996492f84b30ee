"""Attention as exports decomposed for other devices have it. PyTorch computes these there only, so rows cannot hold them:
the graph is written out, and its network compared with scaled_dot_product_attention."""

from __future__ import annotations

import pytest
import tensorrt_rtx as trt
import torch

from torch2trt import _C
from torch2trt.errors import UnsupportedOperator
from torch2trt.executor import execute

BUILDER = trt.Builder(trt.Logger(trt.Logger.ERROR))
EFFICIENT = ("efficient", 4, "attn_bias={bias}, compute_log_sumexp=False, dropout_p={dropout}, is_causal={causal}, scale={scale}")
FLASH = ("flash", 9, "dropout_p={dropout}, is_causal={causal}, return_debug_mask=False, scale={scale}")
CUDNN = ("cudnn", 9, "attn_bias={bias}, compute_log_sumexp=True, dropout_p={dropout}, is_causal={causal}, return_debug_mask=False, scale={scale}")
DEVICES = pytest.mark.parametrize("device", [EFFICIENT, FLASH, CUDNN], ids=lambda device: device[0])


def program(device, returned=0, bias="None", dropout="0.0", causal="False", scale="None"):
    name, outputs, arguments = device
    results = ", ".join(f"%r{i}" for i in range(outputs))
    arguments = arguments.format(bias=bias, dropout=dropout, causal=causal, scale=scale)
    inputs = ', '.join(f'%{name} : float32[2,3,{size},4] "{name}"' for name, size in (("q", 5), ("k", 6), ("v", 6)))
    return _C.parse_graph(
        f'graph f({inputs}, %b : float32[2,3,5,6] "b") {{\n'
        f"{results} = aten::_scaled_dot_product_{name}_attention(query=%q, key=%k, value=%v, {arguments})\n"
        f"return (%r{returned})\n}}"
    )


def result(graph, q, k, v, b):
    network = BUILDER.create_network(0)
    _C.convert(graph, _C.PythonNetwork(network))
    assert BUILDER.build_serialized_network(network, BUILDER.create_builder_config()) is not None
    (output,) = execute(network, {"q": q, "k": k, "v": v, "b": b}).values()
    return output


def tensors():
    return [torch.randn(2, 3, *size) for size in ((5, 4), (6, 4), (6, 4), (5, 6))]


@DEVICES
@pytest.mark.parametrize("options", [{}, {"scale": 0.3}, {"is_causal": True}], ids=str)
def test_equals_scaled_dot_product_attention(device, options):
    q, k, v, b = tensors()
    graph = program(device, causal=str(options.get("is_causal", False)), scale=str(options.get("scale")))
    torch.testing.assert_close(result(graph, q, k, v, b), torch.nn.functional.scaled_dot_product_attention(q, k, v, **options))


@pytest.mark.parametrize("device", [EFFICIENT, CUDNN], ids=lambda device: device[0])
def test_bias_is_added(device):
    q, k, v, b = tensors()
    wanted = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=b)
    torch.testing.assert_close(result(program(device, bias="%b"), q, k, v, b), wanted)


@DEVICES
def test_what_the_gradient_needs_is_refused(device):
    with pytest.raises(UnsupportedOperator, match="only the result of attention is supported"):
        result(program(device, returned=1), *tensors())


@DEVICES
def test_dropout_is_refused(device):
    with pytest.raises(UnsupportedOperator, match="attention with dropout is random"):
        result(program(device, dropout="0.5"), *tensors())
