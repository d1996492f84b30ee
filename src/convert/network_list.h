// Lists whose length only the network knows: those that its loops append to, and those that one branch of a condition
// appends to and the other does not. See LoopList.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "torch2trt/graph.h"
#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// cat, stack and len of such a list, and what append and extend make of it; nullopt for other nodes and operands.
// Throws Error(kUnsupportedOperator) for other readers.
std::optional<std::vector<Operand>> of_network_list(const Node& node, const std::vector<NamedOperand>& operands);

// `list`, which is one or a plain list of tensors, with the tensors along axis 0 of `items` behind it. Throws
// Error(kUnsupportedOperator) where they are of another type or shape.
LoopList extended(const Operand& list, const Tensor& items, const SourceLocation& location);

// One side of a condition that gives a list.
struct ListBranch {
  const Operand& list;
  std::int32_t scope;  // of the branch
};
// Whether `a` and `b` are lists that only such a list can choose between: of tensors, and of different length.
bool differ_in_length(const Operand& a, const Operand& b);
// The list that is one of the two, by the condition. TensorRT lets the branches differ in sizes, not in type and rank:
// what follows the items that both have must be tensors of one type and static shape, else
// Error(kUnsupportedOperator), which begins with `what`.
Operand chosen_list(Network& net, std::int32_t conditional, const ListBranch& a, const ListBranch& b,
                    const std::string& what);

}  // namespace torch2trt
