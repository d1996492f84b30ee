// NVIDIA Triton's model repository: https://docs.nvidia.com/deeplearning/triton-inference-server
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "torch2trt/runtime.h"

namespace torch2trt::cli {

// config.pbtxt. Throws Error(kInvalidArgument) for a type that Triton has not.
std::string triton_config(const std::string& model, const std::vector<EngineTensor>& inputs,
                          const std::vector<EngineTensor>& outputs);

// FOLDER/config.pbtxt and FOLDER/1/model.plan, which appear together or not at all. Throws Error(kInvalidArgument)
// where the engine is no bundle of TensorRT's or the folder is there, Error(kRuntime) where it cannot be written.
void write_triton_repo(const std::string& engine, const std::string& folder);

}  // namespace torch2trt::cli
