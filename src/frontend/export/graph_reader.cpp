#include "src/frontend/export/graph_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/frontend/export/arguments.h"
#include "src/frontend/export/location.h"
#include "src/frontend/export/scalar_operators.h"
#include "src/frontend/export/tensor_meta.h"
#include "src/torch/schema.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

constexpr std::string_view kOperators = "torch.ops.";
constexpr std::string_view kHigherOrder = "torch.ops.higher_order.";

// Sizes of symbolic tensors as operators: torch.export names them apart from those that give plain integers.
std::string_view plain_kind(std::string_view kind) {
  if (kind == "aten::sym_size") return "aten::size";
  if (kind == "aten::sym_stride") return "aten::stride";
  if (kind == "aten::sym_numel") return "aten::numel";
  if (kind == "aten::sym_storage_offset") return "aten::storage_offset";
  return kind;
}

std::string metadata_of(const Json& node_record, const char* name) {
  const Json* metadata = find_field(node_record, "metadata");
  const Json* value = metadata == nullptr ? nullptr : find_field(*metadata, name);
  return value == nullptr ? std::string() : text(*value, name);
}

// The arguments, by the file's names or, where it has none, by position.
void read_arguments(Node& node, const Json& node_record, const Names& names) {
  for (const Json& input : array_field(node_record, "inputs")) {
    std::string name = text_field(input, "name");
    if (name.empty()) name = fmt::format("arg{}", node.arguments.size());
    if (node.find(name) != nullptr) malformed(fmt::format("the argument \"{}\" is given twice", name));
    node.arguments.push_back({std::move(name), argument_of(field(input, "arg"), names)});
  }
}

Type output_type(const Json& argument, const std::string& name, const Json& record) {
  const Union output = union_of(argument, "an output");
  if (output.tag == "as_tensor" || output.tag == "as_optional_tensor") {
    if (name.empty()) return {.kind = Type::Kind::kNone};
    const Json* metas = find_field(record, "tensor_values");
    const Json* meta = metas == nullptr ? nullptr : find_field(*metas, name.c_str());
    return meta == nullptr ? Type{.kind = Type::Kind::kTensor} : tensor_type(*meta);
  }
  if (output.tag == "as_sym_int") return {.kind = Type::Kind::kInt};
  if (output.tag == "as_sym_float") return {.kind = Type::Kind::kFloat};
  if (output.tag == "as_sym_bool") return {.kind = Type::Kind::kBool};
  return constant_type(argument);
}

}  // namespace

Type constant_type(const Json& argument) {
  const std::string_view tag = union_of(argument, "a constant").tag;
  if (tag == "as_int") return {.kind = Type::Kind::kInt};
  if (tag == "as_float") return {.kind = Type::Kind::kFloat};
  if (tag == "as_bool") return {.kind = Type::Kind::kBool};
  if (tag == "as_string") return {.kind = Type::Kind::kString};
  if (tag == "as_none") return {.kind = Type::Kind::kNone};
  return {.kind = Type::Kind::kObject};
}

std::string output_name(const Json& argument) {
  const Union output = union_of(argument, "an output");
  if (output.tag == "as_tensor" || output.tag == "as_custom_obj") return text_field(output.value, "name");
  if (output.tag == "as_optional_tensor") return output_name(output.value);
  if (output.tag == "as_sym_int" || output.tag == "as_sym_float" || output.tag == "as_sym_bool") {
    const Union number = union_of(output.value, "an output");
    return number.tag == "as_name" ? text(number.value, "as_name") : std::string();
  }
  if (output.tag == "as_none" || output.tag == "as_int" || output.tag == "as_float" || output.tag == "as_bool" ||
      output.tag == "as_string") {
    return {};
  }
  malformed(fmt::format("an output has the unknown form \"{}\"", output.tag));
}

Node node_of_target(const std::string& target) {
  Node node;
  if (std::string_view(target).starts_with(kHigherOrder)) {
    node.kind = "higher_order::" + target.substr(kHigherOrder.size());
    return node;
  }
  if (!std::string_view(target).starts_with(kOperators)) {
    const std::size_t dot = target.rfind('.');
    node.kind = dot == std::string::npos ? target : target.substr(0, dot) + "::" + target.substr(dot + 1);
    return node;
  }
  const std::string name = target.substr(kOperators.size());
  const std::size_t first = name.find('.');
  const std::size_t last = name.rfind('.');
  if (first == std::string::npos || first == last) {
    malformed(fmt::format("the operator \"{}\" is not torch.ops.<library>.<name>.<overload>", target));
  }
  node.kind = plain_kind(name.substr(0, first) + "::" + name.substr(first + 1, last - first - 1));
  node.overload = name.substr(last + 1);
  if (node.overload == "default") node.overload.clear();
  return node;
}

ValueId GraphReader::define(const Json& argument, const Json& record, Names& names) {
  const std::string name = output_name(argument);
  const ValueId id = graph_.add_value(name.empty() ? "unused" : name, output_type(argument, name, record));
  if (!name.empty()) names.define(name, id);
  return id;
}

void GraphReader::read_nodes(const Json& record, Names& names, std::vector<Node>& nodes) {
  const Json& records = array_field(record, "nodes");
  nodes.reserve(nodes.size() + records.size());
  for (const Json& node_record : records) read_node(node_record, record, names, nodes);
}

void GraphReader::read_node(const Json& node_record, const Json& record, Names& names, std::vector<Node>& nodes) {
  const std::string& target = text_field(node_record, "target");
  Node node = node_of_target(target);
  node.scope = scope_of(metadata_of(node_record, "nn_module_stack"));
  node.source = source_of(metadata_of(node_record, "stack_trace"));
  const SourceLocation location = node.location();
  try {
    if (node.kind.starts_with("higher_order::"))
      return read_higher_order(std::move(node), node_record, record, names, nodes);
    read_arguments(node, node_record, names);
    const bool is_operator = std::string_view(target).starts_with(kOperators);
    if (!is_operator && read_scalar_operator(node, target, node_record, names)) {
      if (node.kind.empty()) return;
    } else if (const OperatorSchema* schema = find_schema(node.kind, node.overload)) {
      for (NamedArgument& argument : node.arguments) {
        const SchemaArgument* wanted = schema->find(argument.name);
        if (wanted != nullptr) argument.value = fit_to_schema(std::move(argument.value), wanted->type);
      }
      complete_arguments(node);
    }
    add_node(std::move(node), node_record, record, names, nodes);
  } catch (const Error& error) {
    if (error.has_location()) throw;
    Error located(error.category(), error.message(), location);
    if (error.category() == ErrorCategory::kUnsupportedOperator) {
      located.set_unsupported({{location.node, error.message(), location}});
    }
    throw located;
  }
}

Type::Kind GraphReader::scalar_type(const Argument& argument) const {
  if (const auto* id = argument.as<ValueId>()) return graph_.value(*id).type.kind;
  if (argument.as<bool>() != nullptr) return Type::Kind::kBool;
  if (argument.as<std::int64_t>() != nullptr) return Type::Kind::kInt;
  if (argument.as<double>() != nullptr) return Type::Kind::kFloat;
  return Type::Kind::kUnknown;
}

bool GraphReader::read_scalar_operator(Node& node, const std::string& target, const Json& node_record,
                                       Names& names) const {
  if (target == "torch.sym_sum" && node.arguments.size() == 1) {
    node.kind = "aten::sum";
    node.overload = "int";
    node.arguments[0].name = "self";
    return true;
  }
  if (target == "_operator.getitem" && node.arguments.size() == 2) {
    node.kind = "aten::__getitem__";
    node.overload = "t";
    node.arguments[0].name = "list";
    node.arguments[1].name = "idx";
    return true;
  }
  std::vector<Type::Kind> types;
  for (const NamedArgument& argument : node.arguments) types.push_back(scalar_type(argument.value));
  const auto op = scalar_operator(target, types);
  if (!op) return false;
  if (op->kind.empty()) {
    const Json& outputs = array_field(node_record, "outputs");
    if (outputs.size() != 1) malformed(fmt::format("the operator has {} outputs, not one", outputs.size()));
    const std::string name = output_name(outputs[0]);
    if (!name.empty()) names.define(name, node.arguments[0].value);
    node.kind.clear();
    return true;
  }
  node.kind = op->kind;
  node.overload = op->overload;
  // The file's names are the Python function's; what counts is the position.
  for (std::size_t i = 0; i < node.arguments.size(); ++i) node.arguments[i].name = op->argument_names[i];
  return true;
}

// view(x, [s0, s1, 4, -1]) of [s0, s1, 32]: that the last is 8 the program says, and TensorRT could not tell.
void GraphReader::complete_reshape(Node& node) const {
  const bool reshapes = node.kind == "aten::view" || node.kind == "aten::reshape" || node.kind == "aten::_unsafe_view";
  if (!reshapes || node.outputs.size() != 1) return;
  const auto& declared = graph_.value(node.outputs[0]).type.sizes;
  const auto is_dynamic = [](const Size& size) { return size.value < 0; };
  if (!declared || std::none_of(declared->begin(), declared->end(), is_dynamic)) return;
  for (NamedArgument& argument : node.arguments) {
    auto* sizes = std::get_if<Argument::List>(&argument.value.data);
    if (sizes == nullptr || sizes->size() != declared->size()) continue;
    for (std::size_t i = 0; i < sizes->size(); ++i) {
      if ((*sizes)[i] == Argument(-1) && !is_dynamic((*declared)[i])) (*sizes)[i] = (*declared)[i].value;
    }
  }
}

void GraphReader::add_node(Node node, const Json& node_record, const Json& record, Names& names,
                           std::vector<Node>& nodes) {
  const Json* given_name = find_field(node_record, "name");
  const std::string list_name =
      given_name != nullptr ? text(*given_name, "the node's name") : node.kind.substr(node.kind.rfind(':') + 1);
  std::vector<Node> unpacks;
  for (const Json& output : array_field(node_record, "outputs")) {
    const Union form = union_of(output, "an output");
    if (form.tag != "as_tensors" && form.tag != "as_optional_tensors") {
      node.outputs.push_back(define(output, record, names));
      continue;
    }
    const ValueId list = graph_.add_value(list_name, {.kind = Type::Kind::kList});
    node.outputs.push_back(list);
    Node unpack{.kind = "prim::ListUnpack", .arguments = {{"list", list}}, .scope = node.scope, .source = node.source};
    if (!form.value.is_array()) malformed("a list of outputs is no array");
    for (const Json& item : form.value) {
      const Json argument = {{form.tag == "as_tensors" ? "as_tensor" : "as_optional_tensor", item}};
      unpack.outputs.push_back(define(argument, record, names));
    }
    unpacks.push_back(std::move(unpack));
  }
  complete_reshape(node);
  nodes.push_back(std::move(node));
  for (Node& unpack : unpacks) nodes.push_back(std::move(unpack));
}

}  // namespace torch2trt::pt2
