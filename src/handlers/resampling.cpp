// Interpolation: upsample_* and grid_sampler.
#include "src/handlers/resampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/volume_sampling.h"

namespace torch2trt {

std::vector<Dim> target_sizes(Args& a, const Tensor& x, std::int64_t spatial) {
  std::vector<Dim> shape = x.shape();
  const std::size_t first = shape.size() - static_cast<std::size_t>(spatial);
  if (!a.is_none("output_size")) {
    const auto sizes = a.dims("output_size");
    a.require(static_cast<std::int64_t>(sizes.size()) == spatial,
              fmt::format("output_size has {} sizes, {} are needed", sizes.size(), spatial));
    std::copy(sizes.begin(), sizes.end(), shape.begin() + static_cast<std::ptrdiff_t>(first));
    return shape;
  }
  const auto factors = a.numbers("scale_factors");
  a.require(static_cast<std::int64_t>(factors.size()) == spatial,
            fmt::format("there are {} scale factors, {} are needed", factors.size(), spatial));
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const Dim size = x.dim(static_cast<std::int64_t>(first + i));
    if (size.is_constant()) {
      shape.at(first + i) = Dim(static_cast<std::int64_t>(std::floor(static_cast<double>(size.value()) * factors[i])));
      continue;
    }
    a.require(factors[i] == std::floor(factors[i]),
              fmt::format("scale factor {} of a size only known at run time", factors[i]));
    shape.at(first + i) =
        a.network().dim_arithmetic(ElementWiseOperation::kProd, size, Dim(static_cast<std::int64_t>(factors[i])));
  }
  return shape;
}

std::vector<double> given_scales(Args& a, std::int64_t spatial) {
  if (a.has("scale_factors")) return a.numbers("scale_factors");
  std::vector<double> scales;
  for (const char* name : {"scales", "scales_d", "scales_h", "scales_w"}) {
    if (!a.has(name)) continue;
    if (const auto scale = a.optional_number(name)) scales.push_back(*scale);
  }
  if (static_cast<std::int64_t>(scales.size()) != spatial) scales.clear();
  return scales;
}

namespace {

// PyTorch samples by a given scale factor itself; TensorRT by the quotient of the sizes. They agree where sizes divide.
void require_exact(Args& a, const Tensor& x, const std::vector<Dim>& shape, const std::vector<double>& scales) {
  const std::size_t first = shape.size() - scales.size();
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const Dim size = x.dim(static_cast<std::int64_t>(first + i));
    if (!size.is_constant() || !shape.at(first + i).is_constant()) continue;
    const double quotient = static_cast<double>(shape.at(first + i).value()) / static_cast<double>(size.value());
    a.require(
        std::abs(quotient - scales[i]) < 1e-9 * scales[i],
        fmt::format(
            "the scale factor {} gives size {} from {}, which TensorRT samples by their quotient; give the size, or "
            "recompute_scale_factor=True",
            scales[i], shape.at(first + i).value(), size.value()));
  }
}

Tensor resize(Network& net, const Tensor& x, const std::vector<Dim>& shape, InterpolationMode mode,
              ResizeCoordinateTransformation transformation, ResizeRoundMode rounding = ResizeRoundMode::kFloor) {
  const auto sizes = net.sizes_operand(shape);
  layer::Resize resize{
      .input = x, .target = Dims{}, .mode = mode, .transformation = transformation, .rounding = rounding};
  if (const auto* tensor = std::get_if<Tensor>(&sizes)) {
    resize.target = *tensor;
  } else {
    resize.target = std::get<Dims>(sizes);
  }
  return net.add(resize);
}

Tensor checked_input(Args& a, std::int64_t spatial) {
  const Tensor x = a.tensor(a.has("input") ? "input" : "self");
  a.require(is_floating(x.dtype()), fmt::format("interpolation of {} is not supported", name(x.dtype())));
  a.require(x.rank() == spatial + 2, fmt::format("interpolation in {} dimensions takes a tensor of {}, not of {}",
                                                 spatial, spatial + 2, x.rank()));
  return x;
}

bool same_sizes(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Dim& x, const Dim& y) { return x.same_as(y); });
}

// In float32, as PyTorch computes them.
KnownIndex nearest_pixels(std::int64_t from, std::int64_t to, float step) {
  KnownIndex index{{to}, {}};
  for (std::int64_t i = 0; i < to; ++i) {
    const float place = step * (static_cast<float>(i) + 0.5F) - 0.5F;
    index.values.push_back(std::min(static_cast<std::int64_t>(std::floor(place + 0.5F)), from - 1));
  }
  return index;
}

Handler upsample(std::int64_t spatial, InterpolationMode mode) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = checked_input(a, spatial);
    const std::vector<Dim> shape = target_sizes(a, x, spatial);
    const auto scales = given_scales(a, spatial);
    const bool align = a.has("align_corners") && a.boolean("align_corners");
    using enum ResizeCoordinateTransformation;
    if (!align) require_exact(a, x, shape, scales);
    if (mode == InterpolationMode::kNearest) return resize(net, x, shape, mode, kAsymmetric);
    return resize(net, x, shape, mode, align ? kAlignCorners : kHalfPixel);
  };
}

// The pixel that (i + 0.5) * size / target lies in. Where sizes do not divide, that may be the border of two, and where
// PyTorch goes by a given factor it is another place: then the pixels are looked up one by one.
Handler upsample_nearest_exact(std::int64_t spatial) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = checked_input(a, spatial);
    const std::vector<Dim> shape = target_sizes(a, x, spatial);
    const auto scales = given_scales(a, spatial);
    std::vector<Dim> resized = shape;
    std::vector<std::pair<std::int64_t, KnownIndex>> looked_up;
    for (std::int64_t i = 0; i < spatial; ++i) {
      const std::int64_t axis = i + 2;
      const Dim& target = shape.at(static_cast<std::size_t>(axis));
      if (!x.dim(axis).is_constant() || !target.is_constant()) continue;
      const std::int64_t from = x.dim(axis).value();
      const std::int64_t to = target.value();
      a.require(from > 0 && to > 0, "interpolation of or to no pixels");
      const auto quotient = static_cast<float>(from) / static_cast<float>(to);
      const float step = scales.empty() ? quotient : static_cast<float>(1.0 / scales.at(static_cast<std::size_t>(i)));
      if ((from % to == 0 || to % from == 0) && step == quotient) continue;
      resized.at(static_cast<std::size_t>(axis)) = from;
      looked_up.emplace_back(axis, nearest_pixels(from, to, step));
    }
    Tensor result = x;
    if (!same_sizes(x.shape(), resized)) {
      result = resize(net, x, resized, InterpolationMode::kNearest, ResizeCoordinateTransformation::kHalfPixel,
                      ResizeRoundMode::kHalfUp);
    }
    for (const auto& [axis, index] : looked_up) result = take(net, a, result, axis, index);
    return result;
  };
}

Results grid_sampler(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  const Tensor grid = a.tensor("grid");
  if (x.rank() == 5) return sample_volume(net, a, x, grid);
  a.require(x.rank() == 4, fmt::format("grids sample images or volumes, not tensors of {} dimensions", x.rank()));
  static constexpr InterpolationMode kModes[] = {InterpolationMode::kLinear, InterpolationMode::kNearest,
                                                 InterpolationMode::kCubic};
  static constexpr SampleMode kPaddings[] = {SampleMode::kFill, SampleMode::kClamp, SampleMode::kReflect};
  const auto mode = a.integer("interpolation_mode");
  const auto padding = a.integer("padding_mode");
  a.require(mode >= 0 && mode < 3 && padding >= 0 && padding < 3, "unknown mode of grid_sampler");
  return net.add(layer::GridSample{x, grid, kModes[mode], a.boolean("align_corners"), kPaddings[padding]});
}

}  // namespace

void register_resampling(HandlerRegistry& r) {
  using enum InterpolationMode;
  r.op("aten::upsample_nearest1d").convert(upsample(1, kNearest));
  r.op("aten::upsample_nearest2d").convert(upsample(2, kNearest));
  r.op("aten::upsample_nearest3d").convert(upsample(3, kNearest));
  r.op("aten::upsample_linear1d").convert(upsample(1, kLinear));
  r.op("aten::upsample_bilinear2d").convert(upsample(2, kLinear));
  r.op("aten::upsample_trilinear3d").convert(upsample(3, kLinear));
  r.op("aten::upsample_bicubic2d").convert(upsample(2, kCubic));
  for (const std::int64_t spatial : {1, 2, 3}) {
    r.op(fmt::format("aten::_upsample_nearest_exact{}d", spatial)).convert(upsample_nearest_exact(spatial));
  }
  r.ops({"aten::grid_sampler", "aten::grid_sampler_2d", "aten::grid_sampler_3d"}).convert(grid_sampler);
}

}  // namespace torch2trt
