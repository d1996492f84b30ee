#include "src/passes/aliasing.h"

#include <algorithm>
#include <set>

namespace torch2trt {
namespace {

using Names = std::set<std::string_view>;

const Argument* argument(const Node& node, std::string_view name) { return node.find(name); }

const ValueId* value(const Node& node, std::string_view name) {
  const Argument* found = node.find(name);
  return found != nullptr ? found->as<ValueId>() : nullptr;
}

bool is_true(const Node& node, std::string_view name) {
  const Argument* found = node.find(name);
  const bool* flag = found != nullptr ? found->as<bool>() : nullptr;
  return flag != nullptr && *flag;
}

bool is_given(const Node& node, std::string_view name) {
  const Argument* found = node.find(name);
  return found != nullptr && !found->is_none();
}

// Dropout returns its input in inference, which the schemas do not say.
const Names& dropouts() {
  static const Names names = {"aten::dropout", "aten::feature_dropout", "aten::alpha_dropout",
                              "aten::feature_alpha_dropout"};
  return names;
}

// May return views of their inputs, which the schemas do not say.
const Names& unannotated_views() {
  static const Names names = {"aten::atleast_1d",   "aten::atleast_2d",   "aten::atleast_3d",
                              "aten::einsum",       "aten::meshgrid",     "aten::broadcast_tensors",
                              "aten::unsafe_split", "aten::unsafe_chunk", "aten::unsafe_split_with_sizes",
                              "aten::sum_to_size",  "aten::_unsafe_view"};
  return names;
}

// A view where the input's layout allows it, else a copy.
const Names& layout_dependent() {
  static const Names names = {"aten::reshape", "aten::reshape_as", "aten::flatten", "aten::ravel", "aten::contiguous"};
  return names;
}

std::vector<ValueId> values_in(const Argument* argument) {
  std::vector<ValueId> ids;
  if (argument != nullptr) for_each_value(*argument, [&](ValueId id) { ids.push_back(id); });
  return ids;
}

// x.to(...), x.type_as(...), x.contiguous(): the same tensor, or a copy.
NodeAliasing conversion(const Graph& graph, const Node& node, ValueId self, const Contiguity& contiguity) {
  if (is_true(node, "copy")) return {};
  const std::optional<DType> from = graph.value(self).type.dtype;
  std::optional<DType> to = from;
  if (const ValueId* other = value(node, "other")) to = graph.value(*other).type.dtype;
  if (is_given(node, "dtype")) {
    const DType* dtype = argument(node, "dtype")->as<DType>();
    to = dtype != nullptr ? std::optional<DType>(*dtype) : std::nullopt;
  }
  const bool dtype_unknown = !from || !to;
  if (dtype_unknown && !(from == to && !is_given(node, "dtype") && value(node, "other") == nullptr)) {
    return {Aliasing::kUncertain, {self}};
  }
  if (from != to) return {};
  // A reader may have mapped the devices of the program, so whether this changed the device is no longer known.
  if (is_given(node, "device") || node.overload == "other") return {Aliasing::kUncertain, {self}};
  if (is_given(node, "memory_format")) {
    const auto* format = argument(node, "memory_format")->as<Symbolic>();
    const bool contiguous = format != nullptr && format->name == "contiguous_format";
    if (contiguous && contiguity.is_strided(self)) return {};
    const bool keeps =
        format != nullptr && (format->name == "preserve_format" || (contiguous && contiguity.is_contiguous(self)));
    if (!keeps) return {Aliasing::kUncertain, {self}};
  }
  return {Aliasing::kSame, {self}};
}

}  // namespace

bool makes_container(const Node& node) {
  return node.kind == "prim::ListConstruct" || node.kind == "prim::TupleConstruct" ||
         node.kind == "prim::DictConstruct";
}

bool takes_elements(const Node& node) {
  return node.kind == "prim::ListUnpack" || node.kind == "prim::TupleUnpack" || node.kind == "prim::TupleIndex" ||
         node.kind == "aten::__getitem__" || node.kind == "_operator.getitem";
}

bool reads_only_metadata(const Node& node) {
  static const Names names = {"aten::size",       "aten::sym_size",  "aten::dim",
                              "aten::numel",      "aten::sym_numel", "prim::dtype",
                              "prim::device",     "prim::layout",    "aten::is_floating_point",
                              "aten::is_complex", "prim::is_cuda",   "aten::result_type",
                              "aten::zeros_like", "aten::ones_like", "aten::full_like",
                              "aten::empty_like", "aten::new_zeros", "aten::new_ones",
                              "aten::new_full",   "aten::new_empty"};
  return names.contains(node.kind);
}

std::vector<const SchemaArgument*> written_arguments(const Node& node) {
  std::vector<const SchemaArgument*> written;
  const OperatorSchema* schema = find_schema(node.kind, node.overload);
  if (schema == nullptr) return written;
  for (const SchemaArgument& candidate : schema->arguments) {
    if (candidate.writes && candidate.type.starts_with("Tensor") && is_given(node, candidate.name)) {
      written.push_back(&candidate);
    }
  }
  return written;
}

NodeAliasing aliasing_of(const Graph& graph, const Node& node, const Contiguity& contiguity) {
  if (makes_container(node) || takes_elements(node)) {
    NodeAliasing result{Aliasing::kView, {}};
    for (const NamedArgument& given : node.arguments) {
      for (ValueId id : values_in(&given.value)) result.sources.push_back(id);
    }
    return result;
  }
  if (dropouts().contains(node.kind)) {
    const ValueId* input = value(node, "input");
    const Argument* p = argument(node, "p");
    const bool active = !(argument(node, "train") != nullptr && *argument(node, "train") == Argument(false)) &&
                        !(p != nullptr && *p == Argument(0.0));
    return active || input == nullptr ? NodeAliasing{} : NodeAliasing{Aliasing::kSame, {*input}};
  }
  if (unannotated_views().contains(node.kind)) {
    NodeAliasing result{Aliasing::kUncertain, {}};
    for (const NamedArgument& given : node.arguments) {
      for (ValueId id : values_in(&given.value)) result.sources.push_back(id);
    }
    return result;
  }
  const OperatorSchema* schema = find_schema(node.kind, node.overload);
  if (schema == nullptr) return {};
  const ValueId* self = value(node, "self");
  if (self != nullptr && (node.kind == "aten::to" || node.kind == "aten::type_as")) {
    return conversion(graph, node, *self, contiguity);
  }
  NodeAliasing result;
  bool declared = false;  // an output says which input it is of
  for (const SchemaReturn& output : schema->returns) declared = declared || !output.alias.empty();
  for (const SchemaArgument& input : schema->arguments) {
    if (input.alias.empty() || input.writes) continue;
    // Lists of views, `Tensor(a -> *) self -> Tensor(a)[]`, name the set only inside the list.
    for (ValueId id : values_in(argument(node, input.name))) result.sources.push_back(id);
  }
  if (result.sources.empty() || schema->returns.empty()) return {};
  if (!declared && !std::all_of(schema->returns.begin(), schema->returns.end(),
                                [](const SchemaReturn& output) { return output.type.starts_with("Tensor"); })) {
    return {};
  }
  result.aliasing = Aliasing::kView;
  if (node.kind == "aten::contiguous") {
    const Argument* format = argument(node, "memory_format");
    const Symbolic* name = format != nullptr ? format->as<Symbolic>() : nullptr;
    const bool plain = format == nullptr || (name != nullptr && name->name == "contiguous_format");
    if (self != nullptr && plain && contiguity.is_strided(*self)) return {};
    const bool same = self != nullptr && plain && contiguity.is_contiguous(*self);
    result.aliasing = same ? Aliasing::kSame : Aliasing::kUncertain;
  } else if (layout_dependent().contains(node.kind)) {
    const auto view = contiguity.reshapes_in_place(graph, node);
    if (view == false) return {};
    result.aliasing = view ? Aliasing::kView : Aliasing::kUncertain;
  } else if (node.kind.starts_with("aten::as_strided") || node.kind == "aten::_reshape_alias") {
    // Their results depend on the memory's layout, which a recomputed base need not have.
    result.aliasing = Aliasing::kUncertain;
  }
  return result;
}

}  // namespace torch2trt
