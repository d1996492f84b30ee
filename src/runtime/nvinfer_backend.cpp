// The backend over TensorRT's C++ API, 8.5 to 11.
#include <NvInferRuntime.h>
#include <fmt/format.h>

#include <array>

#include "src/runtime/backend.h"
#include "src/runtime/cuda_api.h"
#include "src/tensorrt/compat.h"
#include "src/tensorrt/cuda.h"
#include "src/tensorrt/library.h"
#include "src/tensorrt/logger.h"
#include "src/tensorrt/shared_library.h"

namespace torch2trt::runtime {
namespace {

using tensorrt::ErrorRecorder;
using tensorrt::Library;
using tensorrt::Logger;
using tensorrt::LogScope;

[[noreturn]] void fail(std::string message, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) message += "\n  TensorRT: " + text;
  throw Error(ErrorCategory::kRuntime, message);
}

template <typename Function>
auto with_library_errors(Function&& function) {
  try {
    return function();
  } catch (const tensorrt::LibraryError& error) {
    throw Error(ErrorCategory::kRuntime, error.what());
  }
}

// By value: earlier versions lack the names of the later ones. -1: a type that no tensor here can have.
DType dtype_of(nvinfer1::DataType type, const char* tensor) {
  constexpr std::array kTypes = {DType::kFloat32, DType::kFloat16,    DType::kInt8,     DType::kInt32, DType::kBool,
                                 DType::kUInt8,   DType::kFloat8E4M3, DType::kBFloat16, DType::kInt64};
  const auto index = static_cast<std::size_t>(type);
  if (index < kTypes.size()) return kTypes[index];
  throw Error(ErrorCategory::kInvalidModel,
              fmt::format("\"{}\" has TensorRT's type {}, which torch2trt cannot bind (4 bits, or newer than it)",
                          tensor, index));
}

Shape shape_of(const nvinfer1::Dims& dims) {
  Shape shape;
  if (dims.nbDims < 0) return shape;  // TensorRT's "unknown"
  std::vector<std::int64_t> sizes(dims.d, dims.d + dims.nbDims);
  return Shape(sizes);
}

nvinfer1::Dims dims_of(const Shape& shape) {
  nvinfer1::Dims dims{};
  dims.nbDims = shape.rank();
  for (int axis = 0; axis < shape.rank(); ++axis)
    dims.d[axis] = static_cast<std::remove_reference_t<decltype(dims.d[0])>>(shape[axis]);
  return dims;
}

class Allocator : public nvinfer1::IOutputAllocator {
 public:
  explicit Allocator(OutputSink* sink) : sink_(sink) {}
  // reallocateOutputAsync calls this one unless overridden; the sink knows the stream.
  void* reallocateOutput(const char* /*name*/, void* /*current*/, std::uint64_t size,
                         std::uint64_t /*alignment*/) noexcept override {
    return sink_->reallocate(size);
  }
  void notifyShape(const char* /*name*/, const nvinfer1::Dims& dims) noexcept override {
    try {
      sink_->shape_known(shape_of(dims));
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): more than 8 dimensions, and there are none
    }
  }

 private:
  OutputSink* sink_;
};

class Profiler : public nvinfer1::IProfiler {
 public:
  void reportLayerTime(const char* name, float milliseconds) noexcept override {
    try {
      times.push_back({name, milliseconds});
    } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): one layer less; TensorRT knows no exceptions
    }
  }
  std::vector<LayerTime> times;
};

// All that must outlive the executions, in the order of dependence.
struct Plan {
  std::shared_ptr<const Library> library;
  std::unique_ptr<LogScope> log;
  std::unique_ptr<nvinfer1::IRuntime> runtime;
  std::unique_ptr<nvinfer1::ICudaEngine> engine;
  std::vector<std::string> names;
};

class NvinferExecution : public ExecutionBackend {
 public:
  NvinferExecution(std::shared_ptr<const Plan> plan, int profile, void* activation)
      : plan_(std::move(plan)), allocators_(plan_->names.size()) {
    nvinfer1::ICudaEngine& engine = *plan_->engine;
    context_.reset(activation == nullptr ? engine.createExecutionContext()
                                         : tensorrt::make_context_without_memory(engine));
    if (!context_) fail("TensorRT makes no execution context", plan_->log->take_errors());
    context_->setErrorRecorder(&recorder_);
    if (activation != nullptr) tensorrt::set_activation(*context_, activation, tensorrt::activation_bytes(engine));
    if (context_->getOptimizationProfile() == profile) return;
    const bool set = context_->setOptimizationProfileAsync(profile, nullptr);
    const CudaApi& api = cuda();
    api.check(api.stream_synchronize(nullptr), "cudaStreamSynchronize");
    if (set) return;
    refused(
        fmt::format("TensorRT gives this context no optimization profile {}. Before TensorRT 10 an engine with "
                    "dynamic shapes has one context per profile: load the engine once more for each further one",
                    profile));
  }

  // The recorder must be gone from the context before it is itself.
  ~NvinferExecution() override { context_->setErrorRecorder(nullptr); }

  void set_shape(int tensor, const Shape& shape) override {
    if (!context_->setInputShape(name(tensor), dims_of(shape)))
      refused(fmt::format("TensorRT refused the shape {} of \"{}\"", shape.text(), name(tensor)));
  }

  void set_address(int tensor, void* data) override {
    if (!context_->setTensorAddress(name(tensor), data))
      refused(fmt::format("TensorRT refused the address {} of \"{}\"", data, name(tensor)));
  }

  void set_sink(int tensor, OutputSink* sink) override {
    auto allocator = sink == nullptr ? nullptr : std::make_unique<Allocator>(sink);
    if (!context_->setOutputAllocator(name(tensor), allocator.get()))
      refused(fmt::format("TensorRT refused the allocator of \"{}\"", name(tensor)));
    allocators_[static_cast<std::size_t>(tensor)] = std::move(allocator);
  }

  Shape shape(int tensor) override {
    const nvinfer1::Dims dims = context_->getTensorShape(name(tensor));
    if (dims.nbDims < 0) refused(fmt::format("TensorRT cannot tell the shape of \"{}\"", name(tensor)));
    return shape_of(dims);
  }

  void enqueue(cudaStream_t stream) override {
    if (!context_->enqueueV3(stream)) refused("TensorRT could not run the engine");
  }

  std::vector<LayerTime> profile(cudaStream_t stream) override {
    Profiler profiler;
    context_->setProfiler(&profiler);
    const bool enqueued = context_->enqueueV3(stream);
    const CudaApi& api = cuda();
    const int code = api.stream_synchronize(stream);
    context_->setProfiler(nullptr);
    if (!enqueued) refused("TensorRT could not run the engine with a profiler");
    api.check(code, "cudaStreamSynchronize");
    return std::move(profiler.times);
  }

 private:
  const char* name(int tensor) const { return plan_->names[static_cast<std::size_t>(tensor)].c_str(); }
  [[noreturn]] void refused(const std::string& message) { fail(message, recorder_.take_texts()); }

  std::shared_ptr<const Plan> plan_;
  ErrorRecorder recorder_;
  std::vector<std::unique_ptr<Allocator>> allocators_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;  // gone first
};

class NvinferPlan : public PlanBackend {
 public:
  explicit NvinferPlan(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
    for (const std::string& name : plan_->names) tensors_.push_back(describe(name.c_str()));
  }

  const std::vector<BackendTensor>& tensors() const override { return tensors_; }
  int num_profiles() const override { return std::max(1, plan_->engine->getNbOptimizationProfiles()); }
  std::string version() const override { return plan_->library->version().text(); }
  std::size_t activation_bytes() const override {
    return static_cast<std::size_t>(tensorrt::activation_bytes(*plan_->engine));
  }

  std::string layer_information() const override {
    const std::unique_ptr<nvinfer1::IEngineInspector> inspector(plan_->engine->createEngineInspector());
    const char* text = inspector ? inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON) : nullptr;
    if (text == nullptr) fail("TensorRT does not describe the engine's layers", plan_->log->take_errors());
    return text;
  }

  std::unique_ptr<ExecutionBackend> make_execution(int profile, void* activation) override {
    return std::make_unique<NvinferExecution>(plan_, profile, activation);
  }

 private:
  BackendTensor describe(const char* name) const {
    const nvinfer1::ICudaEngine& engine = *plan_->engine;
    BackendTensor tensor;
    tensor.is_input = engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
    tensor.info.name = name;
    tensor.info.dtype = tensor.info.torch_dtype = dtype_of(engine.getTensorDataType(name), name);
    tensor.info.shape = shape_of(engine.getTensorShape(name));
    tensor.info.on_host = engine.getTensorLocation(name) == nvinfer1::TensorLocation::kHOST;
    if (engine.getTensorFormat(name) != nvinfer1::TensorFormat::kLINEAR) {
      throw Error(ErrorCategory::kInvalidModel,
                  fmt::format("\"{}\" has the layout {}; torch2trt binds linear tensors only. Build the engine without "
                              "--inputIOFormats and --outputIOFormats",
                              name, engine.getTensorFormatDesc(name)));
    }
    if (!tensor.is_input || tensor.info.on_host || tensor.info.shape.known()) return tensor;
    for (int profile = 0; profile < num_profiles(); ++profile) {
      const auto limit = [&](nvinfer1::OptProfileSelector which) {
        return shape_of(engine.getProfileShape(name, profile, which));
      };
      tensor.info.ranges.push_back({limit(nvinfer1::OptProfileSelector::kMIN),
                                    limit(nvinfer1::OptProfileSelector::kOPT),
                                    limit(nvinfer1::OptProfileSelector::kMAX)});
    }
    return tensor;
  }

  std::shared_ptr<const Plan> plan_;
  std::vector<BackendTensor> tensors_;
};

tensorrt::MessageSink sink_of(const EngineOptions& options) {
  // Errors are in the exceptions.
  if (!options.log) {
    return [](tensorrt::Level level, const std::string& text) {
      if (level == tensorrt::Level::kWarning) std::fprintf(stderr, "torch2trt: warning: TensorRT: %s\n", text.c_str());
    };
  }
  return [log = options.log](tensorrt::Level level, const std::string& text) {
    if (level != tensorrt::Level::kError) log(static_cast<LogLevel>(level), "TensorRT: " + text);
  };
}

}  // namespace

std::shared_ptr<PlanBackend> open_plan(const void* data, std::size_t size, const EngineOptions& options) {
  return with_library_errors([&]() -> std::shared_ptr<PlanBackend> {
    auto plan = std::make_shared<Plan>();
    plan->library = Library::open(options.tensorrt_library);
    plan->log = std::make_unique<LogScope>(sink_of(options), options.verbose);
    plan->runtime.reset(plan->library->create_runtime(Logger::instance()));
    if (!plan->runtime) fail("TensorRT makes no runtime on this machine", plan->log->take_complaints());
    plan->engine.reset(plan->runtime->deserializeCudaEngine(data, size));
    if (!plan->engine && plan->library->load_plugins(Logger::instance())) {
      plan->log->take_errors();
      plan->engine.reset(plan->runtime->deserializeCudaEngine(data, size));
    }
    if (!plan->engine) {
      fail(
          fmt::format("TensorRT {} does not load this plan. A plan works with the TensorRT version and the kind of GPU "
                      "that it was built with; build it again here",
                      plan->library->version().text()),
          plan->log->take_errors());
    }
    for (int i = 0; i < plan->engine->getNbIOTensors(); ++i) plan->names.emplace_back(plan->engine->getIOTensorName(i));
    return std::make_shared<NvinferPlan>(std::move(plan));
  });
}

RunningTensorRT running_tensorrt(const EngineOptions& options) {
  return with_library_errors(
      [&] { return RunningTensorRT{"tensorrt", Library::open(options.tensorrt_library)->version().text()}; });
}

void set_import_path(std::vector<std::string> folders) { tensorrt::set_import_path(std::move(folders)); }

const CudaApi& cuda() {
  static const CudaApi api = with_library_errors([] {
    const tensorrt::Cuda& library = tensorrt::Cuda::open();
    return make_cuda_api([&](const char* name) { return library.symbol(name); });
  });
  return api;
}

}  // namespace torch2trt::runtime
