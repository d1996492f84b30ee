// Importer: the arguments and results of forward(), flat and as they nest.
#include <fmt/format.h>

#include <algorithm>

#include "src/frontend/torchscript/importer.h"
#include "src/frontend/torchscript/types.h"

namespace torch2trt::torchscript {
namespace jit = torch::jit;
namespace prim = c10::prim;
namespace {

// As Python's repr().
std::string repr(const c10::IValue& key) {
  if (key.isString()) return fmt::format("'{}'", key.toStringRef());
  if (key.isBool()) return key.toBool() ? "True" : "False";
  return key.isInt() ? std::to_string(key.toInt()) : fmt::format("{}", key.toDouble());
}

std::string path_of(const std::string& container, const c10::IValue& key) {
  return fmt::format("{}.{}", container, key.isString() ? key.toStringRef() : repr(key));
}

// What of a trace with an input `recorded` holds for an input `given`.
Recorded still_true(const Type& recorded, const Type& given) {
  if (given.dtype && recorded.dtype && *given.dtype != *recorded.dtype) return Recorded::kNothing;
  if (!given.sizes || !recorded.sizes || *given.sizes == *recorded.sizes) return Recorded::kAll;
  // Ranks decide what types promote to.
  return given.sizes->size() == recorded.sizes->size() ? Recorded::kDTypes : Recorded::kNothing;
}

}  // namespace

Binding Importer::import_argument(const c10::Argument& argument, const jit::Value* value) {
  c10::TypePtr type = value->type();
  const Type* given =
      eager_leaves_ < input_types_.size() && !has_lazy_arguments_ ? &input_types_[eager_leaves_] : nullptr;
  const bool optional = type->kind() == c10::TypeKind::OptionalType;
  const bool is_number = type->kind() == c10::TypeKind::IntType || type->kind() == c10::TypeKind::FloatType ||
                         type->kind() == c10::TypeKind::BoolType || type->kind() == c10::TypeKind::StringType;
  const auto none = std::make_shared<InputNode>(InputNode{.kind = Structure::Kind::kNone});
  if (optional && given != nullptr && given->kind == Type::Kind::kNone) {
    ++eager_leaves_;
    arguments_.push_back(none);
    return c10::IValue();
  }
  // What has a default is an argument of the network only if the caller says so, and numbers never are.
  if (argument.default_value() && (is_number || given == nullptr)) {
    arguments_.push_back(none);
    return bind(*argument.default_value(), "", Parameter::Kind::kConstant);
  }
  if (optional) type = type->expectRef<c10::OptionalType>().getElementType();
  // A trace names arguments after variables of the functions they were passed to, so two may have one name.
  std::string path = argument.name();
  const auto taken = [&](const std::shared_ptr<InputNode>& other) { return other->path == path; };
  for (int next = 1; std::any_of(arguments_.begin(), arguments_.end(), taken); ++next) {
    path = fmt::format("{}_{}", argument.name(), next);
  }
  arguments_.push_back(input_node(type, path));
  return binding_of(arguments_.back());
}

std::shared_ptr<InputNode> Importer::input_node(const c10::TypePtr& type, const std::string& path) {
  auto node = std::make_shared<InputNode>();
  node->path = path;
  if (const auto tuple = type->cast<c10::TupleType>()) {
    node->kind = Structure::Kind::kTuple;
    for (const c10::TypePtr& element : tuple->elements()) {
      node->children.push_back(input_node(element, fmt::format("{}.{}", path, node->children.size())));
    }
    return node;
  }
  const bool list = type->kind() == c10::TypeKind::ListType;
  if ((list || type->kind() == c10::TypeKind::DictType) && !opaque_.contains(path)) {
    node->kind = list ? Structure::Kind::kList : Structure::Kind::kDict;
    node->element =
        list ? type->expectRef<c10::ListType>().getElementType() : type->expectRef<c10::DictType>().getValueType();
    has_lazy_arguments_ = true;
    if (!input_types_.empty()) recorded_types_ = Recorded::kNothing;  // which input is which is not known yet
    return node;
  }
  const Type recorded = type_of(type, Recorded::kAll);
  if (!has_lazy_arguments_ && eager_leaves_ < input_types_.size()) {
    recorded_types_ = std::min(recorded_types_, still_true(recorded, input_types_[eager_leaves_]));
  }
  ++eager_leaves_;
  node->leaf = graph_.add_value(path, input_types_.empty() ? recorded : type_of(type, Recorded::kNothing));
  return node;
}

Binding Importer::binding_of(const std::shared_ptr<InputNode>& node) {
  switch (node->kind) {
    case Structure::Kind::kLeaf: return node->leaf;
    case Structure::Kind::kTuple: {
      auto tuple = std::make_shared<Sequence>(Sequence{.is_tuple = true});
      for (const auto& child : node->children) tuple->items.push_back(binding_of(child));
      return tuple;
    }
    default: return node;
  }
}

Binding Importer::item(const std::shared_ptr<InputNode>& container, const c10::IValue& key) {
  const auto known = [&](const c10::IValue& wanted) -> std::shared_ptr<InputNode> {
    for (std::size_t i = 0; i < container->keys.size(); ++i) {
      if (container->keys[i] == wanted) return container->children[i];
    }
    return nullptr;
  };
  const auto make = [&](const c10::IValue& made) {
    container->keys.push_back(made);
    container->children.push_back(input_node(container->element, path_of(container->path, made)));
  };
  if (container->kind == Structure::Kind::kList) {
    while (static_cast<std::int64_t>(container->children.size()) <= key.toInt()) {
      make(c10::IValue(static_cast<std::int64_t>(container->children.size())));
    }
  } else if (!known(key)) {
    make(key);
  }
  return binding_of(known(key));
}

void Importer::finish_inputs() {
  graph_.input_structure.kind = Structure::Kind::kTuple;
  // Arguments at the end that are left out are not passed at all.
  while (!arguments_.empty() && arguments_.back()->kind == Structure::Kind::kNone) arguments_.pop_back();
  for (const auto& argument : arguments_) graph_.input_structure.children.push_back(finish_input(argument));
  std::size_t given = 0;
  for (const Input& input : graph_.inputs) {
    if (given == input_types_.size()) break;
    const Type& type = input_types_[given++];
    graph_.values[static_cast<std::size_t>(input.value.index)].type = type;
    for (const Size& size : type.sizes.value_or(std::vector<Size>())) {
      if (!size.symbol.empty()) graph_.symbols.try_emplace(size.symbol, SymbolRange{.min = 1});
    }
  }
}

Structure Importer::finish_input(const std::shared_ptr<InputNode>& node) {
  Structure structure{.kind = node->kind};
  if (node->kind == Structure::Kind::kLeaf) graph_.inputs.push_back({node->leaf, node->path});
  if (node->kind == Structure::Kind::kDict) {
    for (const c10::IValue& key : node->keys) structure.keys.push_back(repr(key));
  }
  for (const auto& child : node->children) structure.children.push_back(finish_input(child));
  return structure;
}

Structure Importer::import_result(Frame& frame, const Binding& binding, const jit::Value* value,
                                  const c10::TypePtr& type) {
  const jit::Node* at = value->node();
  if (const auto* constant = std::get_if<c10::IValue>(&binding); constant != nullptr && constant->isNone()) {
    return {.kind = Structure::Kind::kNone};
  }
  const ValueId* id = value_of(binding);
  if (id != nullptr && type->kind() == c10::TypeKind::TupleType) {  // of an operator or a kept If: taken apart
    Structure structure{.kind = Structure::Kind::kTuple};
    Node unpack = located(frame, at, "prim::TupleUnpack");
    unpack.arguments = {{"tup", *id}};
    for (const c10::TypePtr& element : type->containedTypes()) {
      unpack.outputs.push_back(graph_.add_value("output", type_of(element, recorded_types_)));
    }
    const std::vector<ValueId> parts = unpack.outputs;
    add(std::move(unpack));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      structure.children.push_back(import_result(frame, parts[i], value, type->containedTypes()[i]));
    }
    return structure;
  }
  if (const auto* list = std::get_if<std::shared_ptr<Sequence>>(&binding); list != nullptr && id == nullptr) {
    Structure structure{.kind = (*list)->is_tuple ? Structure::Kind::kTuple : Structure::Kind::kList};
    const auto parts = type->containedTypes();
    for (std::size_t i = 0; i < (*list)->items.size(); ++i) {
      const c10::TypePtr part = parts.empty() ? type : parts[std::min(i, parts.size() - 1)];
      structure.children.push_back(import_result(frame, (*list)->items[i], value, part));
    }
    return structure;
  }
  if (const auto* dict = std::get_if<std::shared_ptr<Dictionary>>(&binding); dict != nullptr && id == nullptr) {
    Structure structure{.kind = Structure::Kind::kDict};
    const auto parts = type->containedTypes();
    for (const auto& [key, item] : (*dict)->items) {
      structure.keys.push_back(repr(key));
      structure.children.push_back(import_result(frame, item, value, parts.empty() ? type : parts.back()));
    }
    return structure;
  }
  graph_.body.outputs.push_back(as_argument(frame, at, binding, type));
  return {};
}

}  // namespace torch2trt::torchscript
