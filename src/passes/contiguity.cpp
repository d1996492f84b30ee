#include "src/passes/contiguity.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "src/passes/aliasing.h"

namespace torch2trt {
namespace {

using Names = std::set<std::string_view>;

const Argument* argument_of(const Node& node, std::string_view name) { return node.find(name); }

const ValueId* value_of(const Node& node, std::string_view name) {
  const Argument* found = node.find(name);
  return found != nullptr ? found->as<ValueId>() : nullptr;
}

bool is_given(const Node& node, std::string_view name) {
  const Argument* found = node.find(name);
  return found != nullptr && !found->is_none();
}

// Give a contiguous result for contiguous inputs.
const Names& keep_contiguity() {
  static const Names names = {
      // views and identities
      "aten::view", "aten::reshape", "aten::view_as", "aten::reshape_as", "aten::flatten", "aten::ravel",
      "aten::unflatten", "aten::squeeze", "aten::unsqueeze", "aten::alias", "aten::detach", "aten::lift_fresh",
      "aten::lift_fresh_copy", "aten::dropout", "aten::to", "aten::_to_copy", "aten::clone", "aten::type_as",
      // elementwise
      "aten::add", "aten::sub", "aten::rsub", "aten::mul", "aten::div", "aten::floor_divide", "aten::remainder",
      "aten::pow", "aten::neg", "aten::abs", "aten::sqrt", "aten::rsqrt", "aten::exp", "aten::log", "aten::sin",
      "aten::cos", "aten::tanh", "aten::sigmoid", "aten::relu", "aten::relu6", "aten::leaky_relu", "aten::elu",
      "aten::gelu", "aten::silu", "aten::mish", "aten::softplus", "aten::hardtanh", "aten::hardswish",
      "aten::hardsigmoid", "aten::clamp", "aten::clamp_min", "aten::clamp_max", "aten::erf", "aten::floor",
      "aten::ceil", "aten::round", "aten::reciprocal", "aten::square", "aten::where", "aten::masked_fill", "aten::eq",
      "aten::ne", "aten::lt", "aten::le", "aten::gt", "aten::ge", "aten::logical_and", "aten::logical_or",
      "aten::logical_not", "aten::bitwise_and", "aten::bitwise_or", "aten::bitwise_not", "aten::maximum",
      "aten::minimum",
      // kernels that allocate their result
      "aten::conv1d", "aten::conv2d", "aten::conv3d", "aten::convolution", "aten::linear", "aten::mm", "aten::bmm",
      "aten::addmm", "aten::batch_norm", "aten::layer_norm", "aten::group_norm", "aten::softmax", "aten::log_softmax",
      "aten::max_pool2d", "aten::avg_pool2d", "aten::adaptive_avg_pool2d", "aten::cat", "aten::stack",
      "aten::embedding", "aten::constant_pad_nd", "aten::cumsum", "aten::zeros_like", "aten::ones_like",
      "aten::full_like", "aten::empty_like", "aten::rand_like", "aten::randn_like"};
  return names;
}

// Give a contiguous result whatever their inputs.
const Names& always_contiguous() {
  static const Names names = {"aten::zeros",     "aten::ones",          "aten::full",     "aten::empty",
                              "aten::arange",    "aten::linspace",      "aten::eye",      "aten::rand",
                              "aten::randn",     "aten::new_zeros",     "aten::new_ones", "aten::new_full",
                              "aten::new_empty", "aten::scalar_tensor", "aten::repeat"};
  return names;
}

std::optional<std::int64_t> integer(const Node& node, std::string_view name) {
  const Argument* found = node.find(name);
  const auto* number = found != nullptr ? found->as<std::int64_t>() : nullptr;
  return number != nullptr ? std::optional<std::int64_t>(*number) : std::nullopt;
}

std::optional<std::int64_t> axis(const Node& node, std::string_view name, std::int64_t rank) {
  auto number = integer(node, name);
  if (number && *number < 0) *number += rank;
  return number && *number >= 0 && *number < rank ? number : std::nullopt;
}

HostTensor contiguous_layout(const std::vector<std::int64_t>& sizes) {
  HostTensor layout;
  layout.sizes = sizes;
  layout.strides = contiguous_strides(sizes);
  return layout;
}

std::optional<std::vector<std::int64_t>> static_sizes_of(const Type& type) {
  if (!type.sizes) return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (const Size& size : *type.sizes) {
    if (size.value < 0) return std::nullopt;
    sizes.push_back(size.value);
  }
  return sizes;
}

// The order of dimensions that a node gives its input of `rank`; nullopt for other nodes.
std::optional<std::vector<std::int64_t>> permutation(const Node& node, std::int64_t rank) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  const auto swapped = [&](std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
    if (a && b) std::swap(order[static_cast<std::size_t>(*a)], order[static_cast<std::size_t>(*b)]);
    return a && b ? std::optional(order) : std::nullopt;
  };
  if (node.kind == "aten::alias" || node.kind == "aten::detach") return order;
  if (node.kind == "aten::numpy_T" || (node.kind == "aten::t" && rank <= 2)) {
    std::reverse(order.begin(), order.end());
    return order;
  }
  if (node.kind == "aten::mT" && rank >= 2) return swapped(rank - 1, rank - 2);
  if (node.kind == "aten::transpose" || node.kind == "aten::swapdims")
    return swapped(axis(node, "dim0", rank), axis(node, "dim1", rank));
  if (node.kind == "aten::swapaxes") return swapped(axis(node, "axis0", rank), axis(node, "axis1", rank));
  if (node.kind != "aten::permute") return std::nullopt;
  const Argument* dims = node.find("dims");
  const auto* list = dims != nullptr ? dims->as<Argument::List>() : nullptr;
  if (list == nullptr || list->size() != order.size()) return std::nullopt;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto* position = (*list)[i].as<std::int64_t>();
    if (position == nullptr || *position < -rank || *position >= rank) return std::nullopt;
    order[i] = *position < 0 ? *position + rank : *position;
  }
  return order;
}

// Whether elements laid out so can be seen as `wanted` sizes: each run of dimensions that lie together must be cut as
// a whole.
bool can_view(const HostTensor& layout, const std::vector<std::int64_t>& wanted) {
  if (layout.numel() == 0 || layout.is_contiguous()) return true;
  std::size_t next = wanted.size();
  std::int64_t run = 1;
  for (std::size_t i = layout.sizes.size(); i-- > 0;) {
    run *= layout.sizes[i];
    std::size_t outer = i;  // behind the next one outward that has more than one element
    while (outer > 0 && layout.sizes[outer - 1] == 1) --outer;
    const bool joined =
        outer > 0 && layout.sizes[i] != 1 && layout.strides[outer - 1] == layout.strides[i] * layout.sizes[i];
    if (joined || layout.sizes[i] == 1) continue;
    std::int64_t covered = 1;
    while (next > 0 && covered * wanted[next - 1] <= run) covered *= wanted[--next];
    if (covered != run) return false;
    run = 1;
  }
  return true;
}

// The sizes that a reshape names, where they are constants; `count` elements in all.
std::optional<std::vector<std::int64_t>> asked_sizes(const Node& node, std::int64_t count) {
  if (node.kind == "aten::ravel") return std::vector{count};
  const Argument* shape = node.find("shape");
  const auto* list = shape != nullptr ? shape->as<Argument::List>() : nullptr;
  if (list == nullptr) return std::nullopt;
  std::vector<std::int64_t> sizes;
  for (const Argument& item : *list) {
    const auto* size = item.as<std::int64_t>();
    if (size == nullptr) return std::nullopt;
    sizes.push_back(*size);
  }
  const auto rest = std::find(sizes.begin(), sizes.end(), -1);
  const std::int64_t others = rest == sizes.end() ? 1 : -numel_of(sizes);
  if (rest != sizes.end() && others != 0) *rest = count / others;
  return sizes;
}

}  // namespace

Contiguity::Contiguity(const Graph& graph) : facts_(graph.values.size()) {
  for (const Input& input : graph.inputs) set_contiguous(input.value, graph.value(input.value).type);
  for (const Parameter& parameter : graph.parameters) {
    HostTensor layout;
    layout.sizes = parameter.data.sizes;
    layout.strides = parameter.data.strides;
    facts_.at(static_cast<std::size_t>(parameter.value.index)) = {parameter.data.is_contiguous(), layout};
  }
}

const Contiguity::Facts* Contiguity::facts(ValueId id) const {
  const auto index = static_cast<std::size_t>(id.index);
  return index < facts_.size() ? &facts_[index] : nullptr;
}

bool Contiguity::is_contiguous(ValueId id) const {
  const Facts* known = facts(id);
  return known != nullptr && known->contiguous;
}

bool Contiguity::is_strided(ValueId id) const {
  const Facts* known = facts(id);
  return known != nullptr && known->layout && !known->layout->is_contiguous();
}

std::optional<bool> Contiguity::reshapes_in_place(const Graph& graph, const Node& node) const {
  const ValueId* self = value_of(node, "self");
  if (self == nullptr || node.outputs.size() != 1) return std::nullopt;
  if (is_contiguous(*self)) return true;
  const Facts* known = facts(*self);
  if (known == nullptr || !known->layout) return std::nullopt;
  const auto recorded = static_sizes_of(graph.value(node.outputs[0]).type);
  const auto sizes = recorded ? recorded : asked_sizes(node, known->layout->numel());
  if (!sizes || numel_of(*sizes) != known->layout->numel()) return std::nullopt;
  return can_view(*known->layout, *sizes);
}

void Contiguity::set_contiguous(ValueId id, const Type& type) {
  const auto sizes = static_sizes_of(type);
  facts_.at(static_cast<std::size_t>(id.index)) = {true,
                                                   sizes ? std::optional(contiguous_layout(*sizes)) : std::nullopt};
}

void Contiguity::observe(const Graph& graph, const Node& node) {
  const bool contiguous = makes_contiguous(graph, node);
  const std::optional<HostTensor> layout = layout_of_view(node);
  facts_.resize(graph.values.size());
  for (ValueId output : node.outputs) {
    facts_[static_cast<std::size_t>(output.index)] = {contiguous || (layout && layout->is_contiguous()), layout};
    if (contiguous && !layout) set_contiguous(output, graph.value(output).type);
  }
}

bool Contiguity::makes_contiguous(const Graph& graph, const Node& node) const {
  if (node.kind == "aten::contiguous" || is_given(node, "memory_format")) {
    const Argument* format = argument_of(node, "memory_format");
    const Symbolic* name = format != nullptr ? format->as<Symbolic>() : nullptr;
    if (name == nullptr) return node.kind == "aten::contiguous" && !is_given(node, "memory_format");
    if (name->name == "contiguous_format") return true;
    if (name->name != "preserve_format") return false;
  }
  if (always_contiguous().contains(node.kind)) return true;
  // A reshape that copies makes what it copies contiguous.
  const bool reshapes = node.kind == "aten::reshape" || node.kind == "aten::flatten" || node.kind == "aten::ravel";
  if (reshapes && reshapes_in_place(graph, node) == false) return true;
  const auto whole_of_axis_0 = [&] {
    const Argument* dim = argument_of(node, "dim");
    const Argument* step = argument_of(node, "step");
    return dim != nullptr && *dim == Argument(0) && (step == nullptr || *step == Argument(1));
  };
  std::string_view kind = node.kind;
  const bool in_place = kind.ends_with('_') && !written_arguments(node).empty();
  if (in_place) {
    const ValueId* self = value_of(node, "self");
    return self != nullptr && is_contiguous(*self);
  }
  const bool rows = (kind == "aten::select" || kind == "aten::slice" || kind == "aten::narrow" ||
                     kind == "aten::split" || kind == "aten::chunk" || kind == "aten::unbind") &&
                    whole_of_axis_0();
  if (!rows && !keep_contiguity().contains(kind) && !takes_elements(node)) return false;
  bool contiguous = true;
  for (const NamedArgument& given : node.arguments) {
    for_each_value(given.value, [&](ValueId id) {
      const Type::Kind type = graph.value(id).type.kind;
      const bool scalar = type == Type::Kind::kInt || type == Type::Kind::kFloat || type == Type::Kind::kBool;
      contiguous = contiguous && (scalar || is_contiguous(id));
    });
  }
  return contiguous;
}

// Of views whose sizes and positions are constants.
std::optional<HostTensor> Contiguity::layout_of_view(const Node& node) const {
  const ValueId* self = value_of(node, "self");
  const Facts* known = self != nullptr ? facts(*self) : nullptr;
  if (known == nullptr || !known->layout) return std::nullopt;
  HostTensor layout = *known->layout;
  if (const auto order = permutation(node, layout.rank())) return permuted(layout, *order);
  const bool selects = node.kind == "aten::select";
  if (!selects && node.kind != "aten::slice" && node.kind != "aten::narrow") return std::nullopt;
  const auto along = axis(node, "dim", layout.rank());
  if (!along) return std::nullopt;
  const auto at = static_cast<std::size_t>(*along);
  if (selects) {
    layout.sizes.erase(layout.sizes.begin() + *along);
    layout.strides.erase(layout.strides.begin() + *along);
    return layout;
  }
  if (node.kind == "aten::narrow") {
    const auto length = integer(node, "length");
    if (length) layout.sizes[at] = *length;
    return length ? std::optional(layout) : std::nullopt;
  }
  const auto step = integer(node, "step");
  const auto bound = [&](std::string_view name, std::int64_t otherwise) -> std::optional<std::int64_t> {
    const auto given = is_given(node, name) ? integer(node, name) : std::optional(otherwise);
    if (!given) return std::nullopt;
    return std::clamp<std::int64_t>(*given < 0 ? *given + layout.sizes[at] : *given, 0, layout.sizes[at]);
  };
  const auto start = bound("start", 0);
  const auto end = bound("end", layout.sizes[at]);
  if (!step || *step < 1 || !start || !end) return std::nullopt;
  layout.sizes[at] = std::max<std::int64_t>((*end - *start + *step - 1) / *step, 0);
  layout.strides[at] *= *step;
  return layout;
}

void Contiguity::forget(ValueId id) {
  if (facts(id) != nullptr) facts_[static_cast<std::size_t>(id.index)] = {};
}

}  // namespace torch2trt
