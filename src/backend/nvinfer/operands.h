// Sizes, types and enumerators of layers.h as those of NvInfer.h.
#pragma once

#include <NvInfer.h>

#include <optional>

#include "torch2trt/layers.h"

namespace torch2trt::nvinfer {

// Throws Error(kUnsupportedOperator) for more than 8 dimensions, and sizes beyond what this TensorRT's Dims hold (int32
// before 10).
nvinfer1::Dims to_dims(const Dims& dims);
Dims from_dims(const nvinfer1::Dims& dims);

// nullopt where this TensorRT has no such type.
std::optional<nvinfer1::DataType> data_type(DType dtype);
std::optional<DType> dtype_of(nvinfer1::DataType type);

nvinfer1::Permutation to_permutation(const Dims& order);
std::uint32_t axes_mask(const Dims& axes);

// The enumerators of layers.h are in the order of NvInfer.h; operands.cpp asserts it.
template <typename To, typename From>
To enumerator(From value) {
  return static_cast<To>(static_cast<std::int32_t>(value));
}

}  // namespace torch2trt::nvinfer
