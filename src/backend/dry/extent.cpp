#include "src/backend/dry/extent.h"

#include <algorithm>
#include <iterator>

namespace torch2trt::dry {

Extent Extent::times(const Extent& other) const {
  if (is(0) || other.is(0)) return 0;
  Extent result;
  std::int64_t factor = 0;
  if (is_unknown() || other.is_unknown() || __builtin_mul_overflow(*factor_, *other.factor_, &factor)) return result;
  if (factor < 0) return result;  // a size is not negative, and whoever compares with 0 counts on that
  result.factor_ = factor;
  std::merge(symbols_.begin(), symbols_.end(), other.symbols_.begin(), other.symbols_.end(),
             std::back_inserter(result.symbols_));
  return result;
}

Extent Extent::divided_by(const Extent& other) const {
  Extent result;
  if (is_unknown() || other.is_unknown() || *other.factor_ == 0 || *factor_ % *other.factor_ != 0) return result;
  if (!std::includes(symbols_.begin(), symbols_.end(), other.symbols_.begin(), other.symbols_.end())) return result;
  result.factor_ = *factor_ / *other.factor_;
  std::set_difference(symbols_.begin(), symbols_.end(), other.symbols_.begin(), other.symbols_.end(),
                      std::back_inserter(result.symbols_));
  return result;
}

Extent Extent::plus(const Extent& other) const {
  if (is(0)) return other;
  if (other.is(0)) return *this;
  Extent result;
  std::int64_t factor = 0;
  const bool alike = factor_ && other.factor_ && symbols_ == other.symbols_;
  if (!alike || __builtin_add_overflow(*factor_, *other.factor_, &factor)) return result;
  result.factor_ = factor;
  result.symbols_ = symbols_;
  return result;
}

Extents to_extents(const Dims& dims) {
  Extents extents;
  for (const std::int64_t dim : dims) extents.push_back(dim < 0 ? Extent() : Extent(dim));
  return extents;
}

Dims to_dims(const Extents& extents) {
  Dims dims;
  for (const Extent& extent : extents) dims.push_back(extent.is_number() ? extent.number() : -1);
  return dims;
}

Extent product(const Extents& extents) {
  if (std::any_of(extents.begin(), extents.end(), [](const Extent& extent) { return extent.is(0); })) return 0;
  Extent result = 1;
  for (const Extent& extent : extents) result = result.times(extent);
  return result;
}

std::optional<Extent> broadcast(const Extent& a, const Extent& b) {
  if (a.is(1)) return b;
  if (b.is(1)) return a;
  if (a.differs_from(b)) return std::nullopt;
  if (a.is_number()) return a;
  if (b.is_number()) return b;
  return a.same_as(b) ? a : Extent();
}

}  // namespace torch2trt::dry
