// One execution with what has been set on it, so that TensorRT is told only what changed.
#pragma once

#include <memory>
#include <vector>

#include "src/runtime/backend.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::runtime {

class Slot {
 public:
  Slot(const Engine& engine, std::unique_ptr<ExecutionBackend> execution);

  ExecutionBackend& execution() { return *execution_; }
  // Sets the shapes of the inputs, and the addresses of those read on the host; finds the shapes of the outputs, -1
  // where they depend on the data.
  void set_shapes(const std::vector<TensorView>& inputs);
  const Shape& output_shape(int output) const { return output_shapes_[static_cast<std::size_t>(output)]; }
  bool data_dependent() const { return data_dependent_; }
  // By the backend's tensor number. Nothing happens where it is set already.
  void set_address(int tensor, void* data);
  void set_sink(int tensor, OutputSink* sink);

  // Device memory of this slot's own for a tensor, made when first asked for: what graphs read and write when the
  // caller's addresses change. Made anew where it is too small, which only a slot that is used for several sets of
  // shapes meets: no graph captured before may be launched then.
  void* staged(int tensor, std::size_t bytes);

 private:
  const Engine& engine_;
  std::unique_ptr<ExecutionBackend> execution_;
  std::vector<Shape> input_shapes_;
  std::vector<Shape> output_shapes_;
  bool data_dependent_ = false;
  bool valid_ = false;  // the shapes are what the execution has
  std::vector<void*> addresses_;
  std::vector<OutputSink*> sinks_;
  struct Staged {
    std::shared_ptr<void> memory;
    std::size_t bytes = 0;
  };
  std::vector<Staged> staged_;
};

// cudaMalloc, freed with cudaFree (which waits for the device). Throws Error(kRuntime).
std::shared_ptr<void> device_memory(const CudaApi& cuda, std::size_t bytes);

}  // namespace torch2trt::runtime
