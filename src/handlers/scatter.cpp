// Writing at indices and into pieces. In-place forms arrive as these after the pass functionalize.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "src/handlers/accumulate.h"
#include "src/handlers/index_list.h"
#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

std::vector<std::int64_t> inverse(const std::vector<std::int64_t>& order) {
  std::vector<std::int64_t> result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    result.at(static_cast<std::size_t>(order[i])) = static_cast<std::int64_t>(i);
  return result;
}

bool is_one(const Dim& dim) { return dim.is_constant() && dim.value() == 1; }

// `x` where `places` along `axis` are false, `values` (broadcasting to x) where true.
Tensor chosen(Network& net, const Tensor& x, std::int64_t axis, const std::vector<std::int64_t>& places,
              const Tensor& values) {
  Dims sizes(static_cast<std::size_t>(x.rank()), 1);
  sizes.at(static_cast<std::size_t>(axis)) = static_cast<std::int64_t>(places.size());
  return net.select(net.constant(bool_tensor(places, sizes)), values, x);
}

// x with row i of `source` in the place of row rows[i, 0], rows being those along `axis`.
Tensor scattered(Network& net, const Tensor& x, std::int64_t axis, const Tensor& rows, const Tensor& source) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(x.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin(), order.begin() + axis, order.begin() + axis + 1);
  const Tensor result =
      net.add(layer::Scatter{net.permute(x, order), rows, net.permute(source, order), ScatterMode::kNd});
  return net.permute(result, inverse(order));
}

// x with `source` in the place of start, start + step, ... along `axis`; `source` has the sizes of that piece.
Tensor written(Network& net, const Tensor& x, std::int64_t axis, const Range& range, std::int64_t step,
               const Tensor& source) {
  const Dim size = x.dim(axis);
  const bool from_zero = range.start.is_constant() && range.start.value() == 0;
  if (range.length.is_constant() && range.length.value() == 0) return x;
  if (from_zero && step == 1 && range.length.same_as(size)) return source;
  const bool known = size.is_constant() && range.start.is_constant() && range.length.is_constant();
  if (known && range.length.value() == 1) {
    std::vector<std::int64_t> places(static_cast<std::size_t>(size.value()), 0);
    places.at(static_cast<std::size_t>(range.start.value())) = 1;
    return chosen(net, x, axis, places, source);
  }
  if (step == 1) {
    std::vector<Tensor> pieces;
    if (!from_zero) pieces.push_back(slice_axis(net, x, axis, 0, range.start));
    pieces.push_back(source);
    const Dim end = plus(net, range.start, range.length);
    if (!end.same_as(size)) pieces.push_back(slice_axis(net, x, axis, end, minus(net, size, end)));
    return net.concat(pieces, axis);
  }
  if (known) {
    // Every place reads the element of the source that is nearest; the mask says which of them count.
    std::vector<std::int64_t> places(static_cast<std::size_t>(size.value()), 0);
    KnownIndex nearest{{size.value()}, {}};
    for (std::int64_t i = 0; i < size.value(); ++i) {
      const std::int64_t offset = i - range.start.value();
      const std::int64_t element = std::clamp<std::int64_t>(offset / step, 0, range.length.value() - 1);
      nearest.values.push_back(element);
      places.at(static_cast<std::size_t>(i)) =
          offset >= 0 && offset % step == 0 && offset / step < range.length.value() ? 1 : 0;
    }
    return chosen(net, x, axis, places, net.gather(source, index_constant(net, nearest), axis));
  }
  const Tensor rows = net.unsqueeze(ramp(net, range.start, step, range.length, DType::kInt64), {1});
  return scattered(net, x, axis, rows, source);
}

Results slice_scatter(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const std::int64_t step = a.integer("step");
  const auto bound = [&](std::string_view name) {
    return a.is_none(name) ? std::nullopt : std::optional<Dim>(a.dim(name));
  };
  const Range range = python_range(net, bound("start"), bound("end"), step, x.dim(axis));
  std::vector<Dim> shape = x.shape();
  shape.at(static_cast<std::size_t>(axis)) = range.length;
  return written(net, x, axis, range, step, net.broadcast_to(a.tensor_as("src", x.dtype()), shape));
}

Results select_scatter(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const Tensor source = net.unsqueeze(a.tensor_as("src", x.dtype()), {axis});
  const Dim size = x.dim(axis);
  Dim index = a.dim("index");
  if (index.is_constant() && size.is_constant()) {
    a.require(index.value() >= -size.value() && index.value() < size.value(),
              fmt::format("index {} is out of range for size {}", index.value(), size.value()));
  }
  if (index.scalar() != nullptr) {
    return scattered(net, x, axis, net.reshape(index_tensor(net, index, size), {1, 1}), source);
  }
  if (index.is_constant() && index.value() < 0) index = plus(net, size, index);
  return written(net, x, axis, {index, 1}, 1, source);
}

// The diagonal of two dimensions is every (columns + 1)-th element of them flattened.
Results diagonal_scatter(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t rows_axis = a.axis("dim1", x);
  const std::int64_t columns_axis = a.axis("dim2", x);
  const std::int64_t offset = a.integer("offset");
  std::vector<std::int64_t> order;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    if (axis != rows_axis && axis != columns_axis) order.push_back(axis);
  }
  order.push_back(rows_axis);
  order.push_back(columns_axis);
  const Tensor matrices = net.permute(x, order);
  const std::int64_t rank = x.rank();
  const std::int64_t rows = matrices.dims().at(static_cast<std::size_t>(rank - 2));
  const std::int64_t columns = matrices.dims().at(static_cast<std::size_t>(rank - 1));
  a.require(rows >= 0 && columns >= 0, "the diagonal of a dimension whose size is only known at run time");
  std::vector<std::int64_t> on_diagonal;
  for (std::int64_t i = 0; i < rows * columns; ++i) on_diagonal.push_back(i % columns - i / columns == offset ? 1 : 0);
  // Each row reads element (row or column) of the diagonal: broadcast along the rows, if they start at the offset.
  const std::int64_t length = std::max<std::int64_t>(
      std::min(rows + std::min<std::int64_t>(offset, 0), columns - std::max<std::int64_t>(offset, 0)), 0);
  if (length == 0) return x;
  KnownIndex element{{columns}, {}};
  for (std::int64_t i = 0; i < columns; ++i)
    element.values.push_back(std::clamp<std::int64_t>(i - std::max<std::int64_t>(offset, 0), 0, length - 1));
  const Tensor source = a.tensor_as("src", x.dtype());
  const Tensor spread = net.unsqueeze(take(net, a, source, source.rank() - 1, element), {rank - 2});
  Dims mask_sizes(static_cast<std::size_t>(rank), 1);
  mask_sizes.at(static_cast<std::size_t>(rank - 2)) = rows;
  mask_sizes.at(static_cast<std::size_t>(rank - 1)) = columns;
  const Tensor result = net.select(net.constant(bool_tensor(on_diagonal, mask_sizes)), spread, matrices);
  return net.permute(result, inverse(order));
}

// --- index_put and its kin ----------------------------------------------------------------------------------------

// Where a mask decides, one value for every true element needs no positions.
std::optional<Tensor> masked_write(Network& net, const Tensor& x, const IndexList& list, Tensor values, bool add) {
  const Tensor& mask = *list.mask;
  const std::int64_t after = x.rank() - list.axes.back() - 1;
  if (values.rank() > after) {
    const std::int64_t at = values.rank() - after - 1;
    if (!is_one(values.dim(at))) return std::nullopt;
    std::vector<std::int64_t> ones;
    for (std::int64_t i = 1; i < mask.rank(); ++i) ones.push_back(at + i);
    values = net.unsqueeze(values, ones);
  }
  std::vector<std::int64_t> behind;
  for (std::int64_t i = 0; i < after; ++i) behind.push_back(mask.rank() + i);
  return net.select(net.unsqueeze(mask, behind), add ? x + values : values, x);
}

// Where all indices are known and there is one value, a constant mask.
std::optional<Tensor> known_write(Network& net, const Args& a, const Tensor& x, const IndexList& list,
                                  const Tensor& value) {
  if (list.mask || !value.is_static() || numel_of(value.dims()) != 1) return std::nullopt;
  std::vector<KnownIndex> known;
  Dims sizes(static_cast<std::size_t>(x.rank()), 1);
  for (std::size_t i = 0; i < list.axes.size(); ++i) {
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(list.axes[i]));
    if (size < 0 || !list.indices[i].known) return std::nullopt;
    known.push_back(wrapped(a, *list.indices[i].known, size));
    sizes.at(static_cast<std::size_t>(list.axes[i])) = size;
  }
  known = broadcast(known, net);
  const Dims strides = contiguous_strides(sizes);
  std::vector<std::int64_t> mask(static_cast<std::size_t>(numel_of(sizes)), 0);
  for (std::size_t k = 0; k < known[0].values.size(); ++k) {
    std::int64_t place = 0;
    for (std::size_t i = 0; i < known.size(); ++i)
      place += known[i].values[k] * strides.at(static_cast<std::size_t>(list.axes[i]));
    mask.at(static_cast<std::size_t>(place)) = 1;
  }
  return net.select(net.constant(bool_tensor(mask, sizes)), net.expand_rank(net.reshape(value, {}), x.rank()), x);
}

// `values` (broadcasting to the shape index.Tensor gives) as [index shape..., other axes of x...].
Tensor updates(Network& net, const Tensor& x, const IndexList& list, const std::vector<Dim>& index_shape,
               const Tensor& values) {
  const std::int64_t before = list.adjacent ? list.axes[0] : 0;
  const auto count = static_cast<std::int64_t>(index_shape.size());
  std::vector<Dim> shape;
  for (std::int64_t axis : list.axes_first(x.rank())) {
    if (std::find(list.axes.begin(), list.axes.end(), axis) == list.axes.end()) shape.push_back(x.dim(axis));
  }
  shape.insert(shape.begin() + before, index_shape.begin(), index_shape.end());
  const Tensor whole = net.broadcast_to(values, shape);
  std::vector<std::int64_t> order(static_cast<std::size_t>(whole.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin(), order.begin() + before, order.begin() + before + count);
  return net.permute(whole, order);
}

// Indices into the front axes, flattened: their strides times their indices.
Tensor flat_index(Network& net, const Args& a, const Tensor& x, const IndexList& list) {
  if (const auto flat = list.flattened(a, x)) {
    if (std::all_of(flat->values.begin(), flat->values.end(), [](std::int64_t value) { return value >= 0; }))
      return index_constant(net, *flat);
  }
  Tensor flat;
  for (std::size_t i = 0; i < list.axes.size(); ++i) {
    const Dim size = x.dim(list.axes[i]);
    Tensor index = list.indices[i].known ? index_constant(net, *list.indices[i].known, DType::kInt64)
                                         : net.cast(list.indices[i].tensor, DType::kInt64);
    index = wrapped(net, index, size, true);
    if (i > 0) {
      const Tensor scale = net.expand_rank(net.cast(net.dim_tensor(size), DType::kInt64), flat.rank());
      index = flat * scale + index;
    }
    flat = index;
  }
  return flat;
}

// Adds to places that may be named more than once.
Tensor add_at(Network& net, const Args& a, const Tensor& x, const IndexList& list, const Tensor& values) {
  const std::vector<std::int64_t> order = list.axes_first(x.rank());
  const auto count = static_cast<std::int64_t>(list.axes.size());
  const Tensor front = net.permute(x, order);
  const Tensor data = net.flatten(front, 0, count - 1);
  const std::vector<Dim> index_shape = list.broadcast_shape(net);
  Tensor source = updates(net, x, list, index_shape, values);
  const auto index_rank = static_cast<std::int64_t>(index_shape.size());
  source = index_rank == 0 ? net.unsqueeze(source, {0}) : net.flatten(source, 0, index_rank - 1);
  Tensor index = net.broadcast_to(flat_index(net, a, x, list), index_shape);
  index = index_rank == 0 ? net.reshape(index, {1}) : net.flatten(index, 0, index_rank - 1);
  std::vector<std::int64_t> behind;
  for (std::int64_t axis = 1; axis < source.rank(); ++axis) behind.push_back(axis);
  const Tensor result = accumulate(net, a, data, 0, net.unsqueeze(index, behind), source, Accumulation::kSum);
  return net.permute(net.reshape(result, front.shape()), inverse(order));
}

// Known indices of one axis behind others: every place reads either x or the values, which lie behind it.
std::optional<Tensor> known_replacement(Network& net, const Args& a, const Tensor& x, const IndexList& list,
                                        const Tensor& values) {
  if (list.mask || list.axes.size() != 1 || list.axes[0] == 0 || !list.indices[0].known ||
      list.indices[0].known->sizes.size() != 1)
    return std::nullopt;
  const std::int64_t axis = list.axes[0];
  const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
  if (size < 0) return std::nullopt;
  const KnownIndex known = wrapped(a, *list.indices[0].known, size);
  std::vector<Dim> shape = x.shape();
  shape.at(static_cast<std::size_t>(axis)) = static_cast<std::int64_t>(known.values.size());
  const Tensor source = net.broadcast_to(values, shape);
  const auto count = static_cast<std::int64_t>(known.values.size());
  bool is_range = count > 0;
  KnownIndex from{{size}, std::vector<std::int64_t>(static_cast<std::size_t>(size))};
  std::iota(from.values.begin(), from.values.end(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    from.values.at(static_cast<std::size_t>(known.values[static_cast<std::size_t>(i)])) = size + i;
    is_range = is_range && known.values.at(static_cast<std::size_t>(i)) == known.values[0] + i;
  }
  if (count == 0) return x;
  if (is_range) return written(net, x, axis, {known.values[0], count}, 1, source);
  return take(net, a, net.concat({x, source}, axis), axis, from);
}

Tensor put(Network& net, const Args& a, const Tensor& x, const IndexList& list, const Tensor& values, bool add) {
  a.require(!list.axes.empty(), "index_put without indices");
  if (list.mask) {
    if (const auto done = masked_write(net, x, list, values, add)) return *done;
    a.require(!add, "index_put with accumulate at a mask, with a value for each true element");
  }
  if (add) return add_at(net, a, x, list, values);
  if (const auto done = known_write(net, a, x, list, values)) return *done;
  if (const auto done = known_replacement(net, a, x, list, values)) return *done;
  const std::vector<std::int64_t> order = list.axes_first(x.rank());
  const Tensor places = list.tuples(net, a, x, true);
  std::vector<Dim> index_shape = places.shape();
  index_shape.pop_back();
  const Tensor source = updates(net, x, list, index_shape, values);
  const Tensor result = net.add(layer::Scatter{net.permute(x, order), places, source, ScatterMode::kNd});
  return net.permute(result, inverse(order));
}

Results index_put(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.ignore({"unsafe"});
  const IndexList list = read_indices(net, a, x);
  return put(net, a, x, list, a.tensor_as("values", x.dtype()), a.boolean("accumulate"));
}

// The index of one axis, as index_put has it.
IndexList index_of_axis(Args& a, const Tensor& x) {
  IndexList list;
  list.axes = {a.axis("dim", x)};
  if (const auto* host = a.operand("index").as<HostTensor>()) {
    KnownIndex known = known_index(*host);
    known.sizes = {static_cast<std::int64_t>(known.values.size())};
    list.indices = {{known, {}}};
  } else {
    const Tensor index = a.tensor("index");
    list.indices = {{std::nullopt, index.rank() == 0 ? a.network().reshape(index, {1}) : index}};
  }
  return list;
}

// Runs `write` on at least one dimension.
template <typename F>
Tensor with_dimension(Network& net, const Tensor& x, F write) {
  return x.rank() > 0 ? write(x) : net.reshape(write(net.reshape(x, {1})), {});
}

Results index_copy(Network& net, Args& a) {
  return with_dimension(net, a.tensor("self"), [&](const Tensor& x) {
    return put(net, a, x, index_of_axis(a, x), a.tensor_as("source", x.dtype()), false);
  });
}

Results index_fill(Network& net, Args& a) {
  return with_dimension(net, a.tensor("self"), [&](const Tensor& x) {
    return put(net, a, x, index_of_axis(a, x), a.tensor_as("value", x.dtype()), false);
  });
}

Results index_add(Network& net, Args& a) {
  return with_dimension(net, a.tensor("self"), [&](const Tensor& x) {
    Tensor source = a.tensor_as("source", x.dtype());
    const double alpha = a.number("alpha");
    if (alpha != 1) source = source * alpha;
    return put(net, a, x, index_of_axis(a, x), net.expand_rank(source, x.rank()), true);
  });
}

std::optional<Accumulation> accumulation_of(const std::string& name) {
  if (name == "add" || name == "sum") return Accumulation::kSum;
  if (name == "multiply" || name == "prod") return Accumulation::kProduct;
  if (name == "amax") return Accumulation::kMax;
  if (name == "amin") return Accumulation::kMin;
  if (name == "mean") return Accumulation::kMean;
  return std::nullopt;
}

Results index_reduce(Network& net, Args& a) {
  return with_dimension(net, a.tensor("self"), [&](const Tensor& x) {
    const IndexList list = index_of_axis(a, x);
    const Tensor index = list.indices[0].known ? index_constant(net, *list.indices[0].known) : list.indices[0].tensor;
    std::vector<std::int64_t> around;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
      if (axis != list.axes[0]) around.push_back(axis);
    }
    const auto how = accumulation_of(a.string("reduce"));
    a.require(how.has_value(), "this reduction is not known");
    return accumulate(net, a, x, list.axes[0], net.unsqueeze(index, around), a.tensor_as("source", x.dtype()), *how,
                      a.boolean("include_self"));
  });
}

// --- scatter ------------------------------------------------------------------------------------------------------

// The part of the source that has an index: both have the same sizes after this.
Tensor indexed_part(Network& net, const Tensor& source, const Tensor& index) {
  std::vector<Dim> shape = source.shape();
  for (std::int64_t axis = 0; axis < source.rank(); ++axis) {
    // Sizes known at run time only must be equal; TensorRT checks it then.
    const Dim wanted = index.dim(axis);
    if (wanted.is_constant()) shape.at(static_cast<std::size_t>(axis)) = wanted;
  }
  return net.slice(source, std::vector<Dim>(shape.size(), Dim(0)), shape, Dims(shape.size(), 1));
}

Results scatter(Network& net, Args& a) {
  const std::optional<std::string> reduce = a.has("reduce") ? std::optional(a.string("reduce")) : std::nullopt;
  return with_dimension(net, a.tensor("self"), [&](const Tensor& x) {
    const std::int64_t axis = a.axis("dim", x);
    const Tensor index = net.expand_rank(a.tensor("index"), 1);
    Tensor source = a.tensor_as(a.has("src") ? "src" : "value", x.dtype());
    if (a.has("src")) {
      source = indexed_part(net, net.expand_rank(source, 1), index);
    } else {
      source = net.broadcast_to(net.reshape(source, {}), index.shape());
    }
    if (reduce) {
      const auto how = accumulation_of(*reduce);
      a.require(how.has_value(), fmt::format("the reduction \"{}\" is not known", *reduce));
      return accumulate(net, a, x, axis, index, source, *how, !a.has("include_self") || a.boolean("include_self"));
    }
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
    const std::int64_t count = index.dims().at(static_cast<std::size_t>(axis));
    a.require(size < 0 || count <= size,
              fmt::format("scatter of {} elements into {}: some are written twice, which has no defined result", count,
                          size));
    return net.add(layer::Scatter{x, index, source, ScatterMode::kElement, axis});
  });
}

Results scatter_add(Network& net, Args& a) {
  return with_dimension(net, a.tensor("self"), [&](const Tensor& x) {
    const Tensor index = net.expand_rank(a.tensor("index"), 1);
    const Tensor source = indexed_part(net, net.expand_rank(a.tensor_as("src", x.dtype()), 1), index);
    return accumulate(net, a, x, a.axis("dim", x), index, source, Accumulation::kSum);
  });
}

// The source's elements one after the other, for each true element of the mask: how many were true before says which.
Results masked_scatter(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Tensor given = a.tensor_as("mask", DType::kBool);
  const std::vector<Dim> shape = net.broadcast_shape(x.shape(), given.shape());
  const Tensor mask = net.broadcast_to(given, shape);
  const auto flat = [&](const Tensor& tensor) { return net.reshape(tensor, {Dim(-1)}); };
  const Tensor counted = net.add(layer::Cumulative{.input = net.cast(flat(mask), DType::kInt64),
                                                   .axis = net.scalar(0, DType::kInt32),
                                                   .operation = CumulativeOperation::kSum});
  const Tensor position = net.clamp(counted - 1, 0, std::nullopt);
  const Tensor source = net.gather(flat(a.tensor_as("source", x.dtype())), position, 0);
  return net.select(mask, net.reshape(source, shape), net.broadcast_to(x, shape));
}

}  // namespace

void register_scatter(HandlerRegistry& r) {
  r.op("aten::slice_scatter").convert(slice_scatter);
  r.op("aten::select_scatter").convert(select_scatter);
  r.op("aten::diagonal_scatter").note("static sizes").convert(diagonal_scatter);
  r.ops({"aten::index_put", "aten::_unsafe_index_put", "aten::_index_put_impl"})
      .note("accumulate compares every index with every place; at masks TensorRT-RTX builds it only for one value")
      .convert(index_put);
  r.op("aten::index_copy").convert(index_copy);
  r.op("aten::index_fill").convert(index_fill);
  const char* const compares = "compares every index with every place: for small ones";
  r.op("aten::index_add").note(compares).convert(index_add);
  r.op("aten::index_reduce").note(compares).convert(index_reduce);
  r.op("aten::scatter").note("with reduce: compares every index with every place").convert(scatter);
  r.op("aten::scatter_add").note(compares).convert(scatter_add);
  r.op("aten::scatter_reduce").note(compares).convert(scatter);
  r.op("aten::masked_scatter").convert(masked_scatter);
}

}  // namespace torch2trt
