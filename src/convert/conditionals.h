#pragma once

#include <optional>
#include <vector>

#include "src/convert/control_flow.h"

namespace torch2trt {

// nullopt where only the network knows, or where it is no condition.
std::optional<bool> known_condition(const Operand& condition);
// 0-d, bool. Throws Error(kUnsupportedOperator) for more than one element.
Tensor condition_tensor(Network& net, const Operand& condition);

// The node's first block is taken where the condition holds, else the second; both get `inputs`.
std::vector<Operand> run_conditional(const Node& node, const Operand& condition, const std::vector<Operand>& inputs,
                                     Network* network, const BlockRunner& runner, const std::vector<bool>& used);

}  // namespace torch2trt
