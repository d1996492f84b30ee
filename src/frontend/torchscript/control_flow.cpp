// Importer: conditions, loops and exceptions.
#include <fmt/format.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>

#include "src/frontend/torchscript/importer.h"
#include "src/graph/unrolling.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;
namespace prim = c10::prim;
namespace {

bool always_raises(const jit::Block* block) {
  for (const jit::Node* node : block->nodes()) {
    if (node->kind() == prim::RaiseException) return true;
    if (node->kind() == prim::If && always_raises(node->blocks()[0]) && always_raises(node->blocks()[1])) return true;
  }
  return false;
}

std::optional<bool> constant_bool(const Binding& binding) {
  const auto* value = std::get_if<c10::IValue>(&binding);
  return value != nullptr && value->isBool() ? std::optional(value->toBool()) : std::nullopt;
}

// Whether a block of `node` makes the value. (An iteration written out before may have left a binding of it.)
bool is_made_inside(const jit::Value* value, const jit::Node* node) {
  for (const jit::Block* block = value->node()->owningBlock(); block != nullptr;) {
    const jit::Node* owner = block->owningNode();
    if (owner == node) return true;
    block = owner == nullptr ? nullptr : owner->owningBlock();
  }
  return false;
}

// Values that the block reads.
void for_each_captured(const jit::Block* block, const std::function<void(const jit::Value*)>& visit) {
  for (const jit::Node* node : block->nodes()) {
    for (const jit::Value* input : node->inputs()) visit(input);
    for (const jit::Block* inner : node->blocks()) for_each_captured(inner, visit);
  }
  for (const jit::Value* output : block->outputs()) visit(output);
}

}  // namespace

void Importer::import_if(Frame& frame, const jit::Node* node) {
  const jit::Block* chosen = nullptr;
  if (const auto condition = constant_bool(lookup(frame, node->input()))) {
    chosen = node->blocks()[*condition ? 0 : 1];
  } else {
    const bool first_raises = always_raises(node->blocks()[0]);
    const bool second_raises = always_raises(node->blocks()[1]);
    if (first_raises != second_raises) chosen = node->blocks()[first_raises ? 1 : 0];
  }
  if (chosen == nullptr) return keep_control_flow(frame, node);
  import_block(frame, chosen);
  for (std::size_t i = 0; i < node->outputs().size(); ++i) {
    frame.values[node->output(i)] = Binding(lookup(frame, chosen->outputs()[i]));
  }
}

// Inputs of a Loop: the longest trip count, the first condition, the carried values. Inputs of its body: the counter
// and the carried values; outputs: the next condition and the carried values.
void Importer::import_loop(Frame& frame, const jit::Node* node) {
  const jit::Block* body = node->blocks()[0];
  const auto* trips = std::get_if<c10::IValue>(&lookup(frame, node->input(0)));
  const auto first = constant_bool(lookup(frame, node->input(1)));
  // `for i in range(n)` without break: the next condition is the constant True.
  const auto next = jit::toIValue(body->outputs()[0]);
  const bool counts = next && next->isBool() && next->toBool();
  const bool never = first && !*first;
  if (!never && (!first || !counts || trips == nullptr || !trips->isInt() || trips->toInt() > kMaxUnrolled)) {
    return keep_control_flow(frame, node);
  }
  std::vector<Binding> carried;
  for (std::size_t i = 2; i < node->inputs().size(); ++i) carried.push_back(lookup(frame, node->input(i)));
  const std::int64_t count = never ? 0 : trips->toInt();
  for (std::int64_t trip = 0; trip < count; ++trip) {
    frame.values[body->inputs()[0]] = c10::IValue(trip);
    for (std::size_t i = 0; i < carried.size(); ++i) frame.values[body->inputs()[i + 1]] = carried[i];
    import_block(frame, body);
    for (std::size_t i = 0; i < carried.size(); ++i) carried[i] = lookup(frame, body->outputs()[i + 1]);
  }
  for (std::size_t i = 0; i < carried.size(); ++i) frame.values[node->output(i)] = carried[i];
}

void Importer::import_raise(Frame& frame, const jit::Node* node) {
  if (kept_depth_ > 0) return import_operator(frame, node);
  const auto* message = std::get_if<c10::IValue>(&lookup(frame, node->input(0)));
  fail(ErrorCategory::kInvalidModel, frame, node,
       fmt::format("the program always raises{}{}", message != nullptr && message->isString() ? ": " : "",
                   message != nullptr && message->isString() ? message->toStringRef() : ""));
}

void Importer::keep_control_flow(Frame& frame, const jit::Node* node) {
  pin_captured(frame, node);
  const bool loop = node->kind() == prim::Loop;
  Node result = located(frame, node, node->kind().toQualString());
  for (std::size_t i = 0; i < node->inputs().size(); ++i) {
    const std::string name = !loop    ? "condition"
                             : i == 0 ? "max_trip_count"
                             : i == 1 ? "condition"
                                      : fmt::format("carried_{}", i - 2);
    const Binding value = i < 2 ? lookup(frame, node->input(i)) : pin(frame, node, lookup(frame, node->input(i)));
    result.arguments.push_back({name, as_argument(frame, node, value, node->input(i)->type())});
  }
  for (const jit::Block* block : node->blocks()) result.blocks.push_back(import_kept_block(frame, block));
  for (const jit::Value* output : node->outputs()) {
    const ValueId id = new_value(output, result.kind);
    result.outputs.push_back(id);
    frame.values[output] = id;
  }
  add(std::move(result));
}

Block Importer::import_kept_block(Frame& frame, const jit::Block* block) {
  Block result;
  for (const jit::Value* input : block->inputs()) {
    const ValueId id = new_value(input, "carried");
    frame.values[input] = id;
    result.inputs.push_back(id);
  }
  std::vector<Node>* outer = std::exchange(sink_, &result.nodes);
  ++kept_depth_;
  import_block(frame, block);
  for (const jit::Value* output : block->outputs()) {
    result.outputs.push_back(
        as_argument(frame, output->node(), pin(frame, block->return_node(), lookup(frame, output)), output->type()));
  }
  --kept_depth_;
  sink_ = outer;
  return result;
}

// What the blocks may change, and what may leave them, is a value before they begin.
void Importer::pin_captured(Frame& frame, const jit::Node* node) {
  bool writes = false;
  for (const jit::Block* block : node->blocks()) writes = writes || writes_containers(block, 0);
  const auto pin_value = [&](const jit::Value* value) {
    if (is_made_inside(value, node)) return;
    const auto found = frame.values.find(value);
    if (found != frame.values.end()) found->second = pin(frame, node, Binding(found->second));
  };
  for (const jit::Block* block : node->blocks()) {
    for (const jit::Value* output : block->outputs()) pin_value(output);
    if (writes) for_each_captured(block, pin_value);
  }
  if (writes) {
    for (auto& [attribute, value] : assigned_) value = pin(frame, node, Binding(value));
  }
}

// Whether the block, or what it calls, has an operator that writes to a list or dict, as far as types tell.
bool Importer::writes_containers(const jit::Block* block, int depth) {
  if (depth > 64) return true;
  if (const auto known = writes_.find(block); known != writes_.end()) return known->second;
  const auto writes = [&](const jit::Node* node) {
    for (const jit::Block* inner : node->blocks()) {
      if (writes_containers(inner, depth + 1)) return true;
    }
    jit::Function* callee = nullptr;
    if (node->kind() == prim::CallFunction) {
      callee = node->input(0)->type()->expectRef<c10::FunctionType>().function();
    } else if (node->kind() == prim::CallMethod) {
      const auto type = node->input(0)->type()->cast<c10::ClassType>();
      if (!type) return true;  // an interface
      callee = type->findMethod(node->s(c10::attr::name));
    }
    if (callee != nullptr) {
      if (jit::tryToGraphFunction(*callee) == nullptr) return true;
      callee->ensure_defined();
      return writes_containers(jit::toGraphFunction(*callee).graph()->block(), depth + 1);
    }
    const c10::FunctionSchema* schema = node->maybeSchema();
    if (schema == nullptr) return false;
    for (std::size_t i = 0; i < node->inputs().size() && i < schema->arguments().size(); ++i) {
      const auto* alias = schema->arguments()[i].alias_info();
      const auto kind = node->input(i)->type()->kind();
      if (alias != nullptr && alias->isWrite() &&
          (kind == c10::TypeKind::ListType || kind == c10::TypeKind::DictType)) {
        return true;
      }
    }
    return false;
  };
  bool result = false;
  for (const jit::Node* node : block->nodes()) result = result || writes(node);
  writes_[block] = result;
  return result;
}

}  // namespace torch2trt::torchscript
