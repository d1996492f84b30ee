"""Tensors in a file, as tests/gpu/cases.h reads them. Needs torch only."""

from __future__ import annotations

from typing import Any, BinaryIO

import torch


class Store:
    """Tensors one after the other in a file, each at a multiple of 16 bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def add(self, name: str, tensor: torch.Tensor) -> dict[str, Any]:
        """Where the tensor is, as rows.json says it."""
        flat = tensor.detach().cpu().reshape(-1).clone(memory_format=torch.contiguous_format)
        raw = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
        self.file.write(b"\0" * (-self.file.tell() % 16))
        offset = self.file.tell()
        self.file.write(raw)
        return {
            "name": name,
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "shape": list(tensor.shape),
            "offset": offset,
            "bytes": len(raw),
        }
