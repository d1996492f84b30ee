// Sorting is TensorRT's top-k of everything, which orders equal elements by their index, as ONNX's TopK must.
#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

constexpr std::int64_t kMaxSorted = 3840;  // k of ITopKLayer

struct Sorted {
  Tensor values, indices;  // of the type of x, and int64
};

Sorted sorted(Network& net, const Args& a, const Tensor& x, std::int64_t axis, bool descending) {
  if (x.rank() == 0) return {x, net.scalar(0, DType::kInt64)};
  const std::int64_t size = x.dims()[static_cast<std::size_t>(axis)];
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

}  // namespace

void register_sorting(HandlerRegistry& r) {
  const char* const limit = "at most 3840 elements, static";
  r.op("aten::sort").note(limit).convert(sort);
  r.op("aten::argsort").note(limit).convert(argsort);
  r.op("aten::msort").note(limit).convert(msort);
  r.op("aten::kthvalue").note(limit).convert(kthvalue);
}

}  // namespace torch2trt
