// Values at the border of a branch or loop: there they are tensors.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

// Whether both are certainly the same value, so that no layer need choose between them.
bool is_same(const Operand& a, const Operand& b);

// `operand` with what is uninitialized in it replaced by a value that can change places with that of `like`: what
// `tensor` gives for a tensor, numbers and texts as they are, an empty list for one of a loop.
Operand initialized(const Operand& operand, const Operand& like, const std::function<Tensor(const Tensor&)>& tensor);
// Zeros of the type, rank and static sizes of `like`; 1 where a size is dynamic. Made in the current scope.
Tensor zeros_like(const Tensor& like);

// The tensors of `operand`, those of lists in order; numbers and sizes become 0-d tensors. None, texts and their like
// have none. Throws Error(kUnsupportedOperator) for what cannot cross the border (objects, lists of loops).
std::vector<Tensor> flattened(Network& net, const Operand& operand);

// Throws Error(kUnsupportedOperator) unless a value may be `a` at one time and `b` at another: the same list lengths,
// tensors (or numbers) at the same places, the rest equal. `what` begins the message.
void check_exchangeable(const Operand& a, const Operand& b, const std::string& what);

// A value like `a` and `b` (which are exchangeable) of the next tensors in `tensors`, which are then removed from it.
// What both have as an int is a size again.
Operand rebuilt(const Operand& a, const Operand& b, std::span<const Tensor>& tensors);

}  // namespace torch2trt
