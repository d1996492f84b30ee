// TensorRT's layer types as Python names them ("ELEMENTWISE"), so that networks of two backends can be compared.
#pragma once

#include <NvInfer.h>

#include <string>
#include <vector>

namespace torch2trt::gpu {

// Of each layer, in order. CAST stands for an identity that changes the type too: before TensorRT 8.6 there is no other
// cast. Types that TensorRT 8.5 lacks are "?".
std::vector<std::string> layer_types(nvinfer1::INetworkDefinition& network);

}  // namespace torch2trt::gpu
