// How far tensors are from each other: similarities and distances.
#include <fmt/format.h>

#include "src/handlers/norms.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

std::vector<Tensor> floating_pair(Args& a, std::string_view first, std::string_view second) {
  const DType type = a.result_type({first, second});
  const DType computed = is_floating(type) ? type : DType::kFloat32;
  return {a.tensor_as(first, computed), a.tensor_as(second, computed)};
}

// Each vector divided by its length, which counts as eps at least; then their product.
Results cosine_similarity(Network& net, Args& a) {
  const auto t = floating_pair(a, "x1", "x2");
  const auto shape = net.broadcast_shape(t[0].shape(), t[1].shape());
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t axis = normalized_axis(a.integer("dim"), rank);
  const double eps = a.number("eps");
  const auto unit = [&](const Tensor& x) {
    const Tensor wide = net.expand_rank(x, rank);
    // Of a size 1 that is broadcast, the length is that of the broadcast vector.
    const Tensor whole = wide.dims().at(static_cast<std::size_t>(axis)) == 1 ? net.broadcast_to(wide, shape) : wide;
    return whole / net.clamp(vector_norm(whole, 2, {axis}, true), eps, std::nullopt);
  };
  return net.reduce(ReduceOperation::kSum, unit(t[0]) * unit(t[1]), {axis}, false);
}

Results pairwise_distance(Network&, Args& a) {
  const auto t = floating_pair(a, "x1", "x2");
  const Tensor difference = t[0] - t[1] + a.number("eps");
  return vector_norm(difference, a.number("p"), {difference.rank() - 1}, a.boolean("keepdim"));
}

Results dist(Network&, Args& a) {
  const auto t = floating_pair(a, "self", "other");
  const Tensor difference = t[0] - t[1];
  return vector_norm(difference, a.number("p"), all_axes(difference), false);
}

}  // namespace

void register_distances(HandlerRegistry& r) {
  r.op("aten::cosine_similarity").convert(cosine_similarity);
  r.op("aten::pairwise_distance").convert(pairwise_distance);
  r.op("aten::dist").convert(dist);
}

}  // namespace torch2trt
