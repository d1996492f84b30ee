#include "tests/gpu/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace torch2trt::gpu {
namespace {

// Not through double, which has 53 bits.
std::vector<std::int64_t> integers(const cli::HostArray& array) {
  if (array.dtype != DType::kInt64) {
    const std::vector<double> values = cli::numbers(array);
    return {values.begin(), values.end()};
  }
  std::vector<std::int64_t> values(array.bytes.size() / sizeof(std::int64_t));
  std::memcpy(values.data(), array.bytes.data(), values.size() * sizeof(std::int64_t));
  return values;
}

}  // namespace

Difference difference(const cli::HostArray& got, const cli::HostArray& expected) {
  Difference found;
  if (got.shape != expected.shape) {
    found.fault = fmt::format("shape {}, expected {}", got.shape.text(), expected.shape.text());
    return found;
  }
  if (is_floating(got.dtype) != is_floating(expected.dtype)) {
    found.fault = fmt::format("type {}, expected {}", name(got.dtype), name(expected.dtype));
    return found;
  }
  if (!is_floating(expected.dtype)) {
    const std::vector<std::int64_t> a = integers(got);
    const std::vector<std::int64_t> b = integers(expected);
    const auto differ = std::mismatch(a.begin(), a.end(), b.begin());
    if (differ.first != a.end())
      found.fault =
          fmt::format("element {} is {}, expected {}", differ.first - a.begin(), *differ.first, *differ.second);
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
