#include "src/frontend/torchscript/importer.h"

#include <fmt/format.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <cctype>

#include "src/frontend/torchscript/canonical.h"
#include "src/frontend/torchscript/fold.h"
#include "src/frontend/torchscript/source_lines.h"
#include "src/frontend/torchscript/types.h"
#include "src/torch/schema.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;
namespace prim = c10::prim;

namespace {

// A hostile file can double its size with every call: no honest program comes near these.
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr int kMaxDepth = 200;

// "aten::relu_" -> "relu"
std::string base_name(const std::string& kind) {
  const std::size_t colon = kind.rfind(':');
  std::string name = colon == std::string::npos ? kind : kind.substr(colon + 1);
  while (name.size() > 1 && name.back() == '_') name.pop_back();
  while (name.size() > 1 && name.front() == '_') name.erase(0, 1);
  return name;
}

bool has_fixed_arguments(const c10::FunctionSchema* schema) { return schema != nullptr && !schema->is_vararg(); }

}  // namespace

Importer::Importer(const jit::Module& module, const std::vector<Type>& inputs, const OpaqueInputs& opaque)
    : module_(module), input_types_(inputs), opaque_(opaque) {}

Graph Importer::run() {
  const std::string type_name = module_.type()->name() ? module_.type()->name()->name() : "";
  const auto method = module_.find_method("forward");
  if (!method) {
    throw Error(ErrorCategory::kInvalidModel,
                fmt::format("the TorchScript module {} has no forward(). Save a module that has one.", type_name));
  }
  if (!module_.type()->getForwardHooks().empty() || !module_.type()->getForwardPreHooks().empty()) {
    throw Error(
        ErrorCategory::kUnsupportedOperator,
        fmt::format("the TorchScript module {} has forward hooks. Wrap it in a module whose forward() calls it.",
                    type_name));
  }
  sink_ = &graph_.body.nodes;
  jit::Function& function = method->function();
  function.ensure_defined();
  const auto& arguments = function.getSchema().arguments();
  const jit::Graph& program = *jit::toGraphFunction(function).graph();

  Frame frame;
  frame.values[program.inputs().at(0)] =
      std::make_shared<Instance>(Instance{.type = module_.type(), .object = module_._ivalue()});
  for (std::size_t i = 1; i < program.inputs().size(); ++i) {
    frame.values[program.inputs()[i]] = import_argument(arguments.at(i), program.inputs()[i]);
  }
  import_block(frame, program.block());
  finish_inputs();
  if (!program.outputs().empty()) {
    const jit::Value* result = program.outputs()[0];
    graph_.output_structure = import_result(frame, lookup(frame, result), result, result->type());
  } else {
    graph_.output_structure.kind = Structure::Kind::kNone;
  }
  return std::move(graph_);
}

void Importer::import_block(Frame& frame, const jit::Block* block) {
  for (const jit::Node* node : block->nodes()) import_node(frame, node);
}

void Importer::import_node(Frame& frame, const jit::Node* node) {
  if (++steps_ > kMaxSteps) {
    fail(ErrorCategory::kInvalidModel, frame, node,
         fmt::format("the program is longer than {} operators once its calls are inlined", kMaxSteps));
  }
  switch (node->kind()) {
    case prim::Constant: return import_constant(frame, node);
    case prim::GetAttr: return import_get_attribute(frame, node);
    case prim::SetAttr: return import_set_attribute(frame, node);
    case prim::CallMethod:
    case prim::CallFunction: return import_call(frame, node);
    case prim::If: return import_if(frame, node);
    case prim::Loop: return import_loop(frame, node);
    case prim::RaiseException: return import_raise(frame, node);
    default: break;
  }
  if (import_none_test(frame, node) || import_container_operator(frame, node) || import_folded(frame, node)) return;
  import_operator(frame, node);
}

void Importer::import_constant(Frame& frame, const jit::Node* node) {
  if (node->output()->type()->kind() == c10::TypeKind::FunctionType) return;  // read by the call itself
  const auto value = jit::toIValue(node->output());
  if (!value) return import_operator(frame, node);
  frame.values[node->output()] = bind(*value, "", Parameter::Kind::kConstant);
}

void Importer::import_call(Frame& frame, const jit::Node* node) {
  jit::Function* function = nullptr;
  std::string scope = frame.scope;
  std::vector<Binding> arguments;
  if (node->kind() == prim::CallFunction) {
    function = node->input(0)->type()->expectRef<c10::FunctionType>().function();
  } else {
    const Binding& self = lookup(frame, node->input(0));
    if (const auto* instance = std::get_if<std::shared_ptr<Instance>>(&self)) {
      function = (*instance)->type->findMethod(node->s(c10::attr::name));
      if ((*instance)->type->is_module()) scope = (*instance)->path;
      arguments.push_back(self);
    }
  }
  if (function == nullptr || jit::tryToGraphFunction(*function) == nullptr) return import_operator(frame, node);
  for (std::size_t i = 1; i < node->inputs().size(); ++i) arguments.push_back(lookup(frame, node->input(i)));
  std::vector<Binding> results = call(frame, node, *function, std::move(scope), std::move(arguments));
  for (std::size_t i = 0; i < node->outputs().size(); ++i) {
    frame.values[node->output(i)] = i < results.size() ? results[i] : Binding(c10::IValue());
  }
}

std::vector<Binding> Importer::call(Frame& frame, const jit::Node* node, jit::Function& function, std::string scope,
                                    std::vector<Binding> arguments) {
  if (frame.depth >= kMaxDepth) {
    fail(ErrorCategory::kInvalidModel, frame, node, fmt::format("calls nest deeper than {}", kMaxDepth));
  }
  function.ensure_defined();
  const jit::Graph& body = *jit::toGraphFunction(function).graph();
  if (body.inputs().size() != arguments.size()) {
    fail(ErrorCategory::kInvalidModel, frame, node,
         fmt::format("{}() takes {} arguments and is called with {}", function.name(), body.inputs().size(),
                     arguments.size()));
  }
  Frame callee{.caller = &frame, .call = node, .scope = std::move(scope), .depth = frame.depth + 1};
  for (std::size_t i = 0; i < arguments.size(); ++i) callee.values[body.inputs()[i]] = std::move(arguments[i]);
  import_block(callee, body.block());
  std::vector<Binding> results;
  for (const jit::Value* output : body.outputs()) results.push_back(lookup(callee, output));
  return results;
}

bool Importer::import_folded(Frame& frame, const jit::Node* node) {
  std::vector<c10::IValue> inputs;
  for (const jit::Value* input : node->inputs()) {
    auto constant = plain_constant(lookup(frame, input), input->type());
    if (!constant) return false;
    inputs.push_back(std::move(*constant));
  }
  const auto result = evaluate_plain(node, std::move(inputs));
  if (!result) return false;
  frame.values[node->output()] = bind(*result, "", Parameter::Kind::kConstant);
  return true;
}

void Importer::import_operator(Frame& frame, const jit::Node* node) {
  const c10::FunctionSchema* schema = node->maybeSchema();
  // An operator that writes to a list or dict makes it a value first: what it holds is no longer known here.
  for (std::size_t i = 0; has_fixed_arguments(schema) && i < node->inputs().size(); ++i) {
    const auto* alias = schema->arguments().at(i).alias_info();
    if (alias != nullptr && alias->isWrite()) pin(frame, node, lookup(frame, node->input(i)));
  }
  Node result = located(frame, node, node->kind().toQualString());
  if (schema != nullptr) result.overload = schema->overload_name();
  result.arguments = arguments_of(frame, node);
  canonicalize(graph_, result);
  if (has_fixed_arguments(schema)) {
    try {
      complete_arguments(result);
    } catch (const Error& error) {
      throw Error(error.category(), error.message(), result.location());
    }
  }
  if (node->kind() == prim::ListUnpack) result.arguments.at(0).name = "list";  // as the export front end has it
  for (const jit::Value* output : node->outputs()) {
    const ValueId id = new_value(output, result.kind);
    result.outputs.push_back(id);
    frame.values[output] = id;
  }
  add(std::move(result));
}

std::vector<NamedArgument> Importer::arguments_of(Frame& frame, const jit::Node* node) {
  std::vector<NamedArgument> arguments;
  const c10::FunctionSchema* schema = node->maybeSchema();
  for (std::size_t i = 0; i < node->inputs().size(); ++i) {
    const bool named = schema != nullptr && i < schema->arguments().size();
    const jit::Value* input = node->input(i);
    arguments.push_back(
        {named ? schema->arguments()[i].name() : std::to_string(i),
         as_argument(frame, node, lookup(frame, input), named ? schema->arguments()[i].real_type() : input->type())});
  }
  if (schema != nullptr) return arguments;
  for (const c10::Symbol name : node->attributeNames()) {
    const auto attribute = [&](auto value) { arguments.push_back({name.toUnqualString(), Argument(value)}); };
    switch (node->kindOf(name)) {
      case jit::AttributeKind::i: attribute(node->i(name)); break;
      case jit::AttributeKind::f: attribute(node->f(name)); break;
      case jit::AttributeKind::s: attribute(node->s(name)); break;
      default: break;  // types and subgraphs: of nodes that no handler takes
    }
  }
  return arguments;
}

const Binding& Importer::lookup(const Frame& frame, const jit::Value* value) const {
  const auto found = frame.values.find(value);
  if (found == frame.values.end()) {
    fail(ErrorCategory::kInvalidModel, frame, value->node(),
         fmt::format("the value {} is read before it is made", value->debugName()));
  }
  return found->second;
}

const ValueId* Importer::value_of(const Binding& binding) {
  if (const auto* id = std::get_if<ValueId>(&binding)) return id;
  if (const auto* list = std::get_if<std::shared_ptr<Sequence>>(&binding)) {
    return (*list)->pinned ? &*(*list)->pinned : nullptr;
  }
  if (const auto* dict = std::get_if<std::shared_ptr<Dictionary>>(&binding)) {
    return (*dict)->pinned ? &*(*dict)->pinned : nullptr;
  }
  return nullptr;
}

Argument Importer::as_argument(Frame& frame, const jit::Node* node, const Binding& binding,
                               const c10::TypePtr& formal) {
  if (const ValueId* id = value_of(binding)) return *id;
  if (const auto* constant = std::get_if<c10::IValue>(&binding)) {
    if (auto argument = constant_argument(*constant, formal)) return *argument;
    return emit(frame, node, "prim::Constant", {{"type", constant->tagKind()}}, Type::Kind::kObject);
  }
  if (const auto* list = std::get_if<std::shared_ptr<Sequence>>(&binding)) {
    c10::TypePtr type = formal;
    if (type && type->kind() == c10::TypeKind::OptionalType)
      type = type->expectRef<c10::OptionalType>().getElementType();
    const bool typed = type && type->kind() == c10::TypeKind::ListType;
    Argument::List items;
    for (const Binding& item : (*list)->items) {
      items.push_back(
          as_argument(frame, node, item, typed ? type->expectRef<c10::ListType>().getElementType() : nullptr));
    }
    return items;
  }
  if (const auto* dict = std::get_if<std::shared_ptr<Dictionary>>(&binding)) {
    std::vector<NamedArgument> items;
    for (const auto& [key, value] : (*dict)->items) {
      items.push_back({std::to_string(items.size()), as_argument(frame, node, key, nullptr)});
      items.push_back({std::to_string(items.size()), as_argument(frame, node, value, nullptr)});
    }
    return emit(frame, node, "prim::DictConstruct", std::move(items), Type::Kind::kObject);
  }
  if (const auto* input = std::get_if<std::shared_ptr<InputNode>>(&binding))
    throw NotAStructure{(*input)->path};  // NOLINT(bugprone-std-exception-baseclass): no error, caught in read.cpp
  const Instance& instance = *std::get<std::shared_ptr<Instance>>(binding);
  return emit(frame, node, "prim::GetAttr", {{"name", instance.path}}, Type::Kind::kObject);
}

ValueId Importer::new_value(const jit::Value* value, const std::string& kind) {
  const c10::TypePtr& type = value->type();
  const ValueId id =
      graph_.add_value(value->hasDebugName() ? value->debugName() : base_name(kind), type_of(type, recorded_types_));
  if (type->kind() == c10::TypeKind::OptionalType || type->kind() == c10::TypeKind::AnyType)
    maybe_none_.insert(id.index);
  return id;
}

ValueId Importer::emit(Frame& frame, const jit::Node* at, std::string kind, std::vector<NamedArgument> arguments,
                       Type::Kind output) {
  const ValueId id = graph_.add_value(base_name(kind), {.kind = output});
  Node node = located(frame, at, std::move(kind));
  node.arguments = std::move(arguments);
  node.outputs = {id};
  add(std::move(node));
  return id;
}

void Importer::add(Node node) { sink_->push_back(std::move(node)); }

Node Importer::located(const Frame& frame, const jit::Node* node, std::string kind) const {
  std::vector<jit::SourceRange> ranges{node->sourceRange()};
  for (const Frame* at = &frame; at->call != nullptr; at = at->caller) ranges.push_back(at->call->sourceRange());
  return {.kind = std::move(kind), .scope = frame.scope, .source = source_line(ranges)};
}

void Importer::fail(ErrorCategory category, const Frame& frame, const jit::Node* node,
                    const std::string& message) const {
  throw Error(category, message, located(frame, node, node->kind().toQualString()).location());
}

}  // namespace torch2trt::torchscript
