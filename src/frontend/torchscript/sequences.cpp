// Importer: operators on lists and tuples whose structure is known.
#include <fmt/format.h>

#include <algorithm>

#include "src/frontend/torchscript/importer.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;
namespace prim = c10::prim;
namespace aten = c10::aten;
namespace {

std::optional<std::int64_t> constant_int(const Binding& binding) {
  const auto* value = std::get_if<c10::IValue>(&binding);
  return value != nullptr && value->isInt() ? std::optional(value->toInt()) : std::nullopt;
}

// Python's index into a sequence of `size`; nullopt where it is out of range.
std::optional<std::size_t> position(std::int64_t index, std::size_t size) {
  const auto length = static_cast<std::int64_t>(size);
  if (index < 0) index += length;
  return index >= 0 && index < length ? std::optional(static_cast<std::size_t>(index)) : std::nullopt;
}

// The items a[start:end:step] takes. Arguments that are None are Python's defaults.
std::optional<std::vector<Binding>> sliced(const std::vector<Binding>& items, const Binding& start, const Binding& end,
                                           const Binding& step) {
  const auto length = static_cast<std::int64_t>(items.size());
  const auto bound = [&](const Binding& binding, std::int64_t missing) -> std::optional<std::int64_t> {
    if (const auto* value = std::get_if<c10::IValue>(&binding); value != nullptr && value->isNone()) return missing;
    auto index = constant_int(binding);
    if (index && *index < 0) *index += length;
    return index ? std::optional(std::clamp<std::int64_t>(*index, 0, length)) : std::nullopt;
  };
  const auto first = bound(start, 0);
  const auto last = bound(end, length);
  const auto stride = constant_int(step);
  if (!first || !last || !stride || *stride < 1) return std::nullopt;
  std::vector<Binding> taken;
  for (std::int64_t i = *first; i < *last; i += *stride) taken.push_back(items[static_cast<std::size_t>(i)]);
  return taken;
}

}  // namespace

bool Importer::import_sequence_operator(Frame& frame, const jit::Node* node, const std::shared_ptr<Sequence>& list) {
  const auto& items = list->items;
  const auto argument = [&](std::size_t i) { return lookup(frame, node->input(i)); };
  const auto result = [&](Binding binding) {
    frame.values[node->output()] = std::move(binding);
    return true;
  };
  switch (node->kind()) {
    case aten::len: return result(c10::IValue(static_cast<std::int64_t>(items.size())));
    case prim::TupleIndex:
    case aten::__getitem__: {
      const auto index = constant_int(argument(1));
      const auto at = index ? position(*index, items.size()) : std::nullopt;
      if (index && !at) {
        fail(ErrorCategory::kInvalidModel, frame, node,
             fmt::format("the program always raises: index {} of a sequence of {}", *index, items.size()));
      }
      return at && result(items[*at]);
    }
    case prim::TupleUnpack:
    case prim::ListUnpack:
      if (items.size() != node->outputs().size()) {
        fail(ErrorCategory::kInvalidModel, frame, node,
             fmt::format("the program always raises: {} values where {} are expected", items.size(),
                         node->outputs().size()));
      }
      for (std::size_t i = 0; i < items.size(); ++i) frame.values[node->output(i)] = items[i];
      return true;
    case prim::TupleSlice: {
      const auto first = std::min<std::size_t>(node->i(c10::attr::beg), items.size());
      const auto last = std::clamp<std::size_t>(node->i(c10::attr::end), first, items.size());
      return result(make_tuple(
          {items.begin() + static_cast<std::ptrdiff_t>(first), items.begin() + static_cast<std::ptrdiff_t>(last)}));
    }
    case aten::slice: {
      auto taken = sliced(items, argument(1), argument(2), argument(3));
      return taken && result(make_list(std::move(*taken)));
    }
    case aten::list:
    case aten::copy: return result(make_list(items));
    case aten::add: {
      const Binding other = argument(1);
      const auto* more = std::get_if<std::shared_ptr<Sequence>>(&other);
      if (more == nullptr || (*more)->pinned || node->inputs().size() != 2) return false;
      std::vector<Binding> joined = items;
      joined.insert(joined.end(), (*more)->items.begin(), (*more)->items.end());
      return result(make_list(std::move(joined)));
    }
    case aten::mul: {
      const auto times = constant_int(argument(1));
      if (!times || *times * static_cast<std::int64_t>(items.size()) > 10'000) return false;
      std::vector<Binding> repeated;
      for (std::int64_t i = 0; i < *times; ++i) repeated.insert(repeated.end(), items.begin(), items.end());
      return result(make_list(std::move(repeated)));
    }
    default: return false;
  }
}

bool Importer::import_sequence_write(Frame& frame, const jit::Node* node, const std::shared_ptr<Sequence>& list) {
  const std::string_view kind = node->kind().toQualString();
  auto& items = list->items;
  const auto argument = [&](std::size_t i) { return lookup(frame, node->input(i)); };
  const auto check_writable = [&] {
    if (list->attribute.empty()) return;
    fail(ErrorCategory::kUnsupportedOperator, frame, node,
         fmt::format("forward() changes the list attribute \"{}\" of the module. Work on a copy of it.",
                     list->attribute));
  };
  const auto index_argument = [&]() -> std::optional<std::size_t> {
    const auto index = node->inputs().size() > 1 ? constant_int(argument(1)) : std::optional<std::int64_t>(-1);
    return index ? position(*index, items.size()) : std::nullopt;
  };
  if (kind == "aten::append") {
    check_writable();
    items.push_back(argument(1));
  } else if (kind == "aten::extend" || kind == "aten::add_") {
    const Binding other = argument(1);
    const auto* more = std::get_if<std::shared_ptr<Sequence>>(&other);
    if (more == nullptr || (*more)->pinned) return false;
    check_writable();
    const std::vector<Binding> added = (*more)->items;  // may be this very list
    items.insert(items.end(), added.begin(), added.end());
  } else if (kind == "aten::insert") {
    auto at = constant_int(argument(1));
    if (!at) return false;
    check_writable();
    const auto length = static_cast<std::int64_t>(items.size());
    if (*at < 0) *at += length;
    items.insert(items.begin() + std::clamp<std::int64_t>(*at, 0, length), argument(2));
  } else if (kind == "aten::_set_item") {
    const auto at = index_argument();
    if (!at) return false;
    check_writable();
    items[*at] = argument(2);
  } else if (kind == "aten::pop") {
    const auto at = index_argument();
    if (!at) return false;
    check_writable();
    frame.values[node->output()] = items[*at];
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(*at));
    return true;
  } else if (kind == "aten::reverse") {
    check_writable();
    std::reverse(items.begin(), items.end());
  } else {
    return false;
  }
  if (!node->outputs().empty()) frame.values[node->output()] = list;
  return true;
}

}  // namespace torch2trt::torchscript
