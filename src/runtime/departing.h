// Executions that are kept no longer, but whose last runs may not be done: TensorRT frees with them what these use.
#pragma once

#include <memory>
#include <vector>

#include "src/runtime/cuda_api.h"
#include "src/runtime/slot.h"

namespace torch2trt::runtime {

// They go one departure later, when their runs are long done, as a rule: an event of the stream says so. The device is
// not waited for: that is an error while another thread captures a graph (CUDA Programming Guide, "Prohibited and
// Unhandled Operations").
class Departing {
 public:
  // Throws Error(kRuntime).
  explicit Departing(const CudaApi& cuda);
  Departing(const Departing&) = delete;
  Departing& operator=(const Departing&) = delete;
  // What is left goes; the caller has waited for it.
  ~Departing();

  // For what is dropped; kept where this is the last reference to it.
  void add(std::shared_ptr<Slot> slot);
  // `stream` has, or waits for, the last runs of all that was added.
  void settle(cudaStream_t stream);

 private:
  const CudaApi& cuda_;
  CudaEvent done_ = nullptr;  // of departing_
  std::vector<std::shared_ptr<Slot>> added_, departing_;
};

}  // namespace torch2trt::runtime
