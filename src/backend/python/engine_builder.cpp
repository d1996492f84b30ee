#include "src/backend/python/engine_builder.h"

#include <fmt/format.h>

#include <utility>

#include "src/backend/python/tensorrt_module.h"
#include "src/files/timing_cache.h"

namespace torch2trt {
namespace {

// The severities by the names _callbacks.py gives them.
Severity severity_of(const std::string& level) {
  if (level == "error") return Severity::kError;
  if (level == "warning") return Severity::kWarning;
  return level == "info" ? Severity::kInfo : Severity::kVerbose;
}

// The memory of a Python object with the buffer protocol, kept alive without the GIL.
SerializedEngine engine_of(const py::object& serialized) {
  struct Held {
    py::object object;
    py::buffer_info info;
  };
  auto* held = new Held{serialized, py::buffer(serialized).request()};
  const std::shared_ptr<const void> owner(held, [](const void* pointer) {
    const py::gil_scoped_acquire gil;
    delete static_cast<const Held*>(pointer);
  });
  return {
      {static_cast<const std::byte*>(held->info.ptr), static_cast<std::size_t>(held->info.size * held->info.itemsize)},
      owner};
}

const char* name_of(ProfilingVerbosity verbosity) {
  switch (verbosity) {
    case ProfilingVerbosity::kLayerNamesOnly: return "LAYER_NAMES_ONLY";
    case ProfilingVerbosity::kDetailed: return "DETAILED";
    case ProfilingVerbosity::kNone: return "NONE";
  }
  return "";
}

std::string text_of(const py::error_already_set& error) {
  const auto text = py::str(error.value()).cast<std::string>();
  return text.substr(0, text.find("\n\n"));  // pybind11 lists all overloads after the first line
}

}  // namespace

PythonEngineBuilder::PythonEngineBuilder(const std::string& tensorrt, LogSink log, bool verbose)
    : log_(std::move(log)), trt_(import_tensorrt(tensorrt)) {
  const py::module_ callbacks = py::module_::import("torch2trt._callbacks");
  logger_ = callbacks.attr("logger")(trt_);
  sink_ = py::cpp_function([this](const std::string& level, const std::string& text) { this->log(level, text); });
  logger_.attr("attach")(sink_, verbose);
  // Beside the logger: TensorRT may know another one, which the user made.
  recorder_ = py::module_::import("torch2trt._errors").attr("error_recorder")(trt_);
  try {
    builder_ = trt_.attr("Builder")(logger_);
    builder_.attr("error_recorder") = recorder_;
    network_ = std::make_unique<PythonNetwork>(make_network());
  } catch (const py::error_already_set& error) {
    errors_.push_back(text_of(error));
  } catch (...) {
    logger_.attr("detach")(sink_);
    throw;
  }
  if (network_) return;
  logger_.attr("detach")(sink_);
  std::string message = fmt::format("{} makes no builder on this machine", description());
  for (const std::string& text : std::exchange(errors_, {})) message += "\n  TensorRT: " + text;
  throw Error(ErrorCategory::kRuntime, message +
                                           "\nTensorRT needs an NVIDIA GPU and its driver to build; TensorRT for RTX "
                                           "does not (`pip install tensorrt-rtx`, --tensorrt=tensorrt_rtx)");
}

PythonEngineBuilder::~PythonEngineBuilder() {
  // The network before the builder, the builder before its recorder: each uses the next.
  network_.reset();
  builder_ = py::object();
  logger_.attr("detach")(sink_);
}

std::string PythonEngineBuilder::description() const {
  return fmt::format("{} {} (Python)", py::str(trt_.attr("__name__")).cast<std::string>(),
                     py::str(trt_.attr("__version__")).cast<std::string>());
}

int PythonEngineBuilder::major_version() const {
  return std::stoi(py::str(trt_.attr("__version__")).cast<std::string>());
}

bool PythonEngineBuilder::is_rtx() const {
  return py::str(trt_.attr("__name__")).cast<std::string>() == "tensorrt_rtx";
}

void PythonEngineBuilder::log(const std::string& level, const std::string& text) {
  const Severity severity = severity_of(level);
  if (severity == Severity::kError) {
    errors_.push_back(text);
  } else if (log_) {
    log_(severity, text);
  }
}

py::object PythonEngineBuilder::make_network() {
  // TensorRT 10 has weakly and strongly typed networks, 11 and RTX strongly typed ones only, 8 and 9 need the batch
  // dimension to be explicit.
  const py::object flags = trt_.attr("NetworkDefinitionCreationFlag");
  const int major = major_version();
  const bool rtx = is_rtx();
  int bits = 0;
  if (!rtx && major == 10) bits = 1 << py::int_(flags.attr("STRONGLY_TYPED")).cast<int>();
  if (!rtx && major < 10) bits = 1 << py::int_(flags.attr("EXPLICIT_BATCH")).cast<int>();
  return bits == 0 ? builder_.attr("create_network")() : builder_.attr("create_network")(bits);
}

bool PythonEngineBuilder::strongly_typed() const { return major_version() >= 10 || is_rtx(); }

void PythonEngineBuilder::lacks(const std::string& option) const {
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("{} has no {}; leave the option out", description(), option));
}

void PythonEngineBuilder::set(const py::object& config, const char* attribute, const py::object& value,
                              const char* option) const {
  if (!py::hasattr(config, attribute)) lacks(option);
  config.attr(attribute) = value;
}

void PythonEngineBuilder::failed(const std::string& what) {
  std::string message = fmt::format("{} {}", description(), what);
  for (const py::handle text : recorder_.attr("take_texts")()) errors_.push_back(text.cast<std::string>());
  for (const std::string& text : std::exchange(errors_, {})) message += "\n  TensorRT: " + text;
  throw Error(ErrorCategory::kBuildFailed, message);
}

py::object PythonEngineBuilder::make_config(const BuildOptions& options) const {
  py::object config = builder_.attr("create_builder_config")();
  if (options.workspace_bytes) {
    const py::object pool = trt_.attr("MemoryPoolType").attr("WORKSPACE");
    config.attr("set_memory_pool_limit")(pool, *options.workspace_bytes);
  }
  if (options.optimization_level) {
    set(config, "builder_optimization_level", py::int_(*options.optimization_level), "optimization level");
  }
  if (options.max_aux_streams) set(config, "max_aux_streams", py::int_(*options.max_aux_streams), "auxiliary streams");
  if (options.profiling_verbosity) {
    set(config, "profiling_verbosity", trt_.attr("ProfilingVerbosity").attr(name_of(*options.profiling_verbosity)),
        "profiling verbosity");
  }
  if (!options.tf32) config.attr("clear_flag")(trt_.attr("BuilderFlag").attr("TF32"));
  if (options.precision && !strongly_typed()) config.attr("set_flag")(trt_.attr("BuilderFlag").attr("FP16"));
  return config;
}

void PythonEngineBuilder::add_profile(const py::object& config, const Converted& converted) {
  if (converted.ranges.empty()) return;
  const py::object profile = builder_.attr("create_optimization_profile")();
  for (const auto& [input, range] : converted.ranges) {
    const auto tuple = [](const Dims& dims) { return py::tuple(py::cast(dims)); };
    try {
      profile.attr("set_shape")(input, tuple(range.min), tuple(range.opt), tuple(range.max));
    } catch (const py::error_already_set& error) {
      failed(fmt::format("refused the range of input \"{}\": {}", input, text_of(error)));
    }
  }
  if (config.attr("add_optimization_profile")(profile).cast<int>() < 0) failed("refused the optimization profile");
}

void PythonEngineBuilder::set_timing_cache(const py::object& config, const BuildOptions& options) {
  if (options.timing_cache_file.empty()) return;
  // Its functions are there and do nothing: https://docs.nvidia.com/deeplearning/tensorrt-rtx (deprecated in 1.2)
  if (is_rtx()) lacks("timing cache");
  read_timing_cache(
      options.timing_cache_file,
      [&](std::string_view bytes) {
        const py::object cache = config.attr("create_timing_cache")(py::bytes(bytes.data(), bytes.size()));
        const bool taken = !cache.is_none() && config.attr("set_timing_cache")(cache, false).cast<bool>();
        if (!taken) errors_.clear();
        return taken;
      },
      log_);
}

void PythonEngineBuilder::save_timing_cache(const py::object& config, const BuildOptions& options) {
  if (options.timing_cache_file.empty()) return;
  const py::object cache = config.attr("get_timing_cache")();
  write_timing_cache(
      options.timing_cache_file,
      [&](std::string_view bytes) {
        const py::object newer = config.attr("create_timing_cache")(py::bytes(bytes.data(), bytes.size()));
        if (!newer.is_none()) cache.attr("combine")(newer, false);
      },
      [&] { return engine_of(cache.attr("serialize")()); });
}

SerializedEngine PythonEngineBuilder::build(const Converted& converted, const BuildOptions& options,
                                            const ProgressSink& progress) {
  network_->close();  // what TensorRT reports of it goes to the builder's recorder now
  errors_.clear();
  recorder_.attr("clear")();
  const py::object config = make_config(options);
  add_profile(config, converted);
  set_timing_cache(config, options);
  bool cancelled = false;
  if (progress) {
    const auto report = [&](const std::string& event, const std::string& phase, const std::string& parent, int number) {
      BuildProgress step{.phase = phase, .parent = parent};
      step.event = event == "start"  ? BuildProgress::Event::kPhaseStart
                   : event == "step" ? BuildProgress::Event::kStep
                                     : BuildProgress::Event::kPhaseEnd;
      (event == "start" ? step.steps : step.step) = number;
      cancelled = !progress(step) || cancelled;
      return !cancelled;
    };
    const py::object monitor =
        py::module_::import("torch2trt._callbacks").attr("progress_monitor")(trt_, py::cpp_function(report));
    if (!monitor.is_none()) config.attr("progress_monitor") = monitor;
  }
  py::object serialized;
  try {
    serialized = builder_.attr("build_serialized_network")(network_->object(), config);
  } catch (const py::error_already_set& error) {
    errors_.push_back(text_of(error));
    failed("could not build an engine");
  }
  if (cancelled) throw Cancelled();
  if (serialized.is_none()) failed("could not build an engine");
  save_timing_cache(config, options);
  return engine_of(serialized);
}

}  // namespace torch2trt
