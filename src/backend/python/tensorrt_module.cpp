#include "src/backend/python/tensorrt_module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "torch2trt/error.h"

namespace torch2trt {
namespace py = pybind11;
namespace {

constexpr const char* kModules[] = {"tensorrt", "tensorrt_rtx"};
constexpr const char* kAdvice =
    "To install one: `pip install tensorrt` (needs an NVIDIA GPU and driver) or `pip install tensorrt-rtx` (builds "
    "without one too)";

std::string reason(const py::error_already_set& error) {
  const auto text = py::str(error.value()).cast<std::string>();
  return text.empty() ? py::str(error.type().attr("__name__")).cast<std::string>() : text;
}

}  // namespace

py::module_ import_tensorrt(const std::string& name) {
  if (!name.empty() && std::find(std::begin(kModules), std::end(kModules), name) == std::end(kModules)) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("there is no TensorRT called \"{}\"; there are: {}", name, fmt::join(kModules, ", ")));
  }
  std::vector<std::string> failures;
  for (const char* module : kModules) {
    if (!name.empty() && name != module) continue;
    try {
      py::module_ imported = py::module_::import(module);
      // A folder that happens to be called so is a module too.
      if (py::hasattr(imported, "Builder")) return imported;
      failures.push_back(fmt::format("{}: it has no Builder", module));
    } catch (const py::error_already_set& error) {
      failures.push_back(fmt::format("{}: {}", module, reason(error)));
    }
  }
  throw Error(ErrorCategory::kRuntime,
              fmt::format("TensorRT cannot be imported ({}). {}", fmt::join(failures, "; "), kAdvice));
}

}  // namespace torch2trt
