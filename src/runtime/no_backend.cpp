// In place of nvinfer_backend.cpp where TensorRT's headers were missing.
#include "src/runtime/backend.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::runtime {
namespace {

[[noreturn]] void fail() {
  throw Error(ErrorCategory::kRuntime,
              "this torch2trt was compiled without TensorRT's headers, so it cannot run engines. Compile it with "
              "-DTensorRT_ROOT=DIR or -DTORCH2TRT_TENSORRT_HEADERS_FROM_WHEEL=ON (docs/dependencies.md)");
}

}  // namespace

std::shared_ptr<PlanBackend> open_plan(const void*, std::size_t, const EngineOptions&) { fail(); }
RunningTensorRT running_tensorrt(const EngineOptions&) { fail(); }
const CudaApi& cuda() { fail(); }
void set_import_path(std::vector<std::string>) {}

}  // namespace torch2trt::runtime
