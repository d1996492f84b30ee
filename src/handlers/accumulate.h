// Reductions into places: TensorRT's scatter only overwrites, so what adds up is composed here.
#pragma once

#include "src/handlers/indices.h"

namespace torch2trt {

enum class Accumulation { kSum, kProduct, kMax, kMin, kMean };

// For every place p along `axis` of `self`: the elements of `source` whose index (of the rank of `source`, broadcasting
// to it) is p, combined with each other, and with self's own unless `include_self` is false. Compares every index with
// every place, and so is for small ones: throws Error(kUnsupportedOperator) where that takes too much memory.
Tensor accumulate(Network& net, const Args& a, const Tensor& self, std::int64_t axis, const Tensor& index,
                  const Tensor& source, Accumulation how, bool include_self = true);

}  // namespace torch2trt
