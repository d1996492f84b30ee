// prim::Loop: its iterations one after the other as long as they are known, then an ILoop for the rest.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "src/convert/conditionals.h"
#include "src/convert/loops.h"
#include "src/convert/network_list.h"
#include "src/convert/network_loop.h"
#include "src/graph/unrolling.h"

namespace torch2trt {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> known_count(const Operand& trips) {
  if (const auto* number = trips.as<std::int64_t>()) return *number;
  const auto* tensor = trips.as<HostTensor>();
  if (tensor == nullptr || tensor->numel() != 1) return std::nullopt;
  return integer_at(contiguous_as(*tensor, DType::kInt64), 0);
}

std::size_t readers_of(const Block& block, ValueId id) {
  std::size_t count = 0;
  const auto visit = [&](ValueId read) { count += read == id ? 1 : 0; };
  for (const Node& node : block.nodes) for_each_read(node, visit);
  for (const Argument& output : block.outputs) for_each_value(output, visit);
  return count;
}

// Whether the block only appends to the list `input` and returns it as `output`. Then what one iteration appends is
// what the block gives for an empty list.
bool only_appends(const Block& block, ValueId input, const Argument& output) {
  const auto* last = output.as<ValueId>();
  if (last == nullptr) return false;
  ValueId at = input;
  while (at != *last) {
    const auto next = std::find_if(block.nodes.begin(), block.nodes.end(), [&](const Node& node) {
      return node.kind == "aten::add" && node.overload == "t" && *node.find("a") == Argument(at);
    });
    if (next == block.nodes.end() || readers_of(block, at) != 1) return false;
    at = next->outputs[0];
  }
  return readers_of(block, at) == 1;
}

class ScriptedLoop {
 public:
  ScriptedLoop(const Node& node, const std::vector<NamedOperand>& operands, Network* network, const BlockRunner& runner,
               const std::vector<bool>& used)
      : node_(node),
        body_(node.blocks.at(0)),
        network_(network),
        runner_(runner),
        used_(used),
        trips_(operands.at(0).value),
        condition_(operands.at(1).value) {
    for (std::size_t i = 2; i < operands.size(); ++i) carried_.push_back(operands[i].value);
  }

  std::vector<Operand> run() {
    while (!finished()) {
      if (!known_condition(condition_) || !known_count(trips_) || is_long()) return rest();
      std::vector<Operand> inputs{Operand(done_)};
      inputs.insert(inputs.end(), carried_.begin(), carried_.end());
      const std::size_t layers = network_ == nullptr ? 0 : network_->num_layers();
      std::vector<Operand> outputs = runner_.run(body_, inputs);
      unrolled_ += network_ != nullptr && network_->num_layers() != layers ? 1 : 0;
      ++done_;
      condition_ = outputs.at(0);
      carried_.assign(outputs.begin() + 1, outputs.end());
      if (has_unknown(condition_)) return std::vector<Operand>(node_.outputs.size(), Unknown{});
    }
    return carried_;
  }

 private:
  bool finished() const {
    const auto condition = known_condition(condition_);
    const auto count = known_count(trips_);
    return (condition && !*condition) || (count && done_ >= *count);
  }

  bool counts() const { return body_.outputs.at(0) == Argument(true); }

  // Too long to write out: known before where only the trip count ends it, else after so many iterations.
  bool is_long() const {
    if (network_ == nullptr) return false;
    if (unrolled_ >= kMaxUnrolled) return true;
    if (done_ > 0 || !counts() || *known_count(trips_) <= kMaxUnrolled) return false;
    bool in_network = std::any_of(carried_.begin(), carried_.end(), has_network_value);
    for (const Node& node : body_.nodes) {
      for_each_read(node, [&](ValueId id) { in_network = in_network || has_network_value(runner_.value(id)); });
    }
    return in_network;
  }

  // The iterations that are left, as a loop of the network.
  std::vector<Operand> rest() {
    if (network_ == nullptr) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("the loop runs while {}, {} times", describe(condition_), describe(trips_)),
                  node_.location());
    }
    Network& net = *network_;
    NetworkLoop loop;
    if (known_count(trips_).value_or(0) != kUnlimited) loop.count = count();
    const bool conditional = !counts() || !known_condition(condition_);
    if (!conditional && !loop.count) {
      throw Error(ErrorCategory::kUnsupportedOperator, "the loop never ends", node_.location());
    }
    // Carried: the condition, the counter, and of the program's values those that change.
    if (conditional) loop.carried.push_back(condition_);
    const std::size_t counter = loop.carried.size();
    const bool counter_used = readers_of(body_, body_.inputs.at(0)) > 0;
    if (counter_used) loop.carried.emplace_back(done_);
    loop.carried_used.assign(loop.carried.size(), false);
    std::vector<Role> roles;
    for (std::size_t i = 0; i < carried_.size(); ++i) {
      roles.push_back(role_of(i));
      if (roles.back() != Role::kCarried) continue;
      if (has_uninitialized(carried_[i]) && readers_of(body_, body_.inputs.at(i + 1)) > 0) {
        throw Error(ErrorCategory::kUnsupportedOperator,
                    fmt::format("the loop reads its carried value {}, which only an earlier iteration sets", i),
                    node_.location());
      }
      loop.carried.push_back(carried_[i]);
      loop.carried_used.push_back(used_.at(i));
    }
    if (conditional) {
      loop.condition = [](const std::vector<Operand>& carried) { return carried[0]; };
    }
    std::vector<std::size_t> appended(carried_.size(), 0);
    loop.step = [&](const std::vector<Operand>& carried, const std::vector<Tensor>&) {
      std::size_t next = counter;
      std::vector<Operand> inputs{counter_used ? carried.at(next++) : Operand(done_)};
      for (std::size_t i = 0; i < carried_.size(); ++i) {
        inputs.push_back(roles[i] == Role::kCarried    ? carried.at(next++)
                         : roles[i] == Role::kAppended ? Operand(Operand::List())
                                                       : carried_[i]);
      }
      std::vector<Operand> outputs = runner_.run(body_, inputs);
      LoopStep step;
      if (conditional) step.carried.push_back(outputs.at(0));
      if (counter_used) {
        step.carried.emplace_back(net.dim_arithmetic(ElementWiseOperation::kSum, *inputs[0].as<Dim>(), Dim(1)));
      }
      for (std::size_t i = 0; i < carried_.size(); ++i) {
        if (roles[i] == Role::kCarried) step.carried.push_back(outputs.at(i + 1));
        if (roles[i] != Role::kAppended) continue;
        const auto* items = outputs.at(i + 1).as<Operand::List>();
        if (items == nullptr) return LoopStep{{Unknown{}}, {}};
        appended[i] = items->size();
        step.stacked.insert(step.stacked.end(), items->begin(), items->end());
      }
      return step;
    };
    const std::optional<LoopStep> results = run_network_loop(net, loop);
    if (!results) return std::vector<Operand>(node_.outputs.size(), Unknown{});
    std::size_t next = counter + (counter_used ? 1 : 0);
    std::size_t stacked = 0;
    for (std::size_t i = 0; i < carried_.size(); ++i) {
      if (roles[i] == Role::kCarried) carried_[i] = results->carried.at(next++);
      if (roles[i] == Role::kAppended) carried_[i] = list_of(carried_[i], results->stacked, stacked, appended[i]);
    }
    return carried_;
  }

  enum class Role { kCarried, kUnchanged, kAppended };
  Role role_of(std::size_t i) const {
    const ValueId input = body_.inputs.at(i + 1);
    const Argument& output = body_.outputs.at(i + 1);
    if (output == Argument(input)) return Role::kUnchanged;
    const bool list = carried_[i].as<Operand::List>() != nullptr || carried_[i].as<LoopList>() != nullptr;
    if (list && only_appends(body_, input, output)) return Role::kAppended;
    return Role::kCarried;
  }

  Tensor count() const {
    Network& net = *network_;
    if (const auto* tensor = trips_.as<Tensor>()) {
      return net.dim_tensor(net.dim_arithmetic(ElementWiseOperation::kSub, Dim::computed(*tensor), Dim(done_)));
    }
    const Dim trips = trips_.as<Dim>() != nullptr ? *trips_.as<Dim>() : Dim(*known_count(trips_));
    return net.dim_tensor(net.dim_arithmetic(ElementWiseOperation::kSub, trips, Dim(done_)));
  }

  // The list the loop appended to: its head and what `count` stacks hold, the items of one iteration in order.
  Operand list_of(const Operand& head, const std::vector<Operand>& stacks, std::size_t& next, std::size_t count) const {
    Network& net = *network_;
    std::vector<Tensor> parts;
    for (; count > 0; --count) parts.push_back(*stacks.at(next++).as<Tensor>());
    if (parts.empty()) return head;
    Tensor items = parts[0];
    if (parts.size() > 1) {
      // [T, ...] each: side by side [T, n, ...], then one axis.
      for (Tensor& part : parts) part = net.unsqueeze(part, {1});
      items = net.flatten(net.concat(parts, 1), 0, 1);
    }
    return extended(head, items, node_.location());
  }

  const Node& node_;
  const Block& body_;
  Network* network_;
  const BlockRunner& runner_;
  const std::vector<bool>& used_;
  Operand trips_;
  Operand condition_;
  std::vector<Operand> carried_;
  std::int64_t done_ = 0;      // iterations so far
  std::int64_t unrolled_ = 0;  // of these, with layers
};

}  // namespace

std::vector<Operand> run_scripted_loop(const Node& node, const std::vector<NamedOperand>& operands, Network* network,
                                       const BlockRunner& runner, const std::vector<bool>& used) {
  return ScriptedLoop(node, operands, network, runner, used).run();
}

}  // namespace torch2trt
