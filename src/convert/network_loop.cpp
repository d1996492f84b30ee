#include "src/convert/network_loop.h"

#include <fmt/format.h>

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

// Recurrences of one carried value: what the step reads.
struct Recurrences {
  std::vector<Tensor> initial;
  std::vector<Tensor> made;
};

Recurrences recurrences_of(Network& net, std::int32_t loop, const Operand& initial) {
  Recurrences recurrences;
  for (const Tensor& tensor : flattened(net, initial)) {
    recurrences.initial.push_back(tensor);
    recurrences.made.push_back(net.add(layer::Recurrence{loop, tensor}));
  }
  return recurrences;
}

// What a carried value that is set in the loop, to `next`, is before: something of its shape, as nothing reads it.
Tensor unread_initial(const Tensor& next, const std::vector<Recurrences>& others) {
  if (next.is_static()) return zeros_like(next);
  for (const Recurrences& other : others) {
    const auto same = std::find(other.made.begin(), other.made.end(), next);
    if (same != other.made.end()) return other.initial[static_cast<std::size_t>(same - other.made.begin())];
  }
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("{} is first set in the loop (by a `return` or `break` there), and TensorRT must know its "
                          "shape before. Set a variable of that shape before the loop, and return it after a break",
                          describe(Operand(next))),
              next.network().location());
}

// The value that is the same as the `i`th after each iteration and set before the first, else `i`. What the `i`th is
// before the first nobody reads, so its result will do. (Such a program returns a variable of a loop from within it.)
std::size_t twin_of(std::size_t i, const std::vector<Operand>& initials, const std::vector<Operand>& nexts) {
  for (std::size_t j = 0; j < nexts.size(); ++j) {
    if (!has_uninitialized(initials[j]) && is_same(nexts[i], nexts[j])) return j;
  }
  return i;
}

}  // namespace

std::optional<LoopStep> run_network_loop(Network& net, const NetworkLoop& loop) {
  const SourceLocation location = net.location();
  const std::int32_t id = net.begin_loop();
  if (loop.count) net.add_all(layer::TripLimit{id, *loop.count, TripLimitKind::kCount});
  std::vector<Recurrences> recurrences;
  std::vector<Operand> initials = loop.carried;
  std::vector<Operand> carried;
  for (const Operand& initial : initials) {
    recurrences.push_back(has_uninitialized(initial) ? Recurrences() : recurrences_of(net, id, initial));
    if (has_uninitialized(initial)) {
      carried.push_back(initial);
      continue;
    }
    std::span<const Tensor> rest = recurrences.back().made;
    carried.push_back(rebuilt(initial, initial, rest));
  }
  std::vector<Tensor> slices;
  for (const Tensor& tensor : loop.sliced) slices.push_back(net.add(layer::Iterator{id, tensor}));

  LoopStep step;
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
  }
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < initials.size(); ++i) {
    sources.push_back(has_uninitialized(initials[i]) ? twin_of(i, loop.carried, step.carried) : i);
    if (!has_uninitialized(initials[i]) || sources[i] != i || !loop.carried_used.at(i)) continue;
    initials[i] = initialized(initials[i], step.carried[i],
                              [&](const Tensor& next) { return unread_initial(next, recurrences); });
    recurrences[i] = recurrences_of(net, id, initials[i]);
  }
  std::vector<Tensor> collected;
  {
    const Network::Scope body(net, id);
    for (std::size_t i = 0; i < loop.carried.size(); ++i) {
      if (has_uninitialized(initials[i])) continue;
      check_exchangeable(initials[i], step.carried[i], "in a loop of the network a carried value is in turn ");
      const std::vector<Tensor> next = flattened(net, step.carried[i]);
      for (std::size_t leaf = 0; leaf < next.size(); ++leaf) net.set_next(recurrences[i].made[leaf], next[leaf]);
    }
    collected = stacked_tensors(net, loop, step.stacked);
  }

  LoopStep results;
  for (std::size_t i = 0; i < loop.carried.size(); ++i) {
    if (!loop.carried_used.at(i)) {
      results.carried.emplace_back(None{});
      continue;
    }
    const std::size_t source = sources[i];
    std::vector<Tensor> last;
    for (const Tensor& tensor : recurrences[source].made) last.push_back(net.add(layer::LoopOutput{id, tensor}));
    std::span<const Tensor> rest = last;
    results.carried.push_back(rebuilt(initials[source], step.carried[source], rest));
  }
  for (const Tensor& tensor : collected) {
    results.stacked.emplace_back(net.add(layer::LoopOutput{id, tensor, LoopOutputKind::kConcatenate, 0, loop.count}));
  }
  return results;
}

}  // namespace torch2trt
