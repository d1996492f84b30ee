// Bags of rows of a table, each summed, averaged or reduced to its maximum. Which position belongs to which bag becomes
// a matrix, and a sum a product with it.
#include <fmt/format.h>

#include <limits>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

constexpr std::int64_t kSum = 0;
constexpr std::int64_t kMean = 1;
constexpr std::int64_t kMax = 2;

Tensor less(Network& net, const Tensor& a, const Tensor& b) {
  return net.elementwise(ElementWiseOperation::kLess, a, b);
}
Tensor both(Network& net, const Tensor& a, const Tensor& b) {
  return net.elementwise(ElementWiseOperation::kAnd, a, b);
}
Tensor negated(Network& net, const Tensor& x) { return net.unary(UnaryOperation::kNot, x); }

// [bags, count]: whether a position is in a bag, which begins at its offset and ends where the next begins.
Tensor membership(Network& net, Args& a, const Tensor& offsets, const Dim& count) {
  const bool last_given = a.boolean("include_last_offset");
  const Dim length = offsets.dim(0);
  const Tensor later = slice_axis(net, offsets, 0, 1, minus(net, length, 1));
  const Tensor starts = last_given ? slice_axis(net, offsets, 0, 0, minus(net, length, 1)) : offsets;
  const Tensor ends = last_given ? later : net.concat({later, net.cast(net.shape_tensor({count}), DType::kInt64)}, 0);
  const Tensor positions = net.unsqueeze(ramp(net, 0, 1, count, DType::kInt64), {0});
  return both(net, negated(net, less(net, positions, net.unsqueeze(starts, {1}))),
              less(net, positions, net.unsqueeze(ends, {1})));
}

Tensor maximum(Network& net, const Tensor& member, const Tensor& rows) {
  const Tensor lowest = net.scalar(-std::numeric_limits<double>::infinity(), rows.dtype(), 3);
  const Tensor chosen = net.select(net.unsqueeze(member, {2}), net.unsqueeze(rows, {0}), lowest);
  const Tensor largest = net.reduce(ReduceOperation::kMax, chosen, {1}, false);
  const Tensor counted = net.reduce(ReduceOperation::kMax, net.cast(member, DType::kInt32), {1}, true);
  return net.select(net.cast(counted, DType::kBool), largest, net.scalar(0, rows.dtype(), 2));  // empty bags are 0
}

Results embedding_bag(Network& net, Args& a) {
  for (std::size_t i = 1; i < a.node().outputs.size(); ++i) {
    a.require(!a.is_output_used(i), "only the bags are supported, not what their gradient needs beside them");
  }
  a.ignore({"scale_grad_by_freq", "sparse"});
  const Tensor table = a.tensor("weight");
  const Tensor indices = a.tensor_as("indices", DType::kInt64);
  const std::int64_t mode = a.integer("mode");
  a.require(mode == kSum || mode == kMean || mode == kMax, fmt::format("mode {} is not known", mode));
  Tensor member = membership(net, a, a.tensor_as("offsets", DType::kInt64), indices.dim(0));
  auto padding = a.has("padding_idx") ? a.optional_integer("padding_idx") : std::nullopt;
  if (padding && *padding < 0) {
    // _embedding_bag says -1 for none; embedding_bag counts from the end.
    const std::int64_t count = table.dims().at(0);
    a.require(count >= 0, "a negative padding_idx of a table whose size is only known at run time");
    padding = a.node().kind == "aten::embedding_bag" ? std::optional(*padding + count) : std::nullopt;
  }
  if (padding) {
    const Tensor padded = net.elementwise(ElementWiseOperation::kEqual, indices,
                                          net.scalar(static_cast<double>(*padding), DType::kInt64, 1));
    member = both(net, member, net.unsqueeze(negated(net, padded), {0}));
  }
  const Tensor rows = net.gather(table, indices, 0);
  std::vector<Operand> outputs(a.node().outputs.size(), Unknown{});
  if (mode == kMax) {
    a.require(a.is_none("per_sample_weights"), "per_sample_weights are for sums only");
    outputs[0] = maximum(net, member, rows);
    return outputs;
  }
  Tensor weights = net.cast(member, table.dtype());
  if (!a.is_none("per_sample_weights"))
    weights = weights * net.unsqueeze(a.tensor_as("per_sample_weights", table.dtype()), {0});
  Tensor result = net.matmul(weights, rows);
  if (mode == kMean) {
    const Tensor counted = net.reduce(ReduceOperation::kSum, weights, {1}, true);
    result = result / net.clamp(counted, 1, std::nullopt);
  }
  outputs[0] = result;
  return outputs;
}

}  // namespace

void register_embedding_bag(HandlerRegistry& r) {
  r.ops({"aten::embedding_bag", "aten::_embedding_bag", "aten::_embedding_bag_forward_only"})
      .note("first output only; compares every index with every bag")
      .convert(embedding_bag);
}

}  // namespace torch2trt
