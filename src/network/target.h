// What TensorRT a network is for, where none is there to ask.
#pragma once

#include <set>
#include <string>

#include "torch2trt/dtype.h"

namespace torch2trt {

// The default is TensorRT 10 and later, and RTX.
struct Target {
  // Names that Network::supports() says no to.
  std::set<std::string, std::less<>> unsupported;
  DType shape_dtype = DType::kInt64;  // kInt32 before TensorRT 10
};

// TensorRT 8.5, by its NvInfer.h: the oldest that the native backend knows.
Target tensorrt_8_5();

}  // namespace torch2trt
