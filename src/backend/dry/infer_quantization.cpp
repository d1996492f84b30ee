// Quantize and Dequantize: a scale for the whole tensor, or one for each index of an axis.
#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

Types quantized() { return {DType::kInt8, DType::kFloat8E4M3}; }

void require_scale(const Inputs& in, const Facts& x, const Facts& scale, std::int64_t axis) {
  in.require_type(scale.dtype, kFloats, "scale");
  in.require(scale.rank() <= 1, "scale must be a 0-d or 1-d tensor");
  if (axis < 0) {
    in.require(scale.rank() == 0 || scale.extents[0].is(1), "a scale for the whole input must have one element");
    return;
  }
  in.require_axis(axis, x.rank());
  in.require(scale.rank() == 1, "scales along an axis must be a 1-d tensor");
  in.require(!scale.extents[0].differs_from(x.extents[static_cast<std::size_t>(axis)]),
             fmt::format("there must be a scale for each index of axis {}", axis));
}

}  // namespace

Outputs infer(const layer::Quantize& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats, "input");
  in.require_type(l.to, quantized(), "the output");
  in.require_equal_types(x.dtype, in[l.scale].dtype, "input", "scale");
  require_scale(in, x, in[l.scale], l.axis);
  return {{l.to, x.extents, std::nullopt}};
}

Outputs infer(const layer::Dequantize& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, quantized(), "input");
  in.require_type(l.to, kFloats, "the output");
  in.require_equal_types(l.to, in[l.scale].dtype, "the output", "scale");
  require_scale(in, x, in[l.scale], l.axis);
  return {{l.to, x.extents, std::nullopt}};
}

}  // namespace torch2trt::dry
