// The CUDA runtime, found and opened at run time. The types are those of cuda_runtime_api.h; the functions are only
// those whose signature is the same in CUDA 11, 12 and 13. C++17, no torch.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>
#include <vector>

#include "src/tensorrt/shared_library.h"

namespace torch2trt::tensorrt {

// Beside these: symbol(). Events and properties changed their signatures ("_v2"), so what is needed of them is asked
// for under the oldest name.
#define TORCH2TRT_CUDA_FUNCTIONS(F)                                                                \
  F(cudaGetDeviceCount, cudaError_t(int*))                                                         \
  F(cudaGetDevice, cudaError_t(int*))                                                              \
  F(cudaSetDevice, cudaError_t(int))                                                               \
  F(cudaDeviceGetAttribute, cudaError_t(int*, cudaDeviceAttr, int))                                \
  F(cudaDeviceSynchronize, cudaError_t())                                                          \
  F(cudaRuntimeGetVersion, cudaError_t(int*))                                                      \
  F(cudaDriverGetVersion, cudaError_t(int*))                                                       \
  F(cudaGetErrorName, const char*(cudaError_t))                                                    \
  F(cudaGetErrorString, const char*(cudaError_t))                                                  \
  F(cudaGetLastError, cudaError_t())                                                               \
  F(cudaMemGetInfo, cudaError_t(std::size_t*, std::size_t*))                                       \
  F(cudaMalloc, cudaError_t(void**, std::size_t))                                                  \
  F(cudaFree, cudaError_t(void*))                                                                  \
  F(cudaMallocHost, cudaError_t(void**, std::size_t))                                              \
  F(cudaFreeHost, cudaError_t(void*))                                                              \
  F(cudaMemcpy, cudaError_t(void*, const void*, std::size_t, cudaMemcpyKind))                      \
  F(cudaMemcpyAsync, cudaError_t(void*, const void*, std::size_t, cudaMemcpyKind, cudaStream_t))   \
  F(cudaMemsetAsync, cudaError_t(void*, int, std::size_t, cudaStream_t))                           \
  F(cudaStreamCreateWithFlags, cudaError_t(cudaStream_t*, unsigned int))                           \
  F(cudaStreamDestroy, cudaError_t(cudaStream_t))                                                  \
  F(cudaStreamSynchronize, cudaError_t(cudaStream_t))                                              \
  F(cudaStreamWaitEvent, cudaError_t(cudaStream_t, cudaEvent_t, unsigned int))                     \
  F(cudaStreamBeginCapture, cudaError_t(cudaStream_t, cudaStreamCaptureMode))                      \
  F(cudaStreamEndCapture, cudaError_t(cudaStream_t, cudaGraph_t*))                                 \
  F(cudaGraphInstantiateWithFlags, cudaError_t(cudaGraphExec_t*, cudaGraph_t, unsigned long long)) \
  F(cudaGraphLaunch, cudaError_t(cudaGraphExec_t, cudaStream_t))                                   \
  F(cudaGraphExecDestroy, cudaError_t(cudaGraphExec_t))                                            \
  F(cudaGraphDestroy, cudaError_t(cudaGraph_t))                                                    \
  F(cudaEventCreateWithFlags, cudaError_t(cudaEvent_t*, unsigned int))                             \
  F(cudaEventRecord, cudaError_t(cudaEvent_t, cudaStream_t))                                       \
  F(cudaEventSynchronize, cudaError_t(cudaEvent_t))                                                \
  F(cudaEventQuery, cudaError_t(cudaEvent_t))                                                      \
  F(cudaEventDestroy, cudaError_t(cudaEvent_t))

// One member a function, called as the function is: cuda.cudaMalloc(&pointer, bytes).
class Cuda {
 public:
  // Looks for it in $TORCH2TRT_CUDA_LIB (a file or folder), where the loader looks, /usr/local/cuda/lib64 and pip's
  // wheels (nvidia/*/lib in site_packages()): 13, then 12, then 11. Opened once a process. Throws LibraryError.
  static const Cuda& open();

#define TORCH2TRT_CUDA_MEMBER(name, ...) std::add_pointer_t<__VA_ARGS__> name = nullptr;
  TORCH2TRT_CUDA_FUNCTIONS(TORCH2TRT_CUDA_MEMBER)
#undef TORCH2TRT_CUDA_MEMBER
  // cudaEventElapsedTime became a macro for "_v2" in CUDA 12.8; both do the same.
  std::add_pointer_t<cudaError_t(float*, cudaEvent_t, cudaEvent_t)> event_elapsed_time = nullptr;

  void* symbol(const char* name) const { return library_.symbol(name); }
  const std::string& file() const { return file_; }

 private:
  Cuda() = default;
  SharedLibrary library_;
  std::string file_;
};

// The places open() looks in, in order.
std::vector<Place> cuda_places();
// The library there, looked for anew. Throws LibraryError.
SharedLibrary find_cuda();

}  // namespace torch2trt::tensorrt
