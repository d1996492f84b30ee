// Nodes with blocks: conditions and loops. What is known at conversion is resolved by running the block that is taken,
// as often as it is taken; what only the network knows becomes an IIfConditional or ILoop. The same code runs torch
// mode, where everything is known.
#pragma once

#include <functional>
#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// What control flow asks of the runner.
struct BlockRunner {
  // Runs a block on these inputs and returns its outputs.
  std::function<std::vector<Operand>(const Block&, const std::vector<Operand>&)> run;
  // The operand a value of an outer block holds.
  std::function<const Operand&(ValueId)> value;
};

// prim::If, prim::Loop, and torch.cond, while_loop, map and scan of exported programs.
bool is_control_flow(const Node& node);

// The node's outputs; those not `used` may be None. `network` is null in torch mode. Throws Error(kUnsupportedOperator)
// for what a network cannot do.
std::vector<Operand> run_control_flow(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                      const BlockRunner& runner, const std::vector<bool>& used);

}  // namespace torch2trt
