#include <fmt/format.h>

#include <algorithm>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }  // b > 0

}  // namespace

Outputs infer(const layer::Pooling& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats | kInt8, "input");
  const std::size_t spatial = l.window.size();
  in.require(spatial == 2 || spatial == 3, "window must have 2 or 3 dimensions");
  in.require(spatial == 2 || x.dtype != DType::kInt8, "int8 is pooled over 2 dimensions only");
  in.require(
      x.extents.size() >= spatial + 2,
      fmt::format("input must have at least {} dimensions: batch, channels and {} spatial ones", spatial + 2, spatial));
  const auto check = [&](const Dims& dims, const char* what, std::int64_t least) {
    in.require(dims.size() == spatial, fmt::format("{} must have {} numbers", what, spatial));
    for (const std::int64_t dim : dims) in.require(dim >= least, fmt::format("{} must be at least {}", what, least));
  };
  check(l.window, "window", 1);
  check(l.stride, "stride", 1);
  check(l.pre_padding, "pre_padding", 0);
  check(l.post_padding, "post_padding", 0);
  Extents extents = x.extents;
  for (std::size_t i = 0; i < spatial; ++i) {
    // Max pooling accepts padding as large as the window.
    const auto check_padding = [&](std::int64_t rounding) {
      const bool smaller = l.pre_padding[i] < l.window[i] && l.post_padding[i] + rounding < l.window[i];
      in.require(smaller || l.type == PoolingType::kMax || !l.average_count_excludes_padding,
                 "an average that does not count padding needs a padding smaller than the window");
    };
    check_padding(0);
    Extent& size = extents[extents.size() - spatial + i];
    if (!size.is_number()) {
      size = {};
      continue;
    }
    const std::int64_t span = size.number() + l.pre_padding[i] + l.post_padding[i] - l.window[i];
    const std::int64_t steps = l.round_up ? -floor_divide(-span, l.stride[i]) : floor_divide(span, l.stride[i]);
    // A window one larger than the image gives an empty output, and is accepted.
    in.require(steps + 1 >= 0, fmt::format("spatial dimension {} of the output would be {}", i, steps + 1));
    check_padding(std::max<std::int64_t>(steps * l.stride[i] - span, 0));  // what rounding up adds is padding too
    size = steps + 1;
  }
  return {{x.dtype, extents, std::nullopt}};
}

}  // namespace torch2trt::dry
