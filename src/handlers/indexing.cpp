// Reading at indices: x[...] with tensors, gather, embedding, one-hot, and what depends on the data (nonzero).
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "src/handlers/index_list.h"
#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

Results index(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const IndexList list = read_indices(net, a, x);
  if (list.axes.empty()) return x;
  const std::int64_t first = list.axes[0];
  if (list.axes.size() == 1 && !list.mask) {
    const Index& only = list.indices[0];
    return only.known ? take(net, a, x, first, *only.known) : take(net, x, first, only.tensor);
  }
  const Tensor data = list.adjacent ? x : net.permute(x, list.axes_first(x.rank()));
  const std::int64_t at = list.adjacent ? first : 0;
  const auto count = static_cast<std::int64_t>(list.axes.size());
  // Known indices of neighbouring axes are indices of the flattened axis.
  if (const auto flat = list.flattened(a, x)) return take(net, a, net.flatten(data, at, at + count - 1), at, *flat);

  const Tensor front = net.permute(x, list.axes_first(x.rank()));
  const Tensor places = list.tuples(net, a, x, false);
  const Tensor result = net.add(layer::Gather{.data = front, .indices = places, .mode = GatherMode::kNd});
  if (!list.adjacent || first == 0) return result;
  // The dimensions of the indices go where the first of the axes was.
  const std::int64_t broadcast_rank = places.rank() - 1;
  std::vector<std::int64_t> order(static_cast<std::size_t>(result.rank()));
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin(), order.begin() + broadcast_rank, order.begin() + broadcast_rank + first);
  return net.permute(result, order);
}

Results index_select(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const Tensor data = x.rank() == 0 ? net.reshape(x, {1}) : x;
  Tensor result;
  if (const auto* host = a.operand("index").as<HostTensor>()) {
    KnownIndex known = known_index(*host);
    known.sizes = {static_cast<std::int64_t>(known.values.size())};
    result = take(net, a, data, axis, known);
  } else {
    Tensor index = a.tensor("index");
    if (index.rank() == 0) index = net.reshape(index, {1});
    result = net.gather(data, index, axis);
  }
  return x.rank() == 0 ? net.reshape(result, {}) : result;
}

Tensor gather_elements(Network& net, const Tensor& x, std::int64_t axis, const Tensor& index) {
  const Tensor data = x.rank() == 0 ? net.reshape(x, {1}) : x;
  const Tensor places = index.rank() == 0 ? net.reshape(index, {1}) : index;
  const Tensor result =
      net.add(layer::Gather{.data = data, .indices = places, .mode = GatherMode::kElement, .axis = axis});
  return index.rank() == 0 ? net.reshape(result, {}) : result;
}

Results gather(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  a.ignore({"sparse_grad"});
  return gather_elements(net, x, axis, a.tensor("index"));
}

Tensor flat(Network& net, const Tensor& x) { return net.flatten(x, 0, std::max<std::int64_t>(x.rank() - 1, 0)); }

Results take_along_dim(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  Tensor index = a.tensor("indices");
  if (a.is_none("dim")) return gather_elements(net, flat(net, x), 0, flat(net, index));
  const std::int64_t axis = a.axis("dim", x);
  a.require(x.rank() == index.rank(), fmt::format("indices have rank {}, the tensor has {}", index.rank(), x.rank()));
  // Both broadcast to each other, but for the axis.
  std::vector<Dim> from = x.shape();
  std::vector<Dim> to = index.shape();
  const auto at = static_cast<std::size_t>(axis);
  const Dim kept = from.at(at);
  const Dim taken = to.at(at);
  from.at(at) = to.at(at) = Dim(1);
  std::vector<Dim> shape = net.broadcast_shape(from, to);
  shape.at(at) = kept;
  x = net.broadcast_to(x, shape);
  shape.at(at) = taken;
  return gather_elements(net, x, axis, net.broadcast_to(index, shape));
}

// Into the flattened tensor.
Results take_flat(Network& net, Args& a) {
  const Tensor x = flat(net, a.tensor("self"));
  if (const auto* host = a.operand("index").as<HostTensor>()) return take(net, a, x, 0, known_index(*host));
  return take(net, x, 0, a.tensor("index"));
}

// padding_idx and the others are for training only.
Results embedding(Network& net, Args& a) {
  const Tensor weight = a.tensor("weight");
  a.ignore({"padding_idx", "scale_grad_by_freq", "sparse"});
  if (const auto* host = a.operand("indices").as<HostTensor>()) return take(net, a, weight, 0, known_index(*host));
  return net.gather(weight, a.tensor("indices"), 0);
}

Results one_hot(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t classes = a.integer("num_classes");
  a.require(classes > 0, "without num_classes the number of classes depends on the data; give it");
  const Tensor values = net.constant(host_tensor(std::vector<std::int64_t>{0, 1}));
  const Tensor depth = net.scalar(static_cast<double>(classes), DType::kInt32);
  return net.add(layer::OneHot{net.cast(x, DType::kInt32), values, depth, x.rank()});
}

// [count, rank]: the places of the true elements.
Tensor nonzero_rows(Network& net, const Tensor& x) { return net.permute(net.add(layer::NonZero{x}), {1, 0}); }

Results nonzero(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.require(x.rank() > 0, "nonzero of a 0-d tensor");
  return net.cast(nonzero_rows(net, x), DType::kInt64);
}

Results nonzero_numpy(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.require(x.rank() > 0, "nonzero of a 0-d tensor");
  return Operand(nonzero_columns(net, x));
}

Results masked_select(Network& net, Args& a) {
  const Tensor self = a.tensor("self");
  const Tensor given = a.tensor_as("mask", DType::kBool);
  const std::vector<Dim> shape = net.broadcast_shape(self.shape(), given.shape());
  a.require(!shape.empty(), "masked_select of 0-d tensors");
  const Tensor x = net.broadcast_to(self, shape);
  const Tensor places = nonzero_rows(net, net.broadcast_to(given, shape));
  return net.add(layer::Gather{.data = x, .indices = places, .mode = GatherMode::kNd});
}

}  // namespace

void register_indexing(HandlerRegistry& r) {
  r.ops({"aten::index.Tensor", "aten::_unsafe_index.Tensor"}).convert(index);
  r.op("aten::index_select").convert(index_select);
  r.op("aten::gather").convert(gather);
  r.op("aten::take_along_dim").convert(take_along_dim);
  r.op("aten::take").convert(take_flat);
  r.op("aten::embedding").convert(embedding);
  r.op("aten::one_hot").note("num_classes must be given: the shape would depend on the data").convert(one_hot);
  const char* const dynamic = "the shape depends on the data: TensorRT-RTX builds no NonZero layer";
  r.ops({"aten::nonzero", "aten::argwhere"}).note(dynamic).convert(nonzero);
  r.op("aten::nonzero_numpy").note(dynamic).convert(nonzero_numpy);
  r.op("aten::masked_select").note(dynamic).convert(masked_select);
}

}  // namespace torch2trt
