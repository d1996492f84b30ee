#include "src/runtime/cuda_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace torch2trt::runtime {
namespace {

// What the process has already (torch brings its own) before what the loader finds.
void* open_library(std::string& tried) {
  if (const char* path = std::getenv("TORCH2TRT_CUDA_LIB"); path != nullptr && *path != '\0') {
    if (void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)) return handle;
    throw Error(ErrorCategory::kRuntime, fmt::format("the CUDA runtime $TORCH2TRT_CUDA_LIB names cannot be opened: {}",
                                                     dlerror()));  // NOLINT(concurrency-mt-unsafe): glibc's is
  }
  constexpr std::array kNames = {"libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0", "libcudart.so"};
  for (const char* name : kNames) {
    if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)) return handle;
  }
  for (const char* name : kNames) {
    if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return handle;
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ", name);
  }
  return nullptr;
}

template <typename Function>
void look_up(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  if (function == nullptr) {
    throw Error(ErrorCategory::kRuntime,
                fmt::format("the CUDA runtime found has no {}; 11.4 and later have it. Install a newer one, or name one "
                            "with TORCH2TRT_CUDA_LIB=/path/to/libcudart.so",
                            name));
  }
}

CudaApi load() {
  std::string tried;
  void* library = open_library(tried);
  if (library == nullptr) {
    throw Error(ErrorCategory::kRuntime,
                fmt::format("no CUDA runtime can be opened (tried {}). Install one (`pip install nvidia-cuda-runtime`, "
                            "or a CUDA toolkit) and have its folder in LD_LIBRARY_PATH, or name the file with "
                            "TORCH2TRT_CUDA_LIB",
                            tried));
  }
  CudaApi api;
  look_up(library, "cudaGetErrorString", api.get_error_string);
  look_up(library, "cudaGetLastError", api.get_last_error);
  look_up(library, "cudaRuntimeGetVersion", api.runtime_get_version);
  look_up(library, "cudaDriverGetVersion", api.driver_get_version);
  look_up(library, "cudaGetDeviceCount", api.get_device_count);
  look_up(library, "cudaGetDevice", api.get_device);
  look_up(library, "cudaSetDevice", api.set_device);
  look_up(library, "cudaDeviceGetAttribute", api.device_get_attribute);
  look_up(library, "cudaPointerGetAttributes", api.pointer_get_attributes);
  look_up(library, "cudaMalloc", api.malloc);
  look_up(library, "cudaFree", api.free);
  look_up(library, "cudaMallocAsync", api.malloc_async);
  look_up(library, "cudaFreeAsync", api.free_async);
  look_up(library, "cudaMallocHost", api.malloc_host);
  look_up(library, "cudaFreeHost", api.free_host);
  look_up(library, "cudaMemcpyAsync", api.memcpy_async);
  look_up(library, "cudaStreamCreateWithFlags", api.stream_create);
  look_up(library, "cudaStreamDestroy", api.stream_destroy);
  look_up(library, "cudaStreamSynchronize", api.stream_synchronize);
  look_up(library, "cudaStreamWaitEvent", api.stream_wait_event);
  look_up(library, "cudaStreamBeginCapture", api.stream_begin_capture);
  look_up(library, "cudaStreamEndCapture", api.stream_end_capture);
  // cudaGraphInstantiate changed its arguments in CUDA 12; this one did not.
  look_up(library, "cudaGraphInstantiateWithFlags", api.graph_instantiate);
  look_up(library, "cudaGraphLaunch", api.graph_launch);
  look_up(library, "cudaGraphDestroy", api.graph_destroy);
  look_up(library, "cudaGraphExecDestroy", api.graph_exec_destroy);
  look_up(library, "cudaEventCreateWithFlags", api.event_create);
  look_up(library, "cudaEventDestroy", api.event_destroy);
  look_up(library, "cudaEventRecord", api.event_record);
  look_up(library, "cudaEventSynchronize", api.event_synchronize);
  look_up(library, "cudaEventElapsedTime", api.event_elapsed_time);
  return api;
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

const CudaApi& cuda() {
  static const CudaApi api = load();
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
