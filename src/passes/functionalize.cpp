#include "src/passes/functionalize.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "src/passes/aliasing.h"
#include "src/passes/emit.h"
#include "src/passes/in_place.h"
#include "src/passes/write_back.h"

namespace torch2trt {
namespace {

// Memory that several tensors may share. Its `content` is a value of the pure graph, exact as of `content_version`; a
// later write through a view is pending until somebody needs the rest of the memory, often never.
struct Memory {
  enum class Kind { kOwn, kParameter, kOuter };
  Kind kind = Kind::kOwn;
  std::string what;  // `buffer "x"`, for messages
  int depth = 0;     // of the block that made it
  int root = -1;     // the tensor that is the whole of it
  int version = 0;   // counts the writes
  int content_version = 0;
  int pending = -1;   // the tensor whose `current` is newer than the content
  Node pending_node;  // the write, for messages
};

// A node that made views, to be repeated on a changed base.
struct View {
  Node node;                 // reads what its inputs were then
  std::vector<int> tensors;  // one per output
};

// A tensor object of the program (or a list that holds some): several values may be the same one.
struct Tensor {
  std::string name;
  Type type;
  std::vector<int> memories;  // one, but for lists of tensors
  std::vector<int> seen;      // the version of each memory at which `current` is right
  ValueId current;
  std::vector<int> parents;      // what it is a view of, or holds
  std::vector<ValueId> as_read;  // the parents' values in the view's node
  std::shared_ptr<const View> view;
  std::size_t output = 0;
  bool recomputable = true;
  std::vector<Argument> elements;  // of a list built here, in the program's values
};

bool writes(const Block& block);
bool writes(const Node& node) {
  return !written_arguments(node).empty() || std::any_of(node.blocks.begin(), node.blocks.end(), [](const Block& block) {
    return writes(block);
  });
}
bool writes(const Block& block) {
  return std::any_of(block.nodes.begin(), block.nodes.end(), [](const Node& node) { return writes(node); });
}

class Functionalizer {
 public:
  explicit Functionalizer(Graph& graph) : graph_(graph), contiguity_(graph), depth_of_(graph.values.size()) {}

  void run() {
    measure(graph_.body, 0);
    block(graph_.body);
  }

 private:
  // Depth of the block that defines each value.
  void measure(const Block& block, int depth) {
    for (ValueId input : block.inputs) depth_of_[index(input)] = depth;
    for (const Node& node : block.nodes) {
      for (ValueId output : node.outputs) depth_of_[index(output)] = depth;
      for (const Block& inner : node.blocks) measure(inner, depth + 1);
    }
  }
  static std::size_t index(ValueId id) { return static_cast<std::size_t>(id.index); }
  int depth_of(ValueId id) const { return index(id) < depth_of_.size() ? depth_of_[index(id)] : depth_; }

  [[noreturn]] static void refuse(const Node& node, const std::string& reason) {
    Error error(ErrorCategory::kUnsupportedOperator, fmt::format("{} cannot be made functional: {}", node.qualified(), reason),
                node.location());
    error.set_unsupported({{node.qualified(), reason, node.location()}});
    throw error;
  }

  // Tensors.
  int new_memory(Memory memory) {
    memories_.push_back(std::move(memory));
    return static_cast<int>(memories_.size()) - 1;
  }
  int new_tensor(Tensor tensor) {
    tensors_.push_back(std::move(tensor));
    return static_cast<int>(tensors_.size()) - 1;
  }
  int tensor_of(ValueId id) {
    if (const auto known = tensor_of_.find(id); known != tensor_of_.end()) return known->second;
    Memory memory{.depth = depth_of(id), .root = static_cast<int>(tensors_.size())};
    if (const Parameter* parameter = graph_.parameter_of(id)) {
      constexpr std::string_view kKinds[] = {"parameter", "buffer", "constant"};
      memory.kind = Memory::Kind::kParameter;
      memory.what = fmt::format("{} \"{}\"", kKinds[static_cast<std::size_t>(parameter->kind)], parameter->name);
    } else if (block_inputs_.contains(id)) {
      memory.kind = Memory::Kind::kOuter;
    }
    const Value& value = graph_.value(id);
    Tensor tensor{.name = value.name, .type = value.type, .seen = {0}, .current = id};
    tensor.memories = {new_memory(std::move(memory))};
    return tensor_of_[id] = new_tensor(std::move(tensor));
  }
  Memory& memory(int id) { return memories_[static_cast<std::size_t>(id)]; }
  Tensor& tensor(int id) { return tensors_[static_cast<std::size_t>(id)]; }

  bool up_to_date(int id) {
    const Tensor& t = tensor(id);
    for (std::size_t i = 0; i < t.memories.size(); ++i) {
      if (t.seen[i] != memory(t.memories[i]).version) return false;
    }
    return true;
  }
  void set_current(int id, ValueId value) {
    Tensor& t = tensor(id);
    t.current = value;
    for (std::size_t i = 0; i < t.memories.size(); ++i) t.seen[i] = memory(t.memories[i]).version;
  }

  // Reading. The value of the pure graph that holds what the tensor holds now.
  ValueId read(int id, const Node& reader) {
    if (up_to_date(id)) return tensor(id).current;
    if (tensor(id).parents.empty() && tensor(id).recomputable) {
      for (int memory_id : tensor(id).memories) flush(memory_id, reader);
      return tensor(id).current;
    }
    if (!tensor(id).recomputable) refuse_stale(id, reader);
    std::vector<ValueId> parents;
    for (std::size_t i = 0; i < tensor(id).parents.size(); ++i) parents.push_back(read(tensor(id).parents[i], reader));
    if (up_to_date(id)) return tensor(id).current;  // writing the base back passed here
    const std::shared_ptr<const View> view = tensor(id).view;
    const std::vector<ValueId> outputs = repeat(*view, tensor(id), parents);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const int sibling = view->tensors[i];
      if (sibling == id || (tensor(sibling).view == view && !up_to_date(sibling))) set_current(sibling, outputs[i]);
    }
    return tensor(id).current;
  }
  ValueId read(ValueId id, const Node& reader) {
    const auto known = tensor_of_.find(id);
    return known == tensor_of_.end() ? id : read(known->second, reader);
  }
  void read_all(Argument& argument, const Node& reader) {
    if (auto* id = std::get_if<ValueId>(&argument.data)) {
      *id = read(*id, reader);
    } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
      for (Argument& item : *list) read_all(item, reader);
    }
  }
  // Sizes and types do not change, so any version tells them.
  void read_stale(Argument& argument) const {
    if (auto* id = std::get_if<ValueId>(&argument.data)) {
      const auto known = tensor_of_.find(*id);
      if (known != tensor_of_.end()) *id = tensors_[static_cast<std::size_t>(known->second)].current;
    } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
      for (Argument& item : *list) read_stale(item);
    }
  }

  // Emits the view's node again on new parents.
  std::vector<ValueId> repeat(const View& view, const Tensor& t, const std::vector<ValueId>& parents) {
    Node node = view.node;
    const std::vector<ValueId> was = t.as_read;
    for (NamedArgument& given : node.arguments) substitute(given.value, was, parents);
    prefer_reshape(node);
    std::vector<ValueId> outputs;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const Tensor& made = tensor(view.tensors[i]);
      const std::string name = made.name;
      outputs.push_back(graph_.add_value(name, made.type));
    }
    node.outputs = outputs;
    nodes_->push_back(std::move(node));
    return outputs;
  }
  static void substitute(Argument& argument, const std::vector<ValueId>& was, const std::vector<ValueId>& is) {
    if (auto* id = std::get_if<ValueId>(&argument.data)) {
      const auto found = std::find(was.begin(), was.end(), *id);
      if (found != was.end()) *id = is[static_cast<std::size_t>(found - was.begin())];
    } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
      for (Argument& item : *list) substitute(item, was, is);
    }
  }
  // `view` insists on a layout that the values of the pure graph need not have; in it, reshape is the same function.
  static void prefer_reshape(Node& node) {
    if (node.kind != "aten::view" || !node.overload.empty()) return;
    node.kind = "aten::reshape";
    for (NamedArgument& given : node.arguments) {
      if (given.name == "size") given.name = "shape";
    }
  }

  // Brings the memory's content up to date with the pending write, through all views between.
  void flush(int memory_id, const Node& reader) {
    const int written = memory(memory_id).pending;
    if (written < 0) return;
    const Node writer = memory(memory_id).pending_node;
    const int root = memory(memory_id).root;
    Emitter emit(graph_, *nodes_, writer);
    ValueId value = tensor(written).current;
    std::vector<std::pair<int, ValueId>> updated;
    for (int child = written; child != root;) {
      const std::string stuck = fmt::format("it writes through {}, which has no inverse here, and the memory is read again by {}",
                                            tensor(child).view ? tensor(child).view->node.qualified() : "a list", describe(reader));
      if (tensor(child).parents.size() != 1 || !tensor(child).view || !tensor(child).recomputable) refuse(writer, stuck);
      const Node* view = &tensor(child).view->node;
      std::size_t element = tensor(child).output;
      int parent = tensor(child).parents[0];
      if (takes_elements(*view)) {
        // An element of a list of views: the list's view has the inverse.
        const auto constant = constant_element(*view, element);
        if (!constant || tensor(parent).parents.size() != 1 || !tensor(parent).view) refuse(writer, stuck);
        element = *constant;
        view = &tensor(parent).view->node;
        parent = tensor(parent).parents[0];
      }
      const ViewBase base{.type = tensor(parent).type,
                          .name = tensor(parent).name,
                          .shape = tensor(parent).current,
                          .content = [&] { return old_content(parent, memory_id); }};
      const Node repeated = *view;  // emitting may move what `view` points into
      const std::optional<ValueId> whole = write_back(emit, repeated, element, base, value);
      if (!whole) refuse(writer, stuck);
      value = *whole;
      updated.emplace_back(parent, value);
      child = parent;
    }
    for (const auto& [id, current] : updated) set_current(id, current);
    memory(memory_id).content_version = memory(memory_id).version;
    memory(memory_id).pending = -1;
  }

  // What the tensor held before the pending write.
  ValueId old_content(int id, int memory_id) {
    if (id == memory(memory_id).root || tensor(id).seen[0] == memory(memory_id).content_version) return tensor(id).current;
    const std::vector<ValueId> parent = {old_content(tensor(id).parents[0], memory_id)};
    const std::shared_ptr<const View> view = tensor(id).view;
    return repeat(*view, tensor(id), parent)[tensor(id).output];
  }

  static std::optional<std::size_t> constant_element(const Node& node, std::size_t output) {
    if (node.kind.ends_with("Unpack")) return output;
    if (node.arguments.size() != 2) return std::nullopt;
    const auto* position = node.arguments[1].value.as<std::int64_t>();
    return position != nullptr && *position >= 0 ? std::optional<std::size_t>(*position) : std::nullopt;
  }

  static std::string describe(const Node& node) {
    if (node.kind.empty()) return "the program's outputs";
    return node.source.empty() ? node.qualified() : fmt::format("{} ({})", node.qualified(), node.source);
  }

  [[noreturn]] void refuse_stale(int id, const Node& reader) {
    const Node* writer = &reader;
    for (std::size_t i = 0; i < tensor(id).memories.size(); ++i) {
      const Memory& m = memory(tensor(id).memories[i]);
      if (tensor(id).seen[i] != m.version) writer = &m.pending_node;
    }
    const std::string via = tensor(id).view ? tensor(id).view->node.qualified() : "control flow";
    refuse(*writer, fmt::format("{} reads a result of {} later, and whether that shares the written memory cannot be known",
                                describe(reader), via));
  }

  // Writing.
  void check_writable(const Node& node, int id) {
    for (int memory_id : tensor(id).memories) {
      const Memory& m = memory(memory_id);
      if (m.kind == Memory::Kind::kParameter) {
        refuse(node, fmt::format("{} is mutated in forward, and a network keeps nothing between calls; if it is a training-time "
                                 "statistic, export the module after eval()",
                                 m.what));
      }
      if (m.kind == Memory::Kind::kOuter || m.depth < depth_) {
        refuse(node, "it writes, inside a block of control flow, to a tensor made outside");
      }
    }
  }

  void wrote(const Node& node, int id, ValueId value) {
    for (int memory_id : tensor(id).memories) {
      Memory& m = memory(memory_id);
      const bool whole = m.root == id;
      if (m.pending >= 0 && m.pending != id && !whole) flush(memory_id, node);
      ++m.version;
      m.pending_node = Node{.kind = node.kind, .overload = node.overload, .scope = node.scope, .source = node.source};
      m.pending = whole ? -1 : id;
      if (whole) m.content_version = m.version;
    }
    set_current(id, value);
  }

  void write(Node node) {
    const std::vector<const SchemaArgument*> written = written_arguments(node);
    const ValueId* self = node.find("self") != nullptr ? node.find("self")->as<ValueId>() : nullptr;
    if (in_place_form(node) == InPlace::kNothing && self != nullptr) {
      same(node, tensor_of(*self));
      return;
    }
    for (const SchemaArgument* argument : written) {
      for_each_value(*node.find(argument->name), [&](ValueId id) { check_writable(node, tensor_of(id)); });
    }
    const InPlace form = in_place_form(node);
    if (form == InPlace::kNone || written.size() != 1 || written[0]->name != "self" || self == nullptr) {
      refuse(node, fmt::format("it writes to its argument \"{}\" and PyTorch has no functional form of it", written[0]->name));
    }
    const int target = tensor_of(*self);
    if (form == InPlace::kGeometry) {
      reshape_in_place(node, target);
      return;
    }
    const bool overwrites = overwrites_all(node);
    Node pure = node;
    for (NamedArgument& given : pure.arguments) {
      if (given.name == "self" && overwrites) {
        read_stale(given.value);
      } else {
        read_all(given.value, node);
      }
    }
    Emitter emit(graph_, *nodes_, node);
    const std::size_t before = nodes_->size();
    ValueId value = emit_functional(emit, pure, tensor(target).type);
    if (!node.outputs.empty() && nodes_->size() > before && nodes_->back().outputs[0] == value) {
      // The new value takes the name the program has for it.
      const ValueId named = node.outputs[0];
      graph_.value(named).type = graph_.value(value).type;
      nodes_->back().outputs[0] = named;
      value = named;
    }
    wrote(node, target, value);
    same(node, target);
  }

  // x.unsqueeze_(0): the variable becomes a view; what else looks at the memory stays as it is.
  void reshape_in_place(const Node& node, int target) {
    Node view = functional_view(node);
    const ValueId self = *node.find("self")->as<ValueId>();
    view.outputs = {node.outputs.empty() ? graph_.add_value(tensor(target).name) : node.outputs[0]};
    const Aliasing aliasing = aliasing_of(graph_, view, contiguity_).aliasing;
    for (NamedArgument& given : view.arguments) read_all(given.value, node);
    const std::vector<int> made = add_views(view, {self}, aliasing);
    nodes_->push_back(std::move(view));
    for (auto& [value, id] : tensor_of_) {
      if (id == target) id = made[0];
    }
  }

  void same(const Node& node, int target) {
    for (ValueId output : node.outputs) tensor_of_[output] = target;
  }

  // Records the outputs of `node`, whose arguments are already read, as views of `sources`.
  std::vector<int> add_views(const Node& node, const std::vector<ValueId>& sources, Aliasing aliasing) {
    Tensor common;
    for (ValueId source : sources) {
      const int parent = tensor_of(source);
      common.parents.push_back(parent);
      common.as_read.push_back(tensor(parent).current);
      for (int memory_id : tensor(parent).memories) {
        if (std::find(common.memories.begin(), common.memories.end(), memory_id) == common.memories.end()) {
          common.memories.push_back(memory_id);
          common.seen.push_back(memory(memory_id).version);
        }
      }
    }
    common.recomputable = aliasing == Aliasing::kView;
    auto view = std::make_shared<View>();
    view->node = node;
    std::vector<int> made;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      Tensor t = common;
      t.name = graph_.value(node.outputs[i]).name;
      t.type = graph_.value(node.outputs[i]).type;
      t.current = node.outputs[i];
      t.output = i;
      made.push_back(new_tensor(std::move(t)));
      tensor_of_[node.outputs[i]] = made.back();
    }
    view->tensors = made;
    for (int id : made) tensor(id).view = view;
    return made;
  }

  // An element of a list that was built here is the tensor that went in.
  bool known_elements(const Node& node) {
    if (!takes_elements(node) || node.arguments.empty()) return false;
    const auto* list = node.arguments[0].value.as<ValueId>();
    if (list == nullptr) return false;
    const std::vector<Argument> elements = tensor(tensor_of(*list)).elements;
    std::vector<ValueId> found;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const auto position = constant_element(node, i);
      const auto* id = position && *position < elements.size() ? elements[*position].as<ValueId>() : nullptr;
      if (id == nullptr) return false;
      found.push_back(*id);
    }
    for (std::size_t i = 0; i < found.size(); ++i) tensor_of_[node.outputs[i]] = tensor_of(found[i]);
    return true;
  }

  // append and the like change a list: what it held can no longer be said.
  void change_lists(const Node& node) {
    const OperatorSchema* schema = find_schema(node.kind, node.overload);
    if (schema == nullptr || !schema->is_mutable()) return;
    std::vector<int> all;
    for (const NamedArgument& given : node.arguments) {
      for_each_value(given.value, [&](ValueId id) { all.push_back(tensor_of(id)); });
    }
    for (int id : all) {
      const bool list = !tensor(id).elements.empty() || tensor(id).type.kind == Type::Kind::kList;
      if (!list) continue;
      Tensor& t = tensor(id);
      t.elements.clear();
      t.recomputable = false;
      for (int other : all) {
        for (int memory_id : tensor(other).memories) {
          if (std::find(t.memories.begin(), t.memories.end(), memory_id) != t.memories.end()) continue;
          t.memories.push_back(memory_id);
          t.seen.push_back(memory(memory_id).version);
        }
      }
    }
  }

  // Batch norm in training mode updates its statistics, which its schema does not say.
  void check_statistics(const Node& node) {
    const bool batch = node.kind == "aten::batch_norm";
    if (!batch && node.kind != "aten::instance_norm") return;
    const Argument* training = node.find(batch ? "training" : "use_input_stats");
    if (training == nullptr || *training == Argument(false)) return;
    for (std::string_view name : {"running_mean", "running_var"}) {
      const Argument* given = node.find(name);
      const auto* id = given != nullptr ? given->as<ValueId>() : nullptr;
      if (id != nullptr) check_writable(node, tensor_of(*id));
    }
  }

  // Nodes.
  void block(Block& block) {
    std::vector<Node> nodes;
    std::vector<Node>* const outer = std::exchange(nodes_, &nodes);
    for (Node& node : block.nodes) visit(std::move(node));
    const Node outputs;
    for (Argument& output : block.outputs) read_all(output, outputs);
    block.nodes = std::move(nodes);
    nodes_ = outer;
  }

  void visit(Node node) {
    const Node original = node;
    if (!node.blocks.empty()) {
      control_flow(std::move(node));
    } else if (!written_arguments(node).empty()) {
      write(std::move(node));
    } else {
      plain(std::move(node));
    }
    contiguity_.observe(graph_, original);
  }

  void plain(Node node) {
    check_statistics(node);
    if (known_elements(node)) return;
    change_lists(node);
    const NodeAliasing facts = aliasing_of(graph_, node, contiguity_);
    if (facts.aliasing == Aliasing::kSame) {
      same(node, tensor_of(facts.sources[0]));
      return;
    }
    std::vector<Argument> elements;
    if (makes_container(node)) {
      for (const NamedArgument& given : node.arguments) {
        const auto* list = given.value.as<Argument::List>();
        if (list != nullptr) elements.insert(elements.end(), list->begin(), list->end());
        if (list == nullptr) elements.push_back(given.value);
      }
    }
    for (ValueId source : facts.sources) tensor_of(source);
    const Node reader = node;
    for (NamedArgument& given : node.arguments) {
      if (reads_only_metadata(node)) {
        read_stale(given.value);
      } else {
        read_all(given.value, reader);
      }
    }
    prefer_reshape(node);
    if (facts.aliasing != Aliasing::kFresh && !facts.sources.empty()) {
      for (int id : add_views(node, facts.sources, facts.aliasing)) tensor(id).elements = elements;
    }
    nodes_->push_back(std::move(node));
  }

  // What the blocks read from outside is brought up to date before the node, since what is emitted inside a block is
  // not visible behind it.
  void control_flow(Node node) {
    const Node reader{.kind = node.kind, .overload = node.overload, .scope = node.scope, .source = node.source};
    std::vector<ValueId> outside;
    for_each_read(node, [&](ValueId id) {
      if (depth_of(id) <= depth_) outside.push_back(id);
    });
    for (ValueId id : outside) read(id, reader);
    for (NamedArgument& given : node.arguments) read_all(given.value, reader);
    ++depth_;
    for (Block& inner : node.blocks) {
      block_inputs_.insert(inner.inputs.begin(), inner.inputs.end());
      block(inner);
    }
    --depth_;
    // An output may be, or be a view of, anything that was outside.
    Tensor any{.recomputable = false};
    for (ValueId id : outside) {
      const Type::Kind kind = graph_.value(id).type.kind;
      if (kind == Type::Kind::kInt || kind == Type::Kind::kFloat || kind == Type::Kind::kBool) continue;
      for (int memory_id : tensor(tensor_of(id)).memories) {
        if (std::find(any.memories.begin(), any.memories.end(), memory_id) != any.memories.end()) continue;
        any.memories.push_back(memory_id);
        any.seen.push_back(memory(memory_id).version);
      }
    }
    for (ValueId output : node.outputs) {
      Tensor t = any;
      t.memories.push_back(new_memory({.depth = depth_}));
      t.seen.push_back(0);
      t.name = graph_.value(output).name;
      t.type = graph_.value(output).type;
      t.current = output;
      tensor_of_[output] = new_tensor(std::move(t));
    }
    nodes_->push_back(std::move(node));
  }

  Graph& graph_;
  Contiguity contiguity_;
  std::vector<int> depth_of_;
  int depth_ = 0;
  std::vector<Node>* nodes_ = nullptr;  // of the block being rewritten
  std::vector<Memory> memories_;
  std::vector<Tensor> tensors_;
  std::map<ValueId, int> tensor_of_;
  std::set<ValueId> block_inputs_;
};

}  // namespace

void functionalize(Graph& graph) {
  if (writes(graph.body)) Functionalizer(graph).run();
}

}  // namespace torch2trt
