#include "src/convert/unsupported.h"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace torch2trt {
namespace {

constexpr std::size_t kPlacesShown = 3;

std::string place(const SourceLocation& location) {
  std::string text = location.source.empty() ? "unknown source line" : location.source;
  if (!location.scope.empty()) text += fmt::format(" in module \"{}\"", location.scope);
  return text;
}

}  // namespace

void UnsupportedNodes::add(const Node& node, const std::string& reason) {
  nodes_.push_back({node.qualified(), reason, node.location()});
}

void UnsupportedNodes::throw_if_any() const {
  if (nodes_.empty()) return;
  std::map<std::pair<std::string, std::string>, std::vector<const UnsupportedNode*>> groups;
  for (const UnsupportedNode& node : nodes_) groups[{node.kind, node.reason}].push_back(&node);
  std::string message = fmt::format("{} node{} cannot be converted:", nodes_.size(), nodes_.size() == 1 ? "" : "s");
  for (const auto& [key, nodes] : groups) {
    message += fmt::format("\n  {} ({}x): {}", key.first, nodes.size(), key.second);
    for (std::size_t i = 0; i < nodes.size() && i < kPlacesShown; ++i)
      message += "\n      at " + place(nodes[i]->location);
    if (nodes.size() > kPlacesShown) message += fmt::format("\n      and {} more", nodes.size() - kPlacesShown);
  }
  message +=
      "\nRegister a handler for each (register_node_handler in Python, HandlerRegistry in C++), or move the "
      "operator out of the module. The network is incomplete and must not be used.";
  Error error(ErrorCategory::kUnsupportedOperator, message);
  error.set_unsupported(nodes_);
  throw error;
}

}  // namespace torch2trt
