// What is inside a Context.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/runtime/departing.h"
#include "src/runtime/graph.h"
#include "src/runtime/lru.h"
#include "src/runtime/output_memory.h"
#include "src/runtime/slot.h"
#include "torch2trt/runtime.h"

namespace torch2trt {

class Context::Impl {
 public:
  Impl(std::shared_ptr<const Engine> engine, ContextOptions options);
  ~Impl();

  void set_input(int index, const TensorView& tensor);
  void set_output(int index, const TensorView& buffer);
  void clear_output(int index);
  Shape output_shape(int index);
  void enqueue(cudaStream_t stream);
  DeviceTensor output(int index) const;
  std::vector<LayerTime> profile(cudaStream_t stream);
  void reset();
  void share();

  const Engine& engine() const { return *engine_; }
  std::size_t graph_launches() const { return graph_launches_; }
  std::size_t graphs() const { return graphs_.size(); }

 private:
  // An output whose size TensorRT tells while it runs, into the caller's buffer or an allocated one.
  class Sink : public runtime::OutputSink {
   public:
    Sink(Impl& context, int output) : context_(context), output_(output) {}
    void* reallocate(std::size_t bytes) noexcept override;
    void shape_known(const Shape& shape) noexcept override { this->shape = shape; }
    Shape shape;
    std::string failure;

   private:
    Impl& context_;
    int output_;
  };
  struct Output {
    std::optional<TensorView> buffer;  // the caller's
    DeviceTensor result;               // of the last enqueue
    std::unique_ptr<Sink> sink;        // where the last enqueue needed one
    bool sized_by_run = false;
  };
  struct GraphKey {
    const runtime::Slot* slot;
    std::vector<void*> addresses;
    bool operator==(const GraphKey& other) const { return slot == other.slot && addresses == other.addresses; }
  };
  struct Graph {
    std::shared_ptr<runtime::Slot> slot;  // keeps what was captured alive
    std::unique_ptr<runtime::CapturedGraph> captured;
  };

  std::shared_ptr<runtime::Slot> make_slot();
  // Becomes current_.
  void use(std::shared_ptr<runtime::Slot> slot);
  // The slot for the shapes of the inputs, with them set.
  runtime::Slot& slot();
  void require_inputs() const;
  void run_plain(runtime::Slot& slot, cudaStream_t stream);
  void run_graph(runtime::Slot& slot, cudaStream_t stream);
  void bind_inputs(runtime::Slot& slot);
  void bind_outputs(runtime::Slot& slot, cudaStream_t stream);
  void enqueue_execution(runtime::Slot& slot, cudaStream_t stream);
  void check_output(runtime::Slot& slot, int index) const;
  std::vector<void*> graph_addresses(runtime::Slot& slot);
  void give_staged_outputs(runtime::Slot& slot, cudaStream_t stream);
  std::shared_ptr<void> allocate(const EngineTensor& info, std::size_t bytes, cudaStream_t stream) const;
  void copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) const;
  bool graphs_possible(const runtime::Slot& slot);
  void without_graphs(const std::string& reason);
  // Around a run, where contexts are handed from one stream to another.
  void wait_for_last_run(cudaStream_t stream);
  void mark_run(cudaStream_t stream);

  std::shared_ptr<const Engine> engine_;
  ContextOptions options_;
  const runtime::CudaApi& cuda_;

  std::vector<TensorView> inputs_;
  std::vector<bool> input_checked_;  // inputs_ has what fits the engine, though it may have been reset since
  std::vector<bool> input_set_;
  std::vector<Output> outputs_;
  bool shapes_changed_ = true;  // since current_ was found
  bool host_inputs_ = false;
  bool all_buffers_ = false;  // every output has one of the caller's, or there are none

  // Nothing changed since the last enqueue: what it ran can run again.
  bool ready_ = false;
  runtime::CapturedGraph* ready_graph_ = nullptr;

  std::shared_ptr<void> placeholder_;  // the address of tensors without elements
  std::shared_ptr<void> activation_;   // shared by the slots, with graphs
  bool one_slot_ = false;              // this TensorRT makes no second execution for the profile
  runtime::Lru<std::vector<Shape>, std::shared_ptr<runtime::Slot>> slots_;
  std::shared_ptr<runtime::Slot> current_;
  std::unique_ptr<runtime::Departing> departing_;  // with graphs
  runtime::Lru<GraphKey, Graph> graphs_;
  bool graphs_off_ = false;
  std::size_t graph_launches_ = 0;
  cudaStream_t capture_stream_ = nullptr;

  cudaStream_t stream_ = nullptr;  // of the enqueue that is going on; the caller may destroy it afterwards
  bool enqueued_ = false;
  bool has_outputs_ = false;  // of an enqueue since the last reset()
  bool shared_ = false;
  runtime::CudaEvent last_run_ = nullptr;  // where shared_: the end of the last enqueue
  std::shared_ptr<runtime::OutputMemory> output_memory_;
};

}  // namespace torch2trt
