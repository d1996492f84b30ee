// HostTensor to and from at::Tensor, for handlers that compute with PyTorch. Include ATen/core/Tensor.h (1 s) or more
// beside it.
#pragma once

#include "torch2trt/host_tensor.h"

namespace torch2trt {

// Shares memory in both directions. `tensor` must be strided and on the CPU for its data to be read here; others keep
// only the at::Tensor and a null data pointer. Throws Error(kUnsupportedOperator) for types that torch2trt has no name
// for (quantized, bits, complex half).
HostTensor from_torch(const at::Tensor& tensor);
at::Tensor to_torch(const HostTensor& tensor);

}  // namespace torch2trt
