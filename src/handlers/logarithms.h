// Logarithms that neither overflow nor cancel, for every family that composes with them.
#pragma once

#include "torch2trt/network.h"

namespace torch2trt {

// log(1 + x) of floats; near 0 it does not round x away.
Tensor log1p(const Tensor& x);

// log(1 + exp(x)) of floats, for any x.
Tensor log1p_exp(const Tensor& x);

// log(softmax(x)) along `axis`, which does not underflow. x must be floating and have a dimension.
Tensor log_softmax(const Tensor& x, std::int64_t axis);

}  // namespace torch2trt
