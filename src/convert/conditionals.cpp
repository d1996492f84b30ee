// Conditions: the taken block where the condition is known, else an IIfConditional with both.
#include "src/convert/conditionals.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "src/convert/carried.h"
#include "src/convert/network_list.h"

namespace torch2trt {

namespace {

// Whether nodes of the block make the output, or a part of it.
bool is_made_in(const Block& block, std::size_t output) {
  bool made = false;
  for_each_value(block.outputs.at(output), [&](ValueId id) {
    for (const Node& node : block.nodes)
      made = made || std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end();
  });
  return made;
}

// What both branches of a conditional give, where no layer need choose: one value, one that the other branch leaves
// unset, or whether the condition holds. (TensorRT-RTX 1.7 builds no inner loop with a conditional of two constants.)
std::optional<Operand> unconditional(const Node& node, std::size_t output, const Tensor& condition, const Operand& a,
                                     const Operand& b) {
  // A program reads what a branch leaves unset only after the other one.
  if (a.as<Uninitialized>() != nullptr && !is_made_in(node.blocks[1], output)) return b;
  if (b.as<Uninitialized>() != nullptr && !is_made_in(node.blocks[0], output)) return a;
  if (is_same(a, b)) return a;
  if (a.as<bool>() == nullptr || b.as<bool>() == nullptr) return std::nullopt;
  return *a.as<bool>() ? condition : condition.network().unary(UnaryOperation::kNot, condition);
}

// The results of a node whose branches add no layers, if no layer need choose between any of them.
std::optional<std::vector<Operand>> without_branches(const Node& node, const Tensor& condition,
                                                     const std::vector<Operand>& inputs, const BlockRunner& runner,
                                                     const std::vector<bool>& used) {
  if (!node.blocks.at(0).nodes.empty() || !node.blocks.at(1).nodes.empty()) return std::nullopt;
  const std::vector<Operand> a = runner.run(node.blocks[0], inputs);
  const std::vector<Operand> b = runner.run(node.blocks[1], inputs);
  std::vector<Operand> results;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (has_unknown(a.at(i)) || has_unknown(b.at(i))) return std::nullopt;
    const std::optional<Operand> result = unconditional(node, i, condition, a[i], b[i]);
    if (!result && used[i]) return std::nullopt;
    results.push_back(result.value_or(None{}));
  }
  return results;
}

}  // namespace

std::optional<bool> known_condition(const Operand& condition) {
  if (const auto* value = condition.as<bool>()) return *value;
  if (const auto* value = condition.as<std::int64_t>()) return *value != 0;
  if (const auto* value = condition.as<double>()) return *value != 0;
  const auto* tensor = condition.as<HostTensor>();
  if (tensor == nullptr || tensor->numel() != 1) return std::nullopt;
  return integer_at(contiguous_as(*tensor, DType::kBool), 0) != 0;
}

Tensor condition_tensor(Network& net, const Operand& condition) {
  if (const auto value = known_condition(condition)) return net.scalar(*value ? 1 : 0, DType::kBool);
  const std::vector<Tensor> tensors = flattened(net, condition);
  std::int64_t elements = tensors.size() == 1 ? 1 : 0;
  for (const Tensor& tensor : tensors) {
    for (const std::int64_t size : tensor.dims()) elements *= size;
  }
  if (elements != 1) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("the condition is {}; it must be a tensor of one element", describe(condition)));
  }
  return net.reshape(net.cast(tensors[0], DType::kBool), {});
}

std::vector<Operand> run_conditional(const Node& node, const Operand& condition, const std::vector<Operand>& inputs,
                                     Network* network, const BlockRunner& runner, const std::vector<bool>& used) {
  if (const auto taken = known_condition(condition)) return runner.run(node.blocks.at(*taken ? 0 : 1), inputs);
  if (network == nullptr) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the condition is {}; it must be a tensor of one element", describe(condition)),
                node.location());
  }
  Network& net = *network;
  const Tensor chosen = condition_tensor(net, condition);
  if (auto results = without_branches(node, chosen, inputs, runner, used)) return *std::move(results);
  const std::int32_t conditional = net.begin_conditional(chosen);
  std::int32_t branches[2];
  std::vector<Operand> values[2];
  for (const int side : {0, 1}) {
    branches[side] = net.begin_branch(conditional);
    const Network::Scope branch(net, branches[side]);
    values[side] = runner.run(node.blocks.at(static_cast<std::size_t>(side)), inputs);
  }
  net.set_location(node.location());
  std::vector<Operand> results;
  std::set<std::int32_t> returned[2];
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    Operand a = values[0].at(i);
    Operand b = values[1].at(i);
    if (has_unknown(a) || has_unknown(b)) {
      results.emplace_back(Unknown{});
      continue;
    }
    if (!used[i]) {
      results.emplace_back(None{});
      continue;
    }
    if (auto result = unconditional(node, i, chosen, a, b)) {
      results.push_back(*std::move(result));
      continue;
    }
    for (const int side : {0, 1}) {
      Operand& operand = side == 0 ? a : b;
      const Network::Scope branch(net, branches[side]);
      if (has_uninitialized(operand)) operand = initialized(operand, side == 0 ? b : a, zeros_like);
    }
    const std::string what = fmt::format("output {} of the branches is ", i);
    if (differ_in_length(a, b)) {
      results.push_back(chosen_list(net, conditional, {a, branches[0]}, {b, branches[1]}, what));
      continue;
    }
    check_exchangeable(a, b, what);
    std::vector<Tensor> leaves[2];
    for (const int side : {0, 1}) {
      const Network::Scope branch(net, branches[side]);
      for (const Tensor& tensor : flattened(net, side == 0 ? a : b)) {
        Tensor result = net.as_branch_result(tensor);
        // TensorRT-RTX 1.7 builds no conditional of which two outputs are one tensor.
        if (!returned[side].insert(result.id()).second) result = net.add(layer::Identity{result});
        leaves[side].push_back(result);
      }
    }
    std::vector<Tensor> merged;
    for (std::size_t leaf = 0; leaf < leaves[0].size(); ++leaf) {
      const Tensor& x = leaves[0][leaf];
      const Tensor& y = leaves[1][leaf];
      if (x.dtype() != y.dtype() || x.rank() != y.rank()) {
        throw Error(ErrorCategory::kUnsupportedOperator,
                    fmt::format("output {} of the branches is {} and {}; in a network both must have one type and rank",
                                i, describe(x), describe(y)));
      }
      merged.push_back(net.add(layer::ConditionalOutput{conditional, x, y}));
    }
    std::span<const Tensor> rest = merged;
    results.push_back(rebuilt(a, b, rest));
  }
  return results;
}

}  // namespace torch2trt
