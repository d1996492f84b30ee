#include "src/convert/network_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "src/convert/carried.h"
#include "torch2trt/args.h"

namespace torch2trt {
namespace {

using Items = std::vector<Operand>;

// The tensors of a list that come first, and those along axis 0 of a tensor behind them.
struct Parts {
  Items head;
  std::optional<Tensor> items;
};

std::optional<Parts> parts_of(const Operand& operand) {
  if (const auto* list = operand.as<LoopList>()) return Parts{*list->head, list->items};
  const auto* list = operand.as<Operand::List>();
  if (list == nullptr) return std::nullopt;
  const bool tensors = std::all_of(list->begin(), list->end(), [](const Operand& item) {
    return item.as<Tensor>() != nullptr || item.as<HostTensor>() != nullptr;
  });
  return tensors ? std::optional(Parts{*list, std::nullopt}) : std::nullopt;
}

Tensor only_tensor(Network& net, const Operand& item) { return flattened(net, item).at(0); }

// What one tensor of a list is.
struct ItemType {
  DType dtype;
  Dims dims;
  bool operator==(const ItemType&) const = default;
};

std::string describe(const ItemType& type) {
  return fmt::format("{}[{}]", name(type.dtype), fmt::join(type.dims, ", "));
}

void note_types(Network& net, const Parts& parts, std::vector<ItemType>& types) {
  for (const Operand& item : parts.head) {
    const Tensor tensor = only_tensor(net, item);
    types.push_back({tensor.dtype(), tensor.dims()});
  }
  if (parts.items)
    types.push_back({parts.items->dtype(), {parts.items->dims().begin() + 1, parts.items->dims().end()}});
}

// All of `parts` along axis 0.
Tensor stacked(Network& net, const Parts& parts, const ItemType& type) {
  std::vector<Tensor> pieces;
  for (const Operand& item : parts.head) pieces.push_back(net.unsqueeze(only_tensor(net, item), {0}));
  if (parts.items) pieces.push_back(*parts.items);
  if (pieces.empty()) {
    Dims sizes = type.dims;
    sizes.insert(sizes.begin(), 0);
    return net.constant(full_host_tensor(0, type.dtype, sizes));
  }
  return pieces.size() == 1 ? pieces[0] : net.concat(pieces, 0);
}

// torch.cat or torch.stack along `axis` of the list's tensors.
Tensor joined(const LoopList& list, bool stack, std::int64_t axis) {
  Network& net = list.items.network();
  const std::int64_t rank = list.items.rank() - 1;  // of one tensor of the list
  axis = normalized_axis(axis, stack ? rank + 1 : rank);
  // The list's axis goes before `axis`; cat makes one of the two.
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < rank; ++i) order.push_back(i + 1);
  order.insert(order.begin() + axis, 0);
  Tensor result = net.permute(list.items, order);
  if (!stack) result = net.flatten(result, axis, axis + 1);
  std::vector<Tensor> parts;
  for (const Operand& item : *list.head) {
    for (const Tensor& tensor : flattened(net, item)) parts.push_back(stack ? net.unsqueeze(tensor, {axis}) : tensor);
  }
  if (parts.empty()) return result;
  parts.push_back(result);
  return net.concat(parts, axis);
}

}  // namespace

LoopList extended(const Operand& list, const Tensor& items, const SourceLocation& location) {
  Network& net = items.network();
  const std::optional<Parts> parts = parts_of(list);
  if (!parts || !parts->items) {
    const auto* head = list.as<Operand::List>();
    return LoopList{std::make_shared<Items>(head == nullptr ? Items() : *head), items};
  }
  const ItemType before{parts->items->dtype(), {parts->items->dims().begin() + 1, parts->items->dims().end()}};
  const ItemType after{items.dtype(), {items.dims().begin() + 1, items.dims().end()}};
  if (before != after) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("a list whose length only the network knows holds tensors of {}; of {} it cannot",
                            describe(before), describe(after)),
                location);
  }
  return LoopList{std::make_shared<Items>(parts->head), net.concat({*parts->items, items}, 0)};
}

std::optional<std::vector<Operand>> of_network_list(const Node& node, const std::vector<NamedOperand>& operands) {
  const auto* list = operands.empty() ? nullptr : operands[0].value.as<LoopList>();
  if (list == nullptr) return std::nullopt;
  const bool stack = node.kind == "aten::stack";
  const auto* axis = operands.size() < 2 ? nullptr : operands[1].value.as<std::int64_t>();
  if ((stack || (node.kind == "aten::cat" && node.overload.empty())) && axis != nullptr) {
    return std::vector<Operand>{Operand(joined(*list, stack, *axis))};
  }
  Network& net = list->items.network();
  if (node.kind == "aten::len") {
    const Dim head(static_cast<std::int64_t>(list->head->size()));
    return std::vector<Operand>{Operand(net.dim_arithmetic(ElementWiseOperation::kSum, list->items.dim(0), head))};
  }
  const bool appends = node.kind == "aten::add" && node.overload == "t" && operands.size() == 2;
  if (const auto more = appends ? parts_of(operands[1].value) : std::nullopt) {
    Operand longer = *list;
    for (const Operand& item : more->head)
      longer = extended(longer, net.unsqueeze(only_tensor(net, item), {0}), node.location());
    if (more->items) longer = extended(longer, *more->items, node.location());
    return std::vector<Operand>{longer};
  }
  throw Error(ErrorCategory::kUnsupportedOperator,
              "it reads a list whose length only the network knows; of those only cat, stack, len and append are "
              "supported",
              node.location());
}

bool differ_in_length(const Operand& a, const Operand& b) {
  const auto parts_a = parts_of(a);
  const auto parts_b = parts_of(b);
  if (!parts_a || !parts_b) return false;
  return parts_a->items || parts_b->items || parts_a->head.size() != parts_b->head.size();
}

Operand chosen_list(Network& net, std::int32_t conditional, const ListBranch& a, const ListBranch& b,
                    const std::string& what) {
  Parts rest[2] = {*parts_of(a.list), *parts_of(b.list)};
  const std::size_t shorter = std::min(rest[0].head.size(), rest[1].head.size());
  std::size_t common = 0;
  while (common < shorter && is_same(rest[0].head[common], rest[1].head[common])) ++common;
  auto head = std::make_shared<Items>(rest[0].head.begin(), rest[0].head.begin() + static_cast<std::ptrdiff_t>(common));
  std::vector<ItemType> types;
  for (Parts& parts : rest) {
    parts.head.erase(parts.head.begin(), parts.head.begin() + static_cast<std::ptrdiff_t>(common));
    note_types(net, parts, types);
  }
  const bool alike = std::all_of(types.begin(), types.end(), [&](const ItemType& type) {
    return type == types[0] && std::none_of(type.dims.begin(), type.dims.end(), [](std::int64_t n) { return n < 0; });
  });
  if (!alike) {
    std::vector<std::string> found;
    for (const ItemType& type : types) found.push_back(describe(type));
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("{}lists of different length, which a network can choose between where their tensors have "
                            "one type and static shape; these are {}",
                            what, fmt::join(found, ", ")));
  }
  Tensor sides[2];
  for (const int side : {0, 1}) {
    const Network::Scope branch(net, side == 0 ? a.scope : b.scope);
    sides[side] = net.as_branch_result(stacked(net, rest[side], types[0]));
  }
  return LoopList{std::move(head), net.add(layer::ConditionalOutput{conditional, sides[0], sides[1]})};
}

}  // namespace torch2trt
