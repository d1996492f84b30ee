#include "src/passes/functionalize.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "src/passes/aliasing.h"
#include "src/passes/emit.h"
#include "src/passes/in_place.h"
#include "src/passes/shared_memory.h"

namespace torch2trt {
namespace {

bool assigns_attribute(const Node& node) { return node.kind == "prim::SetAttr"; }

// Normalization in training mode updates its statistics, which its schema does not say.
bool updates_statistics(const Node& node) {
  const bool instance = node.kind == "aten::instance_norm";
  if (!instance && node.kind != "aten::batch_norm" && node.kind != "aten::native_batch_norm") return false;
  const Argument* momentum = node.find("momentum");
  if (momentum != nullptr && *momentum == Argument(0.0)) return false;  // they stay as they are
  const Argument* training = node.find(instance ? "use_input_stats" : "training");
  return training != nullptr && *training != Argument(false);
}

bool writes(const Block& block) {
  return std::any_of(block.nodes.begin(), block.nodes.end(), [](const Node& node) {
    return assigns_attribute(node) || updates_statistics(node) || !written_arguments(node).empty() ||
           std::any_of(node.blocks.begin(), node.blocks.end(), [](const Block& inner) { return writes(inner); });
  });
}

// Walks the program in order and emits the pure one.
class Functionalizer {
 public:
  explicit Functionalizer(Graph& graph) : graph_(graph), memory_(graph), contiguity_(graph) {}

  void run() {
    block(graph_.body, 0, {});
    throw_refusals();
  }

 private:
  // The block also returns what `written` memories, of outside, then hold.
  void block(Block& block, int depth, const std::set<int>& written) {
    std::vector<Node> nodes;
    const int outer_depth = memory_.depth();
    std::vector<Node>* const outer = memory_.emit_into(&nodes, depth);
    std::vector<Node>* const outer_nodes = std::exchange(nodes_, &nodes);
    for (Node& node : block.nodes) {
      const Node original = node;
      visit(std::move(node));
      contiguity_.observe(graph_, original);
    }
    for (Argument& output : block.outputs) {
      collecting([&] { memory_.read_all(output, Node()); });
    }
    for (int memory : written) {
      collecting([&] { block.outputs.emplace_back(memory_.content(memory, Node())); });
    }
    memory_.emit_into(outer, outer_depth);
    nodes_ = outer_nodes;
    block.nodes = std::move(nodes);
  }

  // Whether `step` went through. What has no pure form is noted, so that one error names all of it.
  template <typename Step>
  bool collecting(Step step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      if (error.category() != ErrorCategory::kUnsupportedOperator) throw;
      const auto same = [&](const Error& other) { return std::string_view(other.what()) == error.what(); };
      if (std::none_of(refusals_.begin(), refusals_.end(), same)) refusals_.push_back(error);
      return false;
    }
  }

  void throw_refusals() const {
    if (refusals_.empty()) return;
    if (refusals_.size() == 1) throw refusals_[0];
    std::string message = fmt::format("{} nodes cannot be made functional:", refusals_.size());
    std::vector<UnsupportedNode> nodes;
    for (const Error& refusal : refusals_) {
      for (const UnsupportedNode& node : refusal.unsupported()) {
        message += fmt::format("\n  {}: {}", node.kind, node.reason);
        if (!node.location.source.empty()) message += fmt::format("\n      at {}", node.location.source);
        if (!node.location.scope.empty()) message += fmt::format("\n      in module \"{}\"", node.location.scope);
        nodes.push_back(node);
      }
    }
    Error error(ErrorCategory::kUnsupportedOperator, message);
    error.set_unsupported(std::move(nodes));
    throw error;
  }

  // A refused node goes on as if it wrote nothing, so that those behind it are examined too.
  void visit(Node node) {
    const Node program = node;
    if (collecting([&] { examine(std::move(node)); })) return;
    const Argument* self = program.find("self");
    const auto* value = self != nullptr ? self->as<ValueId>() : nullptr;
    if (value != nullptr && !written_arguments(program).empty()) {
      memory_.same(program.outputs, memory_.tensor_of(*value));
    } else {
      memory_.add_unknown(program.outputs, {});
    }
  }

  void examine(Node node) {
    if (assigns_attribute(node)) {
      const Argument* name = node.find("name");
      const auto* text = name != nullptr ? name->as<std::string>() : nullptr;
      SharedMemory::refuse(node, fmt::format("it assigns to the module's attribute \"{}\", and a network keeps nothing "
                                             "between calls; return the new value instead",
                                             text != nullptr ? *text : ""));
    }
    if (!node.blocks.empty()) {
      control_flow(std::move(node));
    } else if (!written_arguments(node).empty()) {
      write(node);
    } else {
      plain(std::move(node));
    }
  }

  void plain(Node node) {
    check_statistics(node);
    if (memory_.take_known_elements(node)) return;
    change_lists(node);
    const NodeAliasing facts = aliasing_of(graph_, node, contiguity_);
    if (facts.aliasing == Aliasing::kSame) {
      memory_.same(node.outputs, memory_.tensor_of(facts.sources[0]));
      return;
    }
    const Node program = node;
    for (NamedArgument& given : node.arguments) {
      if (reads_only_metadata(node)) {
        memory_.read_stale(given.value, program);
      } else {
        memory_.read_all(given.value, program);
      }
    }
    prefer_reshape(node);
    if (facts.aliasing != Aliasing::kFresh && !facts.sources.empty()) {
      const std::vector<int> made = memory_.add_views(node, facts.sources, facts.aliasing);
      if (makes_container(node) && node.kind != "prim::DictConstruct")
        memory_.set_elements(made.at(0), elements(program));
    }
    nodes_->push_back(std::move(node));
  }

  static std::vector<Argument> elements(const Node& node) {
    std::vector<Argument> result;
    for (const NamedArgument& given : node.arguments) {
      const auto* list = given.value.as<Argument::List>();
      if (list != nullptr) result.insert(result.end(), list->begin(), list->end());
      if (list == nullptr) result.push_back(given.value);
    }
    return result;
  }

  // append and the like.
  void change_lists(const Node& node) {
    const OperatorSchema* schema = find_schema(node.kind, node.overload);
    if (schema == nullptr || !schema->is_mutable()) return;
    std::vector<int> all;
    for (const NamedArgument& given : node.arguments) {
      for_each_value(given.value, [&](ValueId id) { all.push_back(memory_.tensor_of(id)); });
    }
    for (int id : all) {
      if (memory_.is_list(id)) memory_.forget_elements(id, all);
    }
  }

  void check_statistics(const Node& node) {
    if (!updates_statistics(node)) return;
    for (std::string_view name : {"running_mean", "running_var"}) {
      const Argument* given = node.find(name);
      const auto* id = given != nullptr ? given->as<ValueId>() : nullptr;
      if (id != nullptr) memory_.check_writable(node, memory_.tensor_of(*id));
    }
  }

  void write(const Node& node) {
    const std::vector<const SchemaArgument*> written = written_arguments(node);
    const ValueId* self = node.find("self") != nullptr ? node.find("self")->as<ValueId>() : nullptr;
    const InPlace form = in_place_form(node);
    if (form == InPlace::kNothing && self != nullptr) {
      memory_.same(node.outputs, memory_.tensor_of(*self));
      return;
    }
    for (const SchemaArgument* argument : written) {
      for_each_value(*node.find(argument->name),
                     [&](ValueId id) { memory_.check_writable(node, memory_.tensor_of(id)); });
    }
    if (form == InPlace::kNone || written.size() != 1 || written[0]->name != "self" || self == nullptr) {
      SharedMemory::refuse(node, fmt::format("it writes to its argument \"{}\", and there is no functional form of it",
                                             written[0]->name));
    }
    const int target = memory_.tensor_of(*self);
    if (form == InPlace::kGeometry) {
      change_geometry(node, *self);
      return;
    }
    Node pure = node;
    for (NamedArgument& given : pure.arguments) {
      if (given.name == "self" && overwrites_all(node)) {
        memory_.read_stale(given.value, node);
      } else {
        memory_.read_all(given.value, node);
      }
    }
    Emitter emit(graph_, *nodes_, node);
    const std::size_t before = nodes_->size();
    ValueId value = emit_functional(emit, pure, memory_.type_of(target));
    if (!node.outputs.empty() && nodes_->size() > before) {
      // The new value takes the name the program has for it.
      graph_.value(node.outputs[0]).type = graph_.value(value).type;
      nodes_->back().outputs[0] = value = node.outputs[0];
    }
    memory_.wrote(node, target, value);
    memory_.same(node.outputs, target);
  }

  // x.unsqueeze_(0): the variable becomes a view; what else looks at the memory keeps its shape.
  void change_geometry(const Node& node, ValueId self) {
    Node view = functional_view(node);
    view.outputs = node.outputs;
    if (view.outputs.empty()) view.outputs = {graph_.add_value(graph_.value(self).name)};
    const Aliasing aliasing = aliasing_of(graph_, view, contiguity_).aliasing;
    for (NamedArgument& given : view.arguments) memory_.read_all(given.value, node);
    const int target = memory_.tensor_of(self);
    const int changed = memory_.add_views(view, {self}, aliasing)[0];
    memory_.rebind(node, target, changed);
    if (!node.kind.starts_with("aten::squeeze") && !node.kind.starts_with("aten::unsqueeze")) {
      for (ValueId value : memory_.values_of(changed)) contiguity_.forget(value);
    }
    nodes_->push_back(std::move(view));
  }

  // The values inside `block` that a write there may reach, from views to what they are views of.
  void add_written(const Block& block, std::map<ValueId, std::vector<ValueId>>& sources, std::vector<ValueId>& found) {
    for (const Node& node : block.nodes) {
      for (const Block& inner : node.blocks) add_written(inner, sources, found);
      std::vector<ValueId> reached = aliasing_of(graph_, node, contiguity_).sources;
      for (const SchemaArgument* argument : written_arguments(node)) {
        for_each_value(*node.find(argument->name), [&](ValueId id) {
          found.push_back(id);
          reached.push_back(id);  // the result of an in-place operator is its argument
        });
      }
      for (ValueId output : node.outputs) sources[output] = reached;
    }
  }

  // The memories of outside that the blocks of `node` write to.
  std::set<int> written_outside(const Node& node) {
    std::map<ValueId, std::vector<ValueId>> sources;
    std::vector<ValueId> reached;
    for (const Block& inner : node.blocks) add_written(inner, sources, reached);
    std::set<ValueId> seen;
    std::set<int> memories;
    while (!reached.empty()) {
      const ValueId id = reached.back();
      reached.pop_back();
      if (!seen.insert(id).second) continue;
      if (const auto inside = sources.find(id); inside != sources.end()) {
        reached.insert(reached.end(), inside->second.begin(), inside->second.end());
      } else if (memory_.is_outside(id)) {
        memories.merge(memory_.whole_memories_of(id));
      }
    }
    return memories;
  }

  // What the blocks read of outside is brought up to date before the node: what is emitted inside a block is not
  // visible behind it. A memory of outside that they write to enters a loop's body, and leaves every block, as a value.
  void control_flow(Node node) {
    const Node program = node;
    for_each_read(program, [&](ValueId id) {
      if (memory_.is_outside(id)) memory_.read(id, program);
    });
    for (NamedArgument& given : node.arguments) memory_.read_all(given.value, program);
    const bool loop = node.kind == "prim::Loop";
    std::set<int> written = loop || node.kind == "prim::If" ? written_outside(program) : std::set<int>();
    std::map<int, ValueId> before;
    for (int memory : written) before[memory] = memory_.content(memory, program);
    const std::map<int, std::size_t> kept = loop ? kept_memories(program) : std::map<int, std::size_t>();
    std::set<int> writable = memory_.share_with_blocks({});
    memory_.share_with_blocks(writable);
    writable.insert(written.begin(), written.end());
    for (const auto& [memory, position] : kept) {
      writable.insert(memory);
      written.erase(memory);
    }
    const std::set<int> outer = memory_.share_with_blocks(writable);
    const int depth = memory_.depth();
    std::vector<int> returned;
    bool anybody = false;
    for (std::size_t i = 0; i < node.blocks.size(); ++i) {
      memory_.add_block_inputs(node.blocks[i].inputs);
      for (int memory : written) {
        ValueId entering = before.at(memory);
        if (loop) {
          entering = new_like(entering);
          node.blocks[i].inputs.push_back(entering);
        }
        memory_.set_content(program, memory, entering);
      }
      for (const auto& [memory, position] : kept) {
        const ValueId entering = node.blocks[i].inputs[position + 1];
        memory_.set_content(program, memory, entering);
        memory_.same({entering}, memory_.whole_of(memory));
      }
      block(node.blocks[i], depth + 1, written);
      for (const Argument& output : program.blocks[i].outputs) {
        for_each_value(output, [&](ValueId id) {
          const int tensor = memory_.tensor_of(id);
          if (memory_.shares_outside(tensor, anybody)) returned.push_back(tensor);
        });
      }
    }
    memory_.share_with_blocks(outer);
    if (anybody) {  // of a block's inputs, which are the node's
      for (const NamedArgument& given : program.arguments) {
        for_each_value(given.value, [&](ValueId id) { returned.push_back(memory_.tensor_of(id)); });
      }
    }
    for (int memory : written) {
      if (loop) {
        node.arguments.push_back({fmt::format("carried_{}", node.arguments.size() - 2), Argument(before.at(memory))});
      }
      node.outputs.push_back(new_like(before.at(memory)));
      memory_.set_content(program, memory, node.outputs.back());
    }
    std::vector<ValueId> others;
    for (std::size_t i = 0; i < program.outputs.size(); ++i) {
      const auto whole = std::find_if(kept.begin(), kept.end(), [&](const auto& entry) { return entry.second == i; });
      if (whole == kept.end()) {
        others.push_back(program.outputs[i]);
        continue;
      }
      memory_.set_content(program, whole->first, program.outputs[i]);
      memory_.same({program.outputs[i]}, memory_.whole_of(whole->first));
    }
    memory_.add_unknown(others, returned);
    nodes_->push_back(std::move(node));
  }

  // Carried tensors of a loop that stay one object, as the body returns what it was given, written in place: `y += x`.
  // The memory each is the whole of, and its position among the carried values.
  std::map<int, std::size_t> kept_memories(const Node& node) {
    const Block& body = node.blocks.at(0);
    std::map<ValueId, ValueId> same;  // results of in-place operators
    for (const Node& inner : body.nodes) {
      const std::vector<const SchemaArgument*> written = written_arguments(inner);
      if (written.size() != 1 || inner.outputs.size() != 1 || in_place_form(inner) != InPlace::kValue) continue;
      const auto* self = inner.find(written[0]->name)->as<ValueId>();
      if (self != nullptr) same[inner.outputs[0]] = *self;
    }
    std::map<int, std::size_t> kept;
    for (std::size_t i = 0; i + 1 < body.inputs.size(); ++i) {
      const auto* initial = node.arguments.at(i + 2).value.as<ValueId>();
      const auto* output = body.outputs.at(i + 1).as<ValueId>();
      if (initial == nullptr || output == nullptr || *output == body.inputs[i + 1]) continue;
      ValueId at = *output;
      while (same.contains(at)) at = same.at(at);
      if (at != body.inputs[i + 1]) continue;
      const int tensor = memory_.tensor_of(*initial);
      for (int memory : memory_.whole_memories_of(*initial)) {
        if (memory_.whole_of(memory) == tensor) kept.emplace(memory, i);
      }
    }
    return kept;
  }

  ValueId new_like(ValueId id) {
    const Value value = graph_.value(id);  // adding a value moves the others
    return graph_.add_value(value.name, value.type);
  }

  Graph& graph_;
  SharedMemory memory_;
  Contiguity contiguity_;
  std::vector<Node>* nodes_ = nullptr;  // of the block being written
  std::vector<Error> refusals_;
};

}  // namespace

void functionalize(Graph& graph) {
  if (writes(graph.body)) Functionalizer(graph).run();
}

}  // namespace torch2trt
