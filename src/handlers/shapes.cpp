#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

Results view(Network& net, Args& a) { return net.reshape(a.tensor("self"), a.dims(a.has("size") ? "size" : "shape")); }

Results flatten(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return net.flatten(x, a.axis("start_dim", x), a.axis("end_dim", x));
}

Results unflatten(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  std::vector<Dim> shape = x.shape();
  std::vector<Dim> sizes = a.dims("sizes");
  // A -1 is what is left of this dimension alone.
  const auto rest =
      std::find_if(sizes.begin(), sizes.end(), [](const Dim& dim) { return dim.value() == -1 && dim.is_constant(); });
  if (rest != sizes.end()) {
    Dim known(1);
    for (auto size = sizes.begin(); size != sizes.end(); ++size) {
      if (size != rest) known = net.dim_arithmetic(ElementWiseOperation::kProd, known, *size);
    }
    *rest = net.dim_arithmetic(ElementWiseOperation::kFloorDiv, x.dim(axis), known);
  }
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, sizes.begin(), sizes.end());
  return net.reshape(x, shape);
}

Results permute(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  std::vector<std::int64_t> order = a.integers("dims");
  for (std::int64_t& axis : order) axis = normalized_axis(axis, x.rank());
  return net.permute(x, order);
}

Handler transpose(std::string_view first, std::string_view second) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    const std::int64_t axis0 = a.axis(first, x);
    const std::int64_t axis1 = a.axis(second, x);
    return x.rank() == 0 ? x : net.transpose(x, axis0, axis1);
  };
}

Results t(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return x.rank() < 2 ? x : net.transpose(x, 0, 1);
}

Results unsqueeze(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return net.unsqueeze(x, {normalized_axis(a.integer("dim"), x.rank() + 1)});
}

// Only dimensions of size 1 go. Whether a dynamic one is 1 decides the rank, which TensorRT fixes when it builds.
Results squeeze(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  std::vector<std::int64_t> candidates;
  if (!a.has("dim")) {
    candidates.resize(static_cast<std::size_t>(x.rank()));
    std::iota(candidates.begin(), candidates.end(), 0);
  } else {
    for (std::int64_t axis : a.integers("dim")) candidates.push_back(normalized_axis(axis, x.rank()));
  }
  if (x.rank() == 0) return x;
  std::vector<std::int64_t> axes;
  for (std::int64_t axis : candidates) {
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
    a.require(size >= 0,
              a.has("dim")
                  ? fmt::format("squeeze of dimension {}, whose size is only known at run time", axis)
                  : fmt::format("squeeze of all dimensions, where the size of dimension {} is only known at run time: "
                                "it would go where it is 1. Name the dimensions, as in squeeze(1)",
                                axis));
    if (size == 1) axes.push_back(axis);
  }
  return net.squeeze(x, axes);
}

Results expand(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.ignore({"implicit"});
  return net.broadcast_to(x, a.dims("size"));
}

Results expand_as(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Operand& other = a.operand("other");
  if (const auto* host = other.as<HostTensor>())
    return net.broadcast_to(x, std::vector<Dim>(host->sizes.begin(), host->sizes.end()));
  return net.broadcast_to(x, a.tensor("other").shape());
}

Results reshape_as(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Operand& other = a.operand("other");
  if (const auto* host = other.as<HostTensor>())
    return net.reshape(x, std::vector<Dim>(host->sizes.begin(), host->sizes.end()));
  return net.reshape(x, a.tensor("other").shape());
}

Results slice(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const std::int64_t step = a.integer("step");
  const auto bound = [&](std::string_view name) {
    return a.is_none(name) ? std::nullopt : std::optional<Dim>(a.dim(name));
  };
  const Range range = python_range(net, bound("start"), bound("end"), step, x.dim(axis));
  return slice_axis(net, x, axis, range.start, range.length, step);
}

// An index as Python takes it: negative from the end; checked where the size is known.
Dim position_of(Network& net, Args& a, const Dim& index, const Dim& size, bool end_too = false) {
  if (!index.is_constant()) return index;
  if (size.is_constant()) {
    a.require(index.value() >= -size.value() && index.value() < size.value() + (end_too ? 1 : 0),
              fmt::format("index {} is out of range for size {}", index.value(), size.value()));
  }
  return index.value() < 0 ? net.dim_arithmetic(ElementWiseOperation::kSum, size, index) : index;
}

Results select(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const Dim given = a.dim("index");
  if (given.scalar() != nullptr) return net.gather(x, index_tensor(net, given, x.dim(axis)), axis);
  return net.squeeze(slice_axis(net, x, axis, position_of(net, a, given, x.dim(axis)), Dim(1)), {axis});
}

Results narrow(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const Dim start = position_of(net, a, a.dim("start"), x.dim(axis), true);
  return slice_axis(net, x, axis, start, a.dim("length"));
}

Tensor pieces_at(Network& net, const Tensor& x, std::int64_t axis, std::int64_t start, std::int64_t length) {
  return slice_axis(net, x, axis, Dim(start), Dim(length));
}

std::int64_t static_size(const Args& a, const Tensor& x, std::int64_t axis) {
  const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
  a.require(size >= 0,
            fmt::format("the number of pieces depends on dimension {}, whose size is only known at run time", axis));
  return size;
}

std::vector<Tensor> split_evenly(Network& net, const Tensor& x, std::int64_t axis, std::int64_t total,
                                 std::int64_t length) {
  std::vector<Tensor> pieces;
  for (std::int64_t start = 0; start < total || pieces.empty(); start += length) {
    pieces.push_back(pieces_at(net, x, axis, start, std::min(length, total - start)));
  }
  return pieces;
}

Results split(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  return Operand(split_evenly(net, x, axis, static_size(a, x, axis), a.integer("split_size")));
}

// Pieces of ceil(size / count), the last one what is left: less than nothing, an error of TensorRT's when it runs,
// where that makes fewer pieces.
std::vector<Tensor> split_dynamically(Network& net, const Tensor& x, std::int64_t axis, std::int64_t count) {
  using enum ElementWiseOperation;
  const Dim length = net.dim_arithmetic(kFloorDiv, net.dim_arithmetic(kSum, x.dim(axis), Dim(count - 1)), Dim(count));
  std::vector<Tensor> pieces;
  Dim start(0);
  for (std::int64_t i = 0; i < count; ++i) {
    const bool last = i == count - 1;
    pieces.push_back(slice_axis(net, x, axis, start, last ? net.dim_arithmetic(kSub, x.dim(axis), start) : length));
    start = net.dim_arithmetic(kSum, start, length);
  }
  return pieces;
}

// At most `chunks` pieces of ceil(size / chunks).
Results chunk(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const std::int64_t chunks = a.integer("chunks");
  // The program was made for that many pieces: with fewer it fails in PyTorch as well.
  const bool all = a.pieces() == static_cast<std::size_t>(chunks);
  if (all && !x.dim(axis).is_constant()) return Operand(split_dynamically(net, x, axis, chunks));
  const std::int64_t size = static_size(a, x, axis);
  return Operand(split_evenly(net, x, axis, size, std::max<std::int64_t>((size + chunks - 1) / chunks, 1)));
}

Results split_with_sizes(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  std::vector<Tensor> pieces;
  Dim start(0);
  for (const Dim& size : a.dims(a.has("split_sizes") ? "split_sizes" : "split_size")) {
    pieces.push_back(slice_axis(net, x, axis, start, size));
    start = net.dim_arithmetic(ElementWiseOperation::kSum, start, size);
  }
  return Operand(pieces);
}

Results unbind(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  std::vector<Tensor> pieces;
  for (std::int64_t i = 0; i < static_size(a, x, axis); ++i)
    pieces.push_back(net.squeeze(pieces_at(net, x, axis, i, 1), {axis}));
  return Operand(pieces);
}

// The last two dimensions exchanged, or all of them in reverse; what conjugates besides, where nothing is complex.
Results matrix_transpose(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  if (x.rank() == 0) return x;
  a.require(x.rank() >= 2, "the transpose of a vector as a matrix is not defined");
  return net.transpose(x, x.rank() - 2, x.rank() - 1);
}

Results reversed_dimensions(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  std::vector<std::int64_t> order(static_cast<std::size_t>(x.rank()));
  std::iota(order.rbegin(), order.rend(), 0);
  return net.permute(x, order);
}

Results ravel(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return net.flatten(x, 0, std::max<std::int64_t>(x.rank() - 1, 0));
}

}  // namespace

void register_shapes(HandlerRegistry& r) {
  r.ops({"aten::view", "aten::reshape", "aten::_unsafe_view", "aten::_reshape_copy"}).convert(view);
  r.op("aten::flatten").convert(flatten);
  r.op("aten::unflatten").convert(unflatten);
  r.op("aten::permute").convert(permute);
  r.op("aten::transpose").convert(transpose("dim0", "dim1"));
  r.op("aten::swapaxes").convert(transpose("axis0", "axis1"));
  r.op("aten::swapdims").convert(transpose("dim0", "dim1"));
  r.op("aten::t").convert(t);
  r.ops({"aten::mT", "aten::mH", "aten::adjoint"}).convert(matrix_transpose);
  r.ops({"aten::numpy_T", "aten::matrix_H"}).convert(reversed_dimensions);
  r.op("aten::ravel").convert(ravel);
  r.op("aten::unsqueeze").convert(unsqueeze);
  r.op("aten::squeeze").convert(squeeze);
  r.ops({"aten::expand", "aten::broadcast_to"}).convert(expand);
  r.op("aten::expand_as").convert(expand_as);
  r.ops({"aten::reshape_as", "aten::view_as"}).convert(reshape_as);
  r.op("aten::slice").convert(slice);
  r.op("aten::select").convert(select);
  r.op("aten::narrow").convert(narrow);
  r.ops({"aten::split", "aten::unsafe_split"}).convert(split);
  r.ops({"aten::split_with_sizes", "aten::split.sizes", "aten::unsafe_split_with_sizes"}).convert(split_with_sizes);
  r.ops({"aten::chunk", "aten::unsafe_chunk"}).convert(chunk);
  r.op("aten::unbind").convert(unbind);
}

}  // namespace torch2trt
