"""Rows of the operator table: what a row says, in at most three lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True)
class In:
    """A tensor input: fresh values are drawn for each run.

    Floats are uniform in [low, high); integers in [low, high]; bools fair. `batch=None`: no dimension is dynamic.
    """

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32
    low: float = -2.0
    high: float = 2.0
    batch: int | None = 0  # the dimension that varies in the dynamic run

    def make(self, generator: torch.Generator, batch: int | None = None) -> torch.Tensor:
        shape = list(self.shape)
        if batch is not None and self.batch is not None and shape:
            shape[self.batch] = batch
        if self.dtype == torch.bool:
            return torch.rand(shape, generator=generator) < 0.5
        if not self.dtype.is_floating_point:
            return torch.randint(int(self.low), int(self.high) + 1, shape, generator=generator, dtype=self.dtype)
        values = torch.rand(shape, generator=generator, dtype=torch.float32)
        return (values * (self.high - self.low) + self.low).to(self.dtype)


@dataclass(frozen=True)
class Row:
    """One case of an operator.

    Attributes:
        op: qualified name that must occur in the graph: "aten::softmax.int"; a tuple allows one per front end
            (export, trace).
        fn: function of the inputs, or a zero-argument factory of an nn.Module (then `module=True`).
        inputs: `In`s; a plain tuple of sizes stands for `In(sizes)`.
        static_only: why the row has no dynamic batch.
        only: "export" or "trace", where only one front end can produce the operator.
        rtol: relative tolerance of float32 other than 1e-5, with `reason`.
        refused: regular expression of the error this row must raise, in place of a result.
        random: the values are drawn by TensorRT; only shape and dtype are compared.
        no_engine: why TensorRT-RTX builds no engine though the network is right.
    """

    op: str | tuple[str, str]
    fn: Callable[..., Any]
    inputs: tuple[Any, ...]
    module: bool = False
    static_only: str = ""
    only: str = ""
    rtol: float = 1e-5
    reason: str = ""
    refused: str = ""
    random: bool = False
    no_engine: str = ""
    note: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def specs(self) -> tuple[In, ...]:
        return tuple(item if isinstance(item, In) else In(tuple(item)) for item in self.inputs)

    def op_for(self, frontend: str) -> str:
        return self.op if isinstance(self.op, str) else self.op[0 if frontend == "export" else 1]


def row(op: str | tuple[str, str], fn: Callable[..., Any], *inputs: Any, **options: Any) -> Row:
    return Row(op, fn, inputs, **options)


f16, bf16, f32, f64 = torch.float16, torch.bfloat16, torch.float32, torch.float64
i32, i64, b8 = torch.int32, torch.int64, torch.bool
