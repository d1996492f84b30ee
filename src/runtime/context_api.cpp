// Context's public functions: names to positions, and infer().
#include <fmt/format.h>

#include "src/runtime/context.h"

namespace torch2trt {
namespace {

std::shared_ptr<const Engine> checked(std::shared_ptr<const Engine> engine) {
  if (engine) return engine;
  throw Error(ErrorCategory::kInvalidArgument, "a context needs an engine; the pointer to it is null");
}

}  // namespace

Context::Context(std::shared_ptr<const Engine> engine, ContextOptions options)
    : impl_(std::make_unique<Impl>(checked(std::move(engine)), std::move(options))) {}
Context::~Context() = default;
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;

const Engine& Context::engine() const { return impl_->engine(); }
void Context::set_input(int index, const TensorView& tensor) { impl_->set_input(index, tensor); }
void Context::set_input(std::string_view name, const TensorView& tensor) {
  impl_->set_input(engine().input_index(name), tensor);
}
void Context::set_output(int index, const TensorView& buffer) { impl_->set_output(index, buffer); }
void Context::set_output(std::string_view name, const TensorView& buffer) {
  impl_->set_output(engine().output_index(name), buffer);
}
void Context::clear_output(int index) { impl_->clear_output(index); }
Shape Context::output_shape(int index) { return impl_->output_shape(index); }
void Context::enqueue(cudaStream_t stream) { impl_->enqueue(stream); }
DeviceTensor Context::output(int index) const { return impl_->output(index); }
DeviceTensor Context::output(std::string_view name) const { return impl_->output(engine().output_index(name)); }
std::vector<LayerTime> Context::profile(cudaStream_t stream) { return impl_->profile(stream); }
std::size_t Context::graph_launches() const { return impl_->graph_launches(); }
std::size_t Context::graphs() const { return impl_->graphs(); }
void Context::reset() { impl_->reset(); }
void Context::share() { impl_->share(); }

std::vector<DeviceTensor> Context::infer(const std::vector<TensorView>& inputs, cudaStream_t stream) {
  if (inputs.size() != engine().inputs().size()) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("received {} inputs; the engine takes {}", inputs.size(), engine().inputs().size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) set_input(static_cast<int>(i), inputs[i]);
  const int count = static_cast<int>(engine().outputs().size());
  for (int i = 0; i < count; ++i) clear_output(i);
  enqueue(stream);
  std::vector<DeviceTensor> outputs;
  for (int i = 0; i < count; ++i) outputs.push_back(output(i));
  return outputs;
}

std::map<std::string, DeviceTensor> Context::infer(const std::map<std::string, TensorView>& inputs,
                                                   cudaStream_t stream) {
  std::vector<TensorView> ordered(engine().inputs().size());
  std::vector<bool> given(ordered.size(), false);
  for (const auto& [name, tensor] : inputs) {
    const auto index = static_cast<std::size_t>(engine().input_index(name));
    ordered[index] = tensor;
    given[index] = true;
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i]) continue;
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("input \"{}\" has not been given", engine().inputs()[i].name));
  }
  std::vector<DeviceTensor> outputs = infer(ordered, stream);
  std::map<std::string, DeviceTensor> named;
  for (std::size_t i = 0; i < outputs.size(); ++i) named[engine().outputs()[i].name] = std::move(outputs[i]);
  return named;
}

}  // namespace torch2trt
