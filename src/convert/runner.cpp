// Walks the nodes in order with a value for each input: network tensors go to handlers, constants to PyTorch.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>

#include "src/convert/control_flow.h"
#include "src/convert/network_list.h"
#include "src/convert/reduced_precision.h"
#include "src/convert/structure.h"
#include "src/convert/unsupported.h"
#include "src/convert/user_results.h"
#include "src/files/mapped_file.h"
#include "src/torch/evaluate.h"
#include "src/torch/schema.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

// A folded constant may be larger than the parameters it came from, but not without limit: it lives in the engine.
// Beyond it the operator's handler computes it in the network.
constexpr std::size_t kFoldedGrowth = 4;
constexpr std::size_t kFoldedAlways = 1U << 20U;

std::size_t constant_bytes(const Operand& operand) {
  if (const auto* tensor = operand.as<HostTensor>()) return tensor->bytes();
  std::size_t total = 0;
  if (const auto* list = operand.as<Operand::List>()) {
    for (const Operand& item : *list) total += constant_bytes(item);
  }
  return total;
}

class Runner {
 public:
  Runner(const Graph& graph, const RunOptions& options)
      : graph_(graph),
        options_(options),
        handlers_(options.handlers == nullptr ? builtin_handlers() : *options.handlers),
        values_(graph.values.size()),
        sources_(graph.values.size()) {
    if (options.precision && options.network != nullptr) precision_.emplace(*options.precision, *options.network);
  }

  std::vector<Operand> run(const std::vector<Operand>& inputs) {
    if (inputs.size() != graph_.inputs.size()) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("the program takes {} input{}, {} given", graph_.inputs.size(),
                              graph_.inputs.size() == 1 ? "" : "s", inputs.size()));
    }
    for (std::size_t i = 0; i < graph_.parameters.size(); ++i) {
      const Parameter& parameter = graph_.parameters[i];
      HostTensor data = parameter.data;
      data.origin = parameter.name;
      set(parameter.value, std::move(data));
      sources_.at(static_cast<std::size_t>(parameter.value.index)) = {i};
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) set(graph_.inputs[i].value, inputs[i]);
    count_readers();
    count_pieces();
    for (const Node& node : graph_.body.nodes) run_node(node);
    unsupported_.throw_if_any();
    std::vector<Operand> outputs;
    for (const Argument& output : graph_.body.outputs) outputs.push_back(operand(output));
    if (precision_) finish_precision(outputs);
    return outputs;
  }

 private:
  void finish_precision(std::vector<Operand>& outputs) {
    options_.network->set_location({});
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto* id = graph_.body.outputs[i].as<ValueId>();
      outputs[i] = precision_->output(outputs[i], id == nullptr ? std::nullopt : graph_.value(*id).type.dtype);
    }
    if (options_.precision->report) options_.precision->report(precision_->counts());
    const bool none = precision_->counts().reduced == 0;
    if (options_.log) options_.log(none ? Severity::kWarning : Severity::kInfo, precision_->summary());
  }

  void set(ValueId id, Operand value) { values_.at(static_cast<std::size_t>(id.index)) = std::move(value); }

  Operand operand(const Argument& argument) const {
    return std::visit(
        [&](const auto& value) -> Operand {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, ValueId>) {
            return values_.at(static_cast<std::size_t>(value.index));
          } else if constexpr (std::is_same_v<T, Argument::List>) {
            Operand::List list;
            for (const Argument& item : value) list.push_back(operand(item));
            return list;
          } else {
            return value;
          }
        },
        argument.data);
  }

  // Values are dropped after their last reader, so that large folded constants do not pile up.
  void count_readers() {
    readers_.assign(graph_.values.size(), 0);
    const auto count = [&](ValueId id) { ++readers_.at(static_cast<std::size_t>(id.index)); };
    for (const Node& node : graph_.body.nodes) for_each_read(node, count);
    for (const Argument& output : graph_.body.outputs) for_each_value(output, count);
  }

  void count_pieces() {
    for (const Node& node : graph_.body.nodes) {
      if (node.kind == "prim::ListUnpack")
        for_each_read(node, [&](ValueId list) { pieces_[list.index] = node.outputs.size(); });
    }
  }

  std::optional<std::size_t> pieces_of(const Node& node) const {
    if (node.outputs.size() != 1) return std::nullopt;
    const auto known = pieces_.find(node.outputs[0].index);
    return known == pieces_.end() ? std::nullopt : std::optional(known->second);
  }

  void release(const Node& node) {
    for_each_read(node, [&](ValueId id) {
      const auto index = static_cast<std::size_t>(id.index);
      if (--readers_[index] != 0) return;
      // A folded kernel would otherwise be there twice: in the file's pages too, which nobody reads again.
      if (const auto* read = values_[index].as<HostTensor>(); read != nullptr && read->is_contiguous())
        forget_pages(read->owner, read->data, read->bytes());
      values_[index] = None{};
    });
  }

  void run_node(const Node& node) {
    std::vector<NamedOperand> operands;
    for (const NamedArgument& argument : node.arguments) operands.push_back({argument.name, operand(argument.value)});
    const bool unknown =
        std::any_of(operands.begin(), operands.end(), [](const NamedOperand& o) { return has_unknown(o.value); });
    std::optional<std::vector<Operand>> outputs;
    if (unknown && is_control_flow(node)) {
      // What lies inside is looked at all the same, to find what else is missing.
      for (const Block& block : node.blocks) run_block(block, std::vector<Operand>(block.inputs.size(), Unknown{}));
    } else if (unknown) {
      // The operands will be known once the nodes before are supported; what has no handler is missing all the same.
      if (options_.network != nullptr && !is_handled(node) && !is_structural(node))
        unsupported_.add(node, "no handler");
    } else if (reads_uninitialized(node, operands)) {
      outputs = std::vector<Operand>(node.outputs.size(), Uninitialized{});
    } else {
      try {
        outputs = results_of(node, operands);
      } catch (const Error& error) {
        // A layer that TensorRT refuses is one more reason, so that all of them are told at once.
        const bool refused = error.category() == ErrorCategory::kBuildFailed && !is_users(node);
        if (error.category() != ErrorCategory::kUnsupportedOperator && !refused) {
          if (error.has_location()) throw;
          throw Error(error.category(), error.message(), node.location());
        }
        unsupported_.add(node, error.message());
      }
    }
    if (outputs && outputs->size() != node.outputs.size()) {
      throw Error(
          ErrorCategory::kInternal,
          fmt::format("the handler returned {} outputs where the node has {}", outputs->size(), node.outputs.size()),
          node.location());
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      set(node.outputs[i], outputs ? (*outputs)[i] : Operand(Unknown{}));
    if (outputs && options_.network != nullptr) {
      warn_of_float64(node, operands, *outputs);
      note_sources(node, *outputs);
    }
    if (outputs && options_.observe) options_.observe(node, operands, *outputs);
    if (depth_ == 0) release(node);
  }

  // float64 that arises inside the program; where it comes in by an input, convert() and core.torch2trt say so.
  void warn_of_float64(const Node& node, const std::vector<NamedOperand>& operands,
                       const std::vector<Operand>& outputs) {
    if (warned_ || !options_.log) return;
    const auto is_float = [](const Operand& operand) {
      const auto* tensor = operand.as<Tensor>();
      return tensor != nullptr && is_floating(tensor->dtype());
    };
    if (std::none_of(outputs.begin(), outputs.end(), is_float)) return;
    const auto is_wide = [](const NamedOperand& operand) {
      const auto* dtype = operand.value.as<DType>();
      const auto* host = operand.value.as<HostTensor>();
      return (dtype != nullptr && *dtype == DType::kFloat64) ||
             (host != nullptr && host->dtype == DType::kFloat64 && !host->wrapped_number && host->rank() > 0);
    };
    const bool typed = std::any_of(node.outputs.begin(), node.outputs.end(),
                                   [&](ValueId id) { return graph_.value(id).type.dtype == DType::kFloat64; });
    if (!typed && std::none_of(operands.begin(), operands.end(), is_wide)) return;
    warned_ = true;
    if (std::any_of(graph_.inputs.begin(), graph_.inputs.end(), [&](const Input& input) {
          return !input.constant && graph_.value(input.value).type.dtype == DType::kFloat64;
        })) {
      return;
    }
    std::string place = node.source.empty() ? "" : " at " + node.source;
    if (!node.scope.empty()) place += fmt::format(" in module \"{}\"", node.scope);
    options_.log(Severity::kWarning,
                 fmt::format("TensorRT has no float64: the result of {}{} and what is computed from it are float32 in "
                             "the network",
                             node.qualified(), place));
  }

  // Both branches of a condition of the network are walked. In the one that a valid program does not take, operators
  // may read what is only set in the other.
  static bool reads_uninitialized(const Node& node, const std::vector<NamedOperand>& operands) {
    if (is_structural(node)) {  // lists may hold such values
      return !operands.empty() && operands[0].value.as<Uninitialized>() != nullptr && !node.kind.ends_with("Construct");
    }
    // Of control flow the conditions and counts; what it carries may be set on the way.
    const std::size_t read = !is_control_flow(node) ? operands.size() : node.kind == "prim::Loop" ? 2 : 1;
    return std::any_of(operands.begin(),
                       operands.begin() + static_cast<std::ptrdiff_t>(std::min(read, operands.size())),
                       [](const NamedOperand& operand) { return has_uninitialized(operand.value); });
  }

  bool is_handled(const Node& node) const {
    return is_structural(node) || is_control_flow(node) || handlers_.find(node.kind, node.overload) != nullptr ||
           is_users(node);
  }

  bool is_users(const Node& node) const { return options_.user_handlers && options_.user_handlers(node) != nullptr; }

  std::vector<Operand> results_of(const Node& node, const std::vector<NamedOperand>& operands) {
    if (options_.network != nullptr) options_.network->set_location(node.location());
    if (options_.user_handlers) {
      if (const UserHandler* user = options_.user_handlers(node)) {
        const std::vector<NamedOperand> given = precision_ ? precision_->widened(operands) : operands;
        std::vector<Operand> outputs = (*user)(node, given);
        check_user_results(graph_, options_.network, {node, given, outputs, used_outputs(node), options_.compared});
        return outputs;
      }
    }
    if (is_control_flow(node)) {
      const std::vector<bool> used = used_outputs(node);
      std::vector<Operand> outputs = run_control_flow(node, precision_ ? precision_->widened(operands) : operands,
                                                      options_.network, blocks_, used);
      // What no layer was made for is None; that would be a value for who compares.
      for (std::size_t i = 0; i < outputs.size() && options_.network != nullptr; ++i) {
        if (!used[i] && outputs[i].is_none()) outputs[i] = Unknown{};
      }
      return outputs;
    }
    if (auto joined = of_network_list(node, operands)) return *std::move(joined);
    if (auto moved = restructured(node, operands)) return *std::move(moved);
    const HandlerEntry* entry = handlers_.find(node.kind, node.overload);
    const bool in_network =
        std::any_of(operands.begin(), operands.end(), [](const NamedOperand& o) { return has_network_value(o.value); });
    const bool folded = options_.network == nullptr || !(is_random(node) || (entry != nullptr && entry->never_folded));
    std::optional<Error> outgrown;
    if (!in_network && folded && can_evaluate(node)) {
      std::vector<Operand> outputs = evaluated(node, operands);
      if (options_.network != nullptr) outgrown = growth_error(node, outputs);
      if (!outgrown) return outputs;
    }
    if (entry == nullptr && outgrown) throw *std::move(outgrown);
    if (entry == nullptr || options_.network == nullptr) {
      throw Error(ErrorCategory::kUnsupportedOperator,
                  find_schema(node.kind, node.overload) == nullptr
                      ? "neither a handler nor, in this process, an operator of this name"
                      : "no handler",
                  node.location());
    }
    Args args(node, precision_ ? precision_->adapted(node, operands) : operands, *options_.network, used_outputs(node),
              pieces_of(node));
    std::vector<Operand> outputs = converted(*entry, args);
    args.check_all_read();
    if (precision_) precision_->note(node, operands, outputs);
    if (options_.observe_arguments) options_.observe_arguments(node, operands, args.uses());
    return outputs;
  }

  // Handlers take what PyTorch takes. A file may hold anything: where an index misses what it counts on, the program
  // asks for a dimension or argument that is not there.
  std::vector<Operand> converted(const HandlerEntry& entry, Args& args) const {
    try {
      return entry.convert(*options_.network, args).values;
    } catch (const std::out_of_range&) {
      std::string ranks;
      for (const NamedArgument& given : args.node().arguments) {
        for_each_value(given.value, [&](ValueId id) {
          const auto* tensor = values_.at(static_cast<std::size_t>(id.index)).as<Tensor>();
          if (tensor == nullptr) return;
          ranks += fmt::format("{}\"{}\" has rank {}", ranks.empty() ? "" : ", ", given.name, tensor->rank());
        });
      }
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("the operator's arguments do not fit each other: {}; PyTorch takes none such",
                              ranks.empty() ? "a list is too short" : ranks),
                  args.node().location());
    }
  }

  std::vector<bool> used_outputs(const Node& node) const {
    std::vector<bool> used;
    for (ValueId id : node.outputs) used.push_back(readers_.at(static_cast<std::size_t>(id.index)) > 0);
    return used;
  }

  // A block's nodes may run again, and others read what it reads: nothing is dropped before the node around it ends.
  std::vector<Operand> run_block(const Block& block, const std::vector<Operand>& inputs) {
    if (inputs.size() != block.inputs.size()) {
      throw Error(ErrorCategory::kInternal,
                  fmt::format("a block takes {} values, {} are given", block.inputs.size(), inputs.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) set(block.inputs[i], inputs[i]);
    const PrecisionRewriter::Block casts(precision_ ? &*precision_ : nullptr);
    ++depth_;
    for (const Node& node : block.nodes) run_node(node);
    --depth_;
    std::vector<Operand> outputs;
    const bool leaves_network_block = precision_ && options_.network->in_control_flow();
    for (const Argument& output : block.outputs)
      outputs.push_back(leaves_network_block ? precision_->widened(operand(output)) : operand(output));
    return outputs;
  }

  std::vector<Operand> evaluated(const Node& node, const std::vector<NamedOperand>& operands) {
    std::vector<Operand> outputs = evaluate(node, operands);
    if (options_.network == nullptr) return outputs;
    for (std::size_t i = 0; i < outputs.size() && i < node.outputs.size(); ++i) {
      if (auto* tensor = std::get_if<HostTensor>(&outputs[i].data)) tensor->origin = graph_.value(node.outputs[i]).name;
    }
    return outputs;
  }

  // The parameters that a constant was computed from, each once.
  std::vector<std::size_t> sources_of(const Node& node) const {
    std::vector<std::size_t> merged;
    for_each_read(node, [&](ValueId id) {
      const std::vector<std::size_t>& added = sources_.at(static_cast<std::size_t>(id.index));
      if (added.empty()) return;
      std::vector<std::size_t> both;
      std::set_union(merged.begin(), merged.end(), added.begin(), added.end(), std::back_inserter(both));
      merged = std::move(both);
    });
    return merged;
  }

  void note_sources(const Node& node, const std::vector<Operand>& outputs) {
    if (std::any_of(outputs.begin(), outputs.end(), has_network_value)) return;  // weights, but not folded ones
    const std::vector<std::size_t> sources = sources_of(node);
    for (const ValueId id : node.outputs) sources_.at(static_cast<std::size_t>(id.index)) = sources;
  }

  // Why the constants that a node makes are too large to be kept, if they are.
  std::optional<Error> growth_error(const Node& node, const std::vector<Operand>& outputs) const {
    std::size_t made = 0;
    for (const Operand& output : outputs) made += constant_bytes(output);
    if (made <= kFoldedAlways) return std::nullopt;
    std::size_t sources = 0;
    for (const std::size_t i : sources_of(node)) sources += graph_.parameters[i].data.bytes();
    if (made <= kFoldedGrowth * sources) return std::nullopt;
    return Error(ErrorCategory::kUnsupportedOperator,
                 fmt::format("no handler, and the constant it makes takes {} bytes, more than {} times the {} bytes of "
                             "the parameters it is made from",
                             made, kFoldedGrowth, sources),
                 node.location());
  }

  const Graph& graph_;
  const RunOptions& options_;
  const HandlerRegistry& handlers_;
  std::vector<Operand> values_;
  std::vector<std::vector<std::size_t>> sources_;  // of constants: positions in the graph's parameters, sorted
  std::vector<int> readers_;
  int depth_ = 0;  // blocks around
  const BlockRunner blocks_{
      .run = [this](const Block& block, const std::vector<Operand>& inputs) { return run_block(block, inputs); },
      .value = [this](ValueId id) -> const Operand& { return values_.at(static_cast<std::size_t>(id.index)); }};
  std::map<std::int32_t, std::size_t> pieces_;  // of lists that a prim::ListUnpack takes apart
  UnsupportedNodes unsupported_;
  std::optional<PrecisionRewriter> precision_;
  bool warned_ = false;  // of float64
};

}  // namespace

std::vector<Operand> run(const Graph& graph, const std::vector<Operand>& inputs, const RunOptions& options) {
  return Runner(graph, options).run(inputs);
}

}  // namespace torch2trt
