// Norms along axes, for every family that measures lengths or distances.
#pragma once

#include <cstdint>
#include <vector>

#include "torch2trt/network.h"

namespace torch2trt {

// (sum |x|^order)^(1/order); order 0 counts what is not 0, +-infinity takes the largest or smallest. float16 and
// bfloat16 are summed in float32, as PyTorch does. x must be floating.
Tensor vector_norm(const Tensor& x, double order, const std::vector<std::int64_t>& axes, bool keep_dims);

// 0, 1, ... up to the last.
std::vector<std::int64_t> all_axes(const Tensor& x);

}  // namespace torch2trt
