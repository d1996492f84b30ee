// What a TensorRT lacks of the layers of layers.h, composed of others: add() asks here first. The names are those of
// Network::supports().
#include <fmt/format.h>

#include <cmath>

#include "torch2trt/network.h"

namespace torch2trt {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;

// (x - mean) / sqrt(variance + epsilon) * scale + bias, in float32 as TensorRT's layer computes it.
Tensor normalization(Network& net, const layer::Normalization& l) {
  const Tensor wide = net.cast(l.input, DType::kFloat32);
  const Tensor mean = net.reduce(ReduceOperation::kAvg, wide, l.axes, true);
  const Tensor centred = wide - mean;
  const Tensor variance = net.reduce(ReduceOperation::kAvg, centred * centred, l.axes, true);
  Tensor result = centred / net.unary(UnaryOperation::kSqrt, variance + static_cast<double>(l.epsilon));
  const auto is_all = [&](const Tensor& affine, double value) {
    const HostTensor* known = net.constant_value(affine);
    if (known == nullptr || known->numel() != 1) return false;
    const HostTensor number = contiguous_as(*known, DType::kFloat32);
    return static_cast<double>(*static_cast<const float*>(number.data)) == value;
  };
  if (!is_all(l.scale, 1)) result = result * net.cast(l.scale, DType::kFloat32);
  if (!is_all(l.bias, 0)) result = result + net.cast(l.bias, DType::kFloat32);
  return net.cast(result, l.input.dtype());
}

// With groups the statistics are over the channels of a group too: groups as a dimension of their own.
Tensor group_normalization(Network& net, const layer::Normalization& l) {
  const Tensor& x = l.input;
  std::vector<Dim> shape = x.shape();
  if (!shape.at(1).is_constant() || static_cast<std::int64_t>(l.axes.size()) != x.rank() - 2) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                "group normalization needs static channels and statistics over all that follow", net.location());
  }
  const Tensor grouped = net.reshape(x, {shape[0], Dim(l.groups), Dim(-1)});
  const Tensor one = net.scalar(1, x.dtype(), 3);
  const Tensor zero = net.scalar(0, x.dtype(), 3);
  const Tensor normalized =
      net.add(layer::Normalization{.input = grouped, .scale = one, .bias = zero, .axes = {2}, .epsilon = l.epsilon});
  return net.reshape(normalized, shape) * l.scale + l.bias;
}

// [n, n]: whether element `column` is among those that are summed for `row`.
Tensor summed(Network& net, const Dim& count, const layer::Cumulative& l) {
  using enum ElementWiseOperation;
  if (count.is_constant()) {
    const std::int64_t n = count.value();
    std::vector<std::int64_t> values;
    values.reserve(static_cast<std::size_t>(n * n));
    for (std::int64_t row = 0; row < n; ++row) {
      for (std::int64_t column = 0; column < n; ++column) {
        const bool before = l.reverse ? column > row : column < row;
        values.push_back(before || (!l.exclusive && column == row) ? 1 : 0);
      }
    }
    return net.constant(contiguous_as(reshaped(host_tensor(values), {n, n}), DType::kBool));
  }
  // column - row
  const Tensor steps = net.constant(contiguous_as(host_tensor(std::vector<std::int64_t>{-1, 1}), DType::kInt32));
  const Tensor difference = net.add(layer::Fill{net.sizes_operand({count, count}), FillOperation::kLinspace,
                                                net.scalar(0, DType::kInt32), steps, DType::kInt32});
  const double limit = l.exclusive ? 0 : l.reverse ? -1 : 1;
  return net.elementwise(l.reverse ? kGreater : kLess, difference, net.scalar(limit, DType::kInt32, 2));
}

// Longer sums would take a matrix of more than 256 MB.
constexpr std::int64_t kMaxSummed = 8192;

// A product with a triangle of ones; of integers, which TensorRT does not multiply matrices of, a masked sum.
Tensor cumulative(Network& net, const layer::Cumulative& l) {
  const HostTensor* known = net.constant_value(l.axis);
  if (known == nullptr) {
    throw Error(ErrorCategory::kUnsupportedOperator, "a cumulative sum needs a constant axis", net.location());
  }
  const std::int64_t axis = integer_at(*known, 0);
  const std::int64_t last = l.input.rank() - 1;
  const Tensor x = net.transpose(l.input, axis, last);
  const Dim count = x.dim(last);
  if (count.is_constant() && count.value() > kMaxSummed) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("a cumulative sum of {} elements; the TensorRT in use has no layer for it, and composed of "
                            "others at most {} are supported",
                            count.value(), kMaxSummed),
                net.location());
  }
  const Tensor mask = summed(net, count, l);
  if (is_floating(x.dtype())) {
    // x[.., n] is a row of a matrix: x @ mask^T.
    const Tensor rows = net.unsqueeze(x, {last});
    const Tensor sums = net.matmul(rows, net.cast(mask, x.dtype()), false, true);
    return net.transpose(net.squeeze(sums, {last}), axis, last);
  }
  const Tensor chosen = net.unsqueeze(x, {last}) * net.cast(mask, x.dtype());
  return net.transpose(net.reduce(ReduceOperation::kSum, chosen, {last + 1}, false), axis, last);
}

Tensor gelu(Network& net, const layer::Activation& l) {
  const Tensor& x = l.input;
  if (l.type == ActivationType::kGeluErf) return x * 0.5 * (net.unary(UnaryOperation::kErf, x * kSqrtHalf) + 1);
  const Tensor inner = (x + x * x * x * 0.044715) * kSqrtTwoOverPi;
  return x * 0.5 * (net.activation(ActivationType::kTanh, inner) + 1);
}

// Comparisons with NaN are false. (Not x == x, which an optimiser may take to be true.)
Tensor is_nan(Network& net, const Tensor& x) {
  using enum ElementWiseOperation;
  const Tensor below = net.elementwise(kLess, x, net.scalar(1, x.dtype(), x.rank()));
  const Tensor above = net.elementwise(kGreater, x, net.scalar(0, x.dtype(), x.rank()));
  return net.unary(UnaryOperation::kNot, net.elementwise(kOr, below, above));
}

Tensor is_infinite(Network& net, const Tensor& x) {
  const double largest = x.dtype() == DType::kFloat16 ? 65504 : 3.4028234663852886e38;
  return net.elementwise(ElementWiseOperation::kGreater, net.unary(UnaryOperation::kAbs, x),
                         net.scalar(largest, x.dtype(), x.rank()));
}

// Ordered as float32; the values are those of the integers all the same.
std::vector<Tensor> integer_top_k(Network& net, const layer::TopK& l) {
  layer::TopK as_float = l;
  as_float.input = net.cast(l.input, DType::kFloat32);
  std::vector<Tensor> outputs = net.add_all(as_float);
  outputs[0] =
      net.add(layer::Gather{.data = l.input, .indices = outputs[1], .mode = GatherMode::kElement, .axis = l.axis});
  return outputs;
}

}  // namespace

std::optional<std::vector<Tensor>> Network::substitute(const Layer& layer) {
  using Outputs = std::vector<Tensor>;
  if (const auto* l = std::get_if<layer::Normalization>(&layer); l != nullptr && !supports("Normalization")) {
    if (l->groups != 1) return Outputs{group_normalization(*this, *l)};
    keeps_float32_ = true;
    Outputs outputs{normalization(*this, *l)};
    keeps_float32_ = false;
    return outputs;
  }
  if (const auto* l = std::get_if<layer::Cumulative>(&layer); l != nullptr && !supports("Cumulative")) {
    return Outputs{cumulative(*this, *l)};
  }
  if (const auto* l = std::get_if<layer::Activation>(&layer)) {
    const bool is_gelu = l->type == ActivationType::kGeluErf || l->type == ActivationType::kGeluTanh;
    if (is_gelu && !supports("Activation.gelu")) return Outputs{gelu(*this, *l)};
  }
  if (const auto* l = std::get_if<layer::Unary>(&layer)) {
    if (l->operation == UnaryOperation::kIsNan && !supports("Unary.isnan")) return Outputs{is_nan(*this, l->input)};
    if (l->operation == UnaryOperation::kIsInf && !supports("Unary.isinf"))
      return Outputs{is_infinite(*this, l->input)};
    const bool negates = l->operation == UnaryOperation::kNeg;
    if ((negates || l->operation == UnaryOperation::kAbs) && is_integer(l->input.dtype()) &&
        !supports("Unary.integer")) {
      const Tensor negative = scalar(0, l->input.dtype(), l->input.rank()) - l->input;
      return Outputs{negates ? negative : elementwise(ElementWiseOperation::kMax, l->input, negative)};
    }
  }
  if (const auto* l = std::get_if<layer::ElementWise>(&layer)) {
    if (l->operation == ElementWiseOperation::kEqual && l->a.dtype() == DType::kBool && !supports("ElementWise.bool")) {
      return Outputs{unary(UnaryOperation::kNot, elementwise(ElementWiseOperation::kXor, l->a, l->b))};
    }
  }
  if (const auto* l = std::get_if<layer::TopK>(&layer)) {
    if (is_integer(l->input.dtype()) && !supports("TopK.integer")) return integer_top_k(*this, *l);
  }
  if (const auto* l = std::get_if<layer::Fill>(&layer); l != nullptr && held_dtype(l->dtype) != l->dtype) {
    layer::Fill narrow = *l;
    narrow.dtype = held_dtype(l->dtype);
    return add_all(narrow);
  }
  return std::nullopt;
}

}  // namespace torch2trt
