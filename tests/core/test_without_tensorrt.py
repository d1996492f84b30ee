"""Import and torch mode on a machine without TensorRT."""

import subprocess
import sys

PROGRAM = """
import importlib.machinery
import sys

class WithoutTensorRT(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.startswith("tensorrt") else super().find_spec(name, path, target)

sys.meta_path[:] = [WithoutTensorRT if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path
                    if "editable" not in str(finder)]
try:
    import tensorrt_rtx
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("TensorRT is not blocked")
import torch
import torch2trt
from torch2trt import core
from torch2trt.errors import InvalidArgument

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())
x = torch.randn(2, 3)
for frontend in ("trace", "export"):
    with core.torch_network():
        trace, graph = core.torch2trt(net, x, frontend=frontend)
    assert torch.allclose(graph.get_resolved_outputs()[0][0], net(x))
    assert torch.allclose(core.debug_call_graph(graph, torch.cat([x, x]) if frontend == "trace" else x)[:2], net(x))

@torch2trt.register_node_handler("aten::relu")
def relu(inputs, attributes):
    assert core.current_network() is None and not core.has_trt_tensor(inputs)
    return [inputs[0] * 2]

assert torch.allclose(core.torch2trt(net, x)[1].outputs, net[0](x) * 2)
try:
    with core.trt_network(object()):
        pass
except InvalidArgument as error:
    assert "INetworkDefinition" in str(error)
else:
    raise AssertionError("trt_network took an object")
assert not any(name.startswith("tensorrt") for name in sys.modules), "TensorRT was imported"
print("fine")
"""


def test_import_and_torch_mode():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine"
