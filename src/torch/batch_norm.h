// What batch norm in evaluation does to a channel: y = x * scale + shift.
#pragma once

#include <optional>

#include "torch2trt/host_tensor.h"

namespace torch2trt {

struct ScaleShift {
  HostTensor scale, shift;  // [C], of `dtype`
};

// Computed in float64. Weight and bias may be absent (affine=False).
ScaleShift batch_norm_scale_shift(const HostTensor& mean, const HostTensor& variance,
                                  const std::optional<HostTensor>& weight, const std::optional<HostTensor>& bias,
                                  double epsilon, DType dtype);

}  // namespace torch2trt
