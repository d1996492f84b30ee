// A TensorRT engine and a CUDA runtime that are neither: memory is the host's, work is done at once, captured work when
// its graph is launched. What they were asked to do is counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "src/runtime/backend.h"
#include "src/runtime/cuda_api.h"

namespace torch2trt::testing {

struct FakeCuda {
  std::atomic<int> mallocs{0}, frees{0}, captures{0}, graph_launches{0}, graphs{0}, waits{0}, copies{0};
  std::atomic<int> events{0}, streams{0}, asked_where{0}, synchronized{0}, synchronized_device{-1};
  std::atomic<int> event_waits{0};
  std::atomic<int> work{0}, waited{0};  // runs so far, and those of them that were waited for
  std::atomic<bool> out_of_memory{false}, refuse_instantiation{false};
  // Device blocks that are not freed.
  int live() const { return mallocs - frees; }
  void reset();
};
FakeCuda& fake_cuda_state();
const runtime::CudaApi& fake_cuda();

// What the engine does: y = 2 * x, of any shape; "count" (data-dependent): the elements of x that are positive.
struct FakePlanOptions {
  Shape x_shape = {-1, 4};
  std::vector<ShapeRange> ranges = {{{1, 4}, {2, 4}, {8, 4}}};
  DType dtype = DType::kFloat32;
  bool positives = false;      // a second output, [?], data-dependent
  bool host_input = false;     // a second input, int32 [1], in host memory: y = 2 * x + it
  bool one_execution = false;  // as TensorRT before 10 with dynamic shapes
  bool fail_in_capture = false;
  std::size_t activation_bytes = 1024;
};

class FakePlan : public runtime::PlanBackend {
 public:
  explicit FakePlan(FakePlanOptions options = {});
  const std::vector<runtime::BackendTensor>& tensors() const override { return tensors_; }
  int num_profiles() const override { return std::max<int>(1, static_cast<int>(options_.ranges.size())); }
  std::string version() const override { return "99.1.2"; }
  std::string layer_information() const override { return R"({"Layers": ["double"], "Bindings": ["x", "y"]})"; }
  std::size_t activation_bytes() const override { return options_.activation_bytes; }
  std::unique_ptr<runtime::ExecutionBackend> make_execution(int profile, void* activation) override;

  const FakePlanOptions& options() const { return options_; }
  std::atomic<int> executions{0}, enqueues{0}, shapes_set{0}, addresses_set{0};
  std::atomic<int> gone_unwaited{0};  // executions destroyed before their last run was waited for
  std::atomic<bool> fail_next_enqueue{false}, fail_next_shape{false};

 private:
  FakePlanOptions options_;
  std::vector<runtime::BackendTensor> tensors_;
};

struct FakeEngine {
  std::shared_ptr<FakePlan> plan;
  std::shared_ptr<const Engine> engine;
  std::vector<std::string> log;  // warnings and errors
};
// Resets the state of the fake CUDA.
std::unique_ptr<FakeEngine> fake_engine(const FakePlanOptions& options = {}, int device = 0);

// Memory that the fake CUDA says is on the device.
struct FakeTensor : TensorView {
  FakeTensor(const Shape& shape, float first = 0, int device = 0);
  std::vector<float> values() const;
  std::shared_ptr<void> owner;
};
std::vector<float> values_of(const TensorView& tensor);

// A stream of the fake CUDA.
class FakeStream {
 public:
  FakeStream();
  FakeStream(const FakeStream&) = delete;
  FakeStream& operator=(const FakeStream&) = delete;
  ~FakeStream();
  operator cudaStream_t() const { return stream_; }  // NOLINT(google-explicit-constructor)

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace torch2trt::testing
