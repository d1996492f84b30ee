// The same elements in another order or number: flip, roll, repeat, the shuffles, diagonals, triangles, pieces.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

std::vector<std::int64_t> all_axes(std::int64_t rank) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

std::int64_t static_size(const Args& a, const Tensor& x, std::int64_t axis, std::string_view what) {
  const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
  a.require(size >= 0, fmt::format("{} dimension {}, whose size is only known at run time", what, axis));
  return size;
}

// --- flip, roll ---------------------------------------------------------------------------------------------------

Tensor flipped(Network& net, const Tensor& x, const std::vector<std::int64_t>& axes) {
  std::vector<Dim> starts(static_cast<std::size_t>(x.rank()), Dim(0));
  Dims strides(starts.size(), 1);
  bool changes = false;
  for (std::int64_t axis : axes) {
    const Dim size = x.dim(axis);
    if (size.is_constant() && size.value() < 2) continue;
    starts.at(static_cast<std::size_t>(axis)) = minus(net, size, 1);
    strides.at(static_cast<std::size_t>(axis)) = -1;
    changes = true;
  }
  return changes ? net.slice(x, starts, x.shape(), strides) : x;
}

Results flip(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  std::vector<std::int64_t> axes = a.integers("dims");
  for (std::int64_t& axis : axes) axis = normalized_axis(axis, x.rank());
  return x.rank() == 0 ? x : flipped(net, x, axes);
}

Handler flip_axis(std::int64_t axis) {
  return [axis](Network& net, Args& a) -> Results { return flipped(net, a.tensor("self"), {axis}); };
}

// Coordinates that wrap around: one slice for any number of dimensions.
Tensor rolled(Network& net, const Tensor& x, const std::vector<std::int64_t>& axes,
              const std::vector<std::int64_t>& shifts) {
  Dims total(static_cast<std::size_t>(x.rank()), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) total.at(static_cast<std::size_t>(axes[i])) += shifts[i];
  std::vector<Dim> starts;
  bool changes = false;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    std::int64_t start = -total.at(static_cast<std::size_t>(axis));
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
    if (size == 0) return x;
    if (size > 0) start = (start % size + size) % size;
    changes = changes || start != 0;
    starts.emplace_back(start);
  }
  return changes ? net.slice(x, starts, x.shape(), Dims(starts.size(), 1), SampleMode::kWrap) : x;
}

Results roll(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::vector<std::int64_t> shifts = a.integers("shifts");
  std::vector<std::int64_t> axes = a.integers("dims");
  if (x.rank() == 0) return x;
  if (axes.empty()) return net.reshape(rolled(net, net.flatten(x, 0, x.rank() - 1), {0}, shifts), x.shape());
  for (std::int64_t& axis : axes) axis = normalized_axis(axis, x.rank());
  return rolled(net, x, axes, shifts);
}

Results rot90(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t turns = (a.integer("k") % 4 + 4) % 4;
  const std::vector<std::int64_t> dims = a.integers("dims");
  const std::int64_t from = normalized_axis(dims.at(0), x.rank());
  const std::int64_t to = normalized_axis(dims.at(1), x.rank());
  if (turns == 0) return x;
  if (turns == 2) return flipped(net, x, {from, to});
  return net.transpose(flipped(net, x, {turns == 1 ? to : from}), from, to);
}

// --- repetition ---------------------------------------------------------------------------------------------------

Tensor repeated(Network& net, const Tensor& given, std::vector<Dim> repeats) {
  if (static_cast<std::int64_t>(repeats.size()) < given.rank()) {
    repeats.insert(repeats.begin(), static_cast<std::size_t>(given.rank()) - repeats.size(), Dim(1));
  }
  const Tensor x = net.expand_rank(given, static_cast<std::int64_t>(repeats.size()));
  std::vector<Dim> sizes = x.shape();
  bool only_ones = true;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool once = repeats[i].is_constant() && repeats[i].value() == 1;
    only_ones = only_ones && (once || (sizes[i].is_constant() && sizes[i].value() == 1));
    sizes[i] = times(net, sizes[i], repeats[i]);
  }
  if (only_ones) return net.broadcast_to(x, sizes);
  return net.slice(x, std::vector<Dim>(sizes.size(), Dim(0)), sizes, Dims(sizes.size(), 1), SampleMode::kWrap);
}

Handler repeat(std::string_view counts) {
  return [counts](Network& net, Args& a) -> Results { return repeated(net, a.tensor("self"), a.dims(counts)); };
}

// The axis repeat_interleave works on: the flattened tensor's where `dim` is None.
Tensor interleaved_input(Network& net, Args& a, std::int64_t& axis) {
  const Tensor x = a.tensor("self");
  if (a.has("output_size")) a.ignore({"output_size"});
  if (a.is_none("dim") || x.rank() == 0) {
    a.ignore({"dim"});
    axis = 0;
    return net.flatten(x, 0, std::max<std::int64_t>(x.rank() - 1, 0));
  }
  axis = a.axis("dim", x);
  return x;
}

Tensor interleaved(Network& net, const Args& a, const Tensor& x, std::int64_t axis, const Dim& repeats) {
  const Dim size = x.dim(axis);
  if (size.is_constant() && repeats.is_constant() && size.value() * repeats.value() <= kMostIndices) {
    KnownIndex index{{size.value() * repeats.value()}, {}};
    for (std::int64_t i = 0; i < index.sizes[0]; ++i) index.values.push_back(i / repeats.value());
    return take(net, a, x, axis, index);
  }
  const Tensor wide = net.unsqueeze(x, {axis + 1});
  std::vector<Dim> shape = wide.shape();
  shape.at(static_cast<std::size_t>(axis) + 1) = repeats;
  std::vector<Dim> merged = x.shape();
  merged.at(static_cast<std::size_t>(axis)) = times(net, size, repeats);
  return net.reshape(net.broadcast_to(wide, shape), merged);
}

Results repeat_interleave(Network& net, Args& a) {
  std::int64_t axis = 0;
  const Tensor x = interleaved_input(net, a, axis);
  return interleaved(net, a, x, axis, a.dim("repeats"));
}

Results repeat_interleave_each(Network& net, Args& a) {
  std::int64_t axis = 0;
  const Tensor x = interleaved_input(net, a, axis);
  a.require(a.is_constant("repeats"),
            "how often each element is repeated is computed in the network: the shape depends on the data");
  const KnownIndex repeats = known_index(a.weights("repeats"));
  if (repeats.values.size() == 1) return interleaved(net, a, x, axis, repeats.values[0]);
  KnownIndex index;
  for (std::size_t i = 0; i < repeats.values.size(); ++i)
    index.values.insert(index.values.end(), static_cast<std::size_t>(repeats.values[i]), static_cast<std::int64_t>(i));
  index.sizes = {static_cast<std::int64_t>(index.values.size())};
  return take(net, a, x, axis, index);
}

// --- shuffles of channels and pixels ------------------------------------------------------------------------------

// [.., C * r * r, H, W] to [.., C, H * r, W * r].
Results pixel_shuffle(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t r = a.integer("upscale_factor");
  a.require(x.rank() >= 3 && r > 0,
            fmt::format("shuffling pixels by {} needs 3 dimensions or more, and a factor above 0", r));
  const std::int64_t lead = x.rank() - 3;
  const std::int64_t channels = static_size(a, x, lead, "pixel_shuffle of") / (r * r);
  const Dim height = x.dim(lead + 1);
  const Dim width = x.dim(lead + 2);
  const std::vector<Dim> shape = x.shape();
  std::vector<Dim> parts(shape.begin(), shape.begin() + lead);
  std::vector<Dim> result = parts;
  for (const Dim& dim : {Dim(channels), Dim(r), Dim(r), height, width}) parts.push_back(dim);
  for (const Dim& dim : {Dim(channels), times(net, height, r), times(net, width, r)}) result.push_back(dim);
  std::vector<std::int64_t> order = all_axes(lead);
  for (std::int64_t axis : {0, 3, 1, 4, 2}) order.push_back(lead + axis);
  return net.reshape(net.permute(net.reshape(x, parts), order), result);
}

Results pixel_unshuffle(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t r = a.integer("downscale_factor");
  a.require(x.rank() >= 3 && r > 0,
            fmt::format("shuffling pixels by {} needs 3 dimensions or more, and a factor above 0", r));
  const std::int64_t lead = x.rank() - 3;
  const Dim channels = x.dim(lead);
  const Dim height = net.dim_arithmetic(ElementWiseOperation::kFloorDiv, x.dim(lead + 1), r);
  const Dim width = net.dim_arithmetic(ElementWiseOperation::kFloorDiv, x.dim(lead + 2), r);
  const std::vector<Dim> shape = x.shape();
  std::vector<Dim> parts(shape.begin(), shape.begin() + lead);
  std::vector<Dim> result = parts;
  for (const Dim& dim : {channels, height, Dim(r), width, Dim(r)}) parts.push_back(dim);
  for (const Dim& dim : {times(net, channels, r * r), height, width}) result.push_back(dim);
  std::vector<std::int64_t> order = all_axes(lead);
  for (std::int64_t axis : {0, 2, 4, 1, 3}) order.push_back(lead + axis);
  return net.reshape(net.permute(net.reshape(x, parts), order), result);
}

// Channel g * n + i goes to i * groups + g: one gather.
Results channel_shuffle(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t groups = a.integer("groups");
  const std::int64_t channels = static_size(a, x, 1, "channel_shuffle of");
  a.require(groups > 0 && channels % groups == 0, fmt::format("{} channels do not make {} groups", channels, groups));
  KnownIndex index{{channels}, {}};
  for (std::int64_t i = 0; i < channels; ++i) index.values.push_back(i % groups * (channels / groups) + i / groups);
  return take(net, a, x, 1, index);
}

// --- dimensions ---------------------------------------------------------------------------------------------------

Results movedim(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::vector<std::int64_t> from = a.integers("source");
  const std::vector<std::int64_t> to = a.integers("destination");
  const auto rank = static_cast<std::size_t>(x.rank());
  if (rank == 0) return x;
  std::vector<std::int64_t> order(rank, -1);
  std::vector<bool> moved(rank, false);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t source = normalized_axis(from[i], x.rank());
    order.at(static_cast<std::size_t>(normalized_axis(to[i], x.rank()))) = source;
    moved.at(static_cast<std::size_t>(source)) = true;
  }
  std::size_t next = 0;
  for (std::int64_t& place : order) {
    if (place >= 0) continue;
    while (moved[next]) ++next;
    place = static_cast<std::int64_t>(next++);
  }
  return net.permute(x, order);
}

Results meshgrid(Network& net, Args& a) {
  std::vector<Tensor> tensors = a.tensors("tensors");
  const bool swapped = a.has("indexing") && a.string("indexing") == "xy" && tensors.size() > 1;
  std::vector<std::int64_t> places = all_axes(static_cast<std::int64_t>(tensors.size()));
  if (swapped) std::swap(places[0], places[1]);
  std::vector<Dim> shape(tensors.size(), Dim(1));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].rank() == 1) shape.at(static_cast<std::size_t>(places[i])) = tensors[i].dim(0);
  }
  std::vector<Tensor> grids;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    std::vector<Dim> own(tensors.size(), Dim(1));
    own.at(static_cast<std::size_t>(places[i])) = shape.at(static_cast<std::size_t>(places[i]));
    grids.push_back(net.broadcast_to(net.reshape(tensors[i], own), shape));
  }
  return Operand(grids);
}

// --- pieces -------------------------------------------------------------------------------------------------------

std::vector<Tensor> pieces_between(Network& net, const Tensor& x, std::int64_t axis,
                                   const std::vector<Dim>& positions) {
  std::vector<Tensor> pieces;
  const Dim size = x.dim(axis);
  Dim start(0);
  for (std::size_t i = 0; i <= positions.size(); ++i) {
    const Dim end = i < positions.size() ? clamped_position(net, positions[i], size) : size;
    Dim length = minus(net, end, start);
    if (length.is_constant()) {
      length = std::max<std::int64_t>(length.value(), 0);
    } else if (!(start.is_constant() && start.value() == 0)) {
      length = net.dim_arithmetic(ElementWiseOperation::kMax, length, 0);
    }
    pieces.push_back(slice_axis(net, x, axis, start, length));
    start = end;
  }
  return pieces;
}

std::vector<Tensor> equal_pieces(Network& net, const Args& a, const Tensor& x, std::int64_t axis,
                                 std::int64_t sections) {
  const std::int64_t size = static_size(a, x, axis, "the number of elements of each piece depends on");
  std::vector<Tensor> pieces;
  std::int64_t start = 0;
  for (std::int64_t i = 0; i < sections; ++i) {
    const std::int64_t length = size / sections + (i < size % sections ? 1 : 0);
    pieces.push_back(slice_axis(net, x, axis, start, length));
    start += length;
  }
  return pieces;
}

Results pieces_of(Network& net, Args& a, const Tensor& x, std::int64_t axis) {
  if (a.has("sections")) return Operand(equal_pieces(net, a, x, axis, a.integer("sections")));
  if (a.has("indices")) return Operand(pieces_between(net, x, axis, a.dims("indices")));
  const HostTensor where = a.weights("tensor_indices_or_sections");
  const KnownIndex numbers = known_index(where);
  if (where.rank() == 0) return Operand(equal_pieces(net, a, x, axis, numbers.values[0]));
  return Operand(pieces_between(net, x, axis, {numbers.values.begin(), numbers.values.end()}));
}

Results tensor_split(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return pieces_of(net, a, x, a.axis("dim", x));
}

// hsplit works on dimension 1, of a 1-d tensor on its only one.
Handler split_axis(std::int64_t axis) {
  return [axis](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return pieces_of(net, a, x, axis == 1 && x.rank() == 1 ? 0 : axis);
  };
}

// --- diagonals and triangles --------------------------------------------------------------------------------------

// In [.., rows, columns] flattened to [.., rows * columns], the diagonal is every (columns + 1)-th element.
Tensor diagonal_of(Network& net, const Args& a, const Tensor& x, std::int64_t offset, std::int64_t axis1,
                   std::int64_t axis2) {
  std::vector<std::int64_t> order;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    if (axis != axis1 && axis != axis2) order.push_back(axis);
  }
  order.push_back(axis1);
  order.push_back(axis2);
  const Tensor matrices = net.permute(x, order);
  const std::int64_t last = x.rank() - 1;
  const std::int64_t rows = static_size(a, matrices, last - 1, "the diagonal of");
  const std::int64_t columns = static_size(a, matrices, last, "the diagonal of");
  const std::int64_t length = std::max<std::int64_t>(
      std::min(rows + std::min<std::int64_t>(offset, 0), columns - std::max<std::int64_t>(offset, 0)), 0);
  const std::int64_t start = offset >= 0 ? offset : -offset * columns;
  return slice_axis(net, net.flatten(matrices, last - 1, last), last - 1, length == 0 ? 0 : start, length, columns + 1);
}

Results diagonal(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return diagonal_of(net, a, x, a.integer("offset"), a.axis("dim1", x), a.axis("dim2", x));
}

// Whether column - row is as `wanted` says of the elements of the last two dimensions.
Tensor diagonal_mask(Network& net, const Tensor& x, std::int64_t bound, bool lower) {
  const Dim rows = x.dim(x.rank() - 2);
  const Dim columns = x.dim(x.rank() - 1);
  if (rows.is_constant() && columns.is_constant()) {
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < rows.value(); ++i) {
      for (std::int64_t j = 0; j < columns.value(); ++j)
        kept.push_back((lower ? j - i <= bound : j - i >= bound) ? 1 : 0);
    }
    return net.constant(bool_tensor(kept, {rows.value(), columns.value()}));
  }
  const Tensor start = net.scalar(0, DType::kInt32);
  const Tensor steps = net.constant(contiguous_as(host_tensor(std::vector<std::int64_t>{-1, 1}), DType::kInt32));
  const Tensor difference =
      net.add(layer::Fill{net.sizes_operand({rows, columns}), FillOperation::kLinspace, start, steps, DType::kInt32});
  const Tensor limit = net.scalar(static_cast<double>(lower ? bound + 1 : bound - 1), DType::kInt32, 2);
  return net.elementwise(lower ? ElementWiseOperation::kLess : ElementWiseOperation::kGreater, difference, limit);
}

Handler triangle(bool lower) {
  return [lower](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return net.select(diagonal_mask(net, x, a.integer("diagonal"), lower), x, net.scalar(0, x.dtype()));
  };
}

// The elements of the last dimension on a diagonal of a square matrix, zeros elsewhere.
Tensor embedded_diagonal(Network& net, const Args& a, const Tensor& x, std::int64_t offset) {
  const std::int64_t count = static_size(a, x, x.rank() - 1, "a matrix with a diagonal of");
  const std::int64_t size = count + std::abs(offset);
  std::vector<std::int64_t> mask;
  KnownIndex element{{size}, {}};
  for (std::int64_t row = 0; row < size; ++row) {
    for (std::int64_t column = 0; column < size; ++column) mask.push_back(column - row == offset ? 1 : 0);
    element.values.push_back(
        std::clamp<std::int64_t>(row - std::max<std::int64_t>(-offset, 0), 0, std::max<std::int64_t>(count - 1, 0)));
  }
  const Tensor column = net.unsqueeze(take(net, a, x, x.rank() - 1, element), {x.rank()});
  return net.select(net.constant(bool_tensor(mask, {size, size})), column, net.scalar(0, x.dtype()));
}

Results diag_embed(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis1 = normalized_axis(a.integer("dim1"), x.rank() + 1);
  const std::int64_t axis2 = normalized_axis(a.integer("dim2"), x.rank() + 1);
  const Tensor matrices = embedded_diagonal(net, a, x, a.integer("offset"));
  std::vector<std::int64_t> order(static_cast<std::size_t>(matrices.rank()), -1);
  order.at(static_cast<std::size_t>(axis1)) = matrices.rank() - 2;
  order.at(static_cast<std::size_t>(axis2)) = matrices.rank() - 1;
  std::int64_t next = 0;
  for (std::int64_t& place : order) {
    if (place < 0) place = next++;
  }
  return net.permute(matrices, order);
}

Results diag(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  if (x.rank() == 1) return embedded_diagonal(net, a, x, a.integer("diagonal"));
  return diagonal_of(net, a, x, a.integer("diagonal"), 0, 1);
}

Results diagflat(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Tensor flat = net.flatten(x, 0, std::max<std::int64_t>(x.rank() - 1, 0));
  return embedded_diagonal(net, a, flat, a.integer("offset"));
}

// The sum of the diagonal; integers add up in int64.
Results trace(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.require(x.rank() == 2, "the trace is that of a matrix");
  const Tensor diagonal = diagonal_of(net, a, x, 0, 0, 1);
  const Tensor wide = is_floating(x.dtype()) ? diagonal : net.cast(diagonal, DType::kInt64);
  return net.reduce(ReduceOperation::kSum, wide, {0}, false);
}

Results as_strided(Network&, Args& a) {
  a.require(false, "as_strided reads memory; how the tensor lies in memory is not known in a network");
  return a.tensor("self");
}

}  // namespace

void register_rearranging(HandlerRegistry& r) {
  r.op("aten::flip").convert(flip);
  r.op("aten::fliplr").convert(flip_axis(1));
  r.op("aten::flipud").convert(flip_axis(0));
  r.op("aten::roll").convert(roll);
  r.op("aten::rot90").convert(rot90);
  r.op("aten::repeat").convert(repeat("repeats"));
  r.op("aten::tile").convert(repeat("dims"));
  r.op("aten::repeat_interleave.self_int").convert(repeat_interleave);
  r.op("aten::repeat_interleave.self_Tensor").note("constant repeats").convert(repeat_interleave_each);
  r.op("aten::pixel_shuffle").convert(pixel_shuffle);
  r.op("aten::pixel_unshuffle").convert(pixel_unshuffle);
  r.ops({"aten::channel_shuffle", "aten::native_channel_shuffle"}).convert(channel_shuffle);
  r.ops({"aten::movedim", "aten::moveaxis"}).convert(movedim);
  r.op("aten::meshgrid").convert(meshgrid);
  r.op("aten::tensor_split").convert(tensor_split);
  r.op("aten::hsplit").convert(split_axis(1));
  r.op("aten::vsplit").convert(split_axis(0));
  r.op("aten::dsplit").convert(split_axis(2));
  r.op("aten::diagonal").note("static sizes").convert(diagonal);
  r.op("aten::diag").note("static sizes").convert(diag);
  r.op("aten::diagflat").note("static sizes").convert(diagflat);
  r.op("aten::trace").note("static sizes").convert(trace);
  r.op("aten::diag_embed").note("static sizes").convert(diag_embed);
  r.op("aten::tril").convert(triangle(true));
  r.op("aten::triu").convert(triangle(false));
  r.op("aten::as_strided").note("refused: memory layout is not known in a network").convert(as_strided);
}

}  // namespace torch2trt
