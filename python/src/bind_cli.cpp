// The command line with the python backend.
#include <fmt/format.h>
#include <pybind11/stl.h>

#include "cli/run.h"
#include "python/src/bindings.h"
#include "src/backend/python/engine_builder.h"

namespace torch2trt {
namespace {

int main_with_python_backend(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  cli::Backends backends;
  backends.engine_builder = [](const std::string& tensorrt, const LogSink& log,
                               bool verbose) -> std::unique_ptr<EngineBuilder> {
    return std::make_unique<PythonEngineBuilder>(tensorrt, log, verbose);
  };
  return cli::run_cli(static_cast<int>(argv.size()), argv.data(), backends);
}

}  // namespace

void bind_cli(py::module_& m) { m.def("main", &main_with_python_backend); }

}  // namespace torch2trt
