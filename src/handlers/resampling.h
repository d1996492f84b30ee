// The sizes of interpolated tensors, for those that TensorRT has a layer for and for those that are composed.
#pragma once

#include <cstdint>
#include <vector>

#include "torch2trt/args.h"

namespace torch2trt {

// The shape of the result, whose last `spatial` sizes are output_size, or sizes times scale factors rounded down.
// Throws Error(kUnsupportedOperator).
std::vector<Dim> target_sizes(Args& a, const Tensor& x, std::int64_t spatial);

// The scale factors PyTorch samples by, one for each spatial dimension; empty: by the quotients of the sizes.
std::vector<double> given_scales(Args& a, std::int64_t spatial);

}  // namespace torch2trt
