#include "src/passes/in_place.h"

#include <algorithm>
#include <set>

namespace torch2trt {
namespace {

using Names = std::set<std::string_view>;

// These change the memory a tensor has, not only its content. (`resize` exists but is another function.)
const Names& impossible() {
  static const Names names = {
      "aten::resize_",     "aten::resize_as_", "aten::resize_as_sparse_", "aten::set_",
      "aten::as_strided_", "aten::rename_",    "aten::_resize_output_",   "aten::copy_sparse_to_sparse_"};
  return names;
}

// The functional operator's name; "" for none.
std::string functional_kind(const Node& node) {
  const std::string& kind = node.kind;
  if (impossible().contains(kind)) return {};
  if (kind == "aten::normal_") return "aten::normal_functional";
  const std::size_t name = kind.find("::") == std::string::npos ? 0 : kind.find("::") + 2;
  // __iand__ -> __and__; the others of that form are spelled add_, sub_, ... by both front ends.
  if (kind.ends_with("__") && kind.compare(name, 3, "__i") == 0) {
    return kind.substr(0, name) + "__" + kind.substr(name + 3);
  }
  if (kind.ends_with('_') && !kind.ends_with("__")) return kind.substr(0, kind.size() - 1);
  return {};
}

// Inference's dropout_ is nothing; training's has another argument name than dropout.
bool is_dropout(const Node& node) { return node.kind.ends_with("dropout_") && node.find("train") != nullptr; }

// Whether `schema` is a function of just the arguments that `node`, an operator of `in_place`, has. Their types matter:
// pow_.Scalar(Tensor self, Scalar exponent) is not pow.Scalar(Scalar self, Tensor exponent) but pow.Tensor_Scalar.
bool fits(const OperatorSchema& schema, const OperatorSchema* in_place, const Node& node) {
  const auto takes = [&](const NamedArgument& given) {
    const SchemaArgument* wanted = schema.find(given.name);
    const SchemaArgument* had = in_place == nullptr ? nullptr : in_place->find(given.name);
    return wanted != nullptr && (had == nullptr || had->type == wanted->type);
  };
  return !schema.is_mutable() && schema.returns.size() == 1 && schema.returns[0].type == "Tensor" &&
         std::all_of(node.arguments.begin(), node.arguments.end(), takes);
}

const OperatorSchema* functional_schema(const Node& node) {
  const std::string kind = functional_kind(node);
  if (kind.empty()) return nullptr;
  const OperatorSchema* in_place = find_schema(node.kind, node.overload);
  const OperatorSchema* schema = find_schema(kind, node.overload);
  if (schema != nullptr && fits(*schema, in_place, node)) return schema;
  // Some have another overload name: pow_.Tensor is pow.Tensor_Tensor, transpose_ is transpose.int.
  if (in_place == nullptr) return nullptr;
  for (const OperatorSchema* candidate : find_schemas(kind)) {
    if (fits(*candidate, in_place, node) &&
        std::equal(candidate->arguments.begin(), candidate->arguments.end(), in_place->arguments.begin(),
                   in_place->arguments.end(), [](const SchemaArgument& a, const SchemaArgument& b) {
                     return a.name == b.name && a.type == b.type;
                   })) {
      return candidate;
    }
  }
  return nullptr;
}

Node functional_node(const Node& node) {
  Node result = node;
  result.outputs.clear();
  if (is_dropout(node)) {
    result.kind.pop_back();
    for (NamedArgument& given : result.arguments) {
      if (given.name == "self") given.name = "input";
    }
    return result;
  }
  const OperatorSchema* schema = functional_schema(node);
  result.kind = schema->kind;
  result.overload = schema->overload;
  return result;
}

// The functional form's result has the type of `self` whatever the other arguments are.
bool keeps_type(std::string_view kind) {
  static const Names names = {"aten::index_put_",
                              "aten::_index_put_impl_",
                              "aten::index_fill_",
                              "aten::index_copy_",
                              "aten::index_add_",
                              "aten::masked_fill_",
                              "aten::masked_scatter_",
                              "aten::scatter_",
                              "aten::scatter_add_",
                              "aten::put_",
                              "aten::fill_",
                              "aten::copy_",
                              "aten::relu_",
                              "aten::triu_",
                              "aten::tril_",
                              "aten::cumsum_",
                              "aten::dropout_",
                              "aten::alpha_dropout_",
                              "aten::feature_dropout_",
                              "aten::feature_alpha_dropout_",
                              "aten::fill_diagonal_",
                              "aten::scatter_reduce_"};
  return names.contains(kind);
}

// The functional form's result is bool.
bool compares(std::string_view kind) {
  static const Names names = {"aten::eq_",
                              "aten::ne_",
                              "aten::lt_",
                              "aten::le_",
                              "aten::gt_",
                              "aten::ge_",
                              "aten::equal_",
                              "aten::greater_",
                              "aten::less_",
                              "aten::not_equal_",
                              "aten::greater_equal_",
                              "aten::less_equal_",
                              "aten::logical_and_",
                              "aten::logical_or_",
                              "aten::logical_xor_",
                              "aten::logical_not_"};
  return names.contains(kind);
}

// An in-place operator keeps the type of what it writes; the functional one promotes.
bool may_change_type(const Graph& graph, const Node& node, const Type& self) {
  if (keeps_type(node.kind)) return false;
  if (compares(node.kind)) return self.dtype != DType::kBool;
  bool may = false;
  for (const NamedArgument& given : node.arguments) {
    if (given.name == "self") continue;
    for_each_value(given.value, [&](ValueId id) {
      const Type& type = graph.value(id).type;
      const bool number =
          type.kind == Type::Kind::kInt || type.kind == Type::Kind::kFloat || type.kind == Type::Kind::kBool;
      may = may || (!number && (!type.dtype || type.dtype != self.dtype));
    });
  }
  return may;
}

bool same_sizes(const Type& a, const Type& b) {
  if (!a.sizes || !b.sizes || *a.sizes != *b.sizes) return false;
  return std::none_of(a.sizes->begin(), a.sizes->end(),
                      [](const Size& size) { return size.value < 0 && size.symbol.empty(); });
}

// self.copy_(src): what self then holds is src, in self's type and sizes.
ValueId copied(Emitter& emit, const Node& node, const Type& self, std::string_view name) {
  const Argument& target = *node.find("self");
  const ValueId* source = node.find("src")->as<ValueId>();
  const Type type = source != nullptr ? emit.graph().value(*source).type : Type();
  if (source == nullptr || !self.dtype || !type.dtype || !self.sizes || !type.sizes) {
    return emit("aten::copy", {{"self", target}, {"src", *node.find("src")}}, self, name);
  }
  const ValueId value = cast(emit, *source, *self.dtype);
  if (same_sizes(self, type)) return value;
  Argument::List sizes;
  for (const Size& size : *self.sizes) sizes.emplace_back(size.value);
  const bool is_static =
      std::none_of(self.sizes->begin(), self.sizes->end(), [](const Size& size) { return size.value < 0; });
  if (is_static) return emit("aten::expand", {{"self", value}, {"size", sizes}}, self, name);
  return emit("aten::expand_as", {{"self", value}, {"other", target}}, self, name);
}

}  // namespace

InPlace in_place_form(const Node& node) {
  if (node.kind == "aten::requires_grad_" || node.kind == "aten::retain_grad") return InPlace::kNothing;
  if ((node.kind == "aten::copy_" || node.kind == "aten::zero_") && node.overload.empty()) return InPlace::kValue;
  if (is_dropout(node)) return *node.find("train") == Argument(false) ? InPlace::kNothing : InPlace::kValue;
  const OperatorSchema* schema = functional_schema(node);
  if (schema == nullptr) return InPlace::kNone;
  return schema->returns[0].alias.empty() ? InPlace::kValue : InPlace::kGeometry;
}

bool overwrites_all(const Node& node) {
  return node.kind == "aten::zero_" || node.kind == "aten::fill_" || node.kind == "aten::copy_";
}

ValueId emit_functional(Emitter& emit, const Node& node, const Type& self) {
  const ValueId target = *node.find("self")->as<ValueId>();
  const std::string name =
      node.outputs.empty() ? emit.graph().value(target).name : emit.graph().value(node.outputs[0]).name;
  if (node.kind == "aten::zero_") return emit("aten::zeros_like", {{"self", target}}, self, name);
  if (node.kind == "aten::fill_" && node.overload == "Scalar") {
    return emit("aten::full_like", {{"self", target}, {"fill_value", *node.find("value")}}, self, name);
  }
  if (node.kind == "aten::copy_") return copied(emit, node, self, name);
  const Node functional = functional_node(node);
  const bool changes_type = may_change_type(emit.graph(), node, self);
  const Type type = changes_type ? tensor_type({}, self.sizes) : self;
  const ValueId value = emit(functional.qualified(), functional.arguments, type, name);
  if (!changes_type) return value;
  if (self.dtype) return cast(emit, value, *self.dtype);
  return emit("aten::type_as", {{"self", value}, {"other", target}}, self, name);
}

Node functional_view(const Node& node) { return functional_node(node); }

}  // namespace torch2trt
