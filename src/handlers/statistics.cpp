// Reductions that are composed of several layers: variance, logsumexp, counts; and sums along an axis.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

using Axes = std::vector<std::int64_t>;

bool keep_dims(Args& a) { return a.has("keepdim") && a.boolean("keepdim"); }

Axes reduced_axes(Args& a, const Tensor& x) {
  if (a.has("dim")) return a.axes("dim", x);
  Axes all;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) all.push_back(axis);
  return all;
}

Tensor number_like(const Tensor& x, double value) { return x.network().scalar(value, x.dtype(), x.rank()); }

// --- variance
// ---------------------------------------------------------------------------------------------------------

double correction_of(Args& a) {
  if (a.has("correction")) return a.optional_number("correction").value_or(1);
  return !a.has("unbiased") || a.boolean("unbiased") ? 1 : 0;
}

struct Moments {
  Tensor mean, variance;  // float32, dimensions kept
};

// The sum of squared distances from the mean, over max(0, count - correction).
Moments moments(Network& net, const Tensor& x, const Axes& axes, double correction) {
  const Tensor mean = net.reduce(ReduceOperation::kAvg, x, axes, true);
  const Tensor centred = x - mean;
  const Tensor squares = centred * centred;
  if (correction == 0) return {mean, net.reduce(ReduceOperation::kAvg, squares, axes, true)};
  Dim count(1);
  for (std::int64_t axis : axes) count = net.dim_arithmetic(ElementWiseOperation::kProd, count, x.dim(axis));
  const Tensor sum = net.reduce(ReduceOperation::kSum, squares, axes, true);
  if (count.is_constant()) return {mean, sum / std::max(0.0, static_cast<double>(count.value()) - correction)};
  const Tensor left = net.clamp(net.cast(net.dim_tensor(count), x.dtype()) - correction, 0, std::nullopt);
  return {mean, sum / left};
}

enum class Spread { kVariance, kDeviation };

Handler spread(Spread what, bool with_mean) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    a.require(is_floating(x.dtype()), fmt::format("the variance of {} is not defined", name(x.dtype())));
    const Axes axes = reduced_axes(a, x);
    const bool keep = keep_dims(a);
    // PyTorch computes half precision in float32.
    const Moments m = moments(net, net.cast(x, DType::kFloat32), axes, correction_of(a));
    const auto finished = [&](const Tensor& y) {
      return net.cast(keep || axes.empty() ? y : net.squeeze(y, axes), x.dtype());
    };
    const Tensor result =
        finished(what == Spread::kDeviation ? net.unary(UnaryOperation::kSqrt, m.variance) : m.variance);
    if (!with_mean) return result;
    return std::vector<Operand>{result, finished(m.mean)};
  };
}

// --- sums
// -------------------------------------------------------------------------------------------------------------

// max + log(sum(exp(x - max))); where the maximum is infinite, it is the result.
Results logsumexp(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  if (!is_floating(x.dtype())) x = net.cast(x, DType::kFloat32);
  const Axes axes = reduced_axes(a, x);
  const bool keep = keep_dims(a);
  const Tensor maximum = net.reduce(ReduceOperation::kMax, x, axes, true);
  const Tensor finite = net.elementwise(ElementWiseOperation::kLess, net.unary(UnaryOperation::kAbs, maximum),
                                        number_like(maximum, std::numeric_limits<double>::infinity()));
  const Tensor shift = net.select(finite, maximum, number_like(maximum, 0));
  const Tensor sum = net.reduce(ReduceOperation::kSum, net.unary(UnaryOperation::kExp, x - shift), axes, true);
  const Tensor result = net.unary(UnaryOperation::kLog, sum) + shift;
  return keep || axes.empty() ? result : net.squeeze(result, axes);
}

// Sums of integers and bools are int64, unless dtype says otherwise.
Tensor accumulated(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  if (const auto dtype = a.optional_dtype("dtype")) return net.cast(x, *dtype);
  return is_floating(x.dtype()) ? x : net.cast(x, DType::kInt64);
}

Results cumsum(Network& net, Args& a) {
  const Tensor x = accumulated(net, a);
  const std::int64_t axis = a.axis("dim", x);
  if (x.rank() == 0) return x;
  return net.add(layer::Cumulative{.input = x,
                                   .axis = net.scalar(static_cast<double>(axis), DType::kInt32),
                                   .operation = CumulativeOperation::kSum});
}

Handler without_nan(bool mean) {
  return [mean](Network& net, Args& a) -> Results {
    const Tensor x = accumulated(net, a);
    const Axes axes = reduced_axes(a, x);
    const bool keep = keep_dims(a);
    if (!is_floating(x.dtype())) {
      a.require(!mean, "the mean of integers is not defined");
      return net.reduce(ReduceOperation::kSum, x, axes, keep);
    }
    const Tensor nan = net.unary(UnaryOperation::kIsNan, x);
    const Tensor sum = net.reduce(ReduceOperation::kSum, net.select(nan, number_like(x, 0), x), axes, keep);
    if (!mean) return sum;
    const Tensor counted = net.cast(net.unary(UnaryOperation::kNot, nan), x.dtype());
    return sum / net.reduce(ReduceOperation::kSum, counted, axes, keep);
  };
}

Results count_nonzero(Network& net, Args& a) {
  const Tensor x = a.tensor_as("self", DType::kBool);
  return net.reduce(ReduceOperation::kSum, net.cast(x, DType::kInt64), reduced_axes(a, x), false);
}

// --- both extremes
// ----------------------------------------------------------------------------------------------------

Results aminmax(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const DType computed = x.dtype() == DType::kBool ? DType::kInt32 : x.dtype();  // TensorRT reduces no bools
  const Axes axes = reduced_axes(a, x);
  const bool keep = keep_dims(a);
  const auto extreme = [&](ReduceOperation operation) {
    return net.cast(net.reduce(operation, net.cast(x, computed), axes, keep), x.dtype());
  };
  return std::vector<Operand>{extreme(ReduceOperation::kMin), extreme(ReduceOperation::kMax)};
}

Handler refuse(const std::string& reason) {
  return [reason](Network&, Args& a) -> Results {
    a.require(false, reason);
    return Operand();
  };
}

// What each element has more than the one before, n times over.
Results diff(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const std::int64_t times = a.integer("n");
  a.require(x.rank() > 0, "diff needs a dimension");
  std::vector<Tensor> parts;
  if (times == 0) {
    a.ignore({"prepend", "append"});
    return x;
  }
  if (!a.is_none("prepend")) parts.push_back(a.tensor_as("prepend", x.dtype()));
  parts.push_back(x);
  if (!a.is_none("append")) parts.push_back(a.tensor_as("append", x.dtype()));
  if (parts.size() > 1) x = net.concat(parts, axis);
  for (std::int64_t i = times; i > 0; --i) {
    const Dim count = minus(net, x.dim(axis), Dim(1));
    a.require(!count.is_constant() || count.value() >= 0, "diff of no elements");
    const Tensor after = slice_axis(net, x, axis, Dim(1), count);
    const Tensor before = slice_axis(net, x, axis, Dim(0), count);
    x = x.dtype() == DType::kBool ? net.elementwise(ElementWiseOperation::kXor, after, before) : after - before;
  }
  return x;
}

}  // namespace

void register_statistics(HandlerRegistry& r) {
  r.op("aten::var").convert(spread(Spread::kVariance, false));
  r.op("aten::std").convert(spread(Spread::kDeviation, false));
  r.op("aten::var_mean").convert(spread(Spread::kVariance, true));
  r.op("aten::std_mean").convert(spread(Spread::kDeviation, true));
  r.ops({"aten::logsumexp", "aten::special_logsumexp"}).convert(logsumexp);
  r.op("aten::diff").convert(diff);
  r.op("aten::cumsum").convert(cumsum);
  for (const char* operation : {"cumprod", "cummax", "cummin", "logcumsumexp"}) {
    r.op(fmt::format("aten::{}", operation))
        .note("TensorRT accumulates sums only")
        .convert(refuse("TensorRT's cumulative layer has sums only"));
  }
  r.op("aten::nansum").convert(without_nan(false));
  r.op("aten::nanmean").convert(without_nan(true));
  r.op("aten::count_nonzero").convert(count_nonzero);
  r.op("aten::aminmax").convert(aminmax);
}

}  // namespace torch2trt
