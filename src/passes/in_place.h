// Functional forms of PyTorch's in-place operators.
#pragma once

#include <optional>

#include "src/passes/emit.h"
#include "src/torch/schema.h"

namespace torch2trt {

// How an operator that writes to its argument "self" is done without writing.
enum class InPlace {
  kValue,     // computes a new value: relu_, add_, index_put_, copy_, fill_, zero_
  kGeometry,  // only gives the tensor another shape: unsqueeze_, transpose_, squeeze_, detach_
  kNothing,   // changes nothing a network has: requires_grad_, dropout_ in inference
  kNone,      // there is no functional form
};
InPlace in_place_form(const Node& node);
// Whether the new value needs the old one's sizes only: zero_, fill_, copy_.
bool overwrites_all(const Node& node);

// `node`, whose arguments are those to read, without the write: emits what computes the new value. `self` is the type
// of the tensor that is written. For kValue and kGeometry.
ValueId emit_functional(Emitter& emit, const Node& node, const Type& self);
// The functional operator's node for kGeometry: a view. Outputs are not set.
Node functional_view(const Node& node);

}  // namespace torch2trt
