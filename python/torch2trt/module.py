"""Modules that are TensorRT engines in eval mode and PyTorch in training mode, as the original torch2trt has them."""

from __future__ import annotations

import copy
import inspect
import logging
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from . import _frontends, _inputs, _precision, _tensorrt, core
from ._inputs import Arguments
from .errors import BuildFailed, InvalidArgument
from .inference import TorchInferenceContext, require_gpu

logger = logging.getLogger("torch2trt")


class TensorRTModule(torch.nn.Module):
    """Base class of modules that run in PyTorch in training mode and as a TensorRT engine in eval mode.

    The engine is built at the first call in eval mode, for that call's shapes; the batch (the first dimension of all
    inputs) may then be 1 to `max_batchsize`. It is built again when a weight has changed or moved since, so that
    training and evaluation may alternate; what is written through `.data` is noticed where eval() ends training.
    Weights and example inputs are converted on the CPU.

    Args:
        max_batchsize: the largest batch. With 1, or with `frontend="trace"`, every call has the first call's shapes.
        workspace: bytes of memory that TensorRT may use while it runs.
        dtype: what the engine computes in where that is accurate enough: float16 or bfloat16, of torch or of the
            TensorRT module; None or float32: the module's own types. Inputs and results keep theirs.
        builder_config_fn: called with the IBuilderConfig before the build.
        net_post_fn: called with the INetworkDefinition once its outputs are marked.
        input_names: names of the engine's inputs; default: the names of forward's arguments.
        verbose: one line a node, and all that TensorRT logs.
        frontend: "trace" or "export"; None: "export" for a batch that varies, "trace" otherwise.
        tensorrt: "tensorrt" or "tensorrt_rtx"; "": whichever is installed.

    Attributes:
        built: whether there is an engine of the present weights.
        engine_bytes: the serialized engine. engine: it, deserialized (needs a GPU). ctx: its `TorchInferenceContext`.
        output_names: of the engine: "output0", "output1", ...
    """

    def __init__(
        self,
        max_batchsize: int,
        workspace: int,
        dtype: Any = None,
        builder_config_fn: Callable[[Any], None] | None = None,
        net_post_fn: Callable[[Any], None] | None = None,
        input_names: Sequence[str] | None = None,
        verbose: bool = False,
        *,
        frontend: str | None = None,
        tensorrt: str = "",
    ) -> None:
        super().__init__()
        if max_batchsize < 1:
            raise InvalidArgument(f"max_batchsize is {max_batchsize}; at least 1 is needed")
        self._precision = _precision.of_tensorrt_type(dtype)
        self.max_batchsize, self.workspace = max_batchsize, workspace
        self.builder_config_fn, self.net_post_fn = builder_config_fn, net_post_fn
        self.input_names, self.verbose = input_names, verbose
        self.frontend = frontend or ("export" if max_batchsize > 1 else "trace")
        self._tensorrt = tensorrt
        self._forget()

    def _forget(self) -> None:
        self.engine_bytes: bytes | None = None
        self.engine = self.ctx = None
        self.output_names: list[str] = []
        self._outputs: Any = None
        self._weights: Any = None
        self._contents: Any = None
        self._constants: dict[str, Any] = {}

    @property
    def built(self) -> bool:
        return self.engine_bytes is not None and self._weights == _versions(self)

    def train(self, mode: bool = True) -> TensorRTModule:
        """As nn.Module.train."""
        trained = self.training and not mode
        super().train(mode)
        if trained and self.built and self._contents != _contents(self):
            self._weights = None
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.training or _frontends.importing():
            return super().__call__(*args, **kwargs)
        require_gpu(f"{type(self).__name__} in eval mode runs a TensorRT engine, which")
        if kwargs:
            raise InvalidArgument(f"{type(self).__name__} takes positional arguments in eval mode")
        if not self.built:
            if self.engine_bytes is not None:
                logger.info("the weights of %s changed: its engine is built again", type(self).__name__)
            self.build_tensorrt(self._converted(), args)
        if self.ctx is None:
            self._open()
        return self._infer(args)

    def _converted(self) -> torch.nn.Module:
        """The module whose forward the engine computes."""
        return self

    def build_tensorrt(self, net: torch.nn.Module, torch_inputs: Sequence[Any]) -> None:
        """Builds the engine of `net` for `torch_inputs`. With TensorRT-RTX this needs no GPU.

        Raises:
            BuildFailed: with TensorRT's text. UnsupportedOperator: lists all nodes that cannot be converted.
            RuntimeFailure: no TensorRT is installed, or it needs a GPU to build.
        """
        self._forget()
        trt = _tensorrt.import_tensorrt(self._tensorrt)
        builder = _tensorrt.new_builder(trt)
        network, config = _tensorrt.new_network(trt, builder), builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, self.workspace)
        net, arguments = (
            on_cpu(net),
            Arguments(pytree.tree_map_only(torch.Tensor, _host, tuple(torch_inputs)), []),
        )
        self._add_inputs(trt, builder, network, config, net, arguments)
        with core.trt_network(network):
            _, graph = core.torch2trt(
                net,
                arguments.args(),
                verbose=self.verbose,
                frontend=self.frontend,
                precision=_tensorrt.rewritten_precision(trt, config, self._precision),
            )
        self._outputs = graph.outputs
        leaves, spec = pytree.tree_flatten(graph.outputs)
        for index, leaf in enumerate(leaves):
            if _inputs.is_itensor(leaf):
                leaf.name = f"output{len(self.output_names)}"
                network.mark_output(leaf)
                self.output_names.append(leaf.name)
                leaves[index] = _Output(leaf.name)
        self._outputs = pytree.tree_unflatten(leaves, spec)
        if self.net_post_fn is not None:
            self.net_post_fn(network)
        if self.builder_config_fn is not None:
            self.builder_config_fn(config)
        with _tensorrt.errors_of(trt, self.verbose) as errors:
            serialized = builder.build_serialized_network(network, config)
        if serialized is None:
            raise BuildFailed(
                "\n  TensorRT: ".join([f"TensorRT built no engine of {type(net).__name__}", *errors])
            )
        self.engine_bytes = bytes(serialized)
        self._weights, self._contents = _versions(self), _contents(self)
        self._constants = arguments.constants

    def _add_inputs(
        self, trt: Any, builder: Any, network: Any, config: Any, net: Any, arguments: Arguments
    ) -> None:
        """ITensors in the places of the tensors of `arguments`, and the range of the batch."""
        positions = arguments.tensors
        if not positions:
            raise InvalidArgument(f"{type(self).__name__} needs at least one tensor among its arguments")
        named = Arguments(arguments.args(), core._functions.argument_names(net)).paths
        if self.input_names is not None:
            _inputs.check_names(self.input_names)
        names = list(self.input_names or [named[position] for position in positions])
        if len(names) != len(positions):
            raise InvalidArgument(
                f"input_names has {len(names)} entries, the module takes {len(positions)} tensors"
            )
        profile = builder.create_optimization_profile()
        varies = self.max_batchsize > 1 and self.frontend == "export"
        for name, position in zip(names, positions):
            value = arguments.leaves[position]
            shape = list(value.shape)
            batched = varies and bool(shape)
            if batched and not 1 <= shape[0] <= self.max_batchsize:
                raise InvalidArgument(
                    f'input "{name}" has the batch {shape[0]}; max_batchsize is {self.max_batchsize}'
                )
            itensor = network.add_input(
                name, _trt_dtype(trt, name, value.dtype), [-1, *shape[1:]] if batched else shape
            )
            if itensor is None:
                raise InvalidArgument(
                    f'TensorRT takes no input "{name}" of shape {shape}; its logger said why'
                )
            if batched:
                sizes = [(batch, *shape[1:]) for batch in (1, shape[0], self.max_batchsize)]
                profile.set_shape(name, *sizes)
            arguments.leaves[position] = itensor
        if varies:
            config.add_optimization_profile(profile)

    def _open(self) -> None:
        trt = _tensorrt.import_tensorrt(self._tensorrt)
        self.engine, context = _tensorrt.open_engine(trt, self.engine_bytes, self.verbose)
        self.ctx = TorchInferenceContext(context)

    def _infer(self, args: tuple[Any, ...]) -> Any:
        arguments = Arguments(args, [])
        arguments.check_constants(self._constants)
        results = self.ctx.inference(*(arguments.leaves[position] for position in arguments.tensors))
        return pytree.tree_map_only(_Output, lambda output: results[output.name], self._outputs)

    def __getstate__(self) -> dict[str, Any]:
        # Neither an engine nor ITensors can be copied or pickled; it is built again.
        state = self.__dict__.copy()
        state.update(engine_bytes=None, engine=None, ctx=None, output_names=[], _outputs=None, _weights=None)
        return state


class TensorRTModuleWrapper(TensorRTModule):
    """`net` as a `TensorRTModule`, whose other arguments it takes behind `net`. `net` stays the child "net"."""

    def __init__(self, net: torch.nn.Module, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.net = net

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.net(*args, **kwargs)

    def _converted(self) -> torch.nn.Module:
        return self.net


def _signature_behind(first: inspect.Parameter) -> inspect.Signature:
    """TensorRTModule's, with `first` before its own parameters."""
    itself, *rest = inspect.signature(TensorRTModule.__init__).parameters.values()
    return inspect.Signature([itself, first, *rest])


TensorRTModuleWrapper.__init__.__signature__ = _signature_behind(  # type: ignore[attr-defined]
    inspect.Parameter("net", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=torch.nn.Module)
)


class _Output:
    """Stands for an output of the engine where the module's results nest."""

    def __init__(self, name: str) -> None:
        self.name = name


def _versions(module: torch.nn.Module) -> tuple[Any, ...]:
    """Differs once a weight was written to or replaced."""
    tensors = (*module.named_parameters(), *module.named_buffers())
    return tuple((name, id(tensor), tensor.data_ptr(), tensor._version) for name, tensor in tensors)


def _contents(module: torch.nn.Module) -> list[int]:
    """Checksums of the weights. `parameter.data.mul_(2)`, as moving averages do it, changes no version."""
    tensors = (*module.parameters(), *module.buffers())
    return [zlib.crc32(tensor.detach().cpu().flatten().view(torch.uint8).numpy()) for tensor in tensors]


def on_cpu(net: torch.nn.Module) -> torch.nn.Module:
    """`net` itself where its weights are in host memory, else a copy there: TensorRT reads them there."""
    tensors = (*net.parameters(), *net.buffers())
    if all(tensor.device.type == "cpu" for tensor in tensors):
        return net
    return copy.deepcopy(net).cpu()


def _host(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu()


def _trt_dtype(trt: Any, name: str, dtype: torch.dtype) -> Any:
    names = {
        torch.float32: "FLOAT",
        torch.float16: "HALF",
        torch.bfloat16: "BF16",
        torch.int64: "INT64",
        torch.int32: "INT32",
        torch.int8: "INT8",
        torch.uint8: "UINT8",
        torch.bool: "BOOL",
    }
    found = getattr(trt.DataType, names.get(dtype, ""), None)
    if found is None:
        raise InvalidArgument(f'input "{name}" is {dtype}, which TensorRT has no type for')
    return found
