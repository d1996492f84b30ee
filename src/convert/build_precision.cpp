#include <fmt/format.h>

#include "torch2trt/builder.h"

namespace torch2trt {

std::optional<ReducedPrecision> precision_of(const BuildOptions& options, const EngineBuilder& builder,
                                             const std::string& keep_float32) {
  if (!options.precision) {
    if (keep_float32.empty()) return std::nullopt;
    throw Error(ErrorCategory::kInvalidArgument,
                "what is to stay float32 is said, and no reduced precision is asked for; add --fp16 or --bf16");
  }
  if (builder.strongly_typed()) return ReducedPrecision{*options.precision, keep_float32};
  const auto lacks = [&](std::string_view what) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("{} {}", builder.description(), what));
  };
  if (*options.precision != DType::kFloat16) lacks("has no bfloat16; --fp16 lets layers compute in float16");
  if (!keep_float32.empty()) lacks("chooses itself which layers compute in float16; leave --keepFloat32 out");
  return std::nullopt;
}

}  // namespace torch2trt
