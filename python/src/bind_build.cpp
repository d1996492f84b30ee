// Building an engine from Python.
#include <fmt/format.h>
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <exception>

#include "cli/build_options.h"
#include "python/src/bindings.h"
#include "python/src/converted.h"
#include "src/backend/python/engine_builder.h"
#include "src/backend/python/tensorrt_module.h"

namespace torch2trt {
namespace {

BuildOptions options_from(const py::dict& options) {
  BuildOptions build;
  for (const auto& [key, value] : options) {
    const auto name = py::str(key).cast<std::string>();
    if (name == "workspace_bytes") {
      build.workspace_bytes = value.cast<std::uint64_t>();
    } else if (name == "optimization_level") {
      build.optimization_level = value.cast<int>();
    } else if (name == "max_aux_streams") {
      build.max_aux_streams = value.cast<int>();
    } else if (name == "tf32") {
      build.tf32 = value.cast<bool>();
    } else if (name == "precision") {
      build.precision = precision_from(py::make_tuple(value, ""))->type;
    } else if (name == "keep_float32") {
      continue;  // the conversion's
    } else if (name == "timing_cache_file") {
      build.timing_cache_file = py::str(value).cast<std::string>();
    } else if (name == "profiling_verbosity") {
      build.profiling_verbosity = cli::parse_profiling_verbosity(py::str(value).cast<std::string>());
    } else {
      throw Error(ErrorCategory::kInvalidArgument, fmt::format("there is no build option \"{}\"", name));
    }
  }
  return build;
}

// Converts `graph` (its passes run) and builds. shapes: {input: (min, opt, max)}; log(level, text); progress(event,
// phase, parent, number) -> bool, False cancels and gives KeyboardInterrupt. Returns the engine's bytes and a dict.
py::tuple build(const Graph& graph, const Shapes& shapes, const py::dict& options, const std::string& tensorrt,
                const py::object& log, const py::object& progress) {
  static constexpr const char* kLevels[] = {"debug", "info", "warning", "error"};
  LogSink sink;
  if (!log.is_none())
    sink = [log](Severity severity, const std::string& text) { log(kLevels[static_cast<int>(severity)], text); };
  const BuildOptions build_options = options_from(options);
  PythonEngineBuilder builder(tensorrt, sink);
  ConvertOptions convert_options;
  convert_options.shapes = ranges_from(shapes);
  convert_options.run.network = &builder.network();
  convert_options.run.log = sink;
  const auto keep = options.contains("keep_float32") ? py::str(options["keep_float32"]).cast<std::string>() : "";
  convert_options.run.precision = precision_of(build_options, builder, keep);
  const Converted converted = convert(graph, convert_options);
  const std::size_t layers = builder.network().num_layers();
  // What Python raises inside TensorRT's callbacks waits until the build has ended.
  std::exception_ptr raised;
  const ProgressSink on_progress = [&](const BuildProgress& step) {
    static constexpr const char* kEvents[] = {"start", "step", "finish"};
    const bool start = step.event == BuildProgress::Event::kPhaseStart;
    if (raised) return false;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      if (progress.is_none()) return true;
      const py::object go =
          progress(kEvents[static_cast<int>(step.event)], step.phase, step.parent, start ? step.steps : step.step);
      return go.is_none() || go.cast<bool>();
    } catch (const std::exception&) {
      raised = std::current_exception();
      return false;
    }
  };
  SerializedEngine engine;
  try {
    engine = builder.build(converted, build_options, on_progress);
  } catch (const Cancelled&) {
    if (raised) std::rethrow_exception(raised);
    PyErr_SetString(PyExc_KeyboardInterrupt, "the build was cancelled");
    throw py::error_already_set();
  }
  py::dict about = converted_object(converted);
  about["layers"] = layers;
  about["tensorrt"] = builder.description();
  return py::make_tuple(py::bytes(reinterpret_cast<const char*>(engine.bytes.data()), engine.bytes.size()), about);
}

}  // namespace

void bind_build(py::module_& m) {
  m.def("import_tensorrt", &import_tensorrt, py::arg("name") = "");
  m.def("build", &build, py::arg("graph"), py::arg("shapes") = Shapes(), py::arg("options") = py::dict(),
        py::arg("tensorrt") = "", py::arg("log") = py::none(), py::arg("progress") = py::none());
}

}  // namespace torch2trt
