// Interpolation that takes all pixels in account when it makes an image smaller: each axis is a product with a matrix
// that is made here, as PyTorch makes it when it runs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/handlers/register.h"
#include "src/handlers/resampling.h"

namespace torch2trt {
namespace {

struct Filter {
  double reach;  // in pixels, when the image is not made smaller
  double (*weight)(double distance);
};

double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

// Keys' cubic of -0.5, which image libraries antialias with; plain bicubic interpolation has -0.75.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA;
  return 0;
}

// How far two neighbouring pixels of the result are from each other, in pixels of the input.
double step_of(std::int64_t from, std::int64_t to, bool align_corners, double scale) {
  if (align_corners) return to > 1 ? static_cast<double>(from - 1) / static_cast<double>(to - 1) : 0;
  return scale > 0 ? 1 / scale : static_cast<double>(from) / static_cast<double>(to);
}

// [to, from]: what each pixel of the input gives to each of the result. Rows add up to 1.
HostTensor matrix(const Filter& filter, std::int64_t from, std::int64_t to, double step) {
  std::vector<float> values(static_cast<std::size_t>(from * to), 0.0F);
  const double stretch = std::max(step, 1.0);
  const double reach = filter.reach * stretch;
  for (std::int64_t row = 0; row < to; ++row) {
    const double centre = step * (static_cast<double>(row) + 0.5);
    const auto first = std::max(static_cast<std::int64_t>(std::lround(centre - reach)), std::int64_t{0});
    const auto end = std::min(static_cast<std::int64_t>(std::lround(centre + reach)), from);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t i = first; i < end; ++i) {
      weights.push_back(filter.weight((static_cast<double>(i) - centre + 0.5) / stretch));
      sum += weights.back();
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto place = static_cast<std::size_t>(row * from + first) + i;
      values.at(place) = static_cast<float>(sum == 0 ? weights[i] : weights[i] / sum);
    }
  }
  return host_tensor(values, {to, from});
}

Handler upsample(Filter filter) {
  return [filter](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor(a.has("input") ? "input" : "self");
    a.require(is_floating(x.dtype()), fmt::format("interpolation of {} is not supported", name(x.dtype())));
    a.require(x.rank() == 4, fmt::format("interpolation in 2 dimensions takes a tensor of 4, not of {}", x.rank()));
    const std::vector<Dim> shape = target_sizes(a, x, 2);
    const auto scales = given_scales(a, 2);
    const bool align_corners = a.boolean("align_corners");
    Tensor result = net.cast(x, DType::kFloat32);
    for (const std::int64_t axis : {3, 2}) {
      const auto at = static_cast<std::size_t>(axis);
      a.require(
          x.dim(axis).is_constant() && shape.at(at).is_constant(),
          fmt::format("interpolation with antialias=True of dimension {}, whose size is only known at run time: the "
                      "weights of its pixels are computed at conversion",
                      axis));
      const std::int64_t from = x.dim(axis).value();
      const std::int64_t to = shape.at(at).value();
      a.require(from > 0 && to > 0, "interpolation of or to no pixels");
      const double step = step_of(from, to, align_corners, scales.empty() ? 0 : scales.at(at - 2));
      if (from == to && step == 1) continue;  // each pixel is itself
      const Tensor weights = net.constant(matrix(filter, from, to, step));
      result = axis == 3 ? net.matmul(result, weights, false, true) : net.matmul(weights, result);
    }
    return net.cast(result, x.dtype());
  };
}

}  // namespace

void register_antialiasing(HandlerRegistry& r) {
  const char* const limit = "static sizes: products with matrices that are computed at conversion";
  r.op("aten::_upsample_bilinear2d_aa").note(limit).convert(upsample({1, triangle}));
  r.op("aten::_upsample_bicubic2d_aa").note(limit).convert(upsample({2, cubic}));
}

}  // namespace torch2trt
