// A CUDA graph that was captured from an execution.
#pragma once

#include <memory>

#include "src/runtime/backend.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::runtime {

class CapturedGraph {
 public:
  // Captures one enqueue on a stream of its own; nothing runs. Throws Error(kRuntime) with CUDA's or TensorRT's reason
  // where it cannot be captured; the stream is usable again then.
  CapturedGraph(const CudaApi& cuda, ExecutionBackend& execution, cudaStream_t capture_stream);
  CapturedGraph(const CapturedGraph&) = delete;
  CapturedGraph& operator=(const CapturedGraph&) = delete;
  ~CapturedGraph();

  void launch(cudaStream_t stream) const {
    if (const int code = cuda_.graph_launch(executable_, stream); code != 0) cuda_.check(code, "cudaGraphLaunch");
  }

 private:
  const CudaApi& cuda_;
  CudaGraphExec executable_ = nullptr;
};

}  // namespace torch2trt::runtime
