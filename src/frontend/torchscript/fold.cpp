#include "src/frontend/torchscript/fold.h"

#include <ATen/core/List.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "src/frontend/torchscript/types.h"

namespace torch2trt::torchscript {

std::optional<c10::IValue> plain_constant(const Binding& binding, const c10::TypePtr& type) {
  if (const auto* constant = std::get_if<c10::IValue>(&binding)) {
    const bool plain = constant->isNone() || constant->isInt() || constant->isDouble() || constant->isBool() ||
                       constant->isString() || constant->isDevice();
    return plain ? std::optional(*constant) : std::nullopt;
  }
  const auto* shared = std::get_if<std::shared_ptr<Sequence>>(&binding);
  if (shared == nullptr || (*shared)->pinned || !is_plain(type)) return std::nullopt;
  const auto& items = (*shared)->items;
  if (type->kind() == c10::TypeKind::OptionalType) {
    return plain_constant(binding, type->expectRef<c10::OptionalType>().getElementType());
  }
  if (type->kind() == c10::TypeKind::ListType) {
    const c10::TypePtr& element = type->expectRef<c10::ListType>().getElementType();
    c10::impl::GenericList list(element);
    for (const Binding& item : items) {
      auto value = plain_constant(item, element);
      if (!value) return std::nullopt;
      list.push_back(*value);
    }
    return c10::IValue(list);
  }
  const auto parts = type->containedTypes();
  if (type->kind() != c10::TypeKind::TupleType || parts.size() != items.size()) return std::nullopt;
  std::vector<c10::IValue> values;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto value = plain_constant(items[i], parts[i]);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return c10::ivalue::Tuple::create(std::move(values));
}

std::optional<c10::IValue> evaluate_plain(const torch::jit::Node* node, std::vector<c10::IValue> inputs) {
  if (inputs.empty() || node->outputs().size() != 1 || !node->blocks().empty()) return std::nullopt;
  if (!is_plain(node->output()->type())) return std::nullopt;
  const torch::jit::Operator* op = node->maybeOperator();
  if (op == nullptr || op->schema().is_mutable() || node->hasSideEffects() || node->isNondeterministic()) {
    return std::nullopt;
  }
  torch::jit::Stack stack(std::move(inputs));
  try {
    op->getOperation(node)(stack);
  } catch (const std::exception&) {  // 1 / 0: PyTorch would raise when it gets here, if it ever does
    return std::nullopt;
  }
  if (stack.size() != 1) return std::nullopt;
  return std::move(stack.front());
}

}  // namespace torch2trt::torchscript
