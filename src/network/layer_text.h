// A layer's fields as text: "%x, kernel=float32[64,3,7,7], stride=[2,2]". Tensors that a layer always has come first,
// without their names; fields that hold their default are left out. The same layer gives the same text always.
#pragma once

#include <functional>
#include <string>

#include "torch2trt/layers.h"

namespace torch2trt {

using TensorText = std::function<std::string(const Tensor&)>;

std::string layer_arguments(const Layer& layer, const TensorText& tensor);

// "[1,-1]"
std::string dims_text(const Dims& dims);
// "float32[1,-1]"
std::string type_text(DType dtype, const Dims& dims);
// "float32[64,3,7,7]"; integers, bools and float32 of at most 8 elements with their values: "int64[2]{3,4}".
std::string weights_text(const HostTensor& weights);

}  // namespace torch2trt
