// What is known of one integer before the engine runs: its value, or that it is a number times some dynamic dimensions
// of the network, or nothing. Dimensions are extents, and so are the elements of small integer tensors.
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
  Extent(std::int64_t value) : factor_(value) {}  // NOLINT(google-explicit-constructor)
  // The dynamic dimension number `symbol` (> 0): equal symbols are equal sizes.
  static Extent of_symbol(std::int32_t symbol) {
    Extent extent;
    extent.symbols_ = {symbol};
    extent.factor_ = 1;
    return extent;
  }

  bool is_number() const { return factor_ && symbols_.empty(); }
  bool is(std::int64_t number) const { return is_number() && *factor_ == number; }
  std::int64_t number() const { return *factor_; }
  bool is_unknown() const { return !factor_; }
  // Certainly equal.
  bool same_as(const Extent& other) const {
    return !is_unknown() && factor_ == other.factor_ && symbols_ == other.symbols_;
  }
  // Certainly different.
  bool differs_from(const Extent& other) const { return is_number() && other.is_number() && factor_ != other.factor_; }

  // Unknown where a factor is, and on overflow.
  Extent times(const Extent& other) const;
  // Unknown unless it comes out even whatever the dimensions are. Dimensions are taken not to be 0.
  Extent divided_by(const Extent& other) const;
  // Certainly no whole multiple: the same dynamic dimensions with numbers that do not divide.
  bool is_fraction_of(const Extent& other) const {
    return factor_ && other.factor_ && *other.factor_ != 0 && symbols_ == other.symbols_ &&
           *factor_ % *other.factor_ != 0;
  }
  // a * x + b * x is (a + b) * x. Unknown where the dynamic dimensions differ.
  Extent plus(const Extent& other) const;

 private:
  std::optional<std::int64_t> factor_;
  std::vector<std::int32_t> symbols_;  // sorted; one that occurs twice is squared
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
// The product. 0 if a factor is, whatever the others are.
Extent product(const Extents& extents);
// What dimensions of `a` and `b` broadcast to: equal, or one of them is 1. nullopt where they certainly do not. A
// dynamic dimension next to a number other than 1 becomes the number.
std::optional<Extent> broadcast(const Extent& a, const Extent& b);

}  // namespace torch2trt::dry
