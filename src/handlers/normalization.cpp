#include <fmt/format.h>

#include <cmath>

#include "src/handlers/doubles.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

// [C] as [1, C, 1, ...] of the input's rank.
HostTensor per_channel(const HostTensor& values, std::int64_t rank) {
  Dims sizes(static_cast<std::size_t>(rank), 1);
  sizes.at(1) = values.numel();
  return reshaped(values, sizes);
}

// Statistics of the batch itself: over all dimensions but the channels.
Tensor normalized_by_batch(Network& net, const Tensor& x, double epsilon) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    if (axis != 1) axes.push_back(axis);
  }
  const Tensor centred = x - net.reduce(ReduceOperation::kAvg, x, axes, true);
  const Tensor variance = net.reduce(ReduceOperation::kAvg, centred * centred, axes, true);
  return centred / net.unary(UnaryOperation::kSqrt, variance + epsilon);
}

struct ScaleShift {
  HostTensor scale, shift;  // [C]
};

// What batch norm in evaluation does to a channel: y = x * scale + shift. In float64 until the end.
ScaleShift scale_shift(const HostTensor& mean, const HostTensor& variance, const std::optional<HostTensor>& weight,
                       const std::optional<HostTensor>& bias, double epsilon, DType dtype) {
  std::vector<double> scale = doubles_of(variance);
  std::vector<double> shift = doubles_of(mean);
  const std::vector<double> weights = weight ? doubles_of(*weight) : std::vector<double>(scale.size(), 1.0);
  const std::vector<double> biases = bias ? doubles_of(*bias) : std::vector<double>(scale.size(), 0.0);
  for (std::size_t i = 0; i < scale.size(); ++i) {
    scale[i] = weights.at(i) / std::sqrt(scale[i] + epsilon);
    shift.at(i) = biases.at(i) - shift[i] * scale[i];
  }
  return {vector_of(scale, dtype), vector_of(shift, dtype)};
}

Tensor batch_norm(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  a.require(is_floating(x.dtype()), fmt::format("batch norm of {} is not supported", name(x.dtype())));
  a.ignore({"momentum", "cudnn_enabled"});
  const double epsilon = a.number("eps");
  const bool training = a.has("training") && a.boolean("training");
  auto weight = a.optional_weights("weight");
  auto bias = a.optional_weights("bias");
  if (training || !a.has("running_mean") || a.is_none("running_mean")) {
    a.ignore({"running_mean", "running_var"});
    Tensor result = normalized_by_batch(net, x, epsilon);
    if (weight) result = result * net.constant(per_channel(contiguous_as(*weight, x.dtype()), x.rank()));
    if (bias) result = result + net.constant(per_channel(contiguous_as(*bias, x.dtype()), x.rank()));
    return result;
  }
  const ScaleShift affine =
      scale_shift(a.weights("running_mean"), a.weights("running_var"), weight, bias, epsilon, x.dtype());
  // NvInfer.h: a scale layer needs at least four dimensions.
  if (x.rank() >= 4) return net.add(layer::Scale{x, 1, affine.shift, affine.scale});
  return x * net.constant(per_channel(affine.scale, x.rank())) + net.constant(per_channel(affine.shift, x.rank()));
}

// With the statistics of the batch as further outputs, which nothing may read.
Results native_batch_norm(Network& net, Args& a) {
  a.require(!a.is_output_used(1) && !a.is_output_used(2),
            "only the normalized output is supported, not the saved statistics");
  return std::vector<Operand>{batch_norm(net, a), Unknown{}, Unknown{}};
}

}  // namespace

void register_normalization(HandlerRegistry& r) {
  r.op("aten::batch_norm").convert(batch_norm);
  r.ops({"aten::native_batch_norm", "aten::_native_batch_norm_legit", "aten::_native_batch_norm_legit_no_training"})
      .note("first output only")
      .convert(native_batch_norm);
}

}  // namespace torch2trt
