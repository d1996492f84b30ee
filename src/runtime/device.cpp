#include "torch2trt/device.h"

#include <fmt/format.h>

#include "src/runtime/cuda_api.h"
#include "src/runtime/slot.h"

namespace torch2trt {

using runtime::cuda;

namespace {

constexpr unsigned kNonBlocking = 1;  // cudaStreamNonBlocking

}  // namespace

Stream::Stream() { cuda().check(cuda().stream_create(&stream_, kNonBlocking), "cudaStreamCreate"); }
Stream::~Stream() { cuda().stream_destroy(stream_); }
void Stream::synchronize() const { cuda().check(cuda().stream_synchronize(stream_), "cudaStreamSynchronize"); }

Event::Event() { cuda().check(cuda().event_create(&event_, 0), "cudaEventCreate"); }
Event::~Event() { cuda().event_destroy(event_); }
void Event::record(cudaStream_t stream) { cuda().check(cuda().event_record(event_, stream), "cudaEventRecord"); }
void Event::synchronize() const { cuda().check(cuda().event_synchronize(event_), "cudaEventSynchronize"); }
float Event::milliseconds_since(const Event& earlier) const {
  float milliseconds = 0;
  cuda().check(cuda().event_elapsed_time(&milliseconds, earlier.event_, event_), "cudaEventElapsedTime");
  return milliseconds;
}

std::shared_ptr<void> device_memory(std::size_t bytes) { return runtime::device_memory(cuda(), bytes); }

std::shared_ptr<void> pinned_memory(std::size_t bytes) {
  void* memory = nullptr;
  cuda().check(cuda().malloc_host(&memory, std::max<std::size_t>(bytes, 1)), "cudaMallocHost");
  return {memory, [](void* pointer) { cuda().free_host(pointer); }};
}

void check_host_size(std::size_t bytes, DType dtype, const Shape& shape) {
  TensorView tensor;
  tensor.dtype = dtype;
  tensor.shape = shape;
  if (bytes == tensor.bytes()) return;
  throw Error(ErrorCategory::kInvalidArgument, fmt::format("received {} bytes; a tensor of {} and shape {} has {}",
                                                           bytes, name(dtype), shape.text(), tensor.bytes()));
}

DeviceTensor empty_device_tensor(DType dtype, const Shape& shape) {
  DeviceTensor tensor;
  tensor.dtype = dtype;
  tensor.shape = shape;
  cuda().check(cuda().get_device(&tensor.device), "cudaGetDevice");
  tensor.owner = device_memory(tensor.bytes());
  tensor.data = tensor.owner.get();
  return tensor;
}

DeviceTensor to_device(const void* data, DType dtype, const Shape& shape) {
  DeviceTensor tensor = empty_device_tensor(dtype, shape);
  const Stream stream;
  copy_async(tensor.data, data, tensor.bytes(), stream);
  stream.synchronize();
  return tensor;
}

void copy_async(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return;
  cuda().check(cuda().memcpy_async(to, from, bytes, static_cast<int>(runtime::Copy::kAny), stream), "cudaMemcpyAsync");
}

std::vector<std::byte> to_host(const TensorView& tensor, cudaStream_t stream) {
  std::vector<std::byte> bytes(tensor.bytes());
  copy_async(bytes.data(), tensor.data, bytes.size(), stream);
  cuda().check(cuda().stream_synchronize(stream), "cudaStreamSynchronize");
  return bytes;
}

Machine this_machine() {
  const runtime::RunningGpu gpu = runtime::running_gpu();
  return {gpu.name, gpu.compute_capability, gpu.driver, gpu.cuda};
}

}  // namespace torch2trt
