// cuBLAS and cuDNN, whose kernels TensorRT 8 uses beside its own where it finds them.
#pragma once

#include <NvInfer.h>

namespace torch2trt::tensorrt {

// Leaves out the tactic sources whose library the loader does not find. TensorRT 8 takes them to be there and fails to
// build without ("Tactic Sources" in its Developer Guide); later versions are left as they are.
void use_kernels_present(nvinfer1::IBuilderConfig& config);

}  // namespace torch2trt::tensorrt
