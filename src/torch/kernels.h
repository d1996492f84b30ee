// Convolution kernels rewritten where TensorRT lacks a form.
#pragma once

#include <cstdint>
#include <vector>

#include "torch2trt/host_tensor.h"

namespace torch2trt {

// `kernel` [A, B, spatial...] with dilation[i] - 1 zeros between its elements and after[i] zeros behind them: the same
// convolution without dilation, on a window that is larger by `after`.
HostTensor spread_kernel(const HostTensor& kernel, const std::vector<std::int64_t>& dilation,
                         const std::vector<std::int64_t>& after);

}  // namespace torch2trt
