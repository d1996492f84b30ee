// torch2trt::Error as torch2trt.errors.Error.
#include <exception>

#include "python/src/bindings.h"
#include "torch2trt/error.h"

namespace torch2trt {
namespace {

py::object location_tuple(const SourceLocation& location) {
  return py::make_tuple(location.node, location.scope, location.source);
}

py::object to_exception(const Error& error) {
  py::list unsupported;
  for (const UnsupportedNode& node : error.unsupported()) {
    unsupported.append(py::make_tuple(node.kind, node.reason, node.location.scope, node.location.source));
  }
  return py::module_::import("torch2trt.errors")
      .attr("make_error")(std::string(name(error.category())), error.what(), error.message(),
                          location_tuple(error.location()), unsupported);
}

}  // namespace

void bind_errors(py::module_& m) {
  m.def("exit_code", [](const std::string& category) {
    for (int i = 0; i <= static_cast<int>(ErrorCategory::kInternal); ++i) {
      const auto candidate = static_cast<ErrorCategory>(i);
      if (name(candidate) == category) return exit_code(candidate);
    }
    throw py::key_error(category);
  });
  // NOLINTNEXTLINE(performance-unnecessary-value-param): pybind11 wants this signature
  py::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      const py::object exception = to_exception(error);
      PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
    }
  });
}

}  // namespace torch2trt
