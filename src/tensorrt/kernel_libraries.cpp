#include "src/tensorrt/kernel_libraries.h"

#include <string>

#include "src/tensorrt/compat.h"
#include "src/tensorrt/shared_library.h"

namespace torch2trt::tensorrt {
namespace {

bool loads(const char* name) {
  std::string ignored;
  return static_cast<bool>(SharedLibrary::open(name, ignored));
}

}  // namespace

void use_kernels_present(nvinfer1::IBuilderConfig& config) {
  if (kStronglyTyped) return;
  // The names that TensorRT 8.5 (CUDA 11) and 8.6 (CUDA 11 or 12) look for.
  const bool cublas = loads("libcublas.so.11") || loads("libcublas.so.12");
  leave_out_kernels_of(config, !cublas, !loads("libcudnn.so.8"));
}

}  // namespace torch2trt::tensorrt
