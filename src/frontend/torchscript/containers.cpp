// Importer: containers whose structure is known. Operators on them happen here and in sequences.cpp and
// dictionaries.cpp, with Python's reference semantics, and leave no node.
#include <fmt/format.h>

#include "src/frontend/torchscript/importer.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;
namespace prim = c10::prim;
namespace aten = c10::aten;

bool Importer::import_container_operator(Frame& frame, const jit::Node* node) {
  if (import_construction(frame, node)) return true;
  if (node->inputs().empty()) return false;
  const Binding& first = lookup(frame, node->input(0));
  switch (node->kind()) {
    case prim::unchecked_cast:
    case prim::unchecked_unwrap_optional:
    case aten::_unwrap_optional: frame.values[node->output()] = Binding(first); return true;
    default: break;
  }
  if (value_of(first) != nullptr) return false;
  if (const auto* list = std::get_if<std::shared_ptr<Sequence>>(&first)) {
    const auto held = *list;
    return import_sequence_operator(frame, node, held) || import_sequence_write(frame, node, held);
  }
  if (const auto* dict = std::get_if<std::shared_ptr<Dictionary>>(&first)) {
    return import_dictionary_operator(frame, node, std::shared_ptr(*dict));
  }
  if (const auto* input = std::get_if<std::shared_ptr<InputNode>>(&first)) {
    return import_input_operator(frame, node, std::shared_ptr(*input));
  }
  if (const auto* instance = std::get_if<std::shared_ptr<Instance>>(&first)) {
    if (node->kind() != prim::ModuleContainerIndex) return false;
    const auto* key = std::get_if<c10::IValue>(&lookup(frame, node->input(1)));
    if (key == nullptr || !(key->isInt() || key->isString())) return false;
    frame.values[node->output()] =
        attribute(std::shared_ptr(*instance), key->isInt() ? std::to_string(key->toInt()) : key->toStringRef());
    return true;
  }
  return false;
}

bool Importer::import_construction(Frame& frame, const jit::Node* node) {
  std::vector<Binding> inputs;
  for (const jit::Value* input : node->inputs()) {
    if (frame.values.contains(input)) inputs.push_back(lookup(frame, input));
  }
  switch (node->kind()) {
    case prim::ListConstruct: frame.values[node->output()] = make_list(std::move(inputs)); return true;
    case prim::TupleConstruct: frame.values[node->output()] = make_tuple(std::move(inputs)); return true;
    case prim::CreateObject:
      frame.values[node->output()] = std::make_shared<Instance>(
          Instance{.type = node->output()->type()->expect<c10::ClassType>(), .kept_depth = kept_depth_});
      return true;
    case prim::DictConstruct: {
      auto dict = std::make_shared<Dictionary>();
      for (std::size_t i = 0; i + 1 < inputs.size(); i += 2) {
        const auto* key = std::get_if<c10::IValue>(&inputs[i]);
        if (key == nullptr || !is_key(*key)) return false;
        if (Binding* known = dict->find(*key)) {
          *known = inputs[i + 1];
        } else {
          dict->items.emplace_back(*key, inputs[i + 1]);
        }
      }
      frame.values[node->output()] = std::move(dict);
      return true;
    }
    default: return false;
  }
}

bool Importer::import_input_operator(Frame& frame, const jit::Node* node, const std::shared_ptr<InputNode>& input) {
  const bool is_list = input->kind == Structure::Kind::kList;
  switch (node->kind()) {
    case prim::ListUnpack:
      if (input->sized && input->children.size() != node->outputs().size()) return false;
      for (std::size_t i = 0; i < node->outputs().size(); ++i) {
        frame.values[node->output(i)] = item(input, c10::IValue(static_cast<std::int64_t>(i)));
      }
      input->sized = true;
      return true;
    case aten::len:
      if (!input->sized) return false;
      frame.values[node->output()] = c10::IValue(static_cast<std::int64_t>(input->children.size()));
      return true;
    case aten::__getitem__: {
      const auto* key = std::get_if<c10::IValue>(&lookup(frame, node->input(1)));
      if (key == nullptr || !is_key(*key)) return false;
      c10::IValue at = *key;
      if (is_list && at.toInt() < 0) {
        if (!input->sized) return false;
        at = at.toInt() + static_cast<std::int64_t>(input->children.size());
      }
      constexpr std::int64_t kMostItems = 10'000;  // an index makes every item before it an input
      if (is_list && (at.toInt() < 0 || at.toInt() >= kMostItems)) return false;
      frame.values[node->output()] = item(input, at);
      return true;
    }
    default: return false;
  }
}

// `x is None`, where the program's structure says.
bool Importer::import_none_test(Frame& frame, const jit::Node* node) {
  if (node->kind() != aten::__is__ && node->kind() != aten::__isnot__) return false;
  const auto is_none = [&](const Binding& binding) -> std::optional<bool> {
    if (const auto* constant = std::get_if<c10::IValue>(&binding)) return constant->isNone();
    if (const ValueId* id = value_of(binding); id != nullptr && maybe_none_.contains(id->index)) return std::nullopt;
    return false;
  };
  const auto left = is_none(lookup(frame, node->input(0)));
  const auto right = is_none(lookup(frame, node->input(1)));
  if (!left || !right || (!*left && !*right)) return false;
  frame.values[node->output()] = c10::IValue((*left == *right) == (node->kind() == aten::__is__));
  return true;
}

Binding Importer::pin(Frame& frame, const jit::Node* at, const Binding& binding) {
  const auto writable = [&](const std::string& attribute) {
    if (attribute.empty()) return;
    fail(ErrorCategory::kUnsupportedOperator, frame, at,
         fmt::format("forward() may change the attribute \"{}\" of the module. Work on a copy of it.", attribute));
  };
  if (const auto* shared = std::get_if<std::shared_ptr<Sequence>>(&binding)) {
    auto list = *shared;
    if (list->pinned) return *list->pinned;
    for (Binding& item : list->items) item = pin(frame, at, item);
    if (list->is_tuple) return list;
    writable(list->attribute);
    std::vector<NamedArgument> items;
    for (const Binding& item : list->items) {
      items.push_back({std::to_string(items.size()), as_argument(frame, at, item, nullptr)});
    }
    list->pinned = emit(frame, at, "prim::ListConstruct", std::move(items), Type::Kind::kList);
    return *list->pinned;
  }
  if (const auto* shared = std::get_if<std::shared_ptr<Dictionary>>(&binding)) {
    const auto dict = *shared;
    if (dict->pinned) return *dict->pinned;
    writable(dict->attribute);
    for (auto& [key, value] : dict->items) value = pin(frame, at, value);
    dict->pinned = *as_argument(frame, at, binding, nullptr).as<ValueId>();
    return *dict->pinned;
  }
  if (const auto* shared = std::get_if<std::shared_ptr<Instance>>(&binding)) {
    for (auto& [name, value] : (*shared)->created) value = pin(frame, at, Binding(value));
  }
  return binding;
}

}  // namespace torch2trt::torchscript
