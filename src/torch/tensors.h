// What torch2trt/torch_tensor.h declares, and dtypes.
#pragma once

#include <ATen/core/Tensor.h>

#include "torch2trt/torch_tensor.h"

namespace torch2trt {

// Throws Error(kUnsupportedOperator) for types that torch2trt has no name for (quantized, bits, complex half).
DType from_torch(at::ScalarType type);
at::ScalarType to_torch(DType dtype);

}  // namespace torch2trt
