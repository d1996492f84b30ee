// Building an engine from Python.
#include <fmt/format.h>
#include <pybind11/functional.h>
#include <pybind11/stl.h>

#include <exception>

#include "cli/build_options.h"
#include "cli/engine_file.h"
#include "python/src/bindings.h"
#include "python/src/converted.h"
#include "python/src/user_handlers.h"
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

constexpr const char* kLevels[] = {"debug", "info", "warning", "error"};

struct Built {
  Converted converted;
  SerializedEngine engine;
  std::size_t layers = 0;
  std::string tensorrt;
};

// shapes: {input: (min, opt, max)}; log(level, text); progress(event, phase, parent, number) -> bool, False cancels and
// gives KeyboardInterrupt; lookup(kind, overload) -> the user's handler or None.
Built build(const Graph& graph, const Shapes& shapes, const py::dict& options, const std::string& tensorrt,
            const py::object& log, const py::object& progress, const py::object& lookup) {
  LogSink sink;
  if (!log.is_none())
    sink = [log](Severity severity, const std::string& text) { log(kLevels[static_cast<int>(severity)], text); };
  const BuildOptions build_options = options_from(options);
  PythonEngineBuilder builder(tensorrt, sink);
  ConvertOptions convert_options;
  convert_options.shapes = ranges_from(shapes);
  Callbacks callbacks(graph, &builder.network(), lookup, log);
  callbacks.set(convert_options.run);
  const auto keep = options.contains("keep_float32") ? py::str(options["keep_float32"]).cast<std::string>() : "";
  convert_options.run.precision = precision_of(build_options, builder, keep);
  Built built;
  built.converted = convert(graph, convert_options);
  built.layers = builder.network().num_layers();
  built.tensorrt = builder.description();
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
  try {
    built.engine = builder.build(built.converted, build_options, on_progress);
  } catch (const Cancelled&) {
    if (raised) std::rethrow_exception(raised);
    PyErr_SetString(PyExc_KeyboardInterrupt, "the build was cancelled");
    throw py::error_already_set();
  }
  return built;
}

// The plan's bytes and a dict about it.
py::tuple build_plan(const Graph& graph, const Shapes& shapes, const py::dict& options, const std::string& tensorrt,
                     const py::object& log, const py::object& progress) {
  const Built built = build(graph, shapes, options, tensorrt, log, progress, py::none());
  py::dict about = converted_object(built.converted);
  about["layers"] = built.layers;
  about["tensorrt"] = built.tensorrt;
  const std::span<const std::byte> bytes = built.engine.bytes;
  return py::make_tuple(py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size()), about);
}

// The bytes of a bundle. `model` and `noted` are kept in it for people to read.
py::bytes build_bundle(const Graph& graph, const Shapes& shapes, const py::dict& options, const std::string& tensorrt,
                       const py::object& log, const py::object& lookup, const std::string& model,
                       const std::map<std::string, std::string>& noted) {
  const Built built = build(graph, shapes, options, tensorrt, log, py::none(), lookup);
  return cli::bundle_of(built.converted, built.engine, built.tensorrt, model, noted);
}

}  // namespace

void bind_build(py::module_& m) {
  m.def("import_tensorrt", &import_tensorrt, py::arg("name") = "");
  m.def("build", &build_plan, py::arg("graph"), py::arg("shapes") = Shapes(), py::arg("options") = py::dict(),
        py::arg("tensorrt") = "", py::arg("log") = py::none(), py::arg("progress") = py::none());
  m.def("build_bundle", &build_bundle, py::arg("graph"), py::arg("shapes"), py::arg("options"), py::arg("tensorrt"),
        py::arg("log"), py::arg("lookup"), py::arg("model"), py::arg("noted"));
}

}  // namespace torch2trt
