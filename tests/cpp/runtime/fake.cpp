#include "tests/cpp/runtime/fake.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <set>

using Work = std::function<void()>;

// The opaque types of the CUDA runtime are this file's to define.
struct CUgraph_st {
  std::vector<Work> work;
};
struct CUgraphExec_st {
  std::vector<Work> work;
};
struct CUstream_st {
  CUgraph_st* capturing = nullptr;
};
struct CUevent_st {
  int work = 0;  // done before it was recorded
  std::chrono::steady_clock::time_point time;
};

namespace torch2trt::testing {
namespace {

using runtime::CudaApi;

constexpr int kInvalidValue = 1;
constexpr int kOutOfMemory = 2;
constexpr int kNotPermitted = 800;

thread_local int current_device = 0;

std::mutex memory_mutex;
std::map<const void*, std::size_t>& blocks() {
  static std::map<const void*, std::size_t> map;
  return map;
}

int fake_malloc(void** pointer, std::size_t bytes) {
  FakeCuda& state = fake_cuda_state();
  if (state.out_of_memory) return kOutOfMemory;
  *pointer = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  const std::lock_guard lock(memory_mutex);
  blocks()[*pointer] = bytes;
  ++state.mallocs;
  return 0;
}

int fake_free(void* pointer) {
  const std::lock_guard lock(memory_mutex);
  EXPECT_EQ(blocks().erase(pointer), 1U) << "freed what was not allocated";
  std::free(pointer);
  ++fake_cuda_state().frees;
  return 0;
}

bool on_device(const void* pointer) {
  const std::lock_guard lock(memory_mutex);
  const auto after = blocks().upper_bound(pointer);
  if (after == blocks().begin()) return false;
  const auto& [begin, bytes] = *std::prev(after);
  return pointer < static_cast<const char*>(begin) + bytes;
}

// CUDA refuses a copy that leaves the memory it begins in.
bool holds(const void* pointer, std::size_t count) {
  const std::lock_guard lock(memory_mutex);
  const auto after = blocks().upper_bound(pointer);
  if (after == blocks().begin()) return true;  // the host's
  const auto& [begin, bytes] = *std::prev(after);
  const char* const end = static_cast<const char*>(begin) + bytes;
  return pointer >= end || static_cast<const char*>(pointer) + count <= end;
}

// CUDA's own crash where a stream was destroyed.
std::mutex streams_mutex;
std::set<cudaStream_t>& streams() {
  static std::set<cudaStream_t> set;
  return set;
}
void check_alive(cudaStream_t stream) {
  const std::lock_guard lock(streams_mutex);
  EXPECT_TRUE(stream == nullptr || streams().count(stream) != 0) << "used a stream that was destroyed";
}

void submit(cudaStream_t stream, Work work) {
  check_alive(stream);
  if (stream != nullptr && stream->capturing != nullptr) {
    stream->capturing->work.push_back(std::move(work));
  } else {
    work();
  }
}

CudaApi make_api() {
  CudaApi api;
  api.get_error_string = [](int code) -> const char* {
    return code == kOutOfMemory ? "out of memory" : "operation not permitted";
  };
  api.get_last_error = [] { return 0; };
  api.runtime_get_version = [](int* version) { return *version = 13000, 0; };
  api.driver_get_version = [](int* version) { return *version = 13010, 0; };
  api.get_device_count = [](int* count) { return *count = 2, 0; };
  api.get_device = [](int* device) { return *device = current_device, 0; };
  api.set_device = [](int device) { return current_device = device, 0; };
  api.device_get_attribute = [](int* value, int attribute, int) { return *value = attribute == 75 ? 9 : 0, 0; };
  api.pointer_get_attributes = [](runtime::PointerAttributes* attributes, const void* pointer) {
    ++fake_cuda_state().asked_where;
    attributes->type = on_device(pointer) ? 2 : 0;
    attributes->device = 0;
    return 0;
  };
  api.malloc = fake_malloc;
  api.free = fake_free;
  api.device_synchronize = [] {
    fake_cuda_state().synchronized_device = current_device;
    fake_cuda_state().waited = fake_cuda_state().work.load();
    return ++fake_cuda_state().synchronized, 0;
  };
  api.malloc_async = [](void** pointer, std::size_t bytes, cudaStream_t stream) {
    check_alive(stream);
    return fake_malloc(pointer, bytes);
  };
  api.free_async = [](void* pointer, cudaStream_t stream) {
    check_alive(stream);
    return fake_free(pointer);
  };
  api.malloc_host = [](void** pointer, std::size_t bytes) { return *pointer = std::malloc(bytes), 0; };
  api.free_host = [](void* pointer) { return std::free(pointer), 0; };
  api.memcpy_async = [](void* to, const void* from, std::size_t bytes, int, cudaStream_t stream) {
    ++fake_cuda_state().copies;
    if (!holds(to, bytes) || !holds(from, bytes)) return kInvalidValue;
    submit(stream, [=] { std::memcpy(to, from, bytes); });
    return 0;
  };
  api.stream_create = [](cudaStream_t* stream, unsigned) {
    ++fake_cuda_state().streams;
    *stream = new CUstream_st;
    const std::lock_guard lock(streams_mutex);
    streams().insert(*stream);
    return 0;
  };
  api.stream_destroy = [](cudaStream_t stream) {
    --fake_cuda_state().streams;
    const std::lock_guard lock(streams_mutex);
    EXPECT_EQ(streams().erase(stream), 1U);
    delete stream;
    return 0;
  };
  api.stream_synchronize = [](cudaStream_t) { return 0; };
  api.stream_wait_event = [](cudaStream_t stream, runtime::CudaEvent, unsigned) {
    check_alive(stream);
    return ++fake_cuda_state().waits, 0;
  };
  api.stream_begin_capture = [](cudaStream_t stream, int) {
    EXPECT_EQ(stream->capturing, nullptr);
    stream->capturing = new CUgraph_st;
    return 0;
  };
  api.stream_end_capture = [](cudaStream_t stream, runtime::CudaGraph* graph) {
    *graph = std::exchange(stream->capturing, nullptr);
    return 0;
  };
  api.graph_instantiate = [](runtime::CudaGraphExec* executable, runtime::CudaGraph graph, unsigned long long) {
    if (fake_cuda_state().refuse_instantiation) return kNotPermitted;
    ++fake_cuda_state().captures;
    ++fake_cuda_state().graphs;
    *executable = new CUgraphExec_st{graph->work};
    return 0;
  };
  api.graph_launch = [](runtime::CudaGraphExec executable, cudaStream_t stream) {
    check_alive(stream);
    ++fake_cuda_state().graph_launches;
    for (const Work& work : executable->work) work();
    return 0;
  };
  api.graph_destroy = [](runtime::CudaGraph graph) { return delete graph, 0; };
  api.graph_exec_destroy = [](runtime::CudaGraphExec executable) {
    if (executable != nullptr) --fake_cuda_state().graphs;
    delete executable;
    return 0;
  };
  api.event_create = [](runtime::CudaEvent* event, unsigned) {
    ++fake_cuda_state().events;
    return *event = new CUevent_st, 0;
  };
  api.event_destroy = [](runtime::CudaEvent event) {
    --fake_cuda_state().events;
    delete event;
    return 0;
  };
  api.event_record = [](runtime::CudaEvent event, cudaStream_t stream) {
    check_alive(stream);
    event->work = fake_cuda_state().work;
    return event->time = std::chrono::steady_clock::now(), 0;
  };
  api.event_synchronize = [](runtime::CudaEvent event) {
    ++fake_cuda_state().event_waits;
    fake_cuda_state().waited = std::max(fake_cuda_state().waited.load(), event->work);
    return 0;
  };
  api.event_elapsed_time = [](float* milliseconds, runtime::CudaEvent start, runtime::CudaEvent end) {
    return *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count(), 0;
  };
  return api;
}

// Tensors in the plan's order: y, x, [offset], [positives]: outputs and inputs are mixed, as TensorRT may do.
enum Number { kY = 0, kX = 1 };

class FakeExecution : public runtime::ExecutionBackend {
 public:
  FakeExecution(FakePlan& plan, void* activation)
      : plan_(plan), activation_(activation), addresses_(plan.tensors().size()), sinks_(addresses_.size()) {
    ++plan_.executions;
    x_ = plan.options().x_shape;
  }
  ~FakeExecution() override {
    --plan_.executions;
    if (*last_run_ > fake_cuda_state().waited) ++plan_.gone_unwaited;
  }

  void set_shape(int tensor, const Shape& shape) override {
    EXPECT_EQ(tensor, kX);
    if (plan_.fail_next_shape.exchange(false)) throw Error(ErrorCategory::kRuntime, "shape refused");
    ++plan_.shapes_set;
    x_ = shape;
  }
  void set_address(int tensor, void* data) override {
    EXPECT_NE(data, nullptr);
    ++plan_.addresses_set;
    addresses_.at(static_cast<std::size_t>(tensor)) = data;
  }
  void set_sink(int tensor, runtime::OutputSink* sink) override { sinks_.at(static_cast<std::size_t>(tensor)) = sink; }
  Shape shape(int tensor) override { return tensor == kY || tensor == kX ? x_ : Shape({-1}); }

  void enqueue(cudaStream_t stream) override {
    EXPECT_FALSE(busy_.exchange(true)) << "two threads in one execution";
    const bool capturing = stream != nullptr && stream->capturing != nullptr;
    if (capturing && plan_.options().fail_in_capture) {
      busy_ = false;
      throw Error(ErrorCategory::kRuntime, "TensorRT could not run the engine\n  TensorRT: not while capturing");
    }
    if (plan_.fail_next_enqueue.exchange(false)) {
      busy_ = false;
      throw Error(ErrorCategory::kRuntime, "TensorRT could not run the engine\n  TensorRT: broken");
    }
    ++plan_.enqueues;
    if (activation_ != nullptr) static_cast<char*>(activation_)[plan_.activation_bytes() - 1] = 1;
    if (plan_.options().positives) {
      run_sized();
    } else {
      const auto* x = static_cast<const float*>(addresses_[kX]);
      auto* y = static_cast<float*>(addresses_[kY]);
      const auto* offset = plan_.options().host_input ? static_cast<const std::int32_t*>(addresses_[2]) : nullptr;
      const std::int64_t count = x_.numel();
      const float added = offset == nullptr ? 0 : static_cast<float>(*offset);
      submit(stream, [=, last_run = last_run_] {
        *last_run = ++fake_cuda_state().work;
        for (std::int64_t i = 0; i < count; ++i) y[i] = 2 * x[i] + added;
      });
    }
    busy_ = false;
  }

  std::vector<LayerTime> profile(cudaStream_t stream) override {
    enqueue(stream);
    return {{"double", 0.25F}, {"rest", 0.75F}};
  }

 private:
  void run_sized() {
    const auto* x = static_cast<const float*>(addresses_[kX]);
    auto* y = static_cast<float*>(addresses_[kY]);
    std::vector<float> positives;
    for (std::int64_t i = 0; i < x_.numel(); ++i) {
      y[i] = 2 * x[i];
      if (x[i] > 0) positives.push_back(x[i]);
    }
    runtime::OutputSink* sink = sinks_.back();
    EXPECT_NE(sink, nullptr);
    void* memory = sink->reallocate(positives.size() * sizeof(float));
    if (memory == nullptr) {
      busy_ = false;
      throw Error(ErrorCategory::kRuntime, "TensorRT could not run the engine");
    }
    std::copy(positives.begin(), positives.end(), static_cast<float*>(memory));
    sink->shape_known({static_cast<std::int64_t>(positives.size())});
  }

  FakePlan& plan_;
  void* activation_;
  Shape x_;
  std::vector<void*> addresses_;
  std::vector<runtime::OutputSink*> sinks_;
  std::shared_ptr<std::atomic<int>> last_run_ = std::make_shared<std::atomic<int>>(0);  // its number
  std::atomic<bool> busy_{false};
};

}  // namespace

void FakeCuda::reset() {
  for (std::atomic<int>* count : {&mallocs, &frees, &captures, &graph_launches, &graphs, &waits, &copies, &events,
                                  &streams, &asked_where, &synchronized, &event_waits, &work, &waited})
    *count = 0;
  out_of_memory = refuse_instantiation = false;
  current_device = 0;
}

FakeCuda& fake_cuda_state() {
  static FakeCuda state;
  return state;
}

const CudaApi& fake_cuda() {
  static const CudaApi api = make_api();
  return api;
}

FakePlan::FakePlan(FakePlanOptions options) : options_(std::move(options)) {
  const auto add = [&](const char* name, bool is_input, DType dtype, const Shape& shape) -> EngineTensor& {
    runtime::BackendTensor tensor;
    tensor.info.name = name;
    tensor.info.dtype = tensor.info.torch_dtype = dtype;
    tensor.info.shape = shape;
    tensor.is_input = is_input;
    tensors_.push_back(tensor);
    return tensors_.back().info;
  };
  add("y", false, options_.dtype, options_.x_shape);
  add("x", true, options_.dtype, options_.x_shape).ranges = options_.ranges;
  if (options_.host_input) add("offset", true, DType::kInt32, {1}).on_host = true;
  if (options_.positives) add("positives", false, DType::kFloat32, {-1});
}

std::unique_ptr<runtime::ExecutionBackend> FakePlan::make_execution(int profile, void* activation) {
  EXPECT_LT(profile, num_profiles());
  if (options_.one_execution && executions > 0) {
    throw Error(ErrorCategory::kRuntime, "TensorRT gives this context no optimization profile 0");
  }
  return std::make_unique<FakeExecution>(*this, activation);
}

std::unique_ptr<FakeEngine> fake_engine(const FakePlanOptions& options, int device) {
  fake_cuda_state().reset();
  auto made = std::make_unique<FakeEngine>();
  made->plan = std::make_shared<FakePlan>(options);
  EngineOptions engine;
  engine.log = [log = &made->log](LogLevel level, const std::string& text) {
    if (level >= LogLevel::kWarning) log->push_back(text);
  };
  made->engine = std::make_shared<Engine>(made->plan, fake_cuda(), EngineMetadata{}, std::vector<EngineTensor>{},
                                          std::vector<EngineTensor>{}, engine, device);
  return made;
}

FakeTensor::FakeTensor(const Shape& of_shape, float first, int on_device) {
  shape = of_shape;
  device = on_device;
  void* memory = nullptr;
  EXPECT_EQ(fake_malloc(&memory, std::max<std::size_t>(bytes(), 1)), 0);
  owner = {memory, [](void* pointer) { fake_free(pointer); }};
  data = memory;
  for (std::int64_t i = 0; i < shape.numel(); ++i) static_cast<float*>(memory)[i] = first + static_cast<float>(i);
}

std::vector<float> FakeTensor::values() const { return values_of(*this); }

std::vector<float> values_of(const TensorView& tensor) {
  const auto* begin = static_cast<const float*>(tensor.data);
  return {begin, begin + tensor.shape.numel()};
}

FakeStream::FakeStream() { fake_cuda().stream_create(&stream_, 0); }
FakeStream::~FakeStream() { fake_cuda().stream_destroy(stream_); }

}  // namespace torch2trt::testing
