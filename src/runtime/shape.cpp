#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "torch2trt/runtime.h"

namespace torch2trt {
namespace {

// a * b for non-negative values; throws where it does not fit.
std::int64_t product(std::int64_t a, std::int64_t b, const Shape& shape) {
  if (b != 0 && a > std::numeric_limits<std::int64_t>::max() / b) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("the shape {} has too many elements", shape.text()));
  }
  return a * b;
}

}  // namespace

Shape::Shape(const std::int64_t* sizes, std::size_t rank) {
  if (rank > kMaxRank) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("a tensor has {} dimensions; TensorRT allows at most {}", rank, kMaxRank));
  }
  rank_ = static_cast<int>(rank);
  std::copy(sizes, sizes + rank, sizes_.begin());
}

bool Shape::known() const {
  return std::all_of(begin(), end(), [](std::int64_t size) { return size >= 0; });
}

std::int64_t Shape::numel() const {
  if (!known()) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the shape {} has unknown sizes; its elements cannot be counted", text()));
  }
  if (std::find(begin(), end(), 0) != end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t size : *this) count = product(count, size, *this);
  return count;
}

std::string Shape::text() const {
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    const std::int64_t size = (*this)[axis];
    if (axis > 0) text += ", ";
    text += size < 0 ? "?" : fmt::format("{}", size);
  }
  return text + "]";
}

bool Shape::operator==(const Shape& other) const {
  return rank_ == other.rank_ && std::equal(begin(), end(), other.begin());
}

std::size_t TensorView::bytes() const {
  return static_cast<std::size_t>(product(shape.numel(), static_cast<std::int64_t>(size_of(dtype)), shape));
}

}  // namespace torch2trt
