#include "src/handlers/norms.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "src/handlers/register.h"

namespace torch2trt {

Tensor vector_norm(const Tensor& x, double order, const std::vector<std::int64_t>& axes, bool keep_dims) {
  Network& net = x.network();
  const auto absolute = [&](const Tensor& of) { return net.unary(UnaryOperation::kAbs, of); };
  if (std::isinf(order))
    return net.reduce(order > 0 ? ReduceOperation::kMax : ReduceOperation::kMin, absolute(x), axes, keep_dims);
  const Tensor wide = net.cast(x, DType::kFloat32);
  const auto sum = [&](const Tensor& of) { return net.reduce(ReduceOperation::kSum, of, axes, keep_dims); };
  Tensor result;
  if (order == 0) {
    const Tensor zero = net.elementwise(ElementWiseOperation::kEqual, x, net.scalar(0, x.dtype(), x.rank()));
    result = sum(net.cast(net.unary(UnaryOperation::kNot, zero), DType::kFloat32));
  } else if (order == 1) {
    result = sum(absolute(wide));
  } else if (order == 2) {
    result = net.unary(UnaryOperation::kSqrt, sum(wide * wide));
  } else {
    const auto power = [&](const Tensor& base, double exponent) {
      return net.elementwise(ElementWiseOperation::kPow, base, net.scalar(exponent, base.dtype(), base.rank()));
    };
    result = power(sum(power(absolute(wide), order)), 1 / order);
  }
  return net.cast(result, x.dtype());
}

namespace {

using Axes = std::vector<std::int64_t>;

Tensor typed(Args& a, const Tensor& x) {
  const Tensor result = a.has("dtype") ? a.cast_to_optional("dtype", x) : x;
  a.require(is_floating(result.dtype()),
            fmt::format("the norm of {} is not defined; give a dtype", name(result.dtype())));
  return result;
}

bool keep_dims(Args& a) { return a.has("keepdim") && a.boolean("keepdim"); }

Handler norm_of_axes(std::string_view order_name) {
  return [order_name](Network&, Args& a) -> Results {
    const Tensor x = typed(a, a.tensor("self"));
    const double order = order_name.empty() ? 2 : a.optional_number(order_name).value_or(2);
    return vector_norm(x, order, a.has("dim") ? a.axes("dim", x) : all_axes(x), keep_dims(a));
  };
}

// The largest (order 1, inf) or smallest (-1, -inf) sum of absolute values along one of two axes.
Tensor matrix_norm(Network& net, const Args& a, const Tensor& x, double order, const Axes& axes, bool keep) {
  a.require(order == 1 || order == -1 || std::isinf(order),
            fmt::format("the matrix norm of order {} needs singular values, which TensorRT has no layer for", order));
  const bool columns = std::abs(order) == 1;
  const Tensor sums =
      net.reduce(ReduceOperation::kSum, net.unary(UnaryOperation::kAbs, x), {columns ? axes[0] : axes[1]}, true);
  const Tensor result =
      net.reduce(order > 0 ? ReduceOperation::kMax : ReduceOperation::kMin, sums, {columns ? axes[1] : axes[0]}, true);
  return keep ? result : net.squeeze(result, {std::min(axes[0], axes[1]), std::max(axes[0], axes[1])});
}

// In the order they are given: which is first matters to a matrix norm.
Axes ordered_axes(Args& a, const Tensor& x) {
  Axes axes = a.integers("dim");
  for (std::int64_t& axis : axes) axis = normalized_axis(axis, x.rank());
  return axes;
}

Results linalg_norm(Network& net, Args& a) {
  const Tensor x = typed(a, a.tensor("self"));
  const bool keep = keep_dims(a);
  Axes axes = ordered_axes(a, x);
  if (a.is_none("ord")) return vector_norm(x, 2, axes.empty() ? all_axes(x) : a.axes("dim", x), keep);
  const double order = a.number("ord");
  if (axes.empty()) axes = all_axes(x);
  a.require(axes.size() <= 2, "an order needs one or two dimensions");
  return axes.size() == 2 ? matrix_norm(net, a, x, order, axes, keep) : vector_norm(x, order, axes, keep);
}

// "fro"; "nuc" needs singular values.
Results named_norm(Network&, Args& a) {
  const Tensor x = typed(a, a.tensor("self"));
  const std::string order = a.string("ord");
  a.require(order == "fro",
            fmt::format("the norm \"{}\" needs singular values, which TensorRT has no layer for", order));
  const Axes axes = a.axes("dim", x);
  return vector_norm(x, 2, axes, keep_dims(a));
}

Results linalg_matrix_norm(Network& net, Args& a) {
  const Tensor x = typed(a, a.tensor("self"));
  return matrix_norm(net, a, x, a.number("ord"), ordered_axes(a, x), keep_dims(a));
}

// Distances between all rows of x1 and all rows of x2.
Results cdist(Network& net, Args& a) {
  const Tensor x1 = a.tensor("x1");
  const Tensor x2 = a.tensor("x2");
  a.require(is_floating(x1.dtype()), "distances of integers are not defined");
  a.ignore({"compute_mode"});
  const Tensor difference = net.unsqueeze(x1, {x1.rank() - 1}) - net.unsqueeze(x2, {x2.rank() - 2});
  return vector_norm(difference, a.number("p"), {difference.rank() - 1}, false);
}

// Distances between every two rows i < j.
Results pdist(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.require(x.rank() == 2, fmt::format("pdist takes a matrix, not a tensor of {} dimensions", x.rank()));
  const std::int64_t rows = x.dims().at(0);
  a.require(rows >= 0, "the number of rows must be static");
  std::vector<std::int64_t> first, second;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = i + 1; j < rows; ++j) {
      first.push_back(i);
      second.push_back(j);
    }
  }
  const Tensor difference = net.gather(x, net.constant_1d(first), 0) - net.gather(x, net.constant_1d(second), 0);
  return vector_norm(difference, a.number("p"), {1}, false);
}

}  // namespace

std::vector<std::int64_t> all_axes(const Tensor& x) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

void register_norms(HandlerRegistry& r) {
  r.op("aten::linalg_vector_norm").convert(norm_of_axes("ord"));
  r.op("aten::norm").convert(norm_of_axes("p"));
  r.op("aten::frobenius_norm").convert(norm_of_axes(""));
  r.op("aten::linalg_norm")
      .note("no orders 2, -2 and \"nuc\" of matrices: they need singular values")
      .convert(linalg_norm);
  r.ops({"aten::linalg_norm.ord_str", "aten::linalg_matrix_norm.str_ord"}).convert(named_norm);
  r.op("aten::linalg_matrix_norm").note("no orders 2 and -2: they need singular values").convert(linalg_matrix_norm);
  r.ops({"aten::cdist", "aten::_cdist_forward"}).convert(cdist);
  r.ops({"aten::pdist", "aten::_pdist_forward"}).convert(pdist);
}

}  // namespace torch2trt
