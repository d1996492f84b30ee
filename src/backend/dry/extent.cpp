#include "src/backend/dry/extent.h"

namespace torch2trt::dry {

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
  std::int64_t result = 1;
  bool known = true;
  for (const Extent& extent : extents) {
    if (extent.is(0)) return 0;
    if (extent.is_number()) {
      if (__builtin_mul_overflow(result, extent.number(), &result)) return {};
    } else {
      known = false;
    }
  }
  return known ? Extent(result) : Extent();
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
