"""The operator table as files for a machine with a GPU and without this package: programs, inputs, PyTorch's results
and what the executor computes from TensorRT-RTX's network.

    PYTHONPATH=python python -m tests.gpu.export_rows DIR [-k TEXT]

writes DIR/rows.json, DIR/rows.bin and one .pt2 file a case. `gpu_table` (tests/gpu/table.cpp) reads them.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import warnings
from typing import Any

import torch

from tests.gpu.store import Store
from tests.ops import harness
from tests.ops.table import Row
from tests.ops.test_operators import _rows
from torch2trt import _C
from torch2trt.executor import execute


def _network_value(value: Any) -> torch.Tensor:
    tensor = torch.as_tensor(value)
    return tensor.to(harness._NETWORK_DTYPE.get(tensor.dtype, tensor.dtype))


def _tolerance(row: Row, dtype: torch.dtype) -> float:
    return max(row.rtol, harness._TOLERANCES.get(dtype, 0.0)) if dtype.is_floating_point else 0.0


def case_of(row: Row, name: str, dynamic: bool, folder: pathlib.Path, store: Store) -> dict[str, Any]:
    """Writes one case; its entry in rows.json."""
    program, graph = harness.exported(row, dynamic)
    model = f"{name.replace('::', '_').replace('/', '_')}.pt2"
    torch.export.save(program, folder / model)
    _C.run_passes(graph)
    specs = row.specs()
    shapes = harness._shapes(graph, specs) if dynamic else {}
    network, converted, _ = harness._convert(graph, shapes)
    generator = torch.Generator().manual_seed(2)
    runs = []
    for batch in harness.BATCHES if dynamic else (None,):
        args = [spec.make(generator, batch) for spec in specs]
        with torch.no_grad():
            expected = harness._leaves(harness._module(row)(*[arg.clone() for arg in args]))
        feeds = {name: _network_value(arg) for (name, _, _), arg in zip(graph.inputs, args)}
        results = execute(network, feeds)
        outputs = []
        for entry, value in zip(converted["outputs"], expected, strict=True):
            wanted = _network_value(value)
            outputs.append(
                {
                    "expected": store.add(entry["name"], wanted),
                    "executor": store.add(entry["name"], results[entry["name"]]),
                    "rtol": _tolerance(row, wanted.dtype),
                }
            )
        runs.append({"inputs": [store.add(key, feed) for key, feed in feeds.items()], "outputs": outputs})
    return {
        "name": name,
        "model": model,
        "random": row.random,
        "shapes": shapes,
        "layers": [network.get_layer(i).type.name for i in range(network.num_layers)],
        "runs": runs,
    }


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("-k", default="", help="only rows whose name contains this")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    options.folder.mkdir(parents=True, exist_ok=True)
    cases = []
    with (options.folder / "rows.bin").open("wb") as file:
        store = Store(file)
        for name, row in _rows():
            if row.refused or row.only == "trace" or options.k not in name:
                continue
            for dynamic in (False,) if row.static_only else (False, True):
                full = f"{name}-{'dynamic' if dynamic else 'static'}"
                cases.append(case_of(row, full, dynamic, options.folder, store))
    (options.folder / "rows.json").write_text(json.dumps(cases))
    print(f"{len(cases)} cases in {options.folder}")


if __name__ == "__main__":
    main()
