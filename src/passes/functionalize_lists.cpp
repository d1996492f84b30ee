#include "src/passes/functionalize_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "src/passes/aliasing.h"
#include "src/torch/schema.h"

namespace torch2trt {
namespace {

// The argument of a list that the node changes, if it changes one.
const ValueId* written_list(const Node& node) {
  const OperatorSchema* schema = find_schema(node.kind, node.overload);
  if (schema == nullptr) return nullptr;
  for (const SchemaArgument& argument : schema->arguments) {
    if (!argument.writes || argument.type.starts_with("Tensor")) continue;
    const Argument* given = node.find(argument.name);
    if (given != nullptr && given->as<ValueId>() != nullptr) return given->as<ValueId>();
  }
  return nullptr;
}

bool writes(const Block& block) {
  return std::any_of(block.nodes.begin(), block.nodes.end(), [](const Node& node) {
    return written_list(node) != nullptr || std::any_of(node.blocks.begin(), node.blocks.end(), writes);
  });
}

bool appends(const Node& node) { return node.kind == "aten::append"; }
bool replaces(const Node& node) { return node.kind == "aten::_set_item"; }
bool extends(const Node& node) { return node.kind == "aten::extend" || node.kind == "aten::add_"; }

class ListFunctionalizer {
 public:
  explicit ListFunctionalizer(Graph& graph) : graph_(graph) {}

  void block(Block& block) {
    std::vector<Node> nodes;
    for (Node& node : block.nodes) {
      if (!node.blocks.empty()) {
        control_flow(node);
        nodes.push_back(std::move(node));
      } else if (written_list(node) != nullptr) {
        nodes.push_back(pure(node));
      } else {
        for (NamedArgument& given : node.arguments) read(given.value);
        if (makes_container(node) || takes_elements(node)) share(node);
        nodes.push_back(std::move(node));
      }
    }
    for (Argument& output : block.outputs) read(output);
    block.nodes = std::move(nodes);
  }

 private:
  // Values of the program that are one list object have one number.
  int list_of(ValueId id) {
    const auto [known, added] = lists_.try_emplace(id, static_cast<int>(now_.size()));
    if (added) now_.push_back(id);
    return known->second;
  }

  void read(Argument& argument) {
    if (auto* id = std::get_if<ValueId>(&argument.data)) {
      if (const auto known = lists_.find(*id); known != lists_.end()) {
        *id = now_[static_cast<std::size_t>(known->second)];
      }
    } else if (auto* items = std::get_if<Argument::List>(&argument.data)) {
      for (Argument& item : *items) read(item);
    }
  }

  // Lists inside lists, and those taken out of them, are known by more than one name.
  void share(const Node& node) {
    const auto note = [&](ValueId id) {
      if (graph_.value(id).type.kind == Type::Kind::kList || lists_.contains(id)) shared_.insert(id);
    };
    for (const NamedArgument& given : node.arguments) {
      if (!takes_elements(node)) for_each_value(given.value, note);
    }
    if (takes_elements(node)) std::for_each(node.outputs.begin(), node.outputs.end(), note);
  }

  bool is_shared(int list) const {
    return std::any_of(shared_.begin(), shared_.end(), [&](ValueId id) {
      const auto known = lists_.find(id);
      return known != lists_.end() && known->second == list;
    });
  }

  [[noreturn]] static void refuse(const Node& node, const std::string& reason) {
    Error error(ErrorCategory::kUnsupportedOperator,
                fmt::format("{} cannot be made functional: {}", node.qualified(), reason), node.location());
    error.set_unsupported({{node.qualified(), reason, node.location()}});
    throw error;
  }

  Node pure(const Node& node) {
    const int list = list_of(*written_list(node));
    if (!appends(node) && !extends(node) && !replaces(node)) {
      refuse(
          node,
          "inside or after control flow, of the writes to lists only append, extend and those to items are supported");
    }
    if (is_shared(list)) {
      refuse(node, "the list may be known by another name too: a branch or loop gave it, or another list holds it");
    }
    Argument added = node.arguments.at(1).value;
    read(added);
    const ValueId before = now_[static_cast<std::size_t>(list)];
    Node result{.kind = "aten::add", .overload = "t", .scope = node.scope, .source = node.source};
    if (replaces(node)) {
      Argument item = node.arguments.at(2).value;
      read(item);
      result.kind = "torch2trt::with_item";
      result.overload = "";
      result.arguments = {{"list", Argument(before)}, {"index", std::move(added)}, {"item", std::move(item)}};
    } else {
      if (appends(node)) added = Argument(Argument::List{added});
      result.arguments = {{"a", Argument(before)}, {"b", std::move(added)}};
    }
    result.outputs = {new_value(before)};
    now_[static_cast<std::size_t>(list)] = result.outputs[0];
    for (const ValueId output : node.outputs) lists_[output] = list;
    return result;
  }

  ValueId new_value(ValueId like) {
    const std::string name = graph_.value(like).name;  // adding a value moves the others
    return graph_.add_value(name, {.kind = Type::Kind::kList});
  }

  // Lists, known before, that a block changed.
  static std::set<std::size_t> changed(const std::vector<ValueId>& before, const std::vector<ValueId>& after) {
    std::set<std::size_t> lists;
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] != after[i]) lists.insert(i);
    }
    return lists;
  }

  // Lists that enter or leave as values of the program may be lists of outside, or hold them.
  void share_borders(const Node& node, const std::map<std::size_t, int>& kept) {
    const auto note = [&](const Argument& argument) {
      for_each_value(argument, [&](ValueId id) {
        if (graph_.value(id).type.kind == Type::Kind::kList) shared_.insert(id);
      });
    };
    const bool loop = node.kind == "prim::Loop";
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      if (!loop || i < 2 || !kept.contains(i - 2)) note(node.arguments[i].value);
    }
    for (const Block& inner : node.blocks) {
      for (std::size_t i = 0; i < inner.inputs.size(); ++i) {
        if (i == 0 || !kept.contains(i - 1)) note(Argument(inner.inputs[i]));
      }
      for (std::size_t i = 0; i < inner.outputs.size(); ++i) {
        if (i == 0 || !kept.contains(i - 1)) note(inner.outputs[i]);
      }
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (!kept.contains(i)) note(Argument(node.outputs[i]));
    }
  }

  // Carried lists that stay one object: what the body returns is what it was given, perhaps with more in it. The list
  // of outside by carried position.
  std::map<std::size_t, int> kept_lists(const Node& node) {
    std::map<std::size_t, int> kept;
    if (node.kind != "prim::Loop") return kept;
    const Block& body = node.blocks.at(0);
    std::map<ValueId, ValueId> same;  // results of in-place writes
    for (const Node& inner : body.nodes) {
      const ValueId* list = written_list(inner);
      if (list != nullptr && inner.outputs.size() == 1) same[inner.outputs[0]] = *list;
    }
    for (std::size_t i = 0; i + 1 < body.inputs.size(); ++i) {
      const auto* initial = node.arguments.at(i + 2).value.as<ValueId>();
      const auto* output = body.outputs.at(i + 1).as<ValueId>();
      if (initial == nullptr || output == nullptr || graph_.value(*initial).type.kind != Type::Kind::kList) continue;
      ValueId at = *output;
      while (same.contains(at)) at = same.at(at);
      if (at == body.inputs[i + 1]) kept[i] = list_of(*initial);
    }
    return kept;
  }

  void control_flow(Node& node) {
    // Everything a block may write is known by number before.
    for_each_read(node, [&](ValueId id) {
      if (graph_.value(id).type.kind == Type::Kind::kList) list_of(id);
    });
    const std::map<std::size_t, int> kept = kept_lists(node);
    share_borders(node, kept);
    std::set<int> carried;
    for (const auto& [position, list] : kept) {
      lists_[node.blocks[0].inputs[position + 1]] = list;
      carried.insert(list);
    }
    for (NamedArgument& given : node.arguments) read(given.value);
    const std::vector<ValueId> before = now_;
    const auto enter = [&](const Block& body) {
      for (const auto& [position, list] : kept) now_[static_cast<std::size_t>(list)] = body.inputs[position + 1];
    };
    std::set<std::size_t> lists;
    for (const Block& inner : node.blocks) {  // first to see which lists change: a loop's body reads them as inputs
      Block copy = inner;
      const auto known = lists_;
      enter(inner);
      this->block(copy);
      for (const std::size_t list : changed(before, now_)) {
        if (!carried.contains(static_cast<int>(list))) lists.insert(list);
      }
      now_ = before;
      lists_ = known;
    }
    if (!lists.empty() && node.kind != "prim::If" && node.kind != "prim::Loop") {
      refuse(node, "it changes a list of outside");
    }
    for (Block& inner : node.blocks) {
      enter(inner);
      for (const std::size_t list : lists) {
        if (node.kind != "prim::Loop") continue;
        inner.inputs.push_back(new_value(before[list]));
        now_[list] = inner.inputs.back();
      }
      this->block(inner);
      for (const std::size_t list : lists) inner.outputs.emplace_back(now_[list]);
      std::copy(before.begin(), before.end(), now_.begin());
    }
    for (const auto& [position, list] : kept) {
      lists_[node.outputs[position]] = list;
      now_[static_cast<std::size_t>(list)] = node.outputs[position];
    }
    for (const std::size_t list : lists) {
      if (node.kind == "prim::Loop") {
        node.arguments.push_back({fmt::format("carried_{}", node.arguments.size() - 2), Argument(before[list])});
      }
      node.outputs.push_back(new_value(before[list]));
      now_[list] = node.outputs.back();
    }
  }

  Graph& graph_;
  std::map<ValueId, int> lists_;
  std::vector<ValueId> now_;  // the value that holds what the list holds now
  std::set<ValueId> shared_;
};

}  // namespace

void functionalize_lists(Graph& graph) {
  if (writes(graph.body)) ListFunctionalizer(graph).block(graph.body);
}

}  // namespace torch2trt
