#include "cli/device_inputs.h"

#include <cstring>

#include "src/runtime/slot.h"

namespace torch2trt::cli {
namespace {

constexpr unsigned kNonBlocking = 1;  // cudaStreamNonBlocking

std::shared_ptr<void> pinned_memory(const runtime::CudaApi& cuda, std::size_t bytes) {
  void* memory = nullptr;
  cuda.check(cuda.malloc_host(&memory, std::max<std::size_t>(bytes, 1)), "cudaMallocHost");
  return {memory, [&cuda](void* pointer) { cuda.free_host(pointer); }};
}

}  // namespace

EngineStream::EngineStream(const Engine& engine) : cuda_(engine.cuda()) {
  cuda_.check(cuda_.stream_create(&stream_, kNonBlocking), "cudaStreamCreate");
}
EngineStream::~EngineStream() { cuda_.stream_destroy(stream_); }
void EngineStream::synchronize() const { cuda_.check(cuda_.stream_synchronize(stream_), "cudaStreamSynchronize"); }

EngineEvent::EngineEvent(const Engine& engine) : cuda_(engine.cuda()) {
  cuda_.check(cuda_.event_create(&event_, 0), "cudaEventCreate");
}
EngineEvent::~EngineEvent() { cuda_.event_destroy(event_); }
void EngineEvent::record(cudaStream_t stream) { cuda_.check(cuda_.event_record(event_, stream), "cudaEventRecord"); }
void EngineEvent::synchronize() const { cuda_.check(cuda_.event_synchronize(event_), "cudaEventSynchronize"); }
double EngineEvent::milliseconds_since(const EngineEvent& earlier) const {
  float milliseconds = 0;
  cuda_.check(cuda_.event_elapsed_time(&milliseconds, earlier.event_, event_), "cudaEventElapsedTime");
  return milliseconds;
}

DeviceTensors::DeviceTensors(Context& context, const std::vector<HostArray>& inputs, cudaStream_t stream)
    : context_(context) {
  const Engine& engine = context.engine();
  const runtime::CudaApi& cuda = engine.cuda();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const HostArray& input = inputs[i];
    Pair pair;
    pair.pinned = pinned_memory(cuda, input.bytes.size());
    std::memcpy(pair.pinned.get(), input.bytes.data(), input.bytes.size());
    pair.device.dtype = input.dtype;
    pair.device.shape = input.shape;
    if (engine.inputs()[i].on_host) {
      pair.device.data = pair.pinned.get();
      pair.device.device = kHost;
    } else {
      pair.memory = runtime::device_memory(cuda, input.bytes.size());
      pair.device.data = pair.memory.get();
      pair.device.device = engine.device();
    }
    context.set_input(static_cast<int>(i), pair.device);
    inputs_.push_back(std::move(pair));
  }
  upload(stream);
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    const EngineTensor& info = engine.outputs()[i];
    Pair pair;
    pair.device.dtype = info.dtype;
    pair.device.shape = context.output_shape(static_cast<int>(i));
    if (pair.device.shape.known() && !info.on_host) {
      pair.pinned = pinned_memory(cuda, pair.device.bytes());
      pair.memory = runtime::device_memory(cuda, pair.device.bytes());
      pair.device.data = pair.memory.get();
      pair.device.device = engine.device();
      context.set_output(static_cast<int>(i), pair.device);
    }
    outputs_.push_back(std::move(pair));
  }
}

void DeviceTensors::copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) const {
  if (bytes == 0) return;
  const runtime::CudaApi& cuda = context_.engine().cuda();
  cuda.check(cuda.memcpy_async(to, from, bytes, static_cast<int>(runtime::Copy::kAny), stream), "cudaMemcpyAsync");
}

void DeviceTensors::upload(cudaStream_t stream) const {
  for (const Pair& input : inputs_)
    if (input.memory) copy(input.device.data, input.pinned.get(), input.device.bytes(), stream);
}

void DeviceTensors::download(cudaStream_t stream) const {
  for (const Pair& output : outputs_)
    if (output.memory) copy(output.pinned.get(), output.device.data, output.device.bytes(), stream);
}

std::vector<HostArray> DeviceTensors::outputs(cudaStream_t stream) const {
  const runtime::CudaApi& cuda = context_.engine().cuda();
  cuda.check(cuda.stream_synchronize(stream), "cudaStreamSynchronize");
  std::vector<HostArray> arrays;
  for (int i = 0; i < static_cast<int>(outputs_.size()); ++i) {
    const DeviceTensor output = context_.output(i);
    HostArray array{output.dtype, output.shape, {}};
    array.bytes.resize(output.bytes());
    if (output.device == kHost) {
      std::memcpy(array.bytes.data(), output.data, array.bytes.size());
    } else {
      copy(array.bytes.data(), output.data, array.bytes.size(), stream);
    }
    arrays.push_back(std::move(array));
  }
  cuda.check(cuda.stream_synchronize(stream), "cudaStreamSynchronize");
  return arrays;
}

}  // namespace torch2trt::cli
