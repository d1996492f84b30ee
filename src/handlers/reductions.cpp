#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

bool keep_dims(Args& a) { return a.has("keepdim") && a.boolean("keepdim"); }

std::vector<std::int64_t> reduced_axes(Args& a, const Tensor& x) {
  if (a.has("dim")) return a.axes("dim", x);
  std::vector<std::int64_t> all;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) all.push_back(axis);
  return all;
}

// Sums and products of integers and bools are int64, unless dtype says otherwise.
Handler accumulation(ReduceOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    Tensor x = a.tensor("self");
    const auto dtype = a.optional_dtype("dtype");
    if (dtype) {
      x = net.cast(x, *dtype);
    } else if (!is_floating(x.dtype())) {
      x = net.cast(x, DType::kInt64);
    }
    return net.reduce(operation, x, reduced_axes(a, x), keep_dims(a));
  };
}

Results mean(Network& net, Args& a) {
  const Tensor x = a.cast_to_optional("dtype", a.tensor("self"));
  a.require(is_floating(x.dtype()), fmt::format("the mean of {} is not defined; give a dtype", name(x.dtype())));
  return net.reduce(ReduceOperation::kAvg, x, reduced_axes(a, x), keep_dims(a));
}

// TensorRT reduces no bools: the largest of int32 0 and 1.
Tensor extreme(Network& net, ReduceOperation operation, const Tensor& x, const std::vector<std::int64_t>& axes,
               bool keep) {
  if (x.dtype() != DType::kBool) return net.reduce(operation, x, axes, keep);
  return net.cast(net.reduce(operation, net.cast(x, DType::kInt32), axes, keep), DType::kBool);
}

Handler extreme_of_axes(ReduceOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return extreme(net, operation, x, reduced_axes(a, x), keep_dims(a));
  };
}

Handler any_or_all(ReduceOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor_as("self", DType::kBool);
    return extreme(net, operation, x, reduced_axes(a, x), keep_dims(a));
  };
}

// The index of the first extreme along an axis, int64.
Tensor index_of(Network& net, const Tensor& top_indices, std::int64_t axis, bool keep) {
  const Tensor index = net.cast(top_indices, DType::kInt64);
  return keep ? index : net.squeeze(index, {axis});
}

// TensorRT's top-k needs at least two dimensions.
std::vector<Tensor> top(Network& net, const Tensor& x, TopKOperation operation, std::int64_t k, std::int64_t axis) {
  if (x.rank() > 1) return net.add_all(layer::TopK{x, operation, k, axis});
  auto outputs = net.add_all(layer::TopK{net.unsqueeze(x, {0}), operation, k, 1});
  for (Tensor& output : outputs) output = net.squeeze(output, {0});
  return outputs;
}

// Values and indices along one axis: max.dim, min.dim.
Handler extreme_with_index(TopKOperation operation, ReduceOperation reduce) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    const std::int64_t axis = a.axis("dim", x);
    const bool keep = keep_dims(a);
    if (x.rank() == 0) return std::vector<Operand>{x, net.scalar(0, DType::kInt64)};
    if (!a.is_output_used(1)) return std::vector<Operand>{extreme(net, reduce, x, {axis}, keep), Unknown{}};
    const Tensor input = x.dtype() == DType::kBool ? net.cast(x, DType::kInt32) : x;
    const auto outputs = top(net, input, operation, 1, axis);
    Operand values = Unknown{};
    if (a.is_output_used(0)) values = net.cast(keep ? outputs[0] : net.squeeze(outputs[0], {axis}), x.dtype());
    return std::vector<Operand>{values, index_of(net, outputs[1], axis, keep)};
  };
}

Handler argument_of_extreme(TopKOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    Tensor x = a.tensor("self");
    if (x.dtype() == DType::kBool) x = net.cast(x, DType::kInt32);
    const bool keep = keep_dims(a);
    const std::int64_t rank = x.rank();
    std::int64_t axis = 0;
    if (a.is_none("dim")) {
      x = net.flatten(x, 0, std::max<std::int64_t>(rank - 1, 0));
    } else {
      axis = a.axis("dim", x);
      if (rank == 0) x = net.reshape(x, {1});
    }
    const bool whole = a.is_none("dim") || rank == 0;
    const auto outputs = top(net, x, operation, 1, axis);
    const Tensor index = index_of(net, outputs[1], axis, keep && !whole);
    if (keep && whole) return net.reshape(index, std::vector<Dim>(static_cast<std::size_t>(rank), Dim(1)));
    return index;
  };
}

// TensorRT's documentation: k is at most 3840.
Results topk(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  a.ignore({"sorted"});  // TensorRT's are sorted
  const TopKOperation operation = a.boolean("largest") ? TopKOperation::kMax : TopKOperation::kMin;
  const std::int64_t k = a.integer("k");
  a.require(k <= 3840, fmt::format("k is {}; TensorRT allows at most 3840", k));
  const auto outputs = top(net, x, operation, k, axis);
  return std::vector<Operand>{outputs[0], net.cast(outputs[1], DType::kInt64)};
}

}  // namespace

void register_reductions(HandlerRegistry& r) {
  r.op("aten::sum").convert(accumulation(ReduceOperation::kSum));
  r.op("aten::prod").convert(accumulation(ReduceOperation::kProd));
  r.op("aten::mean").convert(mean);
  r.ops({"aten::amax", "aten::max"}).convert(extreme_of_axes(ReduceOperation::kMax));
  r.ops({"aten::amin", "aten::min"}).convert(extreme_of_axes(ReduceOperation::kMin));
  r.op("aten::any").convert(any_or_all(ReduceOperation::kMax));
  r.op("aten::all").convert(any_or_all(ReduceOperation::kMin));
  r.op("aten::max.dim").convert(extreme_with_index(TopKOperation::kMax, ReduceOperation::kMax));
  r.op("aten::min.dim").convert(extreme_with_index(TopKOperation::kMin, ReduceOperation::kMin));
  r.op("aten::argmax").convert(argument_of_extreme(TopKOperation::kMax));
  r.op("aten::argmin").convert(argument_of_extreme(TopKOperation::kMin));
  r.op("aten::topk").convert(topk);
}

}  // namespace torch2trt
