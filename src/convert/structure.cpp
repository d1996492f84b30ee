#include "src/convert/structure.h"

#include <fmt/format.h>

#include "src/convert/carried.h"
#include "torch2trt/args.h"

namespace torch2trt {
namespace {

const Operand::List& list_of(const Node& node, const std::vector<NamedOperand>& operands) {
  const auto* list = operands.empty() ? nullptr : operands[0].value.as<Operand::List>();
  if (list == nullptr) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("{} is no list", operands.empty() ? "nothing" : describe(operands[0].value)),
                node.location());
  }
  return *list;
}

// The item of `list` at the index that is the second operand.
template <typename List>
auto& item_at(const Node& node, const std::vector<NamedOperand>& operands, List& list) {
  const auto* index = operands.size() < 2 ? nullptr : operands[1].value.as<std::int64_t>();
  if (index == nullptr) {
    throw Error(ErrorCategory::kUnsupportedOperator, "the index of a list must be a constant integer", node.location());
  }
  const auto size = static_cast<std::int64_t>(list.size());
  if (*index < -size || *index >= size) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("index {} is out of range for a list of {}", *index, size),
                node.location());
  }
  return list[static_cast<std::size_t>(*index < 0 ? *index + size : *index)];
}

}  // namespace

bool joins_lists(const Node& node) { return node.kind == "aten::add" && node.overload == "t"; }

namespace {

bool is_message(const Node& node) { return node.kind == "aten::format"; }
bool is_unset(const Node& node) { return node.kind == "prim::Uninitialized"; }
bool sets_item(const Node& node) { return node.kind == "torch2trt::with_item"; }

// `x is None`, and whether two names are one tensor.
bool tests_identity(const Node& node) { return node.kind == "aten::__is__" || node.kind == "aten::__isnot__"; }

// Scripts ask these to choose PyTorch's fused kernels, which are made of no layers: with gradients they do without.
bool asks_for_gradients(const Node& node) {
  return node.kind == "aten::is_grad_enabled" || node.kind == "prim::requires_grad";
}

}  // namespace

bool is_structural(const Node& node) {
  return node.kind == "prim::ListConstruct" || node.kind == "prim::TupleConstruct" || node.kind == "prim::ListUnpack" ||
         node.kind == "prim::TupleUnpack" || node.kind == "prim::TupleIndex" || node.kind == "aten::__getitem__" ||
         node.kind == "aten::len" || joins_lists(node) || sets_item(node) || is_message(node) || tests_identity(node) ||
         asks_for_gradients(node) || is_unset(node);
}

std::optional<std::vector<Operand>> restructured(const Node& node, const std::vector<NamedOperand>& operands) {
  if (node.kind == "prim::ListConstruct" || node.kind == "prim::TupleConstruct") {
    Operand::List list;
    for (const NamedOperand& operand : operands) list.push_back(operand.value);
    return std::vector<Operand>{Operand(std::move(list))};
  }
  // Texts only end up in messages of errors, which need no values that only the network knows: the template will do.
  if (is_message(node) && !operands.empty()) return std::vector<Operand>{operands[0].value};
  if (is_unset(node)) return std::vector<Operand>{Operand(Uninitialized{})};
  if (asks_for_gradients(node)) return std::vector<Operand>{Operand(true)};
  if (tests_identity(node) && operands.size() == 2) {
    return std::vector<Operand>{
        Operand(is_same(operands[0].value, operands[1].value) == (node.kind == "aten::__is__"))};
  }
  if (sets_item(node)) {
    Operand::List list = list_of(node, operands);
    item_at(node, operands, list) = operands.at(2).value;
    return std::vector<Operand>{Operand(std::move(list))};
  }
  if (node.kind == "prim::ListUnpack" || node.kind == "prim::TupleUnpack") {
    const Operand::List& list = list_of(node, operands);
    if (list.size() != node.outputs.size()) {
      throw Error(
          ErrorCategory::kInvalidArgument,
          fmt::format("the program takes {} values out of a list that has {}", node.outputs.size(), list.size()),
          node.location());
    }
    return list;
  }
  if (node.kind == "prim::TupleIndex") return std::vector<Operand>{item_at(node, operands, list_of(node, operands))};
  if (operands.empty() || operands[0].value.as<Operand::List>() == nullptr) return std::nullopt;
  if (node.kind == "aten::__getitem__") return std::vector<Operand>{item_at(node, operands, list_of(node, operands))};
  if (node.kind == "aten::len")
    return std::vector<Operand>{Operand(static_cast<std::int64_t>(list_of(node, operands).size()))};
  if (joins_lists(node) && operands.size() > 1 && operands[1].value.as<Operand::List>() != nullptr) {
    Operand::List list = list_of(node, operands);
    const auto& more = *operands[1].value.as<Operand::List>();
    list.insert(list.end(), more.begin(), more.end());
    return std::vector<Operand>{Operand(std::move(list))};
  }
  return std::nullopt;
}

}  // namespace torch2trt
