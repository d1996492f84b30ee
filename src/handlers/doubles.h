// Constants that a handler computes with itself: as float64, and back.
#pragma once

#include <vector>

#include "torch2trt/host_tensor.h"

namespace torch2trt {

// Of any real type, in C order.
std::vector<double> doubles_of(const HostTensor& tensor);

// [N], of `dtype`.
HostTensor vector_of(const std::vector<double>& values, DType dtype = DType::kFloat32);

}  // namespace torch2trt
