// An ILoop around a step that the runner runs once.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "torch2trt/network.h"
#include "torch2trt/operand.h"

namespace torch2trt {

struct LoopStep {
  std::vector<Operand> carried;  // for the next iteration
  std::vector<Operand> stacked;  // of this iteration: one tensor each
};

struct NetworkLoop {
  std::optional<Tensor> count;  // 0-d integer: at most so many iterations
  // Before the first iteration. What is Uninitialized there is so in the step too: it must not read it.
  std::vector<Operand> carried;
  std::vector<Tensor> sliced;  // iterated over along axis 0
  // Whether to do another iteration, of the carried values before it. Empty: as many as `count` says.
  std::function<Operand(const std::vector<Operand>& carried)> condition;
  std::function<LoopStep(const std::vector<Operand>& carried, const std::vector<Tensor>& slices)> step;
  std::vector<bool> carried_used;  // which of the results anybody reads
};

// The carried values after the last iteration (None where not used), then each stacked tensor along a new first axis.
// Nothing where the step needed an operator that is not supported. Throws Error(kUnsupportedOperator) where a carried
// value would change its type or shape, or tensors are stacked without a count.
std::optional<LoopStep> run_network_loop(Network& net, const NetworkLoop& loop);

}  // namespace torch2trt
