// The loops of exported programs: while_loop, and map, scan and associative_scan over the first axis of tensors.
#include <fmt/format.h>

#include <algorithm>

#include "src/convert/conditionals.h"
#include "src/convert/loops.h"
#include "src/convert/network_loop.h"
#include "src/graph/unrolling.h"
#include "src/torch/evaluate.h"

namespace torch2trt {
namespace {

std::vector<Operand> list_at(const std::vector<NamedOperand>& operands, std::size_t index) {
  if (index >= operands.size()) return {};
  const auto* list = operands[index].value.as<Operand::List>();
  return list != nullptr ? *list : std::vector<Operand>{operands[index].value};
}

std::vector<Operand> joined(std::vector<Operand> a, const std::vector<Operand>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

bool in_network(const std::vector<Operand>& operands) {
  return std::any_of(operands.begin(), operands.end(), has_network_value);
}

bool any_unknown(const std::vector<Operand>& operands) {
  return std::any_of(operands.begin(), operands.end(), has_unknown);
}

// Whether the condition's block reads anything of the network.
bool reads_network(const Block& block, const std::vector<Operand>& inputs) {
  bool found = false;
  const auto visit = [&](ValueId id) {
    for (std::size_t i = 0; i < block.inputs.size(); ++i) {
      found = found || (block.inputs[i] == id && has_network_value(inputs.at(i)));
    }
  };
  for (const Node& node : block.nodes) for_each_read(node, visit);
  for (const Argument& output : block.outputs) for_each_value(output, visit);
  return found;
}

std::vector<Operand> while_loop(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                const BlockRunner& runner, const std::vector<bool>& used) {
  const Block& condition = node.blocks.at(0);
  const Block& body = node.blocks.at(1);
  std::vector<Operand> carried = list_at(operands, 0);
  const std::vector<Operand> extra = list_at(operands, 1);
  for (std::int64_t unrolled = 0; unrolled < kMaxUnrolled && !reads_network(condition, joined(carried, extra));) {
    const Operand goes_on = runner.run(condition, joined(carried, extra)).at(0);
    const auto known = known_condition(goes_on);
    if (!known) break;
    if (!*known) return carried;
    const std::size_t layers = network == nullptr ? 0 : network->num_layers();
    carried = runner.run(body, joined(carried, extra));
    if (any_unknown(carried)) return carried;
    unrolled += network != nullptr && network->num_layers() != layers ? 1 : 0;
  }
  if (network == nullptr) {
    throw Error(ErrorCategory::kInvalidArgument, "the condition of the loop is no tensor of one element",
                node.location());
  }
  NetworkLoop loop{.carried = carried, .carried_used = used};
  loop.condition = [&](const std::vector<Operand>& now) { return runner.run(condition, joined(now, extra)).at(0); };
  loop.step = [&](const std::vector<Operand>& now, const std::vector<Tensor>&) {
    return LoopStep{runner.run(body, joined(now, extra)), {}};
  };
  const auto results = run_network_loop(*network, loop);
  return results ? results->carried : std::vector<Operand>(node.outputs.size(), Unknown{});
}

Dim length_of(const Node& node, const std::vector<Operand>& xs) {
  if (!xs.empty() && xs[0].as<Tensor>() != nullptr && xs[0].as<Tensor>()->rank() > 0) return xs[0].as<Tensor>()->dim(0);
  if (!xs.empty() && xs[0].as<HostTensor>() != nullptr && xs[0].as<HostTensor>()->rank() > 0) {
    return {xs[0].as<HostTensor>()->sizes[0]};
  }
  throw Error(ErrorCategory::kInvalidArgument, "there is no tensor to iterate over", node.location());
}

Operand slice_of(const Operand& x, std::int64_t index) {
  if (const auto* tensor = x.as<Tensor>()) {
    Network& net = tensor->network();
    return net.gather(*tensor, net.scalar(static_cast<double>(index), DType::kInt32), 0);
  }
  const Node select{.kind = "aten::select", .overload = "int"};
  return evaluate(select, {{"self", x}, {"dim", Operand(std::int64_t{0})}, {"index", Operand(index)}}).at(0);
}

Operand stack_of(Network* network, const std::vector<Operand>& items) {
  const Operand list{Operand::List(items)};
  if (!has_network_value(list)) {
    return evaluate({.kind = "aten::stack"}, {{"tensors", list}, {"dim", Operand(std::int64_t{0})}}).at(0);
  }
  std::vector<Tensor> tensors;
  for (const Operand& item : items) {
    const auto* host = item.as<HostTensor>();
    tensors.push_back(network->unsqueeze(host != nullptr ? network->constant(*host) : *item.as<Tensor>(), {0}));
  }
  return network->concat(tensors, 0);
}

// What map and scan have in common: `step` gets the carried values and a slice of each tensor.
struct Scan {
  const Node& node;
  Network* network;
  std::vector<Operand> carried, xs;
  std::vector<bool> carried_used;
  std::function<LoopStep(const std::vector<Operand>&, const std::vector<Operand>&)> step;
  bool captures_network = false;

  // The carried values at the end, and the stacks; Unknown where the step is not supported.
  LoopStep run() {
    const Dim length = length_of(node, xs);
    const bool known = length.is_constant() && length.value() > 0 &&
                       (length.value() <= kMaxUnrolled || !(captures_network || in_network(carried) || in_network(xs)));
    if (known) return unrolled(length.value());
    if (network == nullptr) throw Error(ErrorCategory::kInvalidArgument, "a scan over nothing", node.location());
    NetworkLoop loop{.count = network->dim_tensor(length), .carried = carried, .carried_used = carried_used};
    for (const Operand& x : xs) {
      loop.sliced.push_back(x.as<Tensor>() != nullptr ? *x.as<Tensor>() : network->constant(*x.as<HostTensor>()));
    }
    loop.step = [&](const std::vector<Operand>& now, const std::vector<Tensor>& slices) {
      return step(now, std::vector<Operand>(slices.begin(), slices.end()));
    };
    auto results = run_network_loop(*network, loop);
    return results ? *std::move(results) : LoopStep{{Unknown{}}, {}};
  }

  LoopStep unrolled(std::int64_t length) {
    std::vector<std::vector<Operand>> stacks;
    for (std::int64_t i = 0; i < length; ++i) {
      std::vector<Operand> slices;
      for (const Operand& x : xs) slices.push_back(slice_of(x, i));
      LoopStep next = step(carried, slices);
      if (any_unknown(next.carried) || any_unknown(next.stacked)) return {{Unknown{}}, {}};
      carried = std::move(next.carried);
      stacks.resize(next.stacked.size());
      for (std::size_t s = 0; s < stacks.size(); ++s) stacks[s].push_back(std::move(next.stacked[s]));
    }
    LoopStep results{carried, {}};
    for (const std::vector<Operand>& stack : stacks) results.stacked.push_back(stack_of(network, stack));
    return results;
  }
};

std::vector<Operand> scan(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                          const BlockRunner& runner, const std::vector<bool>& used) {
  const bool carries = node.kind == "higher_order::scan";
  const std::vector<Operand> init = carries ? list_at(operands, 0) : std::vector<Operand>();
  const std::vector<Operand> extra = list_at(operands, carries ? 2 : 1);
  Scan scan{.node = node, .network = network, .carried = init, .xs = list_at(operands, carries ? 1 : 0)};
  scan.captures_network = in_network(extra);
  scan.carried_used.assign(used.begin(), used.begin() + static_cast<std::ptrdiff_t>(init.size()));
  scan.step = [&](const std::vector<Operand>& carried, const std::vector<Operand>& slices) {
    std::vector<Operand> outputs = runner.run(node.blocks.at(0), joined(joined(carried, slices), extra));
    const auto split = outputs.begin() + static_cast<std::ptrdiff_t>(init.size());
    return LoopStep{std::vector<Operand>(outputs.begin(), split), std::vector<Operand>(split, outputs.end())};
  };
  LoopStep results = scan.run();
  if (any_unknown(results.carried)) return std::vector<Operand>(node.outputs.size(), Unknown{});
  return joined(std::move(results.carried), results.stacked);
}

// y[0] = x[0], y[i] = f(y[i - 1], x[i]): what any order of combining gives, as f is associative.
std::vector<Operand> associative_scan(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                      const BlockRunner& runner, const std::vector<bool>&) {
  const std::vector<Operand> xs = list_at(operands, 0);
  const std::vector<Operand> extra = list_at(operands, 1);
  const Dim length = length_of(node, xs);
  if (!length.is_constant() || length.value() < 1 || length.value() > kMaxUnrolled) {
    throw Error(
        ErrorCategory::kUnsupportedOperator,
        fmt::format("associative_scan over {} elements; up to {} are supported, others as scan",
                    length.is_constant() ? std::to_string(length.value()) : "a dynamic number of", kMaxUnrolled));
  }
  std::vector<std::vector<Operand>> stacks(xs.size());
  std::vector<Operand> last;
  for (std::int64_t i = 0; i < length.value(); ++i) {
    std::vector<Operand> slices;
    for (const Operand& x : xs) slices.push_back(slice_of(x, i));
    last = i == 0 ? slices : runner.run(node.blocks.at(0), joined(joined(last, slices), extra));
    if (any_unknown(last)) return std::vector<Operand>(node.outputs.size(), Unknown{});
    for (std::size_t s = 0; s < xs.size(); ++s) stacks[s].push_back(last.at(s));
  }
  std::vector<Operand> results;
  for (const std::vector<Operand>& stack : stacks) results.push_back(stack_of(network, stack));
  return results;
}

}  // namespace

std::vector<Operand> run_exported_loop(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                       const BlockRunner& runner, const std::vector<bool>& used) {
  if (node.kind == "higher_order::while_loop") return while_loop(node, operands, network, runner, used);
  if (node.kind == "higher_order::associative_scan") return associative_scan(node, operands, network, runner, used);
  return scan(node, operands, network, runner, used);
}

}  // namespace torch2trt
