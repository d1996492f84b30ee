// The TorchScript front end. The one binding file that includes torch's JIT headers.
#include <pybind11/stl.h>
#include <torch/csrc/jit/api/module.h>

#include "python/src/bindings.h"
#include "src/frontend/torchscript/read.h"

namespace torch2trt {

void bind_torchscript(py::module_& m) {
  m.def("read_torchscript", [](const std::string& path) { return read_torchscript(path); }, py::call_guard<py::gil_scoped_release>());
  // `module`: the `_c` of a torch.jit.ScriptModule; weights by reference.
  m.def("graph_from_torchscript", [](const torch::jit::Module& module) { return graph_from_module(module); });
}

}  // namespace torch2trt
