#include "src/passes/remove_dead_nodes.h"

#include <algorithm>
#include <array>

#include "src/torch/schema.h"

namespace torch2trt {
namespace {

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Operators that have an effect though their schemas write to no argument.
constexpr std::array<std::string_view, 4> kEffects{"prim::RaiseException", "aten::manual_seed",
                                                   "aten::set_grad_enabled", "prim::Exit"};
// What has no fixed schema and no effect, in TorchScript ...
constexpr std::array<std::string_view, 13> kPure{
    "torch2trt::with_item", "prim::Constant",    "prim::ListConstruct", "prim::TupleConstruct", "prim::DictConstruct",
    "prim::ListUnpack",     "prim::TupleUnpack", "prim::TupleIndex",    "prim::TupleSlice",     "prim::GetAttr",
    "prim::Uninitialized",  "prim::Print",       "prim::unchecked_cast"};
// ... and in exports: Python's arithmetic on sizes.
constexpr std::array<std::string_view, 3> kPurePrefixes{"_operator.", "math.", "torch.sym_"};

bool has_effect(const Node& node) {
  if (contains(kEffects, node.kind)) return true;
  if (!node.blocks.empty()) return false;  // its blocks say
  if (contains(kPure, node.kind)) return false;
  for (std::string_view prefix : kPurePrefixes) {
    if (node.kind.starts_with(prefix)) return false;
  }
  const OperatorSchema* schema = find_schema(node.kind, node.overload);
  return schema == nullptr || schema->is_mutable();
}

class Sweep {
 public:
  explicit Sweep(std::size_t values) : read_(values) {}

  // Backwards, so that a node's readers are known before the node is met. Returns whether any node has an effect.
  bool block(Block& block) {
    for (const Argument& output : block.outputs) read(output);
    bool effect = false;
    std::vector<Node> kept;
    for (auto node = block.nodes.rbegin(); node != block.nodes.rend(); ++node) {
      if (!keep(*node, effect)) continue;
      for (const NamedArgument& argument : node->arguments) read(argument.value);
      kept.push_back(std::move(*node));
    }
    std::reverse(kept.begin(), kept.end());
    block.nodes = std::move(kept);
    return effect;
  }

 private:
  void read(const Argument& argument) {
    for_each_value(argument, [&](ValueId id) { read_.at(static_cast<std::size_t>(id.index)) = true; });
  }

  bool keep(Node& node, bool& effect) {
    bool wanted = std::any_of(node.outputs.begin(), node.outputs.end(),
                              [&](ValueId id) { return read_.at(static_cast<std::size_t>(id.index)); });
    if (has_effect(node)) {
      effect = true;
      wanted = true;
    }
    if (node.blocks.empty()) return wanted;
    // What a block reads counts only if the node stays, so its blocks are swept on a copy first.
    const std::vector<bool> before = read_;
    std::vector<Block> swept = node.blocks;
    for (Block& inner : swept) {
      if (this->block(inner)) {
        effect = true;
        wanted = true;
      }
    }
    if (!wanted) {
      read_ = before;
      return false;
    }
    node.blocks = std::move(swept);
    return true;
  }

  std::vector<bool> read_;
};

}  // namespace

void remove_dead_nodes(Graph& graph) { Sweep(graph.values.size()).block(graph.body); }

}  // namespace torch2trt
