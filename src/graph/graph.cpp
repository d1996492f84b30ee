#include "torch2trt/graph.h"

namespace torch2trt {

const Argument* Node::find(std::string_view wanted) const {
  for (const NamedArgument& argument : arguments) {
    if (argument.name == wanted) return &argument.value;
  }
  return nullptr;
}

std::string Node::qualified() const { return overload.empty() ? kind : kind + "." + overload; }

std::size_t Structure::leaves() const {
  if (kind == Kind::kLeaf) return 1;
  std::size_t count = 0;
  for (const Structure& child : children) count += child.leaves();
  return count;
}

ValueId Graph::add_value(std::string_view wanted, Type type) {
  std::string unique(wanted);
  auto [entry, fresh] = names_.try_emplace(unique, 1);
  while (!fresh) {
    unique = std::string(wanted) + "_" + std::to_string(entry->second++);
    fresh = names_.try_emplace(unique, 1).second;
  }
  values.push_back({std::move(unique), std::move(type)});
  return ValueId{static_cast<std::int32_t>(values.size()) - 1};
}

const Parameter* Graph::parameter_of(ValueId id) const {
  for (const Parameter& parameter : parameters) {
    if (parameter.value == id) return &parameter;
  }
  return nullptr;
}

void for_each_value(const Argument& argument, const std::function<void(ValueId)>& visit) {
  if (const auto* id = argument.as<ValueId>()) {
    visit(*id);
  } else if (const auto* list = argument.as<Argument::List>()) {
    for (const Argument& item : *list) for_each_value(item, visit);
  }
}

namespace {

void for_each_read(const Block& block, const std::function<void(ValueId)>& visit) {
  for (const Node& node : block.nodes) for_each_read(node, visit);
  for (const Argument& output : block.outputs) for_each_value(output, visit);
}

void replace_in(Argument& argument, ValueId from, ValueId to) {
  if (auto* id = std::get_if<ValueId>(&argument.data)) {
    if (*id == from) *id = to;
  } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
    for (Argument& item : *list) replace_in(item, from, to);
  }
}

}  // namespace

void for_each_read(const Node& node, const std::function<void(ValueId)>& visit) {
  for (const NamedArgument& argument : node.arguments) for_each_value(argument.value, visit);
  for (const Block& block : node.blocks) for_each_read(block, visit);
}

void replace_reads(Block& block, ValueId from, ValueId to) {
  for (Node& node : block.nodes) {
    for (NamedArgument& argument : node.arguments) replace_in(argument.value, from, to);
    for (Block& inner : node.blocks) replace_reads(inner, from, to);
  }
  for (Argument& output : block.outputs) replace_in(output, from, to);
}

}  // namespace torch2trt
