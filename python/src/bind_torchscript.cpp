// The TorchScript front end. The one binding file that includes torch's JIT headers.
#include <pybind11/stl.h>
#include <torch/csrc/jit/api/module.h>

#include "python/src/bindings.h"
#include "src/frontend/torchscript/read.h"

namespace torch2trt {

namespace {

// ("float32", [2, 3]) per flat input; -1 where dynamic.
using InputTypes = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

std::vector<Type> types_from(const InputTypes& inputs) {
  std::vector<Type> types;
  int dynamic = 0;
  for (const auto& [dtype, sizes] : inputs) {
    Type type{.kind = Type::Kind::kTensor, .dtype = dtype_from_name(dtype), .sizes = std::vector<Size>()};
    if (!type.dtype) throw Error(ErrorCategory::kInvalidArgument, "there is no type " + dtype);
    for (std::int64_t size : sizes) type.sizes->push_back({size, size < 0 ? "d" + std::to_string(dynamic++) : ""});
    types.push_back(std::move(type));
  }
  return types;
}

}  // namespace

// `inputs`: types of the flat inputs where other than the program's own; sizes it recorded are then dropped.
void bind_torchscript(py::module_& m) {
  m.def(
      "read_torchscript",
      [](const std::string& path, const InputTypes& inputs) { return read_torchscript(path, types_from(inputs)); },
      py::arg("path"), py::arg("inputs") = InputTypes());
  // `module`: the `_c` of a torch.jit.ScriptModule; weights by reference.
  m.def(
      "graph_from_torchscript",
      [](const torch::jit::Module& module, const InputTypes& inputs) {
        return graph_from_module(module, types_from(inputs));
      },
      py::arg("module"), py::arg("inputs") = InputTypes());
}

}  // namespace torch2trt
