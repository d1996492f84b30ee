// An engine's inputs and outputs on the GPU, with their copies on the host.
#pragma once

#include <memory>
#include <vector>

#include "cli/host_array.h"
#include "src/runtime/cuda_api.h"
#include "torch2trt/runtime.h"

namespace torch2trt::cli {

// Streams and events of the engine's own CUDA (in tests another than the machine's).
class EngineStream {
 public:
  explicit EngineStream(const Engine& engine);
  EngineStream(const EngineStream&) = delete;
  EngineStream& operator=(const EngineStream&) = delete;
  ~EngineStream();
  cudaStream_t get() const { return stream_; }
  void synchronize() const;

 private:
  const runtime::CudaApi& cuda_;
  cudaStream_t stream_ = nullptr;
};

class EngineEvent {
 public:
  explicit EngineEvent(const Engine& engine);
  EngineEvent(const EngineEvent&) = delete;
  EngineEvent& operator=(const EngineEvent&) = delete;
  ~EngineEvent();
  void record(cudaStream_t stream);
  void synchronize() const;
  double milliseconds_since(const EngineEvent& earlier) const;

 private:
  const runtime::CudaApi& cuda_;
  runtime::CudaEvent event_ = nullptr;
};

// Sets the inputs of a context, and its outputs where their sizes are known before the run.
class DeviceTensors {
 public:
  DeviceTensors(Context& context, const std::vector<HostArray>& inputs, cudaStream_t stream);
  // From and to pinned memory. Outputs sized by the run are left out.
  void upload(cudaStream_t stream) const;
  void download(cudaStream_t stream) const;
  // Waits.
  std::vector<HostArray> outputs(cudaStream_t stream) const;

 private:
  struct Pair {
    TensorView device;
    std::shared_ptr<void> memory, pinned;
  };
  void copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) const;
  Context& context_;
  std::vector<Pair> inputs_, outputs_;
};

}  // namespace torch2trt::cli
