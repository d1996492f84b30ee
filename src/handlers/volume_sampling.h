// Sampling at computed places, composed of gathers: of volumes, which TensorRT's GridSample layer does not take.
#pragma once

#include "torch2trt/args.h"

namespace torch2trt {

// grid_sampler of x [N, C, D, H, W] at grid [N, D', H', W', 3] of places (x, y, z) from -1 to 1.
Tensor sample_volume(Network& net, Args& a, const Tensor& x, const Tensor& grid);

// A size as a tensor of `rank` dimensions of size 1.
Tensor size_tensor(Network& net, const Dim& size, DType dtype, std::int64_t rank);

}  // namespace torch2trt
