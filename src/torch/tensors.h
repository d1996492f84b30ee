// HostTensor to and from at::Tensor, dtypes included.
#pragma once

#include <ATen/core/Tensor.h>

#include "torch2trt/host_tensor.h"

namespace torch2trt {

// Throws Error(kUnsupportedOperator) for types that torch2trt has no name for (quantized, bits, complex half).
DType from_torch(at::ScalarType type);
at::ScalarType to_torch(DType dtype);

// Shares memory in both directions. `tensor` must be strided and on the CPU for its data to be read here; others keep
// only the at::Tensor and a null data pointer.
HostTensor from_torch(const at::Tensor& tensor);
at::Tensor to_torch(const HostTensor& tensor);

}  // namespace torch2trt
