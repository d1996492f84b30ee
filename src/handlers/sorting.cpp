// Sorting is TensorRT's top-k of everything, which orders equal elements by their index, as ONNX's TopK must.
#include "src/handlers/sorting.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {

Sorted sorted(Network& net, const Args& a, const Tensor& x, std::int64_t axis, bool descending) {
  if (x.rank() == 0) return {x, net.scalar(0, DType::kInt64)};
  const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
  a.require(size >= 0, fmt::format("sorting dimension {}, whose size is only known at run time", axis));
  a.require(size <= kMaxSorted, fmt::format("sorting {} elements; TensorRT allows at most {}", size, kMaxSorted));
  Tensor input = x.dtype() == DType::kBool ? net.cast(x, DType::kInt32) : x;
  const bool flat = x.rank() == 1;  // the layer needs two dimensions
  if (flat) input = net.unsqueeze(input, {0});
  auto outputs =
      net.add_all(layer::TopK{input, descending ? TopKOperation::kMax : TopKOperation::kMin, size, flat ? 1 : axis});
  if (flat) {
    for (Tensor& output : outputs) output = net.squeeze(output, {0});
  }
  return {outputs[0], outputs[1]};
}

namespace {

Results sort(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  if (a.has("stable")) a.ignore({"stable"});
  const Sorted result = sorted(net, a, x, a.axis("dim", x), a.boolean("descending"));
  std::vector<Operand> outputs{Unknown{}, Unknown{}};
  if (a.is_output_used(0)) outputs[0] = net.cast(result.values, x.dtype());
  if (a.is_output_used(1)) outputs[1] = net.cast(result.indices, DType::kInt64);
  return outputs;
}

Results argsort(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  if (a.has("stable")) a.ignore({"stable"});
  return net.cast(sorted(net, a, x, a.axis("dim", x), a.boolean("descending")).indices, DType::kInt64);
}

Results msort(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return net.cast(sorted(net, a, x, 0, false).values, x.dtype());
}

// The k-th smallest, counted from 1.
Results kthvalue(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const std::int64_t k = a.integer("k");
  const bool keep = a.boolean("keepdim");
  Sorted result = sorted(net, a, x, axis, false);
  const auto at = [&](const Tensor& all) {
    if (x.rank() == 0) return all;
    const Tensor one = slice_axis(net, all, axis, k - 1, 1);
    return keep ? one : net.squeeze(one, {axis});
  };
  std::vector<Operand> outputs{Unknown{}, Unknown{}};
  if (a.is_output_used(0)) outputs[0] = net.cast(at(result.values), x.dtype());
  if (a.is_output_used(1)) outputs[1] = net.cast(at(result.indices), DType::kInt64);
  return outputs;
}

// The lower of the two in the middle.
Results median(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const bool whole = !a.has("dim");
  const Tensor data = whole ? net.flatten(x, 0, std::max<std::int64_t>(x.rank() - 1, 0)) : x;
  const std::int64_t axis = whole ? 0 : a.axis("dim", x);
  const bool keep = !whole && a.boolean("keepdim");
  const Sorted result = sorted(net, a, data, axis, false);
  const auto middle = [&](const Tensor& all) {
    if (data.rank() == 0) return all;
    const Tensor one = slice_axis(net, all, axis, (all.dims().at(static_cast<std::size_t>(axis)) - 1) / 2, 1);
    return keep ? one : net.squeeze(one, {axis});
  };
  if (whole) return net.cast(middle(result.values), x.dtype());
  std::vector<Operand> outputs{Unknown{}, Unknown{}};
  if (a.is_output_used(0)) outputs[0] = net.cast(middle(result.values), x.dtype());
  if (a.is_output_used(1)) outputs[1] = net.cast(middle(result.indices), DType::kInt64);
  return outputs;
}

// How many of `edges` (sorted, along the last axis) lie before each x: counted, so the edges may come from the network.
Tensor position(Network& net, Args& a, const Tensor& x, const Tensor& edges, bool right) {
  const Tensor column = net.unsqueeze(x, {x.rank()});
  // Not "edge < x": NaN is sorted behind everything.
  Tensor behind = net.elementwise(ElementWiseOperation::kGreater, edges, column);
  if (!right)
    behind = net.elementwise(ElementWiseOperation::kOr, behind,
                             net.elementwise(ElementWiseOperation::kEqual, edges, column));
  const Tensor before = net.cast(net.unary(UnaryOperation::kNot, behind), DType::kInt32);
  const Tensor count = net.reduce(ReduceOperation::kSum, before, {before.rank() - 1}, false);
  return net.cast(count, a.boolean("out_int32") ? DType::kInt32 : DType::kInt64);
}

Results bucketize(Network& net, Args& a) {
  const auto t = a.promoted({"self", "boundaries"});
  return position(net, a, t[0], t[1], a.boolean("right"));
}

Results searchsorted(Network& net, Args& a) {
  const auto t = a.promoted({"self", "sorted_sequence"});
  const std::string side = a.optional_string("side").value_or(a.boolean("right") ? "right" : "left");
  a.ignore({"right"});
  // One sequence for all, or one for each row.
  const Tensor edges = t[1].rank() == 1 ? t[1] : net.unsqueeze(t[1], {t[1].rank() - 1});
  return position(net, a, t[0], edges, side == "right");
}

}  // namespace

void register_sorting(HandlerRegistry& r) {
  const char* const limit = "at most 3840 elements, static";
  r.op("aten::sort").note(limit).convert(sort);
  r.op("aten::argsort").note(limit).convert(argsort);
  r.op("aten::msort").note(limit).convert(msort);
  r.op("aten::median").note(limit).convert(median);
  const char* const counted = "compares with every boundary";
  r.op("aten::bucketize").note(counted).convert(bucketize);
  r.op("aten::searchsorted").note(counted).convert(searchsorted);
  r.op("aten::kthvalue").note(limit).convert(kthvalue);
}

}  // namespace torch2trt
