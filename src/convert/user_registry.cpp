#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "src/torch/evaluate.h"
#include "torch2trt/handler.h"

namespace torch2trt {

void UserRegistry::add(const std::string& key, Handler convert, Compute compute) {
  const auto invalid = [&](const std::string& text) {
    throw Error(ErrorCategory::kInvalidArgument, fmt::format("handler for \"{}\": {}", key, text));
  };
  const std::size_t colons = key.find("::");
  if (colons == std::string::npos || colons == 0 || colons + 2 == key.size())
    invalid("it is no operator; a name like \"aten::sum\" is needed");
  if (!convert) invalid("it converts nothing; give a function that adds layers");
  if (entries_.contains(key)) invalid("there is one already");
  entries_.emplace(key, Entry{key, std::move(convert), std::move(compute)});
}

std::set<std::string> UserRegistry::kinds() const {
  std::set<std::string> kinds;
  for (const auto& [key, entry] : entries_) kinds.insert(key.substr(0, key.find('.', key.find("::"))));
  return kinds;
}

UserHandlers UserRegistry::bind(Network* network) const {
  const auto bound = std::make_shared<std::map<std::string, UserHandler, std::less<>>>();
  for (const auto& [key, entry] : entries_) {
    bound->emplace(key, [&entry = entry, network](const Node& node, const std::vector<NamedOperand>& operands) {
      try {
        return call(entry, network, node, operands);
      } catch (const Error&) {
        throw;
      } catch (const std::exception& error) {
        throw Error(ErrorCategory::kInvalidArgument,
                    fmt::format("the handler for \"{}\" failed: {}", entry.key, error.what()), node.location());
      }
    });
  }
  return [bound](const Node& node) -> const UserHandler* {
    // Programs are made free of in-place operators first: a handler for "aten::relu_" gets what they become.
    for (const std::string& kind : {node.kind, node.kind + "_"}) {
      auto found = node.overload.empty() ? bound->end() : bound->find(kind + "." + node.overload);
      if (found == bound->end()) found = bound->find(kind);
      if (found != bound->end()) return &found->second;
    }
    return nullptr;
  };
}

std::vector<Operand> UserRegistry::call(const Entry& entry, Network* network, const Node& node,
                                        const std::vector<NamedOperand>& operands) {
  const bool in_network =
      std::any_of(operands.begin(), operands.end(), [](const NamedOperand& o) { return has_network_value(o.value); });
  std::vector<Operand> outputs;
  if (in_network) {
    Args args(node, operands, *network);
    outputs = entry.convert(*network, args).values;
    args.check_all_read();
  } else if (entry.compute) {
    outputs = entry.compute(node, operands).values;
  } else if (can_evaluate(node)) {
    outputs = evaluate(node, operands);
  } else {
    throw Error(ErrorCategory::kUnsupportedOperator,
                "no input is a tensor of the network, this process has no operator of this name, and the handler "
                "computes nothing: give UserRegistry::add a function for that",
                node.location());
  }
  if (outputs.size() != node.outputs.size()) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the handler for \"{}\" returned {} output{} where the node has {}", entry.key,
                            outputs.size(), outputs.size() == 1 ? "" : "s", node.outputs.size()),
                node.location());
  }
  return outputs;
}

}  // namespace torch2trt
