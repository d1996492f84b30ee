#include "src/frontend/torchscript/abstract.h"

namespace torch2trt::torchscript {

std::shared_ptr<Sequence> make_list(std::vector<Binding> items) {
  return std::make_shared<Sequence>(Sequence{.items = std::move(items)});
}

std::shared_ptr<Sequence> make_tuple(std::vector<Binding> items) {
  return std::make_shared<Sequence>(Sequence{.is_tuple = true, .items = std::move(items)});
}

bool is_key(const c10::IValue& value) {
  return value.isString() || value.isInt() || value.isBool() || value.isDouble();
}

Binding* Dictionary::find(const c10::IValue& key) {
  for (auto& [known, value] : items) {
    if (known.tagKind() == key.tagKind() && known == key) return &value;
  }
  return nullptr;
}

}  // namespace torch2trt::torchscript
