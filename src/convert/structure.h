// Lists and tuples of values: no layers and no arithmetic, only who is where. The same in both modes.
#pragma once

#include <optional>
#include <vector>

#include "torch2trt/operand.h"

namespace torch2trt {

// The results of prim::ListConstruct, TupleConstruct, ListUnpack, TupleUnpack, TupleIndex, aten::__getitem__.t,
// aten::len.t and aten::add.t; nullopt for other nodes. Throws Error(kInvalidArgument) where an index is out of range
// or the operand is no list.
std::optional<std::vector<Operand>> restructured(const Node& node, const std::vector<NamedOperand>& operands);

// Whether restructured() is for nodes of this kind.
bool is_structural(const Node& node);
// a + b of two lists.
bool joins_lists(const Node& node);

}  // namespace torch2trt
