// What is known of one integer before the engine runs: its value, or that it equals some dynamic dimension of the
// network, or nothing. Dimensions are extents, and so are the elements of small integer tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "torch2trt/dtype.h"
#include "torch2trt/tensor.h"

namespace torch2trt::dry {

class Extent {
 public:
  // Nothing is known.
  Extent() = default;
  Extent(std::int64_t value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  // The dynamic dimension number `symbol` (> 0): equal symbols are equal sizes.
  static Extent of_symbol(std::int32_t symbol) {
    Extent extent;
    extent.symbol_ = symbol;
    return extent;
  }

  bool is_number() const { return value_.has_value(); }
  bool is(std::int64_t number) const { return value_ == number; }
  std::int64_t number() const { return *value_; }
  bool is_unknown() const { return !value_ && symbol_ == 0; }
  // Certainly equal.
  bool same_as(const Extent& other) const {
    return !is_unknown() && value_ == other.value_ && symbol_ == other.symbol_;
  }
  // Certainly different.
  bool differs_from(const Extent& other) const { return value_ && other.value_ && *value_ != *other.value_; }

 private:
  std::optional<std::int64_t> value_;
  std::int32_t symbol_ = 0;
};

using Extents = std::vector<Extent>;

// What is known of a tensor.
struct Facts {
  DType dtype = DType::kFloat32;
  Extents extents;
  // The elements in row-major order, of integer and bool tensors of at most kMaxKnownElements elements whose shape is
  // known; TensorRT evaluates such tensors too when it infers shapes.
  std::optional<Extents> elements;

  std::int64_t rank() const { return static_cast<std::int64_t>(extents.size()); }
};

// TensorRT-RTX 1.7 does not look into a constant of 100 elements; 64 is its documented limit for shape tensors.
inline constexpr std::int64_t kMaxKnownElements = 64;

Extents to_extents(const Dims& dims);  // -1: unknown
Dims to_dims(const Extents& extents);  // -1 where not a number
// The product, if every factor is a number (or one of them is 0).
Extent product(const Extents& extents);
// What dimensions of `a` and `b` broadcast to: equal, or one of them is 1. nullopt where they certainly do not. A
// dynamic dimension next to a number other than 1 becomes the number.
std::optional<Extent> broadcast(const Extent& a, const Extent& b);

}  // namespace torch2trt::dry
