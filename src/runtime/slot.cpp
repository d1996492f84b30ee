#include "src/runtime/slot.h"

#include <algorithm>

namespace torch2trt::runtime {

Slot::Slot(const Engine& engine, std::unique_ptr<ExecutionBackend> execution)
    : engine_(engine),
      execution_(std::move(execution)),
      output_shapes_(engine.outputs().size()),
      addresses_(engine.backend().tensors().size(), nullptr),
      sinks_(addresses_.size(), nullptr),
      staged_(addresses_.size()) {}

void Slot::set_shapes(const std::vector<TensorView>& inputs) {
  const bool all = !valid_;
  input_shapes_.resize(inputs.size());
  bool changed = all;
  valid_ = false;  // until the end: an error may leave some of it done
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const EngineTensor& info = engine_.inputs()[i];
    const int tensor = engine_.input_slots()[i];
    if (info.on_host) {
      // Sizes may be computed from what is in that memory now.
      set_address(tensor, inputs[i].data);
      changed = true;
    }
    if (!all && input_shapes_[i] == inputs[i].shape) continue;
    if (!info.shape.known()) execution_->set_shape(tensor, inputs[i].shape);
    input_shapes_[i] = inputs[i].shape;
    changed = true;
  }
  if (changed) {
    data_dependent_ = false;
    for (std::size_t i = 0; i < output_shapes_.size(); ++i) {
      output_shapes_[i] = execution_->shape(engine_.output_slots()[i]);
      data_dependent_ = data_dependent_ || !output_shapes_[i].known();
    }
  }
  valid_ = true;
}

void Slot::set_address(int tensor, void* data) {
  void*& set = addresses_[static_cast<std::size_t>(tensor)];
  if (set == data) return;
  execution_->set_address(tensor, data);
  set = data;
}

void Slot::set_sink(int tensor, OutputSink* sink) {
  OutputSink*& set = sinks_[static_cast<std::size_t>(tensor)];
  if (set == sink) return;
  execution_->set_sink(tensor, sink);
  set = sink;
  addresses_[static_cast<std::size_t>(tensor)] = nullptr;
}

void* Slot::staged(int tensor, std::size_t bytes) {
  Staged& staged = staged_[static_cast<std::size_t>(tensor)];
  if (!staged.memory || staged.bytes < bytes) {
    staged.memory = device_memory(engine_.cuda(), bytes);
    staged.bytes = bytes;
  }
  return staged.memory.get();
}

std::shared_ptr<void> device_memory(const CudaApi& cuda, std::size_t bytes) {
  void* memory = nullptr;
  cuda.check(cuda.malloc(&memory, std::max<std::size_t>(bytes, 1)), "cudaMalloc");
  return {memory, [&cuda](void* pointer) { cuda.free(pointer); }};
}

}  // namespace torch2trt::runtime
