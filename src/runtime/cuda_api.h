// The functions of the CUDA runtime that torch2trt calls, looked up when it is opened. A table, so that tests bring
// their own; no CUDA headers, so that the room compiles without them. Codes are cudaError_t: 0 is success.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "torch2trt/runtime.h"

struct CUevent_st;
struct CUgraph_st;
struct CUgraphExec_st;

namespace torch2trt::runtime {

using CudaEvent = CUevent_st*;
using CudaGraph = CUgraph_st*;
using CudaGraphExec = CUgraphExec_st*;

// cudaMemcpyKind
enum class Copy : int { kHostToDevice = 1, kDeviceToHost = 2, kDeviceToDevice = 3, kAny = 4 };
// cudaDeviceAttr
enum class Attribute : int { kComputeMajor = 75, kComputeMinor = 76 };

// What cudaPointerGetAttributes fills, padded: it has grown between versions.
struct PointerAttributes {
  int type = 0;  // 0 unregistered (plain host memory), 1 host, 2 device, 3 managed
  int device = 0;
  void* pointers[30] = {};
};

struct CudaApi {
  const char* (*get_error_string)(int) = nullptr;
  int (*get_last_error)() = nullptr;
  int (*runtime_get_version)(int*) = nullptr;
  int (*driver_get_version)(int*) = nullptr;
  int (*get_device_count)(int*) = nullptr;
  int (*get_device)(int*) = nullptr;
  int (*set_device)(int) = nullptr;
  int (*device_synchronize)() = nullptr;
  int (*device_get_attribute)(int*, int, int) = nullptr;
  int (*pointer_get_attributes)(PointerAttributes*, const void*) = nullptr;
  int (*malloc)(void**, std::size_t) = nullptr;
  int (*free)(void*) = nullptr;
  int (*malloc_async)(void**, std::size_t, cudaStream_t) = nullptr;
  int (*free_async)(void*, cudaStream_t) = nullptr;
  int (*malloc_host)(void**, std::size_t) = nullptr;
  int (*free_host)(void*) = nullptr;
  int (*memcpy_async)(void*, const void*, std::size_t, int, cudaStream_t) = nullptr;
  int (*stream_create)(cudaStream_t*, unsigned) = nullptr;
  int (*stream_destroy)(cudaStream_t) = nullptr;
  int (*stream_synchronize)(cudaStream_t) = nullptr;
  int (*stream_wait_event)(cudaStream_t, CudaEvent, unsigned) = nullptr;
  int (*stream_begin_capture)(cudaStream_t, int) = nullptr;
  int (*stream_end_capture)(cudaStream_t, CudaGraph*) = nullptr;
  int (*graph_instantiate)(CudaGraphExec*, CudaGraph, unsigned long long) = nullptr;
  int (*graph_launch)(CudaGraphExec, cudaStream_t) = nullptr;
  int (*graph_destroy)(CudaGraph) = nullptr;
  int (*graph_exec_destroy)(CudaGraphExec) = nullptr;
  int (*event_create)(CudaEvent*, unsigned) = nullptr;
  int (*event_destroy)(CudaEvent) = nullptr;
  int (*event_record)(CudaEvent, cudaStream_t) = nullptr;
  int (*event_synchronize)(CudaEvent) = nullptr;
  int (*event_elapsed_time)(float*, CudaEvent, CudaEvent) = nullptr;

  // Throws Error(kRuntime) "WHAT failed: CUDA error 2: out of memory" unless `code` is 0.
  void check(int code, const char* what) const;
};

// Fills the table by name. Throws Error(kRuntime) for a runtime older than 11.4.
CudaApi make_cuda_api(const std::function<void*(const char*)>& symbol);
// The CUDA runtime (src/tensorrt/cuda.h says where it is looked for); the same object each time. Throws
// Error(kRuntime).
const CudaApi& cuda();

// The current device of the calling thread, for a while.
class DeviceGuard {
 public:
  DeviceGuard(const CudaApi& cuda, int device);
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;
  ~DeviceGuard();

 private:
  const CudaApi& cuda_;
  int before_ = -1;  // -1: nothing to restore
};

// The GPU as a bundle records it. All empty where there is none.
struct RunningGpu {
  std::string name;                // "NVIDIA H100 80GB HBM3"
  std::string compute_capability;  // "9.0"
  std::string driver;              // "580.65.06"
  std::string cuda;                // "13.0": the newest CUDA that the driver knows
};
RunningGpu running_gpu(const CudaApi& cuda, int device);
// Of this process's current device; empty without CUDA or GPU.
RunningGpu running_gpu();

}  // namespace torch2trt::runtime
