// The options of `build` that go to TensorRT, in trtexec's grammar.
#pragma once

#include <cstdint>
#include <string_view>

#include "torch2trt/builder.h"

namespace torch2trt::cli {

// "workspace:4G": the bytes of the workspace. Suffixes B, K, M, G; without one MiB, as in trtexec. Throws
// Error(kInvalidArgument) for another pool or a size that is none.
std::uint64_t parse_memory_pool(std::string_view text);

// "layer_names_only", "detailed" or "none". Throws Error(kInvalidArgument).
ProfilingVerbosity parse_profiling_verbosity(std::string_view text);

}  // namespace torch2trt::cli
