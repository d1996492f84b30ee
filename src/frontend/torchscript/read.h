// The TorchScript front end: a traced or scripted module becomes a Graph. The only room that includes torch's JIT
// headers, and an optional target (torch2trt_torchscript).
//
// Security: a TorchScript file is a program, and PyTorch's own loader reads it. PyTorch's SECURITY.md asks to treat
// such files as code: load only what you trust. Nothing of the program is run here but operators on Python numbers,
// strings and lists of them (to decide constant conditions).
//
// What the Graph holds: forward() with every call inlined, in program order.
// * Weights are parameters named by their path ("layer1.0.conv1.weight"), only those that forward() reads. A weight
//   reached under two names is two parameters with the same data. Tensors of the program text are kConstant,
//   "constant_0", ...
// * Attributes that are no tensors (self.training, None, numbers, submodules) are resolved; so are conditions on them,
//   loops of constant length, and lists, tuples and dicts of known structure, reference semantics included.
// * A branch that raises is taken never to run (an engine cannot raise); a program that always raises is an error.
//   Other control flow stays as prim::If (argument "condition") and prim::Loop ("max_trip_count", "condition",
//   "carried_0", ...; the body's inputs are the counter and the carried values, its outputs the condition and the
//   carried values), with blocks.
// * A trace's aten::_convolution is aten::conv2d and so on, as torch.export has it.
// * Assignments to a module's attributes stay as prim::SetAttr nodes (no outputs, "name" and "value").
// Leaves of a dict argument are the keys that forward() reads; a list argument whose length the program does not fix
// is one input of type list.
#pragma once

#include <string>
#include <vector>

#include "torch2trt/graph.h"

namespace torch::jit {
struct Module;
}

namespace torch2trt {

// Loads the file to the CPU. `inputs`: types of the flat inputs, in order, where the caller knows them; sizes that a
// trace recorded for other inputs are then dropped. An optional argument is an input only if `inputs` reaches it.
// Throws Error, which names the file: kRuntime if it cannot be opened; kInvalidModel if it is no TorchScript file, is
// damaged or has no forward().
Graph read_torchscript(const std::string& path, const std::vector<Type>& inputs = {});

// The same for a module in memory. Parameters share the module's tensors; the module itself may go.
// Throws Error(kInvalidModel, kUnsupportedOperator).
Graph graph_from_module(const torch::jit::Module& module, const std::vector<Type>& inputs = {});

}  // namespace torch2trt
