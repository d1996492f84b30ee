"""`compile`: a module becomes a `TRTModule`, torch in and torch out, whose engine is one file without pickles."""

from __future__ import annotations

import functools
import os
import pathlib
import threading
from collections.abc import Mapping
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _C, _frontends, _functions, _inputs, _precision, _sessions, _signature, _verbose
from ._handlers import disabled_passes, lookup
from .errors import InvalidArgument
from .module import on_cpu

Range = tuple[Any, Any, Any]


class TRTModule(torch.nn.Module):
    """A TensorRT engine as a module: takes and gives what the PyTorch module it was compiled from did.

    Arguments nest, and may be named, as that module's; outputs nest and have the types that PyTorch gives (float64 and
    int64 also where the engine computes in float32 and int32). Named tuples come back as tuples. The run is put on the
    current stream and not waited for. Outputs are new tensors without gradients. Several threads may call it; their
    runs follow one another, so load it once a thread for runs side by side.

    Args:
        bundle: the bytes of an engine bundle; `load` and `compile` are the usual ways.
        cuda_graph: launch a captured CUDA graph from the second call with the same shapes on. Native runtime only.

    Attributes:
        bundle: these bytes. about: what they say of their engine, a dict. signature: inputs and outputs.

    Raises:
        InvalidModel: the bundle is damaged. InvalidArgument, when called: what was given does not fit; says what does.
        RuntimeFailure, when called: there is no GPU or no TensorRT here, or the engine was built for another.
    """

    def __init__(self, bundle: bytes, *, cuda_graph: bool = False) -> None:
        super().__init__()
        self.bundle = bytes(bundle)
        self.about: dict[str, Any] = _C.bundle_about(self.bundle)
        self.signature = _signature.signature_of(self.about)
        self._cuda_graph = cuda_graph
        self._session: _sessions.Session | None = None
        self._opening = threading.Lock()

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, cuda_graph: bool = False) -> TRTModule:
        """From a file that `save` or `torch2trt build --bundle` wrote. Engines are code: load only what you trust."""
        return cls(pathlib.Path(path).read_bytes(), cuda_graph=cuda_graph)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the bundle, whole or not at all. The file also loads in C++ (docs/runtime.md)."""
        _C.write_file(os.fspath(path), self.bundle)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        flat = self.signature.flatten(args, kwargs)
        with self._opening:
            if self._session is None:
                self._session = _sessions.open_session(self.bundle, self.about, self._cuda_graph)
        return self.signature.nest(self._session.run(flat))

    def extra_repr(self) -> str:
        outputs = ", ".join(str(tensor) for tensor in self.signature.outputs)
        return f"{self.signature.described()} -> {outputs}; {self.about['flavour']} {self.about['tensorrt']}"

    def __deepcopy__(self, memo: Any) -> TRTModule:
        return type(self)(self.bundle, cuda_graph=self._cuda_graph)

    def __reduce__(self) -> Any:
        return functools.partial(type(self), cuda_graph=self._cuda_graph), (self.bundle,)


def compile(
    module: Any,
    args: Any = (),
    *,
    kwargs: Mapping[str, Any] | None = None,
    dynamic_shapes: Any = None,
    shapes: Mapping[str, Range] | None = None,
    precision: torch.dtype | None = None,
    keep_float32: str | None = None,
    workspace: int | None = None,
    optimization_level: int | None = None,
    tf32: bool = True,
    timing_cache: str | os.PathLike[str] | None = None,
    tensorrt: str = "",
    cuda_graph: bool = False,
) -> TRTModule:
    """Exports `module`, converts it and builds its engine. TensorRT-RTX needs no GPU for that; calling the result does.

    Args:
        module: nn.Module, function or ExportedProgram (without `args`, `kwargs`, `dynamic_shapes`). It is not changed.
        args: its positional arguments: a tuple or list, or a single one.
        kwargs: its keyword arguments.
        dynamic_shapes: as torch.export takes it. Sizes without an upper bound need one in `shapes`.
        shapes: {input: (smallest, usual, largest shape)}; names as in `forward`, "x.0" and "x.key" within arguments.
        precision: torch.float16 or torch.bfloat16: compute in it where that is accurate enough (docs/precision.md).
            Arguments and outputs keep their types. None: the types the program has.
        keep_float32: with `precision`, what stays float32: a regular expression for "module/path/operator".
        workspace: bytes of memory that TensorRT may use. optimization_level: 0 (fast build) to 5 (fast engine).
        tf32: whether float32 may be computed in TF32. timing_cache: a file of timings to reuse.
        tensorrt: "tensorrt" or "tensorrt_rtx"; "": whichever is installed.
        cuda_graph: as for `TRTModule`.

    Raises:
        UnsupportedOperator: lists every node that cannot be converted. InvalidArgument: an argument does not fit.
        BuildFailed: with TensorRT's text. RuntimeFailure: no TensorRT is installed, or it needs a GPU to build.
    """
    reduced = _precision.as_pair(precision, keep_float32)
    _check_options(shapes, workspace, optimization_level)
    graph = _graph(module, _inputs.as_args(args), dict(kwargs or {}), dynamic_shapes)
    _C.run_passes(graph, disabled_passes())
    options = {
        "workspace_bytes": workspace,
        "optimization_level": optimization_level,
        "tf32": tf32,
        "timing_cache_file": None if timing_cache is None else os.fspath(timing_cache),
        "precision": reduced and reduced[0],
        "keep_float32": reduced and reduced[1],
    }
    # For people who find the file later: by the names of the command line.
    noted = {
        "fp16": "true" if reduced and reduced[0] == "float16" else None,
        "bf16": "true" if reduced and reduced[0] == "bfloat16" else None,
        "keepFloat32": keep_float32,
        "memPoolSize": None if workspace is None else f"workspace:{workspace}B",
        "builderOptimizationLevel": None if optimization_level is None else str(optimization_level),
        "noTF32": None if tf32 else "true",
    }
    bundle = _C.build_bundle(
        graph,
        {
            name: tuple(list(sizes) for sizes in sizes_of_each)
            for name, sizes_of_each in (shapes or {}).items()
        },
        {key: value for key, value in options.items() if value is not None},
        tensorrt,
        _verbose.log,
        lookup,
        getattr(module, "__qualname__", type(module).__name__),
        {key: value for key, value in noted.items() if value},
    )
    return TRTModule(bundle, cuda_graph=cuda_graph)


def _check_options(
    shapes: Mapping[str, Range] | None, workspace: int | None, optimization_level: int | None
) -> None:
    """What can be wrong without knowing the program, before minutes go by."""
    for name, ranges in (shapes or {}).items():
        if not isinstance(ranges, (tuple, list)) or len(ranges) != 3:
            raise InvalidArgument(
                f'shapes["{name}"] is {ranges!r}; three shapes are needed: the smallest, the usual and the largest'
            )
    if workspace is not None and not (isinstance(workspace, int) and 0 <= workspace < 1 << 64):
        raise InvalidArgument(f"workspace is {workspace!r}; a number of bytes is needed")
    if optimization_level is not None and optimization_level not in range(6):
        raise InvalidArgument(f"optimization_level is {optimization_level!r}; 0 to 5 are possible")


def _graph(
    module: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    dynamic_shapes: Any,
) -> _C.Graph:
    if isinstance(module, torch.export.ExportedProgram):
        if args or kwargs or dynamic_shapes is not None:
            raise InvalidArgument(
                "an ExportedProgram has its arguments and sizes already; give args, kwargs and dynamic_shapes to "
                "torch.export.export, or give compile the module"
            )
        return _frontends.graph_of_program(module)
    module = _functions.as_module(module)
    if isinstance(module, torch.jit.ScriptModule):
        raise InvalidArgument(
            "torch.export takes no ScriptModule; give compile the module it was made of, or save it and run "
            "`torch2trt build --bundle`"
        )
    module = on_cpu(module)
    args, kwargs = pytree.tree_map_only(torch.Tensor, lambda tensor: tensor.detach().cpu(), (args, kwargs))
    return _frontends.export(module, args, dynamic_shapes, kwargs)[1]
