// What `build --bundle` writes: the plan with what is known of it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "torch2trt/builder.h"

namespace torch2trt::cli {

// "tensorrt" and "10.14.1.48" of an EngineBuilder's description ("tensorrt_rtx 1.7.1.116 (Python)", "TensorRT 8.5.3").
// Throws Error(kInternal) where it has no version.
std::pair<std::string, std::string> flavour_and_version(const std::string& description);

// JSON, as EngineMetadata::input_structure has it. `leaves`: one a leaf, in order; throws Error(kInternal) otherwise.
std::string structure_text(const Structure& structure, const std::vector<Leaf>& leaves);

// The file (src/runtime/bundle.h). `model` and `options` are kept for people to read. The GPU is this process's current
// one, if any.
std::string bundle_of(const Converted& converted, const SerializedEngine& engine, const std::string& description,
                      const std::string& model, const std::map<std::string, std::string>& options);

}  // namespace torch2trt::cli
