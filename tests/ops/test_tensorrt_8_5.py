"""Rows of the operator table as the network holds them for TensorRT 8.5: what it lacks is composed, int64 is int32.

The networks are run by the executor, which is how these compositions are known to be right without TensorRT 8.5.
"""

from __future__ import annotations

import pytest
import tensorrt_rtx as trt

from torch2trt import _C

from .harness import check
from .table import Row
from .test_operators import _cases, _rows

# Layers that 8.5 lacks, or types that its layers do.
_COMPOSED = (
    "aten::layer_norm",
    "aten::group_norm",
    "aten::instance_norm",
    "aten::gelu",
    "aten::scaled_dot_product_attention",
    "aten::cumsum",
    "aten::topk",
    "aten::argsort",
    "aten::isnan",
    "aten::isinf",
    "aten::abs",
    "aten::neg",
    "aten::nonzero",
    "aten::embedding",
    "aten::arange",
    "aten::one_hot",
)


def _is_composed(name: str) -> bool:
    return any(f"-{op}-" in name or f"-{op}." in name for op in _COMPOSED)


def _chosen(composed: bool) -> list[pytest.param]:
    return [case for case in _cases() if _is_composed(case.id) == composed]


@pytest.mark.parametrize("row, frontend, dynamic", _chosen(True))
def test_composed(row: Row, frontend: str, dynamic: bool) -> None:
    check(row, frontend, dynamic, as_8_5=True)


@pytest.mark.slow
@pytest.mark.parametrize("row, frontend, dynamic", _chosen(False))
def test_others(row: Row, frontend: str, dynamic: bool) -> None:
    check(row, frontend, dynamic, as_8_5=True)


def test_every_operator_named_here_has_rows() -> None:
    names = [f"{name}-" for name, _ in _rows()]
    missing = [op for op in _COMPOSED if not any(f"-{op}-" in name or f"-{op}." in name for name in names)]
    assert not missing


def test_networks_of_8_5_have_none_of_the_layers_it_lacks() -> None:
    """The rows above would pass just as well if nothing were composed."""
    lacking = {
        trt.LayerType.NORMALIZATION,
        trt.LayerType.CUMULATIVE,
        trt.LayerType.ATTENTION_INPUT,
        trt.LayerType.ATTENTION_OUTPUT,
    }
    from . import harness

    found = set()
    for name, row in _rows():
        if row.refused or not _is_composed(f"{name}-"):
            continue
        graph = harness._graph(row, row.only or "export", False)
        _C.run_passes(graph)
        network, converted, _ = harness._convert(graph, {}, True)
        kinds = {network.get_layer(i).type for i in range(network.num_layers)}
        assert not kinds & lacking, name
        assert all(str(entry["dtype"]) != "torch.int64" for entry in converted["outputs"]), name
        network, _, _ = harness._convert(graph, {}, False)
        found |= lacking & {network.get_layer(i).type for i in range(network.num_layers)}
    assert found == lacking, "the same rows have these layers on this TensorRT"
