#pragma once

#include "torch2trt/graph.h"

namespace torch2trt {

// Makes lists values. In TorchScript a list is an object that append() and the like change for all who hold it; after
// this pass `append` is `aten::add.t` and `l[i] = x` is `torch2trt::with_item`, whose results later readers read, and a
// branch or loop that appends to a list of outside returns, or carries, the new list. Where front ends know a list's
// items they leave no list behind; this is for those that control flow writes to. A graph without such writes is left
// as it is.
//
// Throws Error(kUnsupportedOperator) at the writing node for other writes than append, extend, += and those to items,
// and for a list that may also be known by another name (one that a branch, loop or another list gave).
void functionalize_lists(Graph& graph);

}  // namespace torch2trt
