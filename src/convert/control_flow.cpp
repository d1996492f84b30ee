#include "src/convert/control_flow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "src/convert/carried.h"
#include "src/convert/conditionals.h"
#include "src/convert/loops.h"
#include "torch2trt/args.h"

namespace torch2trt {
namespace {

constexpr std::array<std::string_view, 7> kKinds{"prim::If",
                                                 "prim::Loop",
                                                 "higher_order::cond",
                                                 "higher_order::while_loop",
                                                 "higher_order::map_impl",
                                                 "higher_order::scan",
                                                 "higher_order::associative_scan"};

std::vector<Operand> listed(const Operand& operand) {
  const auto* list = operand.as<Operand::List>();
  return list != nullptr ? *list : std::vector<Operand>{operand};
}

// torch.cat or torch.stack along `axis` of the list's tensors.
Tensor joined(const LoopList& list, bool stack, std::int64_t axis) {
  Network& net = list.items.network();
  const std::int64_t rank = list.items.rank() - 1;  // of one tensor of the list
  axis = normalized_axis(axis, stack ? rank + 1 : rank);
  // The iterations' axis goes before `axis`; cat makes one of the two.
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

bool is_control_flow(const Node& node) {
  return !node.blocks.empty() && std::find(kKinds.begin(), kKinds.end(), node.kind) != kKinds.end();
}

std::vector<Operand> run_control_flow(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                      const BlockRunner& runner, const std::vector<bool>& used) {
  if (node.kind == "prim::If") return run_conditional(node, operands.at(0).value, {}, network, runner, used);
  if (node.kind == "higher_order::cond") {
    const std::vector<Operand> inputs = operands.size() > 1 ? listed(operands[1].value) : std::vector<Operand>();
    return run_conditional(node, operands.at(0).value, inputs, network, runner, used);
  }
  if (node.kind == "prim::Loop") return run_scripted_loop(node, operands, network, runner, used);
  return run_exported_loop(node, operands, network, runner, used);
}

std::optional<std::vector<Operand>> of_loop_list(const Node& node, const std::vector<NamedOperand>& operands) {
  const auto* list = operands.empty() ? nullptr : operands[0].value.as<LoopList>();
  if (list == nullptr) return std::nullopt;
  const bool stack = node.kind == "aten::stack";
  const auto* axis = operands.size() < 2 ? nullptr : operands[1].value.as<std::int64_t>();
  if ((stack || (node.kind == "aten::cat" && node.overload.empty())) && axis != nullptr) {
    return std::vector<Operand>{Operand(joined(*list, stack, *axis))};
  }
  if (node.kind == "aten::len") {
    Network& net = list->items.network();
    const Dim head(static_cast<std::int64_t>(list->head->size()));
    return std::vector<Operand>{Operand(net.dim_arithmetic(ElementWiseOperation::kSum, list->items.dim(0), head))};
  }
  throw Error(ErrorCategory::kUnsupportedOperator,
              "it reads a list with one tensor of each iteration of a loop; of those only cat, stack and len are "
              "supported",
              node.location());
}

}  // namespace torch2trt
