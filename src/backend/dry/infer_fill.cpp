#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {

Outputs infer(const layer::Fill& l, const Inputs& in) {
  const bool linspace = l.operation == FillOperation::kLinspace;
  in.require_type(
      l.dtype,
      linspace ? Types{DType::kFloat32, DType::kInt32, DType::kInt64} : Types{DType::kFloat32, DType::kFloat16},
      "the output");
  const Extents extents = in.list(l.dimensions, "dimensions");
  in.require(extents.size() <= kMaxRank, fmt::format("a tensor has at most {} dimensions", kMaxRank));
  in.require(!extents.empty(), "a 0-d fill does not build");
  for (const Extent& size : extents) {
    in.require(!size.is_number() || size.number() >= 0, "dimensions must not be negative");
  }
  const Tensor* alpha = std::get_if<Tensor>(&l.alpha);
  const Tensor* beta = std::get_if<Tensor>(&l.beta);
  in.require((alpha == nullptr) == (beta == nullptr), "alpha and beta must both be numbers or both be tensors");
  if (alpha == nullptr) return {{l.dtype, extents, std::nullopt}};
  in.require_equal_types(in[*alpha].dtype, in[*beta].dtype, "alpha", "beta");
  in.require(in[*alpha].rank() == 0, "alpha must be a 0-d tensor");
  if (linspace) {
    const Facts& steps = in[*beta];
    in.require(steps.rank() == 1 && !steps.extents[0].differs_from(static_cast<std::int64_t>(extents.size())),
               fmt::format("beta must be a 1-d tensor of {} steps, one for each dimension", extents.size()));
  } else {
    in.require(in[*beta].rank() == 0, "beta must be a 0-d tensor");
  }
  return {{l.dtype, extents, std::nullopt}};
}

}  // namespace torch2trt::dry
