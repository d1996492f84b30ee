#include "src/runtime/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "src/runtime/check.h"

namespace torch2trt {

using runtime::CapturedGraph;
using runtime::DeviceGuard;
using runtime::Slot;

namespace {

constexpr unsigned kNonBlocking = 1;    // cudaStreamNonBlocking
constexpr unsigned kDisableTiming = 2;  // cudaEventDisableTiming

template <typename List>
void check_index(const List& list, int index, const char* what) {
  if (index >= 0 && static_cast<std::size_t>(index) < list.size()) return;
  throw Error(ErrorCategory::kInvalidArgument,
              fmt::format("there is no {} {}; the engine has {}", what, index, list.size()));
}

}  // namespace

void* Context::Impl::Sink::reallocate(std::size_t bytes) noexcept {
  Output& output = context_.outputs_[static_cast<std::size_t>(output_)];
  const EngineTensor& info = context_.engine_->outputs()[static_cast<std::size_t>(output_)];
  try {
    if (output.buffer) {
      if (bytes <= output.buffer->bytes())
        return output.buffer->data == nullptr ? context_.placeholder_.get() : output.buffer->data;
      failure = fmt::format(
          "the buffer of output \"{}\" has {} bytes; this run needs {}. Its size depends on the data: give a larger "
          "one, or none",
          info.name, output.buffer->bytes(), bytes);
      return nullptr;
    }
    output.result.owner = context_.allocate(info, std::max<std::size_t>(bytes, 1), context_.stream_);
    return output.result.owner.get();
  } catch (const std::exception& error) {
    failure = fmt::format("output \"{}\": {}", info.name, error.what());
    return nullptr;
  }
}

Context::Impl::Impl(std::shared_ptr<const Engine> engine, ContextOptions options)
    : engine_(std::move(engine)),
      options_(std::move(options)),
      cuda_(engine_->cuda()),
      inputs_(engine_->inputs().size()),
      input_checked_(inputs_.size(), false),
      input_set_(inputs_.size(), false),
      outputs_(engine_->outputs().size()),
      slots_(options_.max_graphs),
      graphs_(options_.max_graphs),
      output_memory_(std::make_shared<runtime::OutputMemory>(cuda_, engine_->device())) {
  if (options_.profile < 0 || options_.profile >= engine_->num_profiles()) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("there is no optimization profile {}; the engine has {}",
                                                             options_.profile, engine_->num_profiles()));
  }
  if (options_.stage && !options_.cuda_graph) {
    throw Error(ErrorCategory::kInvalidArgument, "ContextOptions::stage is of use with cuda_graph only");
  }
  host_inputs_ = std::any_of(engine_->inputs().begin(), engine_->inputs().end(),
                             [](const EngineTensor& input) { return input.on_host; });
  all_buffers_ = outputs_.empty();
  const DeviceGuard device(cuda_, engine_->device());
  placeholder_ = runtime::device_memory(cuda_, 256);
  cuda_.check(cuda_.event_create(&last_run_, kDisableTiming), "cudaEventCreate");
  try {
    if (options_.cuda_graph) {
      activation_ = runtime::device_memory(cuda_, engine_->backend().activation_bytes());
      cuda_.check(cuda_.stream_create(&capture_stream_, kNonBlocking), "cudaStreamCreate");
      departing_ = std::make_unique<runtime::Departing>(cuda_);
    }
    current_ = make_slot();
  } catch (...) {
    if (capture_stream_ != nullptr) cuda_.stream_destroy(capture_stream_);
    cuda_.event_destroy(last_run_);
    throw;
  }
}

Context::Impl::~Impl() {
  if (capture_stream_ != nullptr) cuda_.stream_destroy(capture_stream_);
  cuda_.event_destroy(last_run_);
  output_memory_->close();
}

void Context::Impl::set_input(int index, const TensorView& tensor) {
  check_index(inputs_, index, "input");
  const auto i = static_cast<std::size_t>(index);
  const EngineTensor& info = engine_->inputs()[i];
  TensorView& set = inputs_[i];
  if (input_checked_[i] && set == tensor) {
    if (info.on_host) shapes_changed_ = true;  // its contents may have changed; with such inputs ready_ is never set
    input_set_[i] = true;
    return;
  }
  const bool same_shape = input_checked_[i] && set.dtype == tensor.dtype && set.shape == tensor.shape;
  if (!same_shape) runtime::check_input_shape(info, options_.profile, tensor);
  runtime::check_memory(info, true, tensor, engine_->device(), options_.stage, cuda_);
  set = tensor;
  input_checked_[i] = input_set_[i] = true;
  ready_ = false;
  shapes_changed_ = shapes_changed_ || !same_shape || info.on_host;
}

void Context::Impl::set_output(int index, const TensorView& buffer) {
  check_index(outputs_, index, "output");
  const EngineTensor& info = engine_->outputs()[static_cast<std::size_t>(index)];
  Output& output = outputs_[static_cast<std::size_t>(index)];
  if (output.buffer && *output.buffer == buffer) return;
  runtime::check_output_shape(info, Shape({-1}), buffer);
  runtime::check_memory(info, false, buffer, engine_->device(), options_.stage, cuda_);
  output.buffer = buffer;
  ready_ = false;
  all_buffers_ = std::all_of(outputs_.begin(), outputs_.end(), [](const Output& each) { return bool(each.buffer); });
}

void Context::Impl::clear_output(int index) {
  check_index(outputs_, index, "output");
  outputs_[static_cast<std::size_t>(index)].buffer.reset();
  all_buffers_ = ready_ = false;
}

void Context::Impl::reset() {
  input_set_.assign(input_set_.size(), false);
  for (Output& output : outputs_) {
    output.buffer.reset();
    output.result = {};
  }
  all_buffers_ = outputs_.empty();
  ready_ = has_outputs_ = false;
}

Shape Context::Impl::output_shape(int index) {
  check_index(outputs_, index, "output");
  require_inputs();
  const DeviceGuard device(cuda_, engine_->device());
  return slot().output_shape(index);
}

void Context::Impl::require_inputs() const {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (input_set_[i]) continue;
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("input \"{}\" has not been set", engine_->inputs()[i].name));
  }
}

std::shared_ptr<Slot> Context::Impl::make_slot() {
  return std::make_shared<Slot>(*engine_, engine_->backend().make_execution(options_.profile, activation_.get()));
}

void Context::Impl::use(std::shared_ptr<Slot> slot) {
  std::swap(current_, slot);
  departing_->add(std::move(slot));
}

Slot& Context::Impl::slot() {
  if (!shapes_changed_) return *current_;
  if (options_.cuda_graph && !graphs_off_ && !one_slot_) {
    std::vector<Shape> shapes;
    shapes.reserve(inputs_.size());
    for (const TensorView& input : inputs_) shapes.push_back(input.shape);
    if (std::shared_ptr<Slot>* known = slots_.find(shapes)) {
      use(*known);
    } else if (slots_.size() == 0) {
      slots_.insert(std::move(shapes), current_);
    } else {
      try {
        std::shared_ptr<Slot> made = make_slot();
        if (auto oldest = slots_.make_room()) departing_->add(std::move(*oldest));
        use(slots_.insert(std::move(shapes), std::move(made)));
      } catch (const Error& error) {
        engine_->log(LogLevel::kVerbose, fmt::format("one shape's graphs are kept at a time: {}", error.what()));
        one_slot_ = true;
        // Only where it had made more before, and memory has run out since.
        if (slots_.size() > 1) cuda_.check(cuda_.device_synchronize(), "cudaDeviceSynchronize");
        slots_.clear();
        graphs_.clear();
      }
    }
  } else if (one_slot_) {
    graphs_.clear();  // captured for the shapes before
  }
  current_->set_shapes(inputs_);
  shapes_changed_ = false;
  return *current_;
}

std::shared_ptr<void> Context::Impl::allocate(const EngineTensor& info, std::size_t bytes, cudaStream_t stream) const {
  if (info.on_host) {
    void* memory = std::malloc(bytes);  // NOLINT(cppcoreguidelines-no-malloc): freed below
    if (memory == nullptr) throw std::bad_alloc();
    return {memory, [](void* pointer) { std::free(pointer); }};  // NOLINT(cppcoreguidelines-no-malloc)
  }
  if (options_.allocator) {
    std::shared_ptr<void> memory = options_.allocator(bytes, stream);
    if (memory) return memory;
    throw Error(ErrorCategory::kRuntime,
                fmt::format("the allocator gave no memory for {} bytes of output \"{}\"", bytes, info.name));
  }
  return output_memory_->allocate(bytes, stream);
}

void Context::Impl::copy(void* to, const void* from, std::size_t bytes, cudaStream_t stream) const {
  if (bytes == 0) return;
  cuda_.check(cuda_.memcpy_async(to, from, bytes, static_cast<int>(runtime::Copy::kAny), stream), "cudaMemcpyAsync");
}

void Context::Impl::bind_inputs(Slot& slot) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    void* data = inputs_[i].data;
    slot.set_address(engine_->input_slots()[i], data == nullptr ? placeholder_.get() : data);
  }
}

void Context::Impl::check_output(Slot& slot, int index) const {
  const Output& output = outputs_[static_cast<std::size_t>(index)];
  if (!output.buffer) return;
  runtime::check_output_shape(engine_->outputs()[static_cast<std::size_t>(index)], slot.output_shape(index),
                              *output.buffer);
}

void Context::Impl::bind_outputs(Slot& slot, cudaStream_t stream) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const EngineTensor& info = engine_->outputs()[i];
    const Shape& shape = slot.output_shape(static_cast<int>(i));
    const int tensor = engine_->output_slots()[i];
    check_output(slot, static_cast<int>(i));
    output.result = {};
    output.result.dtype = info.dtype;
    output.result.shape = shape;
    output.result.device = info.on_host ? kHost : engine_->device();
    output.sized_by_run = !shape.known();
    if (output.sized_by_run) {
      if (!output.sink) output.sink = std::make_unique<Sink>(*this, static_cast<int>(i));
      output.sink->shape = shape;
      output.sink->failure.clear();
      slot.set_sink(tensor, output.sink.get());
      continue;
    }
    slot.set_sink(tensor, nullptr);
    if (output.buffer) {
      output.result.data = output.buffer->data;
    } else if (const std::size_t bytes = output.result.bytes(); bytes > 0) {
      output.result.owner = allocate(info, bytes, stream);
      output.result.data = output.result.owner.get();
    }
    slot.set_address(tensor, output.result.data == nullptr ? placeholder_.get() : output.result.data);
  }
}

void Context::Impl::enqueue_execution(Slot& slot, cudaStream_t stream) {
  try {
    slot.execution().enqueue(stream);
  } catch (const Error& error) {
    ready_ = false;
    for (const Output& output : outputs_) {
      if (!output.sized_by_run || output.sink->failure.empty()) continue;
      throw Error(output.buffer ? ErrorCategory::kInvalidArgument : ErrorCategory::kRuntime, output.sink->failure);
    }
    throw;
  }
}

void Context::Impl::run_plain(Slot& slot, cudaStream_t stream) {
  bind_inputs(slot);
  bind_outputs(slot, stream);
  enqueue_execution(slot, stream);
  ready_ = all_buffers_ && !slot.data_dependent() && !host_inputs_;
  ready_graph_ = nullptr;
}

void Context::Impl::without_graphs(const std::string& reason) {
  graphs_off_ = true;
  engine_->log(LogLevel::kWarning, fmt::format("running without CUDA graphs: {}", reason));
}

bool Context::Impl::graphs_possible(const Slot& slot) {
  if (graphs_off_) return false;
  if (slot.data_dependent()) {
    without_graphs("the engine has outputs whose size depends on the data");
  } else if (host_inputs_) {
    without_graphs("the engine reads sizes from host memory");
  }
  return !graphs_off_;
}

std::vector<void*> Context::Impl::graph_addresses(Slot& slot) {
  std::vector<void*> addresses;
  addresses.reserve(inputs_.size() + outputs_.size());
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::size_t bytes = inputs_[i].bytes();
    void* data = inputs_[i].data;
    if (bytes == 0)
      data = placeholder_.get();
    else if (options_.stage)
      data = slot.staged(engine_->input_slots()[i], bytes);
    addresses.push_back(data);
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    check_output(slot, static_cast<int>(i));
    TensorView result;
    result.dtype = engine_->outputs()[i].dtype;
    result.shape = slot.output_shape(static_cast<int>(i));
    const std::size_t bytes = result.bytes();
    if (bytes == 0)
      addresses.push_back(placeholder_.get());
    else if (options_.stage || !outputs_[i].buffer)
      addresses.push_back(slot.staged(engine_->output_slots()[i], bytes));
    else
      addresses.push_back(outputs_[i].buffer->data);
  }
  return addresses;
}

// What the graph wrote into memory of its own becomes the caller's.
void Context::Impl::give_staged_outputs(Slot& slot, cudaStream_t stream) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const EngineTensor& info = engine_->outputs()[i];
    output.sized_by_run = false;
    output.result = {};
    output.result.dtype = info.dtype;
    output.result.shape = slot.output_shape(static_cast<int>(i));
    output.result.device = engine_->device();
    const std::size_t bytes = output.result.bytes();
    if (output.buffer) {
      output.result.data = output.buffer->data;
    } else if (bytes > 0) {
      output.result.owner = allocate(info, bytes, stream);
      output.result.data = output.result.owner.get();
    }
    if (bytes > 0 && (options_.stage || !output.buffer))
      copy(output.result.data, slot.staged(engine_->output_slots()[i], bytes), bytes, stream);
  }
}

void Context::Impl::run_graph(Slot& slot, cudaStream_t stream) {
  GraphKey key{&slot, graph_addresses(slot)};
  if (options_.stage) {
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      copy(key.addresses[i], inputs_[i].data, inputs_[i].bytes(), stream);
  }
  CapturedGraph* captured = nullptr;
  if (Graph* known = graphs_.find(key)) {
    captured = known->captured.get();
    captured->launch(stream);
    ++graph_launches_;
  } else {
    for (std::size_t i = 0; i < inputs_.size(); ++i) slot.set_address(engine_->input_slots()[i], key.addresses[i]);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      slot.set_sink(engine_->output_slots()[i], nullptr);
      slot.set_address(engine_->output_slots()[i], key.addresses[inputs_.size() + i]);
    }
    // Before a capture TensorRT wants a run with the shapes: it updates its own state then (NvInferRuntime.h,
    // enqueueV3).
    enqueue_execution(slot, stream);
    try {
      auto graph = std::make_unique<CapturedGraph>(cuda_, slot.execution(), capture_stream_);
      captured = graph.get();
      if (auto oldest = graphs_.make_room()) {
        oldest->captured.reset();  // CUDA frees it when it has run
        departing_->add(std::move(oldest->slot));
      }
      graphs_.insert(std::move(key), Graph{current_, std::move(graph)});
    } catch (const Error& error) {
      captured = nullptr;
      without_graphs(error.what());
    }
  }
  give_staged_outputs(slot, stream);
  ready_ = captured != nullptr && all_buffers_ && !options_.stage;
  ready_graph_ = captured;
}

void Context::Impl::share() { shared_ = true; }

void Context::Impl::wait_for_last_run(cudaStream_t stream) {
  // Nothing to wait for on the stream of that run itself; but another stream may have got its handle since.
  if (shared_ && enqueued_) cuda_.check(cuda_.stream_wait_event(stream, last_run_, 0), "cudaStreamWaitEvent");
}

void Context::Impl::mark_run(cudaStream_t stream) {
  if (shared_) cuda_.check(cuda_.event_record(last_run_, stream), "cudaEventRecord");
}

void Context::Impl::enqueue(cudaStream_t stream) {
  wait_for_last_run(stream);
  stream_ = stream;
  if (ready_) {
    if (ready_graph_ != nullptr) {
      ready_graph_->launch(stream);
      ++graph_launches_;
    } else {
      const DeviceGuard device(cuda_, engine_->device());
      enqueue_execution(*current_, stream);
    }
    mark_run(stream);
    return;
  }
  require_inputs();
  const DeviceGuard device(cuda_, engine_->device());
  Slot& slot = this->slot();
  if (options_.cuda_graph && graphs_possible(slot)) {
    run_graph(slot, stream);
  } else {
    run_plain(slot, stream);
  }
  enqueued_ = has_outputs_ = true;
  if (departing_) departing_->settle(stream);
  mark_run(stream);
}

DeviceTensor Context::Impl::output(int index) const {
  check_index(outputs_, index, "output");
  if (!has_outputs_) throw Error(ErrorCategory::kInvalidArgument, "there is no output before the first enqueue");
  const Output& output = outputs_[static_cast<std::size_t>(index)];
  DeviceTensor result = output.result;
  if (output.sized_by_run) {
    result.shape = output.sink->shape;
    result.data = output.buffer ? output.buffer->data : result.owner.get();
  }
  return result;
}

std::vector<LayerTime> Context::Impl::profile(cudaStream_t stream) {
  require_inputs();
  const DeviceGuard device(cuda_, engine_->device());
  wait_for_last_run(stream);
  stream_ = stream;
  Slot& slot = this->slot();
  bind_inputs(slot);
  bind_outputs(slot, stream);
  ready_ = false;
  enqueued_ = has_outputs_ = true;
  std::vector<LayerTime> times = slot.execution().profile(stream);
  mark_run(stream);
  return times;
}

}  // namespace torch2trt
