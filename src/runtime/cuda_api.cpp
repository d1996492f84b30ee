#include "src/runtime/cuda_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>

namespace torch2trt::runtime {
namespace {

using Symbol = std::function<void*(const char*)>;

template <typename Function>
void look_up(const Symbol& symbol, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(symbol(name));
  if (function != nullptr) return;
  throw Error(ErrorCategory::kRuntime,
              fmt::format("the CUDA runtime found has no {}; 11.4 and later have it. Install a newer one, or name one "
                          "with TORCH2TRT_CUDA_LIB=/path/to/libcudart.so",
                          name));
}

std::string version_text(int number) { return fmt::format("{}.{}", number / 1000, number % 1000 / 10); }

// The kernel module's own: "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Wed ..."; the open module has
// more words before the number.
std::string driver_version() {
  std::ifstream file("/proc/driver/nvidia/version");
  std::string line;
  std::getline(file, line);
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    if (word.find_first_not_of("0123456789.") == std::string::npos && word.find('.') != std::string::npos) return word;
  }
  return {};
}

// The driver's, because the runtime's struct of device properties differs between versions.
std::string gpu_name(int device) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return {};
  using GetName = int(char*, int, int);
  auto* get_name = reinterpret_cast<GetName*>(dlsym(driver, "cuDeviceGetName"));
  std::array<char, 256> name{};
  if (get_name == nullptr || get_name(name.data(), static_cast<int>(name.size()) - 1, device) != 0) return {};
  return name.data();
}

}  // namespace

void CudaApi::check(int code, const char* what) const {
  if (code == 0) return;
  get_last_error();  // so that later calls do not report it again
  throw Error(ErrorCategory::kRuntime, fmt::format("{} failed: CUDA error {}: {}", what, code, get_error_string(code)));
}

CudaApi make_cuda_api(const Symbol& symbol) {
  CudaApi api;
  look_up(symbol, "cudaGetErrorString", api.get_error_string);
  look_up(symbol, "cudaGetLastError", api.get_last_error);
  look_up(symbol, "cudaRuntimeGetVersion", api.runtime_get_version);
  look_up(symbol, "cudaDriverGetVersion", api.driver_get_version);
  look_up(symbol, "cudaGetDeviceCount", api.get_device_count);
  look_up(symbol, "cudaGetDevice", api.get_device);
  look_up(symbol, "cudaSetDevice", api.set_device);
  look_up(symbol, "cudaDeviceSynchronize", api.device_synchronize);
  look_up(symbol, "cudaDeviceGetAttribute", api.device_get_attribute);
  look_up(symbol, "cudaPointerGetAttributes", api.pointer_get_attributes);
  look_up(symbol, "cudaMalloc", api.malloc);
  look_up(symbol, "cudaFree", api.free);
  look_up(symbol, "cudaMallocAsync", api.malloc_async);
  look_up(symbol, "cudaFreeAsync", api.free_async);
  look_up(symbol, "cudaMallocHost", api.malloc_host);
  look_up(symbol, "cudaFreeHost", api.free_host);
  look_up(symbol, "cudaMemcpyAsync", api.memcpy_async);
  look_up(symbol, "cudaStreamCreateWithFlags", api.stream_create);
  look_up(symbol, "cudaStreamDestroy", api.stream_destroy);
  look_up(symbol, "cudaStreamSynchronize", api.stream_synchronize);
  look_up(symbol, "cudaStreamWaitEvent", api.stream_wait_event);
  look_up(symbol, "cudaStreamBeginCapture", api.stream_begin_capture);
  look_up(symbol, "cudaStreamEndCapture", api.stream_end_capture);
  // cudaGraphInstantiate changed its arguments in CUDA 12; this one did not.
  look_up(symbol, "cudaGraphInstantiateWithFlags", api.graph_instantiate);
  look_up(symbol, "cudaGraphLaunch", api.graph_launch);
  look_up(symbol, "cudaGraphDestroy", api.graph_destroy);
  look_up(symbol, "cudaGraphExecDestroy", api.graph_exec_destroy);
  look_up(symbol, "cudaEventCreateWithFlags", api.event_create);
  look_up(symbol, "cudaEventDestroy", api.event_destroy);
  look_up(symbol, "cudaEventRecord", api.event_record);
  look_up(symbol, "cudaEventSynchronize", api.event_synchronize);
  look_up(symbol, "cudaEventElapsedTime", api.event_elapsed_time);
  return api;
}

DeviceGuard::DeviceGuard(const CudaApi& cuda, int device) : cuda_(cuda) {
  int current = 0;
  cuda.check(cuda.get_device(&current), "cudaGetDevice");
  if (current == device) return;
  cuda.check(cuda.set_device(device), "cudaSetDevice");
  before_ = current;
}

DeviceGuard::~DeviceGuard() {
  if (before_ >= 0) cuda_.set_device(before_);
}

RunningGpu running_gpu(const CudaApi& cuda, int device) {
  RunningGpu gpu;
  int major = 0;
  int minor = 0;
  cuda.check(cuda.device_get_attribute(&major, static_cast<int>(Attribute::kComputeMajor), device),
             "cudaDeviceGetAttribute");
  cuda.check(cuda.device_get_attribute(&minor, static_cast<int>(Attribute::kComputeMinor), device),
             "cudaDeviceGetAttribute");
  int version = 0;
  cuda.check(cuda.driver_get_version(&version), "cudaDriverGetVersion");
  gpu.compute_capability = fmt::format("{}.{}", major, minor);
  gpu.cuda = version_text(version);
  gpu.driver = driver_version();
  gpu.name = gpu_name(device);
  return gpu;
}

RunningGpu running_gpu() {
  try {
    const CudaApi& api = cuda();
    int count = 0;
    int device = 0;
    if (api.get_device_count(&count) != 0 || count == 0) {
      api.get_last_error();
      return {};
    }
    api.check(api.get_device(&device), "cudaGetDevice");
    return running_gpu(api, device);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace torch2trt::runtime
