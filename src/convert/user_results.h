// What a user's handler returned, against what the program says of the node's outputs.
#pragma once

#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/operand.h"

namespace torch2trt {

struct GivenResults {
  const Node& node;
  const std::vector<NamedOperand>& operands;
  const std::vector<Operand>& outputs;
  const std::vector<bool>& used;  // by position in the node's outputs
  bool any_shape = false;         // leaves out the last check
};

// Throws Error(kInvalidArgument) that names node, output, what was returned and what is needed:
//   * for another number of outputs than the node has;
//   * where the operator's schema (the program's type, where there is none) has a tensor, number or text, or a list of
//     them, and the result is something else. A number stands for a 0-d tensor and the other way round. None is
//     taken where the schema says so, or where nothing reads the output;
//   * for a tensor of another dtype, rank or static size than the program recorded, if the node's inputs are those the
//     program recorded: it may run on others ("torch mode" with another batch). `network` is null in torch mode.
void check_user_results(const Graph& graph, const Network* network, const GivenResults& given);

}  // namespace torch2trt
