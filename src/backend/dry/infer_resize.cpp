#include <fmt/format.h>

#include <cmath>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {

Outputs infer(const layer::Resize& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats | kInt8, "input");
  in.require(x.rank() >= 1, "input must have at least 1 dimension");
  Extents extents;
  if (const auto* scales = std::get_if<std::vector<float>>(&l.target)) {
    in.require(scales->size() == x.extents.size(), "target must have one scale for each dimension of input");
    for (std::size_t i = 0; i < scales->size(); ++i) {
      const float scale = (*scales)[i];
      in.require(scale >= 0, "scales must not be negative");
      const Extent& size = x.extents[i];
      if (scale == 0) {
        extents.emplace_back(0);
      } else if (scale == 1.0F) {
        extents.push_back(size);
      } else if (size.is_number()) {
        // Rounded down from a float32 product: 100 * 0.29 is 29.
        extents.emplace_back(static_cast<std::int64_t>(std::floor(static_cast<float>(size.number()) * scale)));
      } else {
        extents.emplace_back();
      }
    }
  } else {
    const auto* sizes = std::get_if<Dims>(&l.target);
    extents = in.list(sizes != nullptr ? std::variant<Dims, Tensor>(*sizes) : std::get<Tensor>(l.target), "target");
    in.require(extents.size() == x.extents.size(), "target must have one size for each dimension of input");
  }
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const Extent& from = x.extents[i];
    const Extent& to = extents[i];
    in.require(!to.is_number() || to.number() >= 0, fmt::format("dimension {} of the output is negative", i));
    in.require(!from.is(0) || !to.is_number() || to.is(0), fmt::format("dimension {} is empty and must stay so", i));
    // Nearest and, contrary to the documentation, cubic resize any dimension. TensorRT lets linear do so too where the
    // target is a tensor, even a constant one.
    in.require(l.mode != InterpolationMode::kLinear || std::holds_alternative<Tensor>(l.target) ||
                   i + 3 >= extents.size() || !from.differs_from(to),
               "linear interpolation resizes the last 3 dimensions only");
  }
  return {{x.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::GridSample& l, const Inputs& in) {
  const Facts& x = in[l.input];
  const Facts& grid = in[l.grid];
  in.require_type(x.dtype, kFloats, "input");
  in.require_equal_types(x.dtype, grid.dtype, "input", "grid");
  in.require(x.rank() == 4 || x.rank() == 5, "input must have rank 4 or 5");
  in.require(grid.rank() == x.rank(), "grid must have the rank of input");
  in.require(!x.extents[0].differs_from(grid.extents[0]), "input and grid must have the same batch size");
  in.require(!grid.extents.back().differs_from(x.rank() - 2),
             fmt::format("the last dimension of grid must be {}", x.rank() - 2));
  in.require(l.sample_mode == SampleMode::kClamp || l.sample_mode == SampleMode::kFill ||
                 l.sample_mode == SampleMode::kReflect,
             "sample_mode must be Clamp, Fill or Reflect");
  Extents extents{x.extents[0], x.extents[1]};
  extents.insert(extents.end(), grid.extents.begin() + 1, grid.extents.end() - 1);
  return {{x.dtype, extents, std::nullopt}};
}

}  // namespace torch2trt::dry
