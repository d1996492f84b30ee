#include "src/torch/schema.h"

#include <ATen/core/function_schema.h>
#include <fmt/format.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>

#include "src/torch/tensors.h"

namespace torch2trt {
namespace {

std::string alias_of(const c10::AliasInfo* info) {
  if (info == nullptr) return {};
  if (info->isWildcardBefore()) return "*";
  for (const c10::Symbol& set : info->beforeSets()) return set.toUnqualString();
  return {};
}

// The enumerations arrive as integers, so a default's meaning depends on the argument's type.
Argument argument_from(const c10::IValue& value, const c10::Argument& argument) {
  if (value.isNone()) return None{};
  const std::string type = argument.real_type()->str();
  if (value.isBool()) return value.toBool();
  if (value.isInt()) {
    if (type.starts_with("ScalarType")) return from_torch(static_cast<at::ScalarType>(value.toInt()));
    if (type.starts_with("Layout")) return Symbolic{Symbolic::Kind::kLayout, "strided"};
    if (type.starts_with("MemoryFormat")) return Symbolic{Symbolic::Kind::kMemoryFormat, "contiguous_format"};
    return value.toInt();
  }
  if (value.isDouble()) return value.toDouble();
  if (value.isString()) return value.toStringRef();
  if (value.isDevice()) return Symbolic{Symbolic::Kind::kDevice, value.toDevice().str()};
  if (value.isList()) {
    Argument::List list;
    for (const c10::IValue& item : value.toListRef()) list.push_back(argument_from(item, argument));
    return list;
  }
  throw Error(ErrorCategory::kInternal,
              fmt::format("the default of argument \"{}\" ({}) has no form here", argument.name(), type));
}

OperatorSchema schema_from(const c10::FunctionSchema& source) {
  OperatorSchema schema{.kind = source.name(), .overload = source.overload_name()};
  for (const c10::Argument& argument : source.arguments()) {
    SchemaArgument copy{.name = argument.name(), .type = argument.real_type()->str()};
    if (argument.default_value()) copy.default_value = argument_from(*argument.default_value(), argument);
    copy.alias = alias_of(argument.alias_info());
    copy.writes = argument.alias_info() != nullptr && argument.alias_info()->isWrite();
    schema.arguments.push_back(std::move(copy));
  }
  for (const c10::Argument& result : source.returns()) {
    schema.returns.push_back({.type = result.real_type()->str(),
                              .alias = alias_of(result.alias_info()),
                              .writes = result.alias_info() != nullptr && result.alias_info()->isWrite()});
  }
  std::ostringstream text;
  text << source;
  schema.text = text.str();
  return schema;
}

using Table = std::map<std::string, std::vector<const OperatorSchema*>, std::less<>>;

const std::vector<const OperatorSchema*>& schemas_of(std::string_view kind) {
  static std::mutex mutex;
  static Table& table = *new Table;  // never destroyed: schemas are used until the process ends
  const std::lock_guard lock(mutex);
  // Operators may be registered later, so only hits are remembered.
  if (const auto known = table.find(kind); known != table.end() && !known->second.empty()) return known->second;
  std::vector<const OperatorSchema*>& schemas = table[std::string(kind)];
  if (kind.find("::") == std::string_view::npos) return schemas;
  for (const auto& op : torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(std::string(kind)))) {
    schemas.push_back(new OperatorSchema(schema_from(op->schema())));
  }
  return schemas;
}

}  // namespace

bool OperatorSchema::is_mutable() const {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const SchemaArgument& argument) { return argument.writes; });
}

const SchemaArgument* OperatorSchema::find(std::string_view wanted) const {
  for (const SchemaArgument& argument : arguments) {
    if (argument.name == wanted) return &argument;
  }
  return nullptr;
}

const OperatorSchema* find_schema(std::string_view kind, std::string_view overload) {
  for (const OperatorSchema* schema : schemas_of(kind)) {
    if (schema->overload == overload) return schema;
  }
  return nullptr;
}

std::vector<const OperatorSchema*> find_schemas(std::string_view kind) { return schemas_of(kind); }

void complete_arguments(Node& node) {
  const OperatorSchema* schema = find_schema(node.kind, node.overload);
  if (schema == nullptr) return;
  std::vector<NamedArgument> complete;
  for (const SchemaArgument& wanted : schema->arguments) {
    if (const Argument* given = node.find(wanted.name)) {
      complete.push_back({wanted.name, *given});
    } else if (wanted.default_value) {
      complete.push_back({wanted.name, *wanted.default_value});
    } else {
      throw Error(ErrorCategory::kInvalidModel,
                  fmt::format("the argument \"{}\" is missing; the schema is {}", wanted.name, schema->text),
                  node.location());
    }
  }
  for (const NamedArgument& given : node.arguments) {
    if (schema->find(given.name) == nullptr) {
      throw Error(ErrorCategory::kInvalidModel,
                  fmt::format("unknown argument \"{}\"; the schema is {}", given.name, schema->text), node.location());
    }
  }
  node.arguments = std::move(complete);
}

}  // namespace torch2trt
