// Scopes: which tensors a layer may read, and what TensorRT needs where it reads them from inside a conditional.
// That TensorRT refuses a tensor of one branch outside of it ("exists in multiple control-flow scopes") and of a loop
// outside of it, and takes constants anywhere, was measured with TensorRT-RTX 1.7 (tests/core/test_control_flow.py).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "torch2trt/network.h"

namespace torch2trt {

std::int32_t Network::begin_scope(ScopeKind kind, std::int32_t outer) {
  scopes_.push_back({.kind = kind, .outer = outer});
  return static_cast<std::int32_t>(scopes_.size()) - 1;
}

std::int32_t Network::begin_conditional(const Tensor& condition) {
  const Tensor scalar = reshape(condition, {});
  const std::int32_t conditional = begin_scope(ScopeKind::kConditional, scope_);
  add_all(layer::Condition{conditional, scalar});
  return conditional;
}

std::int32_t Network::begin_branch(std::int32_t conditional) { return begin_scope(ScopeKind::kBranch, conditional); }

std::int32_t Network::begin_loop() { return begin_scope(ScopeKind::kLoop, scope_); }

Tensor Network::visible(const Tensor& tensor) {
  const auto index = static_cast<std::size_t>(tensor.id());
  if (roles_.at(index) == Role::kConstant) return tensor;
  std::vector<std::int32_t> entered;  // conditionals between the tensor and here, the innermost first
  for (std::int32_t at = scope_; at != tensor_scopes_.at(index);) {
    if (at < 0) {
      throw Error(ErrorCategory::kInternal,
                  fmt::format("tensor \"{}\" is read outside of the branch or loop that makes it", tensor.name()),
                  location_);
    }
    const ScopeState& scope = scopes_.at(static_cast<std::size_t>(at));
    if (scope.kind == ScopeKind::kConditional) entered.push_back(at);
    at = scope.outer;
  }
  Tensor inside = tensor;
  for (auto conditional = entered.rbegin(); conditional != entered.rend(); ++conditional) {
    const auto scope = static_cast<std::size_t>(*conditional);
    const std::int32_t outside = inside.id();
    if (const auto known = scopes_[scope].inputs.find(outside); known != scopes_[scope].inputs.end()) {
      inside = known->second;
      continue;
    }
    const Scope around(*this, scopes_[scope].outer);
    inside = add(layer::ConditionalInput{*conditional, inside});
    scopes_[scope].inputs.emplace(outside, inside);
  }
  return inside;
}

Tensor Network::as_branch_result(const Tensor& value) {
  materialise(value);
  return visible(value);
}

void Network::make_inputs_visible(Layer& layer) {
  if (std::holds_alternative<layer::ConditionalOutput>(layer)) return;  // it reads what its branches made
  if (auto* limit = std::get_if<layer::TripLimit>(&layer)) {
    if (limit->kind == TripLimitKind::kCount) limit->limit = visible(limit->limit);
  } else if (auto* output = std::get_if<layer::LoopOutput>(&layer)) {
    if (output->length) output->length = visible(*output->length);
  } else {
    replace_inputs(layer, [this](const Tensor& input) { return visible(input); });
  }
}

std::int32_t Network::scope_of_outputs(const Layer& layer) const {
  if (const auto* input = std::get_if<layer::ConditionalInput>(&layer)) return input->conditional;
  if (const auto* recurrence = std::get_if<layer::Recurrence>(&layer)) return recurrence->loop;
  if (const auto* iterator = std::get_if<layer::Iterator>(&layer)) return iterator->loop;
  return scope_;
}

bool Network::follows_control_flow(const Layer& layer) const {
  if (std::holds_alternative<layer::Shape>(layer)) return false;
  if (std::holds_alternative<layer::ConditionalOutput>(layer) || std::holds_alternative<layer::Recurrence>(layer) ||
      std::holds_alternative<layer::Iterator>(layer) || std::holds_alternative<layer::LoopOutput>(layer)) {
    return true;
  }
  bool follows = false;
  for_each_input(layer, [&](const Tensor& input) {
    follows = follows || of_control_flow_.at(static_cast<std::size_t>(input.id()));
  });
  return follows;
}

// TensorRT evaluates sizes when it infers shapes, and there it knows nothing of loops and conditionals: reading the
// shape of such a layer's output fails with an internal error (TensorRT-RTX 1.7).
void Network::refuse_computed_sizes(const Layer& layer) const {
  const auto check = [&](const auto& value) {
    const auto* tensor = std::get_if<Tensor>(&value);
    if (tensor == nullptr || !of_control_flow_.at(static_cast<std::size_t>(tensor->id()))) return;
    throw Error(ErrorCategory::kUnsupportedOperator,
                "a size or position depends on what a loop or a branch computed; TensorRT must know sizes without "
                "running those. An index into a tensor may depend on it (x[i] with an int i), the length of a slice or "
                "its start may not",
                location_);
  };
  if (const auto* shuffle = std::get_if<layer::Shuffle>(&layer)) {
    if (shuffle->reshape) check(*shuffle->reshape);
  } else if (const auto* slice = std::get_if<layer::Slice>(&layer)) {
    for (const auto* value : {&slice->start, &slice->size, &slice->stride}) check(*value);
  } else if (const auto* fill = std::get_if<layer::Fill>(&layer)) {
    check(fill->dimensions);
  } else if (const auto* resize = std::get_if<layer::Resize>(&layer)) {
    check(resize->target);
  } else if (const auto* topk = std::get_if<layer::TopK>(&layer)) {
    check(topk->k);
  }
}

void Network::set_next(const Tensor& recurrence, const Tensor& next) {
  materialise(next);
  const Tensor value = visible(next);
  const TensorInfo& before = info(recurrence);
  const TensorInfo& after = info(value);
  bool fits = before.dtype == after.dtype && before.dims.size() == after.dims.size();
  for (std::size_t i = 0; fits && i < before.dims.size(); ++i) {
    fits = before.dims[i] == after.dims[i] || before.dims[i] < 0 || after.dims[i] < 0;
  }
  if (!fits) {
    throw Error(
        ErrorCategory::kUnsupportedOperator,
        fmt::format("a value that the loop carries is {}[{}] before an iteration and {}[{}] after it; in a "
                    "TensorRT loop its type and shape must not change",
                    name(before.dtype), fmt::join(before.dims, ", "), name(after.dtype), fmt::join(after.dims, ", ")),
        location_);
  }
  set_next_value(recurrence.id(), value.id());
}

}  // namespace torch2trt
