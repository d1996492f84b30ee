// Sorting, for the families that look for an element by its rank.
#pragma once

#include <cstdint>

#include "torch2trt/args.h"

namespace torch2trt {

inline constexpr std::int64_t kMaxSorted = 3840;  // k of ITopKLayer

struct Sorted {
  Tensor values, indices;  // bools as int32; int32 (of a 0-d x: int64)
};

// x sorted along `axis`, equal elements by their index. Throws Error(kUnsupportedOperator) where the axis has more than
// kMaxSorted elements or a size only known at run time.
Sorted sorted(Network& net, const Args& a, const Tensor& x, std::int64_t axis, bool descending);

}  // namespace torch2trt
