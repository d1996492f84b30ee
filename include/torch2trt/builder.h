// EngineBuilder: what makes an engine of a network. One per engine: it owns an empty network, the conversion fills it,
// build() compiles it. Implementations: src/backend/python (over an installed Python module).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "torch2trt/convert.h"
#include "torch2trt/network.h"

namespace torch2trt {

enum class ProfilingVerbosity { kLayerNamesOnly, kDetailed, kNone };

// Unset members leave TensorRT's defaults. What the TensorRT in use lacks is refused by name, never dropped.
struct BuildOptions {
  std::optional<std::uint64_t> workspace_bytes;
  std::optional<int> optimization_level;  // 0 to 5
  bool tf32 = true;
  // kFloat16 or kBFloat16: layers may compute in it. Strongly typed networks (TensorRT 10 and later) are written so by
  // the conversion, see precision_of(); before, TensorRT chooses where it finds that faster, and has no bfloat16.
  std::optional<DType> precision;
  std::optional<ProfilingVerbosity> profiling_verbosity;
  std::optional<int> max_aux_streams;
  // Read if it exists, written after the build: merged with what another process may have written meanwhile. A damaged
  // one is a warning. Empty: none.
  std::string timing_cache_file;
};

// One call of TensorRT's progress monitor. Phases nest by name; some take minutes without a step.
struct BuildProgress {
  enum class Event { kPhaseStart, kStep, kPhaseEnd };
  Event event = Event::kStep;
  std::string phase, parent;  // parent is set at kPhaseStart; empty for the outermost
  int step = 0;               // steps completed so far
  int steps = 0;              // at kPhaseStart: how many there will be
};

// Returns false to cancel the build. Called on any thread; must not throw.
using ProgressSink = std::function<bool(const BuildProgress&)>;

// What build() throws after a ProgressSink returned false. Not an Error: nothing failed.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

struct SerializedEngine {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  // keeps `bytes` valid
};

class EngineBuilder {
 public:
  EngineBuilder() = default;
  EngineBuilder(const EngineBuilder&) = delete;
  EngineBuilder& operator=(const EngineBuilder&) = delete;
  virtual ~EngineBuilder() = default;

  // Empty at first; convert() fills it.
  virtual Network& network() = 0;
  // Whether the network says each type, as those of TensorRT 10 and later do.
  virtual bool strongly_typed() const = 0;
  // Throws Error(kBuildFailed) with TensorRT's own text, Error(kInvalidArgument) for options this TensorRT lacks,
  // Error(kRuntime) for a timing cache that cannot be written, and Cancelled. `progress` may be empty.
  virtual SerializedEngine build(const Converted& converted, const BuildOptions& options,
                                 const ProgressSink& progress) = 0;
  // "tensorrt_rtx 1.7.1.116 (Python)"
  virtual std::string description() const = 0;
};

// What RunOptions::precision must be for `options`. `keep_float32`: see ReducedPrecision. Throws
// Error(kInvalidArgument) where the TensorRT of `builder` has no such precision, or chooses itself what stays float32.
std::optional<ReducedPrecision> precision_of(const BuildOptions& options, const EngineBuilder& builder,
                                             const std::string& keep_float32 = {});

}  // namespace torch2trt
