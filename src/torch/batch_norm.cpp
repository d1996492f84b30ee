#include "src/torch/batch_norm.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "src/torch/tensors.h"

namespace torch2trt {

ScaleShift batch_norm_scale_shift(const HostTensor& mean, const HostTensor& variance,
                                  const std::optional<HostTensor>& weight, const std::optional<HostTensor>& bias,
                                  double epsilon, DType dtype) {
  const at::NoGradGuard no_grad;
  const auto wide = [](const HostTensor& tensor) { return to_torch(tensor).to(at::kDouble); };
  at::Tensor scale = (wide(variance) + epsilon).rsqrt();
  if (weight) scale = scale * wide(*weight);
  at::Tensor shift = -wide(mean) * scale;
  if (bias) shift = shift + wide(*bias);
  return {from_torch(scale.to(to_torch(dtype)).contiguous()), from_torch(shift.to(to_torch(dtype)).contiguous())};
}

}  // namespace torch2trt
