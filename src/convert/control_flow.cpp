#include "src/convert/control_flow.h"

#include <algorithm>
#include <array>

#include "src/convert/conditionals.h"
#include "src/convert/loops.h"

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

}  // namespace torch2trt
