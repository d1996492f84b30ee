#include "tests/gpu/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace torch2trt::gpu {

Difference difference(const cli::HostArray& got, const cli::HostArray& expected) {
  Difference found;
  if (got.shape != expected.shape) {
    found.fault = fmt::format("shape {}, expected {}", got.shape.text(), expected.shape.text());
    return found;
  }
  const std::vector<double> a = cli::numbers(got);
  const std::vector<double> b = cli::numbers(expected);
  double scale = 0, difference_squared = 0, expected_squared = 0;
  for (const double value : b) {
    if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
    if (same && !std::isfinite(b[i])) continue;
    const double distance = same ? 0 : std::abs(a[i] - b[i]);
    if (!std::isfinite(distance)) {
      found.fault = fmt::format("element {} is {}, expected {}", i, a[i], b[i]);
      return found;
    }
    found.largest = std::max(found.largest, distance / std::max(scale + std::abs(b[i]), 1e-30));
    difference_squared += distance * distance;
    expected_squared += b[i] * b[i];
  }
  if (difference_squared > 0) found.norm = std::sqrt(difference_squared) / std::max(std::sqrt(expected_squared), 1e-30);
  return found;
}

}  // namespace torch2trt::gpu
