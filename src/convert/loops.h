#pragma once

#include <vector>

#include "src/convert/control_flow.h"

namespace torch2trt {

// prim::Loop(max_trip_count, condition, carried...).
std::vector<Operand> run_scripted_loop(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                       const BlockRunner& runner, const std::vector<bool>& used);
// higher_order::while_loop, map_impl and scan.
std::vector<Operand> run_exported_loop(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                       const BlockRunner& runner, const std::vector<bool>& used);

}  // namespace torch2trt
