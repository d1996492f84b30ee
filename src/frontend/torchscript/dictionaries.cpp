// Importer: operators on dicts whose structure is known.
#include <fmt/format.h>

#include "src/frontend/torchscript/importer.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;

bool Importer::import_dictionary_operator(Frame& frame, const jit::Node* node,
                                          const std::shared_ptr<Dictionary>& dict) {
  const std::string_view kind = node->kind().toQualString();
  const auto argument = [&](std::size_t i) { return lookup(frame, node->input(i)); };
  const auto result = [&](Binding binding) {
    frame.values[node->output()] = std::move(binding);
    return true;
  };
  if (kind == "aten::len") return result(c10::IValue(static_cast<std::int64_t>(dict->items.size())));
  if (kind == "aten::keys" || kind == "aten::values" || kind == "aten::items") {
    std::vector<Binding> list;
    for (const auto& [key, value] : dict->items) {
      if (kind == "aten::keys") list.emplace_back(key);
      if (kind == "aten::values") list.push_back(value);
      if (kind == "aten::items") list.emplace_back(make_tuple({key, value}));
    }
    return result(make_list(std::move(list)));
  }
  if (node->inputs().size() < 2) return false;
  const Binding second = argument(1);
  const auto* key = std::get_if<c10::IValue>(&second);
  if (key == nullptr || !is_key(*key)) return false;
  Binding* found = dict->find(*key);
  if (kind == "aten::__contains__") return result(c10::IValue(found != nullptr));
  if (kind == "aten::get") {
    if (found != nullptr) return result(*found);
    return result(node->inputs().size() > 2 ? argument(2) : Binding(c10::IValue()));
  }
  if (kind == "aten::__getitem__") {
    if (found != nullptr) return result(*found);
    fail(ErrorCategory::kInvalidModel, frame, node,
         fmt::format("the program always raises: a dict has no key {}", c10::str(*key)));
  }
  if (kind != "aten::_set_item") return false;
  if (!dict->attribute.empty()) {
    fail(ErrorCategory::kUnsupportedOperator, frame, node,
         fmt::format("forward() changes the dict attribute \"{}\" of the module. Work on a copy of it.",
                     dict->attribute));
  }
  if (found != nullptr) {
    *found = argument(2);
  } else {
    dict->items.emplace_back(*key, argument(2));
  }
  return true;
}

}  // namespace torch2trt::torchscript
