#pragma once

#include "torch2trt/graph.h"

namespace torch2trt {

// Makes the graph pure, as the alias annotations of PyTorch's schemas require, with the results PyTorch would give:
//  * an in-place operator becomes the functional one (relu_ -> relu, add_.Tensor -> add.Tensor and a cast where only
//    the in-place form keeps the type; zero_ -> zeros_like; copy_ -> the source, cast and expanded as needed);
//  * a write through a view becomes select_scatter, slice_scatter, or the inverse reshape, permute, ... onto its base;
//  * a branch or loop of a script that writes to a tensor of outside returns, or carries, the tensor's new value;
//  * whoever reads the base or another view later reads the new value; views are recomputed when, and only when, they
//    are read. Where nobody does, only the variable is replaced.
//
// Values have value semantics: the caller's input tensors are never written, though PyTorch would; the outputs are
// PyTorch's. Inputs are taken to be contiguous. Operators without schema are taken to be pure. A graph without writes
// is left as it is.
//
// Throws one Error(kUnsupportedOperator) that names every writing node which has no pure form: a write to a parameter,
// buffer or constant, an assignment to a module's attribute (a network keeps nothing between calls); a write through
// as_strided or an expanded tensor, or through a reshape of which nobody knows whether it copied, if the memory is read
// again; a write inside a block to what the block was given (a carried value, an operand of torch.cond) and inside
// torch.cond and its kin to any tensor of outside; operators without functional form (out=, resize_, set_, lists of
// tensors).
void functionalize(Graph& graph);

}  // namespace torch2trt
