#include "src/convert/network_loop.h"

#include <algorithm>

#include "src/convert/carried.h"
#include "src/convert/conditionals.h"

namespace torch2trt {
namespace {

bool any_unknown(const std::vector<Operand>& operands) {
  return std::any_of(operands.begin(), operands.end(), has_unknown);
}

// What each iteration stacks, inside the loop.
std::vector<Tensor> stacked_tensors(Network& net, const NetworkLoop& loop, const std::vector<Operand>& stacked) {
  if (!stacked.empty() && (!loop.count || loop.condition)) {
    throw Error(
        ErrorCategory::kUnsupportedOperator,
        "a loop that ends by a condition gives a list or stack of its iterations; TensorRT must know the number "
        "of iterations before",
        net.location());
  }
  std::vector<Tensor> tensors;
  for (const Operand& operand : stacked) {
    const std::vector<Tensor> leaves = flattened(net, operand);
    if (leaves.size() != 1 || operand.as<Operand::List>() != nullptr) {
      throw Error(ErrorCategory::kUnsupportedOperator,
                  "what a loop collects is " + describe(operand) + "; it must be a tensor", net.location());
    }
    // A loop's output must be computed in the loop; a tensor from outside is not.
    tensors.push_back(net.add(layer::Identity{leaves[0]}));
  }
  return tensors;
}

}  // namespace

std::optional<LoopStep> run_network_loop(Network& net, const NetworkLoop& loop) {
  const SourceLocation location = net.location();
  const std::int32_t id = net.begin_loop();
  if (loop.count) net.add_all(layer::TripLimit{id, *loop.count, TripLimitKind::kCount});
  std::vector<std::vector<Tensor>> recurrences;
  std::vector<Operand> carried;
  for (const Operand& initial : loop.carried) {
    std::vector<Tensor>& made = recurrences.emplace_back();
    for (const Tensor& tensor : flattened(net, initial)) made.push_back(net.add(layer::Recurrence{id, tensor}));
    std::span<const Tensor> rest = made;
    carried.push_back(rebuilt(initial, initial, rest));
  }
  std::vector<Tensor> slices;
  for (const Tensor& tensor : loop.sliced) slices.push_back(net.add(layer::Iterator{id, tensor}));

  LoopStep step;
  std::vector<Tensor> collected;
  {
    const Network::Scope body(net, id);
    if (loop.condition) {
      const Operand condition = loop.condition(carried);
      if (has_unknown(condition)) return std::nullopt;
      net.set_location(location);
      net.add_all(layer::TripLimit{id, condition_tensor(net, condition), TripLimitKind::kWhile});
    }
    step = loop.step(carried, slices);
    if (any_unknown(step.carried) || any_unknown(step.stacked)) return std::nullopt;
    net.set_location(location);
    for (std::size_t i = 0; i < loop.carried.size(); ++i) {
      check_exchangeable(loop.carried[i], step.carried[i], "in a loop of the network a carried value is in turn ");
      const std::vector<Tensor> next = flattened(net, step.carried[i]);
      for (std::size_t leaf = 0; leaf < next.size(); ++leaf) net.set_next(recurrences[i][leaf], next[leaf]);
    }
    collected = stacked_tensors(net, loop, step.stacked);
  }

  LoopStep results;
  for (std::size_t i = 0; i < loop.carried.size(); ++i) {
    if (!loop.carried_used.at(i)) {
      results.carried.emplace_back(None{});
      continue;
    }
    std::vector<Tensor> last;
    for (const Tensor& tensor : recurrences[i]) last.push_back(net.add(layer::LoopOutput{id, tensor}));
    std::span<const Tensor> rest = last;
    results.carried.push_back(rebuilt(loop.carried[i], step.carried[i], rest));
  }
  for (const Tensor& tensor : collected) {
    results.stacked.emplace_back(net.add(layer::LoopOutput{id, tensor, LoopOutputKind::kConcatenate, 0, loop.count}));
  }
  return results;
}

}  // namespace torch2trt
