// Memory and streams for programs without CUDA's headers. All throw Error(kRuntime) with CUDA's reason. On the current
// device of the calling thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "torch2trt/runtime.h"

struct CUevent_st;

namespace torch2trt {

// A stream of its own, not synchronised with the default one.
class Stream {
 public:
  Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();
  operator cudaStream_t() const { return stream_; }  // NOLINT(google-explicit-constructor): it is one
  void synchronize() const;

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event();
  void record(cudaStream_t stream);
  void synchronize() const;
  // Both must have been reached.
  float milliseconds_since(const Event& earlier) const;

 private:
  CUevent_st* event_ = nullptr;
};

// cudaMalloc and cudaMallocHost (which copies need to be asynchronous); freed with the last copy of the pointer.
std::shared_ptr<void> device_memory(std::size_t bytes);
std::shared_ptr<void> pinned_memory(std::size_t bytes);

// Throws Error(kInvalidArgument) where `bytes` of host data are not what a tensor of this kind has.
void check_host_size(std::size_t bytes, DType dtype, const Shape& shape);

// A tensor of its own on the current device.
DeviceTensor empty_device_tensor(DType dtype, const Shape& shape);
// A copy of contiguous host data; waits for the copy.
DeviceTensor to_device(const void* data, DType dtype, const Shape& shape);
template <typename Value>
DeviceTensor to_device(const std::vector<Value>& values, DType dtype, const Shape& shape) {
  check_host_size(values.size() * sizeof(Value), dtype, shape);
  return to_device(static_cast<const void*>(values.data()), dtype, shape);
}

// Asynchronous on `stream`; to or from host memory as the addresses say.
void copy_async(void* to, const void* from, std::size_t bytes, cudaStream_t stream);
// Copies a tensor behind what is on `stream`, and waits.
std::vector<std::byte> to_host(const TensorView& tensor, cudaStream_t stream);
template <typename Value>
std::vector<Value> to_host_as(const TensorView& tensor, cudaStream_t stream);

// The current GPU: "NVIDIA H100 80GB HBM3", "9.0", "580.65.06", "13.0". Empty texts where there is none.
struct Machine {
  std::string gpu, compute_capability, driver, cuda;
};
Machine this_machine();

template <typename Value>
std::vector<Value> to_host_as(const TensorView& tensor, cudaStream_t stream) {
  const std::vector<std::byte> bytes = to_host(tensor, stream);
  check_host_size(static_cast<std::size_t>(tensor.shape.numel()) * sizeof(Value), tensor.dtype, tensor.shape);
  std::vector<Value> values(bytes.size() / sizeof(Value));
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::byte*>(values.data()));
  return values;
}

}  // namespace torch2trt
