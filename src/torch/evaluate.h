// PyTorch computes a node whose inputs are all constants.
#pragma once

#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// Whether this process has the operator.
bool can_evaluate(const Node& node);
// Whether PyTorch marks the operator as random (tag nondeterministic_seeded).
bool is_random(const Node& node);
// Whether the sizes of its results depend on the values of its inputs (tags dynamic_output_shape and
// data_dependent_output): nonzero, masked_select, ...
bool has_dynamic_sizes(const Node& node);

// Runs the operator without autograd; `operands` in the schema's order, no network values among them. Returns one
// operand per output of the schema; integers that make sense only as such stay integers. Throws Error(kInvalidArgument)
// with PyTorch's own message where PyTorch throws.
std::vector<Operand> evaluate(const Node& node, const std::vector<NamedOperand>& operands);

}  // namespace torch2trt
