"""The inference contexts on a real GPU, over a stand-in for the engine: copies, streams and lifetimes.

    python tests/gpu/inference_on_streams.py

Needs torch and numpy, neither TensorRT nor torch2trt's extension module.
"""

from __future__ import annotations

import pathlib
import sys
import types

import numpy as np
import torch

ROOT = pathlib.Path(__file__).parents[2]
# The package without its extension module.
package = types.ModuleType("torch2trt")
package.__path__ = [str(ROOT / "python" / "torch2trt")]
sys.modules["torch2trt"] = package

from torch2trt.inference import InferenceContext, TorchInferenceContext  # noqa: E402

SIZE = 1 << 20


class Memory:
    """`SIZE` floats at an address of the device."""

    def __init__(self, address: int) -> None:
        self.__cuda_array_interface__ = {
            "shape": (SIZE,),
            "typestr": "<f4",
            "data": (address, False),
            "version": 2,
        }

    def tensor(self) -> torch.Tensor:
        return torch.as_tensor(self, device="cuda")


class Engine:
    """y = 2 * x + 1."""

    num_io_tensors = 2

    def get_tensor_name(self, index: int) -> str:
        return "xy"[index]

    def get_tensor_mode(self, name: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(name="INPUT" if name == "x" else "OUTPUT")

    def get_tensor_dtype(self, name: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(name="FLOAT")

    def get_tensor_profile_shape(self, name: str, profile: int) -> tuple:
        return ((SIZE,),) * 3


class Context:
    def __init__(self) -> None:
        self.engine, self.addresses, self.streams = Engine(), {}, set()

    def set_input_shape(self, name: str, shape: tuple) -> None:
        assert shape == (SIZE,)

    def set_tensor_address(self, name: str, address: int) -> None:
        self.addresses[name] = address

    def get_tensor_shape(self, name: str) -> tuple:
        return (SIZE,)

    def execute_async_v3(self, stream: int) -> bool:
        self.streams.add(stream)
        with torch.cuda.stream(torch.cuda.ExternalStream(stream)):
            x, y = (Memory(self.addresses[name]).tensor() for name in "xy")
            torch.cuda._sleep(20_000_000)
            torch.mul(x, 2, out=y)
            y.add_(1)
        return True


def main() -> None:
    trt_context = Context()
    for context in (InferenceContext(trt_context), InferenceContext(trt_context, torch.cuda.Stream(), 0)):
        for value in (np.random.rand(SIZE), torch.rand(SIZE), torch.rand(SIZE, device="cuda")):
            (result,) = context.inference_async(value).values()
            wanted = (
                np.asarray(value.cpu() if isinstance(value, torch.Tensor) else value, dtype=np.float32) * 2
                + 1
            )
            assert isinstance(result, np.ndarray)
            np.testing.assert_array_equal(result, wanted)
    handle = torch.cuda.Stream().cuda_stream
    context = TorchInferenceContext(trt_context, stream=handle, device=torch.device("cuda", 0))
    kept, other = [], torch.cuda.Stream()
    for number in range(50):
        with torch.cuda.stream(other if number % 2 else torch.cuda.current_stream()):
            # Still being computed when the engine is called.
            torch.cuda._sleep(20_000_000)
            x = torch.full((SIZE, 2), float(number), device="cuda")[:, 0]
            result = context.inference(x=x)["y"]
            assert result.is_cuda and x.data_ptr() not in trt_context.addresses.values()
            kept.append((result + 0, result))
            del x
    torch.cuda.synchronize()
    for number, (copy, result) in enumerate(kept):
        assert (copy == 2 * number + 1).all() and (result == 2 * number + 1).all(), number
    assert handle in trt_context.streams and len(trt_context.streams) == 3
    print(f"inference contexts: 56 runs on 3 streams, all right ({torch.cuda.get_device_name()})")


if __name__ == "__main__":
    main()
