// Evaluation of operators on Python numbers, strings and lists of them, by PyTorch itself.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <optional>
#include <vector>

#include "src/frontend/torchscript/abstract.h"

namespace torch2trt::torchscript {

// `binding` as PyTorch takes it, if it is wholly known and holds no tensor or object.
std::optional<c10::IValue> plain_constant(const Binding& binding, const c10::TypePtr& type);

// The node's one result, if it is a pure function of plain constants whose result is plain. nullopt if it is not, or
// if the operator throws.
std::optional<c10::IValue> evaluate_plain(const torch::jit::Node* node, std::vector<c10::IValue> inputs);

}  // namespace torch2trt::torchscript
