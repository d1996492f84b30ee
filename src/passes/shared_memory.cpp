#include "src/passes/shared_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/passes/emit.h"
#include "src/passes/write_back.h"

namespace torch2trt {
namespace {

std::size_t index(ValueId id) { return static_cast<std::size_t>(id.index); }

void substitute(Argument& argument, const std::vector<ValueId>& was, const std::vector<ValueId>& is) {
  if (auto* id = std::get_if<ValueId>(&argument.data)) {
    const auto found = std::find(was.begin(), was.end(), *id);
    if (found != was.end()) *id = is[static_cast<std::size_t>(found - was.begin())];
  } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
    for (Argument& item : *list) substitute(item, was, is);
  }
}

// Which element of the list `output` of a node that takes_elements() is.
std::optional<std::size_t> constant_element(const Node& node, std::size_t output) {
  if (node.kind.ends_with("Unpack")) return output;
  if (node.arguments.size() != 2) return std::nullopt;
  const auto* position = node.arguments[1].value.as<std::int64_t>();
  return position != nullptr && *position >= 0 ? std::optional<std::size_t>(*position) : std::nullopt;
}

std::string describe(const Node& node) {
  if (node.kind.empty()) return "an output";
  return node.source.empty() ? node.qualified() : fmt::format("{} ({})", node.qualified(), node.source);
}

Node without_arguments(const Node& node) {
  return {.kind = node.kind, .overload = node.overload, .scope = node.scope, .source = node.source};
}

}  // namespace

void prefer_reshape(Node& node) {
  if (node.kind != "aten::view" || !node.overload.empty()) return;
  node.kind = "aten::reshape";
  for (NamedArgument& given : node.arguments) {
    if (given.name == "size") given.name = "shape";
  }
}

SharedMemory::SharedMemory(Graph& graph) : graph_(graph), depth_of_(graph.values.size()) { measure(graph.body, 0); }

void SharedMemory::measure(const Block& block, int depth) {
  for (ValueId input : block.inputs) depth_of_[index(input)] = depth;
  for (const Node& node : block.nodes) {
    for (ValueId output : node.outputs) depth_of_[index(output)] = depth;
    for (const Block& inner : node.blocks) measure(inner, depth + 1);
  }
}

int SharedMemory::depth_of(ValueId id) const { return index(id) < depth_of_.size() ? depth_of_[index(id)] : depth_; }

std::vector<Node>* SharedMemory::emit_into(std::vector<Node>* nodes, int depth) {
  depth_ = depth;
  return std::exchange(nodes_, nodes);
}

void SharedMemory::refuse(const Node& node, const std::string& reason) {
  Error error(ErrorCategory::kUnsupportedOperator,
              fmt::format("{} cannot be made functional: {}", node.qualified(), reason), node.location());
  error.set_unsupported({{node.qualified(), reason, node.location()}});
  throw error;
}

int SharedMemory::add_memory(Memory memory) {
  memories_.push_back(std::move(memory));
  return static_cast<int>(memories_.size()) - 1;
}

int SharedMemory::add_tensor(Tensor tensor) {
  tensors_.push_back(std::move(tensor));
  return static_cast<int>(tensors_.size()) - 1;
}

int SharedMemory::tensor_of(ValueId id) {
  if (const auto known = tensor_of_.find(id); known != tensor_of_.end()) return known->second;
  Memory memory{.depth = depth_of(id), .root = static_cast<int>(tensors_.size())};
  if (const Parameter* parameter = graph_.parameter_of(id)) {
    constexpr std::string_view kKinds[] = {"parameter", "buffer", "constant"};
    memory.kind = Memory::Kind::kParameter;
    memory.what = fmt::format("{} \"{}\"", kKinds[static_cast<std::size_t>(parameter->kind)], parameter->name);
  } else if (block_inputs_.contains(id)) {
    memory.kind = Memory::Kind::kAnybody;
  }
  const Value& value = graph_.value(id);
  Tensor tensor{.name = value.name, .type = value.type, .seen = {0}, .current = id};
  tensor.memories = {add_memory(std::move(memory))};
  return tensor_of_[id] = add_tensor(std::move(tensor));
}

std::vector<ValueId> SharedMemory::values_of(int tensor) const {
  std::vector<ValueId> values;
  for (const auto& [value, id] : tensor_of_) {
    if (id == tensor) values.push_back(value);
  }
  return values;
}

void SharedMemory::same(const std::vector<ValueId>& outputs, int tensor) {
  for (ValueId output : outputs) tensor_of_[output] = tensor;
}

void SharedMemory::rebind(const Node& node, int target, int other) {
  for (auto& [value, id] : tensor_of_) {
    // x.contiguous() may be x itself, and then has another shape from here on.
    if (id != target && id != other && (!tensor(id).recomputable || !tensor(target).recomputable)) {
      const std::vector<int>& shared = tensor(target).memories;
      const bool kin = std::any_of(tensor(id).memories.begin(), tensor(id).memories.end(),
                                   [&](int m) { return std::find(shared.begin(), shared.end(), m) != shared.end(); });
      if (kin) doubtful_.emplace(value, without_arguments(node));
    }
    if (id == target) id = other;
  }
}

void SharedMemory::check_shape(ValueId id, const Node& reader) const {
  if (const auto entry = doubtful_.find(id); entry != doubtful_.end()) {
    refuse(entry->second, fmt::format("{} later reads %{}, and whether that is the same tensor is not known",
                                      describe(reader), graph_.value(id).name));
  }
}

void SharedMemory::share(Tensor& tensor, const std::vector<int>& memories) {
  for (int id : memories) {
    if (std::find(tensor.memories.begin(), tensor.memories.end(), id) != tensor.memories.end()) continue;
    tensor.memories.push_back(id);
    tensor.seen.push_back(memory(id).version);
  }
}

bool SharedMemory::up_to_date(int id) {
  const Tensor& t = tensor(id);
  for (std::size_t i = 0; i < t.memories.size(); ++i) {
    if (t.seen[i] != memory(t.memories[i]).version) return false;
  }
  return true;
}

void SharedMemory::set_current(int id, ValueId value) {
  Tensor& t = tensor(id);
  t.current = value;
  for (std::size_t i = 0; i < t.memories.size(); ++i) t.seen[i] = memory(t.memories[i]).version;
}

ValueId SharedMemory::read(ValueId id, const Node& reader) {
  check_shape(id, reader);
  const auto known = tensor_of_.find(id);
  return known == tensor_of_.end() ? id : read_tensor(known->second, reader);
}

void SharedMemory::read_all(Argument& argument, const Node& reader) {
  if (auto* id = std::get_if<ValueId>(&argument.data)) {
    *id = read(*id, reader);
  } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
    for (Argument& item : *list) read_all(item, reader);
  }
}

void SharedMemory::read_stale(Argument& argument, const Node& reader) const {
  if (auto* id = std::get_if<ValueId>(&argument.data)) {
    check_shape(*id, reader);
    const auto known = tensor_of_.find(*id);
    if (known != tensor_of_.end()) *id = tensors_[static_cast<std::size_t>(known->second)].current;
  } else if (auto* list = std::get_if<Argument::List>(&argument.data)) {
    for (Argument& item : *list) read_stale(item, reader);
  }
}

ValueId SharedMemory::read_tensor(int id, const Node& reader) {
  if (up_to_date(id)) return tensor(id).current;
  if (!tensor(id).recomputable) refuse_stale(id, reader);
  if (tensor(id).parents.empty()) {
    for (int memory_id : std::vector<int>(tensor(id).memories)) flush(memory_id, reader);
    return tensor(id).current;
  }
  std::vector<ValueId> parents;
  for (int parent : std::vector<int>(tensor(id).parents)) parents.push_back(read_tensor(parent, reader));
  if (up_to_date(id)) return tensor(id).current;  // a pending write passed here on its way to the base
  const std::shared_ptr<const View> view = tensor(id).view;
  const std::vector<ValueId> outputs = repeat(*view, tensor(id).as_read, parents);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!up_to_date(view->tensors[i])) set_current(view->tensors[i], outputs[i]);
  }
  return tensor(id).current;
}

std::vector<ValueId> SharedMemory::repeat(const View& view, const std::vector<ValueId>& was,
                                          const std::vector<ValueId>& is) {
  Node node = view.node;
  for (NamedArgument& given : node.arguments) substitute(given.value, was, is);
  std::vector<ValueId> outputs;
  for (int made : view.tensors) outputs.push_back(graph_.add_value(tensor(made).name, tensor(made).type));
  node.outputs = outputs;
  nodes_->push_back(std::move(node));
  return outputs;
}

void SharedMemory::flush(int memory_id, const Node& reader) {
  const int written = memory(memory_id).pending;
  if (written < 0) return;
  const Node writer = memory(memory_id).writer;
  Emitter emit(graph_, *nodes_, writer);
  ValueId value = tensor(written).current;
  std::vector<std::pair<int, ValueId>> updated;
  for (int child = written; child != memory(memory_id).root;) {
    const View* through = tensor(child).view.get();
    const auto stuck = [&] {
      refuse(writer, fmt::format("it writes through {}, which has no inverse here, and {} reads the memory again",
                                 through != nullptr ? through->node.qualified() : "control flow", describe(reader)));
    };
    if (tensor(child).parents.size() != 1 || !tensor(child).view || !tensor(child).recomputable) stuck();
    std::shared_ptr<const View> view = tensor(child).view;
    std::size_t element = tensor(child).output;
    int parent = tensor(child).parents[0];
    if (takes_elements(view->node)) {
      // An element of a list of views: the node that made the list has the inverse.
      const auto position = constant_element(view->node, element);
      if (!position || tensor(parent).parents.size() != 1 || !tensor(parent).view) stuck();
      element = *position;
      view = tensor(parent).view;
      through = view.get();
      parent = tensor(parent).parents[0];
    }
    const ViewBase base{
        .type = tensor(parent).type, .name = tensor(parent).name, .shape = tensor(parent).current, .content = [&] {
          return old_content(parent, memory_id);
        }};
    const std::optional<ValueId> whole = write_back(emit, view->node, element, base, value);
    if (!whole) stuck();
    value = *whole;
    updated.emplace_back(parent, value);
    child = parent;
  }
  for (const auto& [id, current] : updated) set_current(id, current);
  memory(memory_id).content_version = memory(memory_id).version;
  memory(memory_id).pending = -1;
}

// What the tensor, a view that covers the pending write, held before it.
ValueId SharedMemory::old_content(int id, int memory_id) {
  const Memory& m = memory(memory_id);
  if (id == m.root || tensor(id).seen[0] == m.content_version) return tensor(id).current;
  const ValueId parent = old_content(tensor(id).parents[0], memory_id);
  const std::shared_ptr<const View> view = tensor(id).view;
  return repeat(*view, tensor(id).as_read, {parent})[tensor(id).output];
}

void SharedMemory::refuse_stale(int id, const Node& reader) {
  Node writer = without_arguments(reader);
  for (std::size_t i = 0; i < tensor(id).memories.size(); ++i) {
    const Memory& m = memory(tensor(id).memories[i]);
    if (tensor(id).seen[i] != m.version) writer = m.writer;
  }
  const std::string made_by = tensor(id).view ? tensor(id).view->node.qualified() : "control flow";
  refuse(writer, fmt::format("{} later reads a result of {}, and whether that shares the written memory is not known",
                             describe(reader), made_by));
}

void SharedMemory::check_writable(const Node& node, int id) {
  for (int memory_id : tensor(id).memories) {
    const Memory& m = memory(memory_id);
    for (int made = id; m.kind == Memory::Kind::kParameter; made = tensor(made).parents[0]) {
      if (!tensor(made).recomputable && tensor(made).view) {
        refuse(node, fmt::format("it writes to a result of {}, and whether that is the memory of {} or a copy of it is "
                                 "not known; clone() it first",
                                 tensor(made).view->node.qualified(), m.what));
      }
      if (tensor(made).parents.empty()) break;
    }
    if (m.kind == Memory::Kind::kParameter) {
      refuse(node, fmt::format("{} is mutated in forward, and a network keeps nothing between calls; if it is a "
                               "statistic of training, export the module after eval()",
                               m.what));
    }
    if (m.kind == Memory::Kind::kAnybody || (m.depth < depth_ && !shared_.contains(memory_id))) {
      refuse(node, "inside a block of control flow, it writes to a tensor of outside");
    }
  }
}

std::set<int> SharedMemory::whole_memories_of(ValueId id) {
  std::set<int> whole;
  for (int memory_id : tensor(tensor_of(id)).memories) {
    const Memory& m = memory(memory_id);
    if (m.kind == Memory::Kind::kOwn && m.root >= 0) whole.insert(memory_id);
  }
  return whole;
}

void SharedMemory::wrote(const Node& node, int id, ValueId value) {
  for (int memory_id : std::vector<int>(tensor(id).memories)) {
    const bool whole = memory(memory_id).root == id;
    if (memory(memory_id).pending != id && !whole) flush(memory_id, node);
    Memory& m = memory(memory_id);
    ++m.version;
    m.writer = without_arguments(node);
    m.pending = whole ? -1 : id;
    if (whole) m.content_version = m.version;
  }
  set_current(id, value);
}

std::vector<int> SharedMemory::add_views(const Node& node, const std::vector<ValueId>& sources, Aliasing aliasing) {
  Tensor common;
  for (ValueId source : sources) {
    const int parent = tensor_of(source);
    common.parents.push_back(parent);
    common.as_read.push_back(tensor(parent).current);
    share(common, tensor(parent).memories);
  }
  common.recomputable = aliasing == Aliasing::kView;
  auto view = std::make_shared<View>();
  view->node = node;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    Tensor t = common;
    t.name = graph_.value(node.outputs[i]).name;
    t.type = graph_.value(node.outputs[i]).type;
    t.current = node.outputs[i];
    t.output = i;
    view->tensors.push_back(add_tensor(std::move(t)));
    tensor_of_[node.outputs[i]] = view->tensors.back();
  }
  for (int id : view->tensors) tensor(id).view = view;
  return view->tensors;
}

void SharedMemory::set_elements(int list, std::vector<Argument> elements) {
  tensor(list).elements = std::move(elements);
}

bool SharedMemory::take_known_elements(const Node& node) {
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
  for (std::size_t i = 0; i < found.size(); ++i) same({node.outputs[i]}, tensor_of(found[i]));
  return true;
}

void SharedMemory::forget_elements(int list, const std::vector<int>& may_hold) {
  tensor(list).elements.clear();
  tensor(list).recomputable = false;
  for (int other : may_hold) share(tensor(list), std::vector<int>(tensor(other).memories));
}

bool SharedMemory::is_list(int id) const {
  const Tensor& t = tensors_[static_cast<std::size_t>(id)];
  return !t.elements.empty() || t.type.kind == Type::Kind::kList;
}

void SharedMemory::add_unknown(const std::vector<ValueId>& outputs, const std::vector<int>& others) {
  for (ValueId output : outputs) {
    Tensor t{.name = graph_.value(output).name, .type = graph_.value(output).type, .current = output};
    for (int other : others) share(t, tensor(other).memories);
    const bool own = t.memories.empty();
    share(t, {add_memory({.depth = depth_, .root = own ? static_cast<int>(tensors_.size()) : -1})});
    t.recomputable = own;
    tensor_of_[output] = add_tensor(std::move(t));
  }
}

bool SharedMemory::shares_outside(int id, bool& anybody) const {
  bool outside = false;
  for (int memory_id : tensors_[static_cast<std::size_t>(id)].memories) {
    const Memory& m = memories_[static_cast<std::size_t>(memory_id)];
    outside = outside || m.depth <= depth_;
    anybody = anybody || m.kind == Memory::Kind::kAnybody;
  }
  return outside;
}

}  // namespace torch2trt
