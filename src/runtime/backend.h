// What Engine and Context need of TensorRT, so that they can be tested without it. Tensors are numbered as the backend
// lists them. nvinfer_backend.cpp has the real one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "torch2trt/runtime.h"

namespace torch2trt::runtime {

struct BackendTensor {
  EngineTensor info;
  bool is_input = false;
};

// Where an output goes whose size TensorRT knows only while it runs.
class OutputSink {
 public:
  virtual ~OutputSink() = default;
  // Memory of at least `bytes`, or null: the run then fails. Called by TensorRT during enqueue; must not throw.
  virtual void* reallocate(std::size_t bytes) noexcept = 0;
  virtual void shape_known(const Shape& shape) noexcept = 0;
};

// One execution context. Used by one thread at a time. Functions throw Error(kRuntime) with TensorRT's own text.
class ExecutionBackend {
 public:
  virtual ~ExecutionBackend() = default;
  virtual void set_shape(int tensor, const Shape& shape) = 0;
  // Null `data` is allowed for no tensor. Host memory for tensors that are `on_host`.
  virtual void set_address(int tensor, void* data) = 0;
  // `sink` outlives this object, or is replaced. Null goes back to set_address().
  virtual void set_sink(int tensor, OutputSink* sink) = 0;
  // With all inputs set: -1 for sizes that depend on the data.
  virtual Shape shape(int tensor) = 0;
  virtual void enqueue(cudaStream_t stream) = 0;
  // Layer times of one enqueue that is waited for.
  virtual std::vector<LayerTime> profile(cudaStream_t stream) = 0;
};

// A deserialized engine. Thread-safe.
class PlanBackend {
 public:
  virtual ~PlanBackend() = default;
  virtual const std::vector<BackendTensor>& tensors() const = 0;
  virtual int num_profiles() const = 0;
  virtual std::string version() const = 0;
  virtual std::string layer_information() const = 0;
  virtual std::size_t activation_bytes() const = 0;
  // `activation`: activation_bytes() of device memory that outlives the result and that no other execution uses at the
  // same time; null where the execution is to allocate its own. Throws Error(kRuntime), also where this TensorRT gives
  // an optimization profile to one context only.
  virtual std::unique_ptr<ExecutionBackend> make_execution(int profile, void* activation) = 0;
};

// Over the TensorRT library of this machine. Throws Error(kRuntime) where there is none, where it refuses the plan, and
// where this build has no TensorRT backend.
std::shared_ptr<PlanBackend> open_plan(const void* plan, std::size_t size, const EngineOptions& options);

// What runs here, for comparing with what a bundle was built on.
struct RunningTensorRT {
  std::string flavour;  // "tensorrt"
  std::string version;  // "8.5.3", with a build number where the library tells one
};
RunningTensorRT running_tensorrt(const EngineOptions& options);

// Folders with pip's packages to look for TensorRT and CUDA in, before others: where the Python of this process imports
// from.
void set_import_path(std::vector<std::string> folders);

}  // namespace torch2trt::runtime
