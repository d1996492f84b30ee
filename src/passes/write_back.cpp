#include "src/passes/write_back.h"

#include <algorithm>
#include <map>

namespace torch2trt {
namespace {

struct Write {
  Emitter& emit;
  const Node& view;
  std::size_t element;
  const ViewBase& base;
  ValueId written;

  Argument argument(std::string_view name) const {
    const Argument* found = view.find(name);
    return found != nullptr ? *found : Argument();
  }
  std::optional<std::int64_t> number(std::string_view name) const {
    const Argument found = argument(name);
    const auto* constant = found.as<std::int64_t>();
    return constant != nullptr ? std::optional<std::int64_t>(*constant) : std::nullopt;
  }
  // Size of the base along an axis that may count from the end.
  std::optional<std::int64_t> extent(std::int64_t axis) const {
    const std::optional<std::int64_t> rank = rank_of(base.type);
    if (!rank) return std::nullopt;
    if (axis < 0) axis += *rank;
    if (axis < 0 || axis >= *rank) return std::nullopt;
    const Size& size = (*base.type.sizes)[static_cast<std::size_t>(axis)];
    return size.value >= 0 ? std::optional<std::int64_t>(size.value) : std::nullopt;
  }
  // The same where only the run knows it.
  Argument size_along(std::int64_t axis) const {
    if (const auto known = extent(axis)) return *known;
    return arithmetic("aten::size.int", {{"self", base.shape}, {"dim", axis}});
  }
  Argument arithmetic(std::string_view qualified, std::vector<NamedArgument> arguments) const {
    return emit(qualified, std::move(arguments), Type{Type::Kind::kInt, {}, {}}, base.name + "_size");
  }
  ValueId make(std::string_view qualified, std::vector<NamedArgument> arguments) const {
    return emit(qualified, std::move(arguments), base.type, base.name);
  }
  // The content must exist before the node that reads it: evaluated here, not in the argument list.
  ValueId scatter(std::string_view qualified, std::vector<NamedArgument> where) const {
    std::vector<NamedArgument> arguments = {{"self", base.content()}, {"src", written}};
    arguments.insert(arguments.end(), where.begin(), where.end());
    return make(qualified, std::move(arguments));
  }
  ValueId slice_scatter(const Argument& dim, const Argument& start, const Argument& end, const Argument& step) const {
    return scatter("aten::slice_scatter", {{"dim", dim}, {"start", start}, {"end", end}, {"step", step}});
  }
};

using Inverse = std::optional<ValueId> (*)(const Write&);

std::optional<ValueId> identity(const Write& write) { return write.written; }

// The written value, in the shape of the base.
std::optional<ValueId> reshape(const Write& write) {
  if (!write.base.type.sizes) {
    return write.make("aten::reshape_as", {{"self", write.written}, {"other", write.base.shape}});
  }
  const std::vector<Size>& sizes = *write.base.type.sizes;
  const bool empty = std::any_of(sizes.begin(), sizes.end(), [](const Size& size) { return size.value == 0; });
  Argument::List shape;
  bool inferred = empty;  // -1 means nothing where another size is 0
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis].value >= 0) {
      shape.emplace_back(sizes[axis].value);
    } else if (!inferred) {
      shape.emplace_back(-1);
      inferred = true;
    } else {
      shape.push_back(write.size_along(static_cast<std::int64_t>(axis)));
    }
  }
  return write.make("aten::reshape", {{"self", write.written}, {"shape", shape}});
}

std::optional<ValueId> permute(const Write& write) {
  const Argument dims = write.argument("dims");
  const auto* list = dims.as<Argument::List>();
  if (list == nullptr) return std::nullopt;
  Argument::List inverse(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto* axis = (*list)[i].as<std::int64_t>();
    if (axis == nullptr) return std::nullopt;
    const auto rank = static_cast<std::int64_t>(list->size());
    const std::int64_t from = *axis < 0 ? *axis + rank : *axis;
    if (from < 0 || from >= rank) return std::nullopt;
    inverse[static_cast<std::size_t>(from)] = static_cast<std::int64_t>(i);
  }
  return write.make("aten::permute", {{"self", write.written}, {"dims", inverse}});
}

// transpose and its kin are their own inverse.
std::optional<ValueId> same_again(const Write& write) {
  std::vector<NamedArgument> arguments = write.view.arguments;
  for (NamedArgument& given : arguments) {
    if (given.name == "self") given.value = write.written;
  }
  return write.make(write.view.qualified(), std::move(arguments));
}

std::optional<ValueId> movedim(const Write& write) {
  return write.make(
      write.view.qualified(),
      {{"self", write.written}, {"source", write.argument("destination")}, {"destination", write.argument("source")}});
}

std::optional<ValueId> unsqueeze(const Write& write) {
  return write.make("aten::squeeze.dim", {{"self", write.written}, {"dim", write.argument("dim")}});
}

// Only the tensor that is not expanded at all has its elements once.
std::optional<ValueId> expand(const Write& write) {
  const Argument size = write.argument("size");
  const auto* list = size.as<Argument::List>();
  if (list == nullptr || !write.base.type.sizes || list->size() != write.base.type.sizes->size()) return std::nullopt;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto* wanted = (*list)[i].as<std::int64_t>();
    if (wanted == nullptr || (*wanted != -1 && *wanted != (*write.base.type.sizes)[i].value)) return std::nullopt;
  }
  return write.written;
}

std::optional<ValueId> select(const Write& write) {
  return write.scatter("aten::select_scatter", {{"dim", write.argument("dim")}, {"index", write.argument("index")}});
}

std::optional<ValueId> slice(const Write& write) {
  return write.slice_scatter(write.argument("dim"), write.argument("start"), write.argument("end"),
                             write.argument("step"));
}

std::optional<ValueId> narrow(const Write& write) {
  const auto dim = write.number("dim");
  const auto length = write.number("length");
  auto start = write.number("start");
  if (!dim || !start || !length) return std::nullopt;
  if (*start < 0) {
    if (const auto extent = write.extent(*dim)) *start += *extent;
  }
  if (*start < 0 && *start + *length == 0) return write.slice_scatter(*dim, *start, None{}, 1);
  return write.slice_scatter(*dim, *start, *start + *length, 1);
}

std::optional<ValueId> diagonal(const Write& write) {
  return write.scatter(
      "aten::diagonal_scatter",
      {{"offset", write.argument("offset")}, {"dim1", write.argument("dim1")}, {"dim2", write.argument("dim2")}});
}

// Element i of a list of equal parts; the last may be shorter, which slice's end already allows.
std::optional<ValueId> part(const Write& write, std::int64_t size) {
  const auto start = static_cast<std::int64_t>(write.element) * size;
  return write.slice_scatter(write.argument("dim"), start, start + size, 1);
}

std::optional<ValueId> sized_part(const Write& write, const Argument::List& sizes) {
  std::int64_t start = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto* size = sizes[i].as<std::int64_t>();
    if (size == nullptr) return std::nullopt;
    if (i == write.element) return write.slice_scatter(write.argument("dim"), start, start + *size, 1);
    start += *size;
  }
  return std::nullopt;
}

std::optional<ValueId> split(const Write& write) {
  for (std::string_view name : {"split_size", "split_sizes"}) {
    const Argument given = write.argument(name);
    if (const auto* size = given.as<std::int64_t>()) return part(write, *size);
    if (const auto* sizes = given.as<Argument::List>()) return sized_part(write, *sizes);
  }
  return std::nullopt;
}

// Pieces of ceil(size / chunks).
std::optional<ValueId> chunk(const Write& write) {
  const auto chunks = write.number("chunks");
  const auto dim = write.number("dim");
  if (!chunks || *chunks < 1 || !dim) return std::nullopt;
  const Argument size = write.size_along(*dim);
  if (const auto* known = size.as<std::int64_t>()) return part(write, (*known + *chunks - 1) / *chunks);
  const Argument padded = write.arithmetic("aten::add.int", {{"a", size}, {"b", *chunks - 1}});
  const Argument length = write.arithmetic("aten::floordiv.int", {{"a", padded}, {"b", *chunks}});
  const auto position = [&](std::size_t element) -> Argument {
    return write.arithmetic("aten::mul.int", {{"a", length}, {"b", static_cast<std::int64_t>(element)}});
  };
  const Argument start = write.element == 0 ? Argument(0) : position(write.element);
  return write.slice_scatter(*dim, start, position(write.element + 1), 1);
}

std::optional<ValueId> unbind(const Write& write) {
  return write.scatter("aten::select_scatter",
                       {{"dim", write.argument("dim")}, {"index", static_cast<std::int64_t>(write.element)}});
}

// squeeze removes an axis only where its size is 1, so the way back is the base's shape.
const std::map<std::string_view, Inverse>& inverses() {
  static const std::map<std::string_view, Inverse> table = {
      {"aten::alias", identity},         {"aten::detach", identity},       {"aten::lift_fresh", identity},
      {"aten::positive", identity},      {"aten::resolve_conj", identity}, {"aten::resolve_neg", identity},
      {"aten::view", reshape},           {"aten::reshape", reshape},       {"aten::view_as", reshape},
      {"aten::reshape_as", reshape},     {"aten::flatten", reshape},       {"aten::ravel", reshape},
      {"aten::unflatten", reshape},      {"aten::squeeze", reshape},       {"aten::permute", permute},
      {"aten::transpose", same_again},   {"aten::swapaxes", same_again},   {"aten::swapdims", same_again},
      {"aten::t", same_again},           {"aten::numpy_T", same_again},    {"aten::mT", same_again},
      {"aten::movedim", movedim},        {"aten::moveaxis", movedim},      {"aten::unsqueeze", unsqueeze},
      {"aten::expand", expand},          {"aten::select", select},         {"aten::slice", slice},
      {"aten::narrow", narrow},          {"aten::diagonal", diagonal},     {"aten::split", split},
      {"aten::split_with_sizes", split}, {"aten::chunk", chunk},           {"aten::unbind", unbind},
  };
  return table;
}

}  // namespace

std::optional<std::int64_t> rank_of(const Type& type) {
  return type.sizes ? std::optional<std::int64_t>(static_cast<std::int64_t>(type.sizes->size())) : std::nullopt;
}

std::optional<ValueId> write_back(Emitter& emit, const Node& view, std::size_t element, const ViewBase& base,
                                  ValueId written) {
  // Overloads that read other memory layouts or names: no inverse.
  if (view.kind == "aten::view" && view.overload == "dtype") return std::nullopt;
  if (view.overload == "Dimname" || view.overload == "dimname" || view.overload == "out") return std::nullopt;
  const auto inverse = inverses().find(view.kind);
  if (inverse == inverses().end()) return std::nullopt;
  return inverse->second(Write{emit, view, element, base, written});
}

}  // namespace torch2trt
