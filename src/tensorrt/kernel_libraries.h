// cuBLAS and cuDNN, whose kernels TensorRT 8 uses beside its own where it finds them.
#pragma once

#include <NvInfer.h>

#include <functional>
#include <string>

namespace torch2trt::tensorrt {

// Those that are not there.
struct MissingKernels {
  bool cublas = false, cudnn = false;
};

// `loads` says whether the loader finds a library of this name. Of cuBLAS one version is enough: TensorRT 8.5 takes 11,
// 8.6 that of the CUDA it was made for.
MissingKernels missing_kernels(const std::function<bool(const std::string& name)>& loads);

// Leaves out the tactic sources whose library the loader does not find. TensorRT 8 takes them to be there and fails to
// build without ("Tactic Sources" in its Developer Guide); later versions are left as they are.
void use_kernels_present(nvinfer1::IBuilderConfig& config);

}  // namespace torch2trt::tensorrt
