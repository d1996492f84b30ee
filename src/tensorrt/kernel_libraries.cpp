#include "src/tensorrt/kernel_libraries.h"

#include "src/tensorrt/compat.h"
#include "src/tensorrt/shared_library.h"

namespace torch2trt::tensorrt {

MissingKernels missing_kernels(const std::function<bool(const std::string& name)>& loads) {
  return {!loads("libcublas.so.11") && !loads("libcublas.so.12"), !loads("libcudnn.so.8")};
}

void use_kernels_present(nvinfer1::IBuilderConfig& config) {
  if (kStronglyTyped) return;
  const MissingKernels missing = missing_kernels([](const std::string& name) {
    std::string ignored;
    return static_cast<bool>(SharedLibrary::open(name, ignored));
  });
  leave_out_kernels_of(config, missing.cublas, missing.cudnn);
}

}  // namespace torch2trt::tensorrt
