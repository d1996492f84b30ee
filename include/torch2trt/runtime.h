// Running engines: C++17, without libtorch and without Python. Names only std and CUDA types; links to no CUDA and no
// TensorRT library (both are opened at run time). docs/runtime.md tells the whole story.
//
//   auto engine = torch2trt::Engine::load("resnet50.engine");
//   torch2trt::Context context(engine);                        // one per thread
//   context.set_input(0, {pointer, torch2trt::DType::kFloat32, {1, 3, 224, 224}});
//   context.enqueue(stream);                                   // does not wait
//   torch2trt::DeviceTensor logits = context.output(0);        // its contents are there when the stream is
//
// Every function throws torch2trt::Error: kInvalidArgument for arguments that do not fit the engine, kInvalidModel for
// damaged files, kRuntime for what this machine lacks and for what TensorRT or CUDA refuse.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/dtype.h"
#include "torch2trt/error.h"

// As the CUDA runtime's own headers declare it, so that they are not needed here.
struct CUstream_st;
using cudaStream_t = CUstream_st*;  // NOLINT(readability-identifier-naming): CUDA's

namespace torch2trt {

// Sizes of a tensor, in place: at most 8 dimensions, as many as TensorRT has. -1 stands for "not known".
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  // Throws Error(kInvalidArgument) for more than 8 sizes.
  Shape(std::initializer_list<std::int64_t> sizes) : Shape(sizes.begin(), sizes.size()) {}
  Shape(const std::int64_t* sizes, std::size_t rank);
  explicit Shape(const std::vector<std::int64_t>& sizes) : Shape(sizes.data(), sizes.size()) {}

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) { return sizes_[static_cast<std::size_t>(axis)]; }
  const std::int64_t* begin() const { return sizes_.data(); }
  const std::int64_t* end() const { return sizes_.data() + rank_; }
  // Whether every size is known.
  bool known() const;
  // Elements. Throws Error(kInvalidArgument) where a size is unknown or the product does not fit 63 bits.
  std::int64_t numel() const;
  // "[1, 3, 224, 224]"; "?" for an unknown size.
  std::string text() const;

  bool operator==(const Shape& other) const;
  bool operator!=(const Shape& other) const { return !(*this == other); }

 private:
  std::array<std::int64_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

// Where memory is, besides the ordinal of a CUDA device.
inline constexpr int kHost = -1;
inline constexpr int kAnyDevice = -2;  // not said: CUDA is asked when the address is first seen

// A contiguous tensor that somebody else owns.
struct TensorView {
  void* data = nullptr;  // first element; may be null where there are no elements
  DType dtype = DType::kFloat32;
  Shape shape;
  int device = kAnyDevice;

  // Throws as Shape::numel().
  std::size_t bytes() const;
  bool operator==(const TensorView& other) const {
    return data == other.data && dtype == other.dtype && device == other.device && shape == other.shape;
  }
};

// A tensor and what keeps its memory: null where that is the caller's own.
struct DeviceTensor : TensorView {
  std::shared_ptr<void> owner;
};

struct ShapeRange {
  Shape min, opt, max;
};

// One input or output of an engine.
struct EngineTensor {
  std::string name;
  DType dtype = DType::kFloat32;        // the engine's
  DType torch_dtype = DType::kFloat32;  // PyTorch's (float64, int64); `dtype` where the engine is a bare plan
  Shape shape;                          // -1 where dynamic
  bool on_host = false;                 // read from or written to host memory: sizes that the engine computes with
  std::vector<ShapeRange> ranges;       // of an input, one per optimization profile
};

// What a bundle says about the engine in it. Empty where the engine is a bare plan.
struct EngineMetadata {
  int format_version = 0;              // 0: a bare plan
  std::string torch2trt;               // version that built it
  std::string flavour;                 // "tensorrt" or "tensorrt_rtx"
  std::string tensorrt;                // "10.14.1.48"
  std::string gpu;                     // "NVIDIA H100 80GB HBM3"; empty where it was built without one
  std::string compute_capability;      // "9.0"
  std::string driver;                  // "580.65.06"
  std::string cuda;                    // "13.0"
  std::string hardware_compatibility;  // "none", "ampere_plus", "same_compute_capability"
  bool version_compatible = false;
  std::string model;                           // the file it was built from
  std::map<std::string, std::string> options;  // of the build, by their names on the command line
  // How the flat inputs and outputs nest in PyTorch, as JSON (docs/runtime.md, "The bundle"): null is a tensor,
  // {"tuple": [...]} holds some. Empty where unknown.
  std::string input_structure, output_structure;
};

enum class LogLevel { kVerbose, kInfo, kWarning, kError };
using RuntimeLog = std::function<void(LogLevel, const std::string&)>;

// The engine was built for another TensorRT or GPU. The message says built on, running on, and what to do.
class IncompatibleEngine : public Error {
 public:
  explicit IncompatibleEngine(const std::string& message) : Error(ErrorCategory::kRuntime, message) {}
};

struct EngineOptions {
  // Called on any thread. Empty: warnings and errors go to stderr.
  RuntimeLog log;
  // libnvinfer to open; empty: found as docs/runtime.md says.
  std::string tensorrt_library;
  // A plan is code: whoever wrote it can do what this process can. Set once you trust where it comes from; until then
  // loading a bare plan warns (a bundle is checked for damage, not for good will).
  bool trusted = false;
  // TensorRT's verbose messages too.
  bool verbose = false;
};

namespace runtime {
class PlanBackend;
class PoolState;
struct CudaApi;
}  // namespace runtime

// A loaded engine: its weights on the GPU. Immutable; any number of threads may use it, through a Context each.
class Engine {
 public:
  // A bundle or a bare TensorRT plan, told apart by content. The current CUDA device is the engine's.
  static std::shared_ptr<const Engine> load(const std::string& path, const EngineOptions& options = {});
  // The same from memory, which may be freed afterwards.
  static std::shared_ptr<const Engine> from_bytes(const void* data, std::size_t size,
                                                  const EngineOptions& options = {});
  // A bare plan that this process has just built: no warning.
  static std::shared_ptr<const Engine> from_plan(const void* data, std::size_t size, EngineOptions options = {});

  // Made by the functions above, and by tests over their own backend.
  // `inputs`, `outputs`: the bundle's, in PyTorch's order; empty for a bare plan.
  Engine(std::shared_ptr<runtime::PlanBackend> backend, const runtime::CudaApi& cuda, EngineMetadata metadata,
         const std::vector<EngineTensor>& inputs, const std::vector<EngineTensor>& outputs, EngineOptions options,
         int device);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // In PyTorch's order (a bare plan: in TensorRT's).
  const std::vector<EngineTensor>& inputs() const { return inputs_; }
  const std::vector<EngineTensor>& outputs() const { return outputs_; }
  // Positions in inputs() and outputs(): resolve names once. Throws for a name that is not there, listing those that
  // are.
  int input_index(std::string_view name) const;
  int output_index(std::string_view name) const;
  int num_profiles() const;
  int device() const { return device_; }
  const EngineMetadata& metadata() const { return metadata_; }
  // "TensorRT 8.5.3"
  std::string tensorrt_version() const;
  // TensorRT's own description of its layers, as JSON: {"Layers": [...], "Bindings": [...]}.
  std::string layer_information() const;
  // GPU memory that a Context needs beside its inputs and outputs.
  std::size_t activation_bytes() const;

  // For Context.
  runtime::PlanBackend& backend() const { return *backend_; }
  const runtime::CudaApi& cuda() const { return cuda_; }
  const EngineOptions& options() const { return options_; }
  // Of each input (output): its number among the backend's tensors.
  const std::vector<int>& input_slots() const { return input_slots_; }
  const std::vector<int>& output_slots() const { return output_slots_; }
  void log(LogLevel level, const std::string& text) const;

 private:
  std::shared_ptr<runtime::PlanBackend> backend_;
  const runtime::CudaApi& cuda_;
  EngineMetadata metadata_;
  EngineOptions options_;
  int device_;
  std::vector<EngineTensor> inputs_, outputs_;
  std::vector<int> input_slots_, output_slots_;
};

// Memory for outputs: at least `bytes`, usable in the order of `stream`, 256-byte aligned.
using OutputAllocator = std::function<std::shared_ptr<void>(std::size_t bytes, cudaStream_t stream)>;

struct ContextOptions {
  int profile = 0;
  // Launch a captured CUDA graph where the same shapes and addresses come again. The first enqueue with them runs as
  // without, and is captured; what cannot be captured runs as without (one warning).
  bool cuda_graph = false;
  // Captured graphs that are kept; the least recently used goes first. Each new shape costs one TensorRT context; they
  // share their activation memory.
  std::size_t max_graphs = 8;
  // With cuda_graph: copy inputs into memory of the context's first, and outputs out of it, so that graphs fit
  // whatever addresses the caller has.
  bool stage = false;
  // Where outputs without a buffer of the caller's come from. Empty: cudaMallocAsync on the stream. One that was
  // dropped is freed, in the stream's order, by the next enqueue there, and at the latest with the Context, which then
  // waits for the device. The stream itself may be gone before them.
  OutputAllocator allocator;
};

// One layer's time, as TensorRT's profiler reports it.
struct LayerTime {
  std::string name;
  float milliseconds = 0;
};

// State of one execution at a time: one thread, one stream. To move to another stream, wait for the first (an event
// will do). Values stay set from one enqueue to the next.
class Context {
 public:
  explicit Context(std::shared_ptr<const Engine> engine, ContextOptions options = {});
  ~Context();
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;

  const Engine& engine() const;

  // Checks dtype, device, rank and profile range, with what was received and what is allowed in the message. The memory
  // must stay valid until the enqueue that reads it is done on the stream.
  void set_input(int index, const TensorView& tensor);
  void set_input(std::string_view name, const TensorView& tensor);
  // The caller's buffer. Its shape must be output_shape(index) when enqueue() is called; where that is not known before
  // the run, the buffer's bytes are what TensorRT may fill.
  void set_output(int index, const TensorView& buffer);
  void set_output(std::string_view name, const TensorView& buffer);
  // From now on the output is allocated at each enqueue.
  void clear_output(int index);
  // All inputs must be set. -1 for sizes that depend on the data.
  Shape output_shape(int index);

  // Puts the run on `stream` and returns. No synchronisation.
  void enqueue(cudaStream_t stream);
  // Of the last enqueue. Where the shape depends on data, call it once the stream has been waited for. An allocated
  // output is the caller's to keep: later runs do not write to it.
  DeviceTensor output(int index) const;
  DeviceTensor output(std::string_view name) const;

  // All of it: inputs in the order of engine().inputs(), outputs allocated.
  std::vector<DeviceTensor> infer(const std::vector<TensorView>& inputs, cudaStream_t stream);
  std::map<std::string, DeviceTensor> infer(const std::map<std::string, TensorView>& inputs, cudaStream_t stream);

  // Layer times of one run of what is set, waiting for it.
  std::vector<LayerTime> profile(cudaStream_t stream);
  // Enqueues so far that were the launch of a graph, and graphs now kept.
  std::size_t graph_launches() const;
  std::size_t graphs() const;

  // Inputs and buffers are no longer set, and outputs no longer kept: as new, but for what is cached of shapes seen.
  void reset();

  // For EnginePool: from now on each enqueue waits for the one before on its own stream, so that streams may differ.
  void share();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct PoolOptions {
  std::size_t size = 1;  // contexts
  ContextOptions context;
};

// Contexts for threads that come and go. Thread-safe.
class EnginePool {
 public:
  // A context on loan; goes back when this is destroyed.
  class Lease {
   public:
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) noexcept;
    ~Lease();
    Context& operator*() const { return *context_; }
    Context* operator->() const { return context_; }

   private:
    friend class EnginePool;
    Lease(std::shared_ptr<runtime::PoolState> state, Context* context);
    std::shared_ptr<runtime::PoolState> state_;
    Context* context_ = nullptr;
  };

  // Makes all contexts at once, so that a lack of memory shows here.
  EnginePool(std::shared_ptr<const Engine> engine, const PoolOptions& options);
  // Over copies of one engine in turn: before TensorRT 10, an engine with dynamic shapes has one context a profile.
  EnginePool(const std::vector<std::shared_ptr<const Engine>>& engines, const PoolOptions& options);

  // Waits for a free context, with nothing set. The run enqueued on it need not be finished when it is given back: the
  // next holder's enqueue waits for it, on its stream, not on the host.
  Lease acquire();
  // The same without waiting: nullptr where none is free.
  std::unique_ptr<Lease> try_acquire();
  std::size_t size() const;
  std::size_t free() const;

 private:
  std::shared_ptr<runtime::PoolState> state_;
};

}  // namespace torch2trt
