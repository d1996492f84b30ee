// Normalization by statistics of the sample itself: layer, group, instance and RMS norm.
#include <fmt/format.h>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

using Axes = std::vector<std::int64_t>;

void require_floating(const Args& a, const Tensor& x) {
  a.require(is_floating(x.dtype()), fmt::format("normalization of {} is not defined", name(x.dtype())));
}

// One constant of `value`, with the sizes of x where it varies and 1 elsewhere.
Tensor filled(Network& net, const Tensor& x, const Axes& varying, double value) {
  Dims sizes(static_cast<std::size_t>(x.rank()), 1);
  for (std::int64_t axis : varying)
    sizes.at(static_cast<std::size_t>(axis)) = x.dims().at(static_cast<std::size_t>(axis));
  return net.constant(full_host_tensor(value, x.dtype(), sizes));
}

Tensor optional_affine(Network& net, Args& a, std::string_view name, const Tensor& x, const Dims& sizes,
                       double otherwise) {
  if (a.is_none(name)) return net.constant(full_host_tensor(otherwise, x.dtype(), sizes));
  return net.reshape(a.tensor_as(name, x.dtype()), std::vector<Dim>(sizes.begin(), sizes.end()));
}

Tensor layer_norm(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  require_floating(a, x);
  a.ignore({"cudnn_enable"});
  const auto normalized = a.integers("normalized_shape");
  Axes axes;
  Dims sizes(static_cast<std::size_t>(x.rank()), 1);
  for (std::size_t i = 0; i < normalized.size(); ++i) {
    const std::int64_t axis = x.rank() - static_cast<std::int64_t>(normalized.size() - i);
    a.require(axis >= 0, "normalized_shape has more dimensions than the input");
    axes.push_back(axis);
    sizes.at(static_cast<std::size_t>(axis)) = normalized[i];
  }
  const Tensor scale = optional_affine(net, a, "weight", x, sizes, 1);
  const Tensor bias = optional_affine(net, a, "bias", x, sizes, 0);
  return net.add(layer::Normalization{x, scale, bias, axes, static_cast<float>(a.number("eps"))});
}

// x / sqrt(mean(x^2) + eps) * weight; eps defaults to the type's machine epsilon.
Results rms_norm(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  require_floating(a, x);
  const auto normalized = a.integers("normalized_shape");
  Axes axes;
  for (std::size_t i = 0; i < normalized.size(); ++i)
    axes.push_back(x.rank() - static_cast<std::int64_t>(normalized.size() - i));
  const double machine = x.dtype() == DType::kFloat16 ? 0x1p-10 : x.dtype() == DType::kBFloat16 ? 0x1p-7 : 0x1p-23;
  const double epsilon = a.optional_number("eps").value_or(machine);
  // PyTorch computes half precision in float32.
  const Tensor wide = net.cast(x, DType::kFloat32);
  const Tensor mean = net.reduce(ReduceOperation::kAvg, wide * wide, axes, true);
  Tensor result = wide / net.unary(UnaryOperation::kSqrt, mean + epsilon);
  if (!a.is_none("weight")) result = result * a.tensor_as("weight", DType::kFloat32);
  return net.cast(result, x.dtype());
}

// [C] as [1, C, 1, ...].
Dims channel_sizes(const Tensor& x, std::int64_t channels) {
  Dims sizes(static_cast<std::size_t>(x.rank()), 1);
  sizes.at(1) = channels;
  return sizes;
}

std::int64_t static_channels(const Args& a, const Tensor& x) {
  const std::int64_t channels = x.dims().at(1);
  a.require(channels > 0, "the number of channels must be static");
  return channels;
}

// Groups as a dimension of their own: [N, G, rest], normalized over the rest. TensorRT's own group normalization takes
// scale and bias per group before 10.15, per channel since.
Tensor group_normalized(Network& net, Args& a, const Tensor& x, std::int64_t groups, double epsilon) {
  const std::int64_t channels = static_channels(a, x);
  a.require(channels % groups == 0, fmt::format("{} channels do not divide into {} groups", channels, groups));
  const Tensor grouped = net.reshape(x, {x.dim(0), Dim(groups), Dim(-1)});
  const Tensor ones = filled(net, grouped, {}, 1);
  const Tensor zeros = filled(net, grouped, {}, 0);
  const Tensor normalized = net.add(layer::Normalization{grouped, ones, zeros, {2}, static_cast<float>(epsilon)});
  return net.reshape(normalized, x.shape());
}

Tensor with_channel_affine(Network& net, Args& a, Tensor y, const Tensor& x) {
  const Dims sizes = channel_sizes(x, static_channels(a, x));
  const std::vector<Dim> shape(sizes.begin(), sizes.end());
  if (!a.is_none("weight")) y = y * net.reshape(a.tensor_as("weight", x.dtype()), shape);
  if (!a.is_none("bias")) y = y + net.reshape(a.tensor_as("bias", x.dtype()), shape);
  return y;
}

Tensor group_norm(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  require_floating(a, x);
  a.ignore({"cudnn_enabled", "N", "C", "HxW"});  // sizes of x
  const std::int64_t groups = a.integer(a.has("group") ? "group" : "num_groups");
  return with_channel_affine(net, a, group_normalized(net, a, x, groups, a.number("eps")), x);
}

// With mean and reciprocal deviation as further outputs, which nothing may read.
Handler native(Tensor (*normalize)(Network&, Args&)) {
  return [normalize](Network& net, Args& a) -> Results {
    a.require(!a.is_output_used(1) && !a.is_output_used(2),
              "only the normalized output is supported, not mean and deviation");
    return std::vector<Operand>{normalize(net, a), Unknown{}, Unknown{}};
  };
}

// Statistics of each sample and channel; with use_input_stats=False those of training, as batch norm.
Results instance_norm(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  require_floating(a, x);
  a.ignore({"momentum", "cudnn_enabled", "running_mean", "running_var"});
  const double epsilon = a.number("eps");
  if (!a.boolean("use_input_stats")) {
    const std::vector<Dim> shape = [&] {
      const Dims sizes = channel_sizes(x, static_channels(a, x));
      return std::vector<Dim>(sizes.begin(), sizes.end());
    }();
    const Tensor mean = net.reshape(a.tensor_as("running_mean", x.dtype()), shape);
    const Tensor variance = net.reshape(a.tensor_as("running_var", x.dtype()), shape);
    return with_channel_affine(net, a, (x - mean) / net.unary(UnaryOperation::kSqrt, variance + epsilon), x);
  }
  const Dims sizes = channel_sizes(x, static_channels(a, x));
  Axes axes;
  for (std::int64_t axis = 2; axis < x.rank(); ++axis) axes.push_back(axis);
  const Tensor ones = net.constant(full_host_tensor(1, x.dtype(), Dims(sizes.size(), 1)));
  const Tensor zeros = net.constant(full_host_tensor(0, x.dtype(), Dims(sizes.size(), 1)));
  const Tensor normalized = net.add(layer::Normalization{x, ones, zeros, axes, static_cast<float>(epsilon)});
  return with_channel_affine(net, a, normalized, x);
}

}  // namespace

void register_layer_normalization(HandlerRegistry& r) {
  r.op("aten::layer_norm").convert(layer_norm);
  r.op("aten::native_layer_norm").note("first output only").convert(native(layer_norm));
  r.op("aten::native_group_norm").note("first output only").convert(native(group_norm));
  r.op("aten::rms_norm").convert(rms_norm);
  r.op("aten::group_norm").convert(group_norm);
  r.op("aten::instance_norm").convert(instance_norm);
}

}  // namespace torch2trt
