#include "src/backend/nvinfer/engine_builder.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>
#include <vector>

#include "src/backend/nvinfer/network.h"
#include "src/backend/nvinfer/operands.h"
#include "src/backend/nvinfer/shared_builder.h"
#include "src/files/timing_cache.h"
#include "src/tensorrt/compat.h"
#include "src/tensorrt/kernel_libraries.h"
#include "src/tensorrt/library.h"
#include "src/tensorrt/logger.h"

namespace torch2trt {
namespace {

Severity severity_of(tensorrt::Level level) {
  switch (level) {
    case tensorrt::Level::kVerbose: return Severity::kVerbose;
    case tensorrt::Level::kInfo: return Severity::kInfo;
    case tensorrt::Level::kWarning: return Severity::kWarning;
    case tensorrt::Level::kError: return Severity::kError;
  }
  return Severity::kError;
}

// Errors are kept by the scope, for the message of what failed.
tensorrt::MessageSink sink_of(const LogSink& log) {
  if (!log) return {};
  return [log](tensorrt::Level level, const std::string& text) {
    if (level != tensorrt::Level::kError) log(severity_of(level), text);
  };
}

template <typename Function>
auto with_library_errors(const Function& function) {
  try {
    return function();
  } catch (const tensorrt::LibraryError& error) {
    throw Error(ErrorCategory::kRuntime, error.what());
  }
}

SerializedEngine engine_of(std::shared_ptr<nvinfer1::IHostMemory> memory) {
  return {{static_cast<const std::byte*>(memory->data()), memory->size()}, std::move(memory)};
}

nvinfer1::ProfilingVerbosity verbosity_of(ProfilingVerbosity verbosity) {
  switch (verbosity) {
    case ProfilingVerbosity::kLayerNamesOnly: return nvinfer1::ProfilingVerbosity::kLAYER_NAMES_ONLY;
    case ProfilingVerbosity::kDetailed: return nvinfer1::ProfilingVerbosity::kDETAILED;
    case ProfilingVerbosity::kNone: return nvinfer1::ProfilingVerbosity::kNONE;
  }
  return nvinfer1::ProfilingVerbosity::kLAYER_NAMES_ONLY;
}

class Monitor : public tensorrt::ProgressMonitor {
 public:
  explicit Monitor(const ProgressSink& sink) : sink_(sink) {}

  void phaseStart(char const* phase, char const* parent, std::int32_t steps) noexcept override {
    report({.event = BuildProgress::Event::kPhaseStart,
            .phase = phase,
            .parent = parent == nullptr ? "" : parent,
            .steps = steps});
  }
  bool stepComplete(char const* phase, std::int32_t step) noexcept override {
    report({.event = BuildProgress::Event::kStep, .phase = phase, .step = step + 1});
    return !cancelled();
  }
  void phaseFinish(char const* phase) noexcept override {
    report({.event = BuildProgress::Event::kPhaseEnd, .phase = phase});
  }
  bool cancelled() const { return cancelled_; }

 private:
  void report(const BuildProgress& progress) noexcept {
    if (!sink_(progress)) cancelled_ = true;
  }

  const ProgressSink& sink_;
  std::atomic<bool> cancelled_ = false;
};

class NvinferEngineBuilder : public EngineBuilder {
 public:
  NvinferEngineBuilder(const std::string& tensorrt, LogSink log, bool verbose)
      : log_(std::move(log)),
        library_(with_library_errors([&] { return tensorrt::Library::open(tensorrt); })),
        scope_(sink_of(log_), verbose) {
    shared_ = with_library_errors([&] { return SharedBuilder::of_thread(library_); });
    if (shared_) {
      const SharedBuilder::Use use(*shared_, recorder_);
      definition_.reset(shared_->builder().createNetworkV2(tensorrt::kNetworkFlags));
    }
    if (!definition_) fails_here();
    network_ = std::make_unique<NvinferNetwork>(*definition_);
  }

  Network& network() override { return *network_; }
  bool strongly_typed() const override { return tensorrt::kStronglyTyped; }

  std::string description() const override { return fmt::format("TensorRT {}", library_->version().text()); }

  SerializedEngine build(const Converted& converted, const BuildOptions& options,
                         const ProgressSink& progress) override {
    const SharedBuilder::Use use(*shared_, recorder_);
    network_->release_errors();  // what TensorRT reports of it goes to the builder's recorder now
    definition_->setErrorRecorder(&recorder_);
    recorder_.clear();
    scope_.take_errors();
    const std::unique_ptr<nvinfer1::IBuilderConfig> config(shared_->builder().createBuilderConfig());
    if (!config) failed("made no builder configuration");
    set_options(*config, options);
    add_profile(*config, converted);
    // The cache must live until the build is over.
    std::unique_ptr<nvinfer1::ITimingCache> cache = set_timing_cache(*config, options);
    Monitor monitor(progress);
    if (progress) watch(*config, monitor);
    std::shared_ptr<nvinfer1::IHostMemory> serialized(shared_->builder().buildSerializedNetwork(*definition_, *config));
    watch(*config, nullptr);
    if (monitor.cancelled()) throw Cancelled();
    if (!serialized) failed("could not build an engine");
    save_timing_cache(*config, options);
    return engine_of(std::move(serialized));
  }

 private:
  [[noreturn]] void fails_here() {
    std::string message = fmt::format("{} ({}) makes no builder on this machine", description(), library_->file());
    for (const std::string& text : scope_.take_complaints()) message += "\n  TensorRT: " + text;
    throw Error(ErrorCategory::kRuntime,
                message + "\nTensorRT needs an NVIDIA GPU that it supports, and a driver that is recent enough");
  }

  [[noreturn]] void failed(const std::string& what) {
    std::string message = fmt::format("{} {}", description(), what);
    for (const std::string& text : scope_.take_errors()) {
      if (!tensorrt::is_noise(text)) message += "\n  TensorRT: " + text;
    }
    for (const std::string& text : recorder_.take_texts()) message += "\n  TensorRT: " + text;
    throw Error(ErrorCategory::kBuildFailed, message);
  }

  [[noreturn]] void lacks(std::string_view option) const {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("{} has no {}; leave the option out", description(), option));
  }

  void set_options(nvinfer1::IBuilderConfig& config, const BuildOptions& options) {
    if (options.workspace_bytes) {
      config.setMemoryPoolLimit(nvinfer1::MemoryPoolType::kWORKSPACE, *options.workspace_bytes);
    }
    set_newer_options(config, options);
    if (options.profiling_verbosity) config.setProfilingVerbosity(verbosity_of(*options.profiling_verbosity));
    if (!options.tf32) config.clearFlag(nvinfer1::BuilderFlag::kTF32);
    if (options.precision || network_->has_half()) tensorrt::allow_half(config);
    if (options.precision && network_->has_precisions()) tensorrt::prefer_layer_precisions(config);
    tensorrt::use_kernels_present(config);
  }

  // Those that 8.5 lacks; a template, so that what is not there is not looked up.
  template <typename Config>
  void set_newer_options(Config& config, const BuildOptions& options) {
    if (options.optimization_level) {
      if constexpr (requires { config.setBuilderOptimizationLevel(0); }) {
        config.setBuilderOptimizationLevel(*options.optimization_level);
      } else {
        lacks("optimization level");
      }
    }
    if (options.max_aux_streams) {
      if constexpr (requires { config.setMaxAuxStreams(0); }) {
        config.setMaxAuxStreams(*options.max_aux_streams);
      } else {
        lacks("auxiliary streams");
      }
    }
  }

  template <typename Config, typename Watcher>
  static void watch(Config& config, Watcher&& watcher) {
    if constexpr (requires { config.setProgressMonitor(nullptr); }) {
      if constexpr (std::is_same_v<std::decay_t<Watcher>, std::nullptr_t>) {
        config.setProgressMonitor(nullptr);
      } else {
        config.setProgressMonitor(&watcher);
      }
    }
  }

  void add_profile(nvinfer1::IBuilderConfig& config, const Converted& converted) {
    if (converted.ranges.empty()) return;
    nvinfer1::IOptimizationProfile* profile = shared_->builder().createOptimizationProfile();  // the builder's
    if (profile == nullptr) failed("made no optimization profile");
    for (const auto& [input, range] : converted.ranges) {
      using nvinfer1::OptProfileSelector;
      const bool taken = profile->setDimensions(input.c_str(), OptProfileSelector::kMIN, nvinfer::to_dims(range.min)) &&
                         profile->setDimensions(input.c_str(), OptProfileSelector::kOPT, nvinfer::to_dims(range.opt)) &&
                         profile->setDimensions(input.c_str(), OptProfileSelector::kMAX, nvinfer::to_dims(range.max));
      if (!taken) failed(fmt::format("refused the range of input \"{}\"", input));
    }
    if (config.addOptimizationProfile(profile) < 0) failed("refused the optimization profile");
  }

  std::unique_ptr<nvinfer1::ITimingCache> set_timing_cache(nvinfer1::IBuilderConfig& config,
                                                           const BuildOptions& options) {
    std::unique_ptr<nvinfer1::ITimingCache> cache;
    if (options.timing_cache_file.empty()) return cache;
    read_timing_cache(
        options.timing_cache_file,
        [&](std::string_view bytes) {
          cache.reset(config.createTimingCache(bytes.data(), bytes.size()));
          const bool taken = cache && config.setTimingCache(*cache, false);
          if (!taken) {
            recorder_.clear();
            scope_.take_errors();
          }
          return taken;
        },
        log_);
    return cache;
  }

  void save_timing_cache(nvinfer1::IBuilderConfig& config, const BuildOptions& options) {
    if (options.timing_cache_file.empty()) return;
    // Const in the API, though combine() is what it is for: a copy.
    const nvinfer1::ITimingCache* used = config.getTimingCache();
    if (used == nullptr) return;
    const std::unique_ptr<nvinfer1::IHostMemory> bytes(used->serialize());
    if (!bytes) return;
    const std::unique_ptr<nvinfer1::ITimingCache> cache(config.createTimingCache(bytes->data(), bytes->size()));
    if (!cache) return;
    write_timing_cache(
        options.timing_cache_file,
        [&](std::string_view other) {
          if (other.empty()) return;
          const std::unique_ptr<nvinfer1::ITimingCache> newer(config.createTimingCache(other.data(), other.size()));
          if (newer) cache->combine(*newer, false);
        },
        [&] { return engine_of(std::shared_ptr<nvinfer1::IHostMemory>(cache->serialize())); });
  }

  // In the order they may be destroyed in, backwards.
  LogSink log_;
  std::shared_ptr<const tensorrt::Library> library_;
  tensorrt::LogScope scope_;
  tensorrt::ErrorRecorder recorder_;
  std::shared_ptr<SharedBuilder> shared_;
  std::unique_ptr<nvinfer1::INetworkDefinition> definition_;
  std::unique_ptr<NvinferNetwork> network_;
};

}  // namespace

std::unique_ptr<EngineBuilder> make_nvinfer_builder(const std::string& tensorrt, LogSink log, bool verbose) {
  return std::make_unique<NvinferEngineBuilder>(tensorrt, std::move(log), verbose);
}

}  // namespace torch2trt
