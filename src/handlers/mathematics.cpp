// Elementwise functions that TensorRT has no layer for, composed so that they keep PyTorch's accuracy and limits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "src/handlers/logarithms.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor number_like(const Tensor& x, double value) { return x.network().scalar(value, x.dtype(), x.rank()); }
Tensor less(const Tensor& a, const Tensor& b) { return a.network().elementwise(ElementWiseOperation::kLess, a, b); }
Tensor equal(const Tensor& a, const Tensor& b) { return a.network().elementwise(ElementWiseOperation::kEqual, a, b); }
Tensor both(const Tensor& a, const Tensor& b) { return a.network().elementwise(ElementWiseOperation::kAnd, a, b); }
Tensor negated(const Tensor& condition) { return condition.network().unary(UnaryOperation::kNot, condition); }
Tensor choose(const Tensor& condition, const Tensor& yes, const Tensor& no) {
  return condition.network().select(condition, yes, no);
}
Tensor unary(UnaryOperation operation, const Tensor& x) { return x.network().unary(operation, x); }

Tensor truncated(const Tensor& x) {
  return unary(UnaryOperation::kSign, x) * unary(UnaryOperation::kFloor, unary(UnaryOperation::kAbs, x));
}

// Integers become float32, as in PyTorch.
Tensor floating(Args& a, std::string_view name = "self") {
  const Tensor x = a.tensor(name);
  return is_floating(x.dtype()) ? x : a.network().cast(x, DType::kFloat32);
}

std::vector<Tensor> floating_pair(Args& a, std::string_view first, std::string_view second) {
  const DType type = a.result_type({first, second});
  const DType computed = is_floating(type) ? type : DType::kFloat32;
  return {a.tensor_as(first, computed), a.tensor_as(second, computed)};
}

Handler function(Tensor (*formula)(const Tensor&)) {
  return [formula](Network&, Args& a) -> Results { return formula(floating(a)); };
}

// --- remainders -----------------------------------------------------------------------------------------------------

// a - b * (a / b rounded down: Python's sign, or towards zero: C's).
Handler remainder(bool down) {
  return [down](Network& net, Args& a) -> Results {
    const auto t = a.promoted({"self", "other"});
    a.require(t[0].dtype() != DType::kBool, "the remainder of bools is not defined");
    if (!is_floating(t[0].dtype())) {
      return t[0] - (down ? net.elementwise(ElementWiseOperation::kFloorDiv, t[0], t[1]) : t[0] / t[1]) * t[1];
    }
    const Tensor quotient = t[0] / t[1];
    return t[0] - (down ? unary(UnaryOperation::kFloor, quotient) : truncated(quotient)) * t[1];
  };
}

// --- bits -----------------------------------------------------------------------------------------------------------

Handler bitwise(ElementWiseOperation operation, std::string_view text) {
  return [=](Network& net, Args& a) -> Results {
    const DType type = a.result_type({"self", "other"});
    a.require(type == DType::kBool,
              fmt::format("TensorRT has no bitwise {} of {}, only the logical one of bools", text, name(type)));
    return net.elementwise(operation, a.tensor_as("self", type), a.tensor_as("other", type));
  };
}

Results bitwise_not(Network&, Args& a) {
  const Tensor x = a.tensor("self");
  if (x.dtype() == DType::kBool) return negated(x);
  return number_like(x, -1) - x;  // two's complement
}

// --- classes of numbers
// -----------------------------------------------------------------------------------------------

// What holds of floats by a layer, and of all integers or of none.
Handler classification(Tensor (*formula)(const Tensor&), bool of_integers) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    if (is_floating(x.dtype())) return formula(x);
    return net.broadcast_to(net.scalar(of_integers ? 1 : 0, DType::kBool, x.rank()), x.shape());
  };
}

// NaN is not less than infinity either.
Tensor is_finite(const Tensor& x) { return less(unary(UnaryOperation::kAbs, x), number_like(x, kInfinity)); }
Tensor is_nan(const Tensor& x) { return unary(UnaryOperation::kIsNan, x); }
Tensor is_infinite(const Tensor& x) { return unary(UnaryOperation::kIsInf, x); }

double largest(DType dtype) {
  if (dtype == DType::kFloat16) return 65504;
  if (dtype == DType::kBFloat16) return 0x1.FEp127;
  return std::numeric_limits<float>::max();
}

Results nan_to_num(Network&, Args& a) {
  Tensor x = a.tensor("self");
  const double nan = a.optional_number("nan").value_or(0);
  const double high = a.optional_number("posinf").value_or(largest(x.dtype()));
  const double low = a.optional_number("neginf").value_or(-largest(x.dtype()));
  if (!is_floating(x.dtype())) return x;
  x = choose(equal(x, number_like(x, kInfinity)), number_like(x, high), x);
  x = choose(equal(x, number_like(x, -kInfinity)), number_like(x, low), x);
  return choose(is_nan(x), number_like(x, nan), x);
}

// --- exponentials and logarithms ------------------------------------------------------------------------------------

// tanh(x / 2) * (exp(x) + 1): exp(x) - 1 without the cancellation at 0.
Tensor expm1(const Tensor& x) {
  return x.network().activation(ActivationType::kTanh, x * 0.5) * (unary(UnaryOperation::kExp, x) + 1);
}

Tensor log2(const Tensor& x) { return unary(UnaryOperation::kLog, x) * std::numbers::log2e; }
Tensor log10(const Tensor& x) { return unary(UnaryOperation::kLog, x) * std::numbers::log10e; }
Tensor exp2(const Tensor& x) { return x.network().elementwise(ElementWiseOperation::kPow, number_like(x, 2), x); }

// The larger one + log(1 + exp(-|difference|)).
Results logaddexp(Network& net, Args& a) {
  const auto t = floating_pair(a, "self", "other");
  const Tensor distance = unary(UnaryOperation::kAbs, t[0] - t[1]);
  return net.elementwise(ElementWiseOperation::kMax, t[0], t[1]) +
         net.activation(ActivationType::kSoftplus, -distance, 1, 1);
}

// x * log(y); 0 where x is 0, whatever y is but NaN.
Results xlogy(Network&, Args& a) {
  const auto t = floating_pair(a, "self", "other");
  const Tensor zero = both(equal(t[0], number_like(t[0], 0)), negated(is_nan(t[1])));
  return choose(zero, number_like(t[0], 0), t[0] * unary(UnaryOperation::kLog, t[1]));
}

// log2(2^a + 2^b)
Results logaddexp2(Network& net, Args& a) {
  const auto t = floating_pair(a, "self", "other");
  const Tensor distance = unary(UnaryOperation::kAbs, t[0] - t[1]) * std::numbers::ln2;
  return net.elementwise(ElementWiseOperation::kMax, t[0], t[1]) +
         net.activation(ActivationType::kSoftplus, -distance, 1, 1) * std::numbers::log2e;
}

// --- comparisons ----------------------------------------------------------------------------------------------------

// The larger or smaller one; of a number and NaN, the number.
Handler without_nan(ElementWiseOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    const auto t = a.promoted({"self", "other"});
    a.require(t[0].dtype() != DType::kBool, "of bools, use maximum and minimum");
    const Tensor chosen = net.elementwise(operation, t[0], t[1]);
    if (!is_floating(t[0].dtype())) return chosen;
    return choose(is_nan(t[0]), t[1], choose(is_nan(t[1]), t[0], chosen));
  };
}

// 0 below 0, 1 above, `values` at 0.
Results heaviside(Network& net, Args& a) {
  const auto t = a.promoted({"self", "values"});
  const Tensor zero = number_like(t[0], 0);
  return choose(equal(t[0], zero), t[1], net.cast(less(zero, t[0]), t[0].dtype()));
}

// |self - other| <= atol + rtol * |other|, and what is equal though infinite.
Results isclose(Network& net, Args& a) {
  const auto t = floating_pair(a, "self", "other");
  const Tensor distance = unary(UnaryOperation::kAbs, t[0] - t[1]);
  const Tensor allowed = unary(UnaryOperation::kAbs, t[1]) * a.number("rtol") + a.number("atol");
  const auto either = [&](const Tensor& x, const Tensor& y) {
    return net.elementwise(ElementWiseOperation::kOr, x, y);
  };
  const Tensor near = both(either(less(distance, allowed), equal(distance, allowed)), is_finite(allowed));
  const Tensor close = either(near, equal(t[0], t[1]));
  return a.boolean("equal_nan") ? either(close, both(is_nan(t[0]), is_nan(t[1]))) : close;
}

// Whether each element is among those of a second tensor, or is that number.
Results isin(Network& net, Args& a) {
  const std::string_view elements = a.has("elements") ? "elements" : "element";
  const std::string_view among = a.has("test_elements") ? "test_elements" : "test_element";
  a.ignore({"assume_unique"});
  const auto t = a.promoted({elements, among});
  const Tensor flat = net.flatten(t[1], 0, std::max<std::int64_t>(t[1].rank() - 1, 0));
  const Tensor found = net.cast(equal(net.unsqueeze(t[0], {t[0].rank()}), flat), DType::kInt32);
  const Tensor any = net.reduce(ReduceOperation::kMax, found, {found.rank() - 1}, false);
  return a.boolean("invert") ? negated(net.cast(any, DType::kBool)) : net.cast(any, DType::kBool);
}

// Pi for what is negative, NaN for NaN.
Tensor angle(const Tensor& x) {
  const Tensor zero = number_like(x, 0);
  return choose(is_nan(x), x, choose(less(x, zero), number_like(x, std::numbers::pi), zero));
}

// The sign of -0 is seen where it is the divisor; that of NaN is not.
Results copysign(Network& net, Args& a) {
  if (const auto* number = a.operand("other").as<double>()) {
    const Tensor size = unary(UnaryOperation::kAbs, floating(a));
    return std::signbit(*number) ? -size : size;
  }
  const auto t = floating_pair(a, "self", "other");
  const Tensor zero = number_like(t[1], 0);
  Tensor negative = less(t[1], zero);
  if (is_floating(a.result_type({"other"}))) {
    const Tensor negative_zero = both(equal(t[1], zero), less(unary(UnaryOperation::kRecip, t[1]), zero));
    negative = net.elementwise(ElementWiseOperation::kOr, negative, negative_zero);
  }
  const Tensor size = unary(UnaryOperation::kAbs, t[0]);
  return choose(negative, -size, size);
}

// --- angles ---------------------------------------------------------------------------------------------------------

// The angle of the point (x, y). Zeros are taken as positive.
Tensor atan2(const Tensor& y, const Tensor& x) {
  const Tensor zero = number_like(y, 0);
  const Tensor half_turn = choose(less(y, zero), number_like(y, -std::numbers::pi), number_like(y, std::numbers::pi));
  const Tensor angle = unary(UnaryOperation::kAtan, y / x) + choose(less(x, zero), half_turn, zero);
  return choose(equal(x, zero), unary(UnaryOperation::kSign, y) * (std::numbers::pi / 2), angle);
}

Tensor sinc(const Tensor& x) {
  const Tensor angle = x * std::numbers::pi;
  return choose(equal(x, number_like(x, 0)), number_like(x, 1), unary(UnaryOperation::kSin, angle) / angle);
}

// --- several operands -----------------------------------------------------------------------------------------------

// PyTorch's two forms, each exact at its end.
Tensor interpolated(const Tensor& start, const Tensor& end, double weight) {
  return std::abs(weight) < 0.5 ? start + (end - start) * weight : end - (end - start) * (1 - weight);
}

Results lerp(Network&, Args& a) {
  if (a.is_constant("weight") && (a.operand("weight").as<HostTensor>() == nullptr)) {
    const auto t = a.promoted({"self", "end"});
    return interpolated(t[0], t[1], a.number("weight"));
  }
  const auto t = a.promoted({"self", "end", "weight"});
  return t[0] + t[2] * (t[1] - t[0]);
}

// self + value * tensor1 (* or /) tensor2
Handler added(ElementWiseOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    const auto t = a.promoted({"self", "tensor1", "tensor2"});
    const double value = a.number("value");
    a.require(is_floating(t[0].dtype()) || operation == ElementWiseOperation::kProd,
              "division of integers is not defined here");
    const Tensor term = value == 1 ? t[1] : t[1] * value;
    return t[0] + net.elementwise(operation, term, t[2]);
  };
}

Results round_decimals(Network&, Args& a) {
  const Tensor x = a.tensor("self");
  const auto decimals = a.integer("decimals");
  if (!is_floating(x.dtype())) {
    a.require(decimals >= 0, "rounding integers to tens is not defined");
    return x;
  }
  if (decimals == 0) return unary(UnaryOperation::kRound, x);
  const double factor = std::pow(10.0, static_cast<double>(std::abs(decimals)));
  return decimals > 0 ? unary(UnaryOperation::kRound, x * factor) / factor
                      : unary(UnaryOperation::kRound, x / factor) * factor;
}

}  // namespace

void register_mathematics(HandlerRegistry& r) {
  for (const char* overload : {"Scalar", "Tensor", "Scalar_Tensor"}) {
    r.op(fmt::format("aten::remainder.{}", overload))
        .note("a float quotient that rounds to an integer counts as that integer")
        .convert(remainder(true));
  }
  r.op("aten::fmod")
      .note("a float quotient that rounds to an integer counts as that integer")
      .convert(remainder(false));

  using enum ElementWiseOperation;
  r.ops({"aten::bitwise_and", "aten::__and__"})
      .note("bools only: TensorRT has no bitwise layers")
      .convert(bitwise(kAnd, "and"));
  r.ops({"aten::bitwise_or", "aten::__or__"})
      .note("bools only: TensorRT has no bitwise layers")
      .convert(bitwise(kOr, "or"));
  r.ops({"aten::bitwise_xor", "aten::__xor__"})
      .note("bools only: TensorRT has no bitwise layers")
      .convert(bitwise(kXor, "exclusive or"));
  r.op("aten::bitwise_not").convert(bitwise_not);

  r.ops({"aten::isnan", "aten::special_isnan"}).convert(classification(is_nan, false));
  r.op("aten::isinf").convert(classification(is_infinite, false));
  r.op("aten::isfinite").convert(classification(is_finite, true));
  r.op("aten::isposinf")
      .convert(classification([](const Tensor& x) { return equal(x, number_like(x, kInfinity)); }, false));
  r.op("aten::isneginf")
      .convert(classification([](const Tensor& x) { return equal(x, number_like(x, -kInfinity)); }, false));
  r.op("aten::nan_to_num").convert(nan_to_num);

  r.ops({"aten::expm1", "aten::special_expm1"}).convert(function(expm1));
  r.ops({"aten::log1p", "aten::special_log1p"}).convert(function(log1p));
  r.op("aten::log2").convert(function(log2));
  r.op("aten::log10").convert(function(log10));
  r.ops({"aten::exp2", "aten::special_exp2"}).convert(function(exp2));
  r.op("aten::logaddexp").convert(logaddexp);
  r.op("aten::logaddexp2").convert(logaddexp2);
  r.op("aten::fmax").convert(without_nan(ElementWiseOperation::kMax));
  r.op("aten::fmin").convert(without_nan(ElementWiseOperation::kMin));
  r.op("aten::copysign").note("the sign of NaN counts as positive").convert(copysign);
  r.op("aten::heaviside").convert(heaviside);
  r.op("aten::isclose").convert(isclose);
  r.op("aten::isin").note("compares with every element").convert(isin);
  r.op("aten::angle").convert(function(angle));
  r.ops({"aten::xlogy", "aten::special_xlogy"}).convert(xlogy);
  r.ops({"aten::erfc", "aten::special_erfc"}).convert(function([](const Tensor& x) {
    return 1 - unary(UnaryOperation::kErf, x);
  }));

  r.ops({"aten::atan2", "aten::arctan2"})
      .note("zeros and infinities: -0 counts as 0, two infinities give NaN")
      .convert([](Network&, Args& a) -> Results {
        const auto t = floating_pair(a, "self", "other");
        return atan2(t[0], t[1]);
      });
  r.ops({"aten::sinc", "aten::special_sinc"}).convert(function(sinc));
  r.op("aten::deg2rad").convert(function([](const Tensor& x) { return x * (std::numbers::pi / 180); }));
  r.op("aten::rad2deg").convert(function([](const Tensor& x) { return x * (180 / std::numbers::pi); }));
  r.op("aten::hypot").convert([](Network&, Args& a) -> Results {
    const auto t = a.promoted({"self", "other"});
    return unary(UnaryOperation::kSqrt, t[0] * t[0] + t[1] * t[1]);
  });

  r.op("aten::frac").convert(function([](const Tensor& x) { return x - truncated(x); }));
  r.op("aten::round.decimals").convert(round_decimals);
  r.op("aten::positive").convert([](Network&, Args& a) -> Results { return a.tensor("self"); });
  r.op("aten::lerp").convert(lerp);
  r.op("aten::addcmul").convert(added(kProd));
  r.op("aten::addcdiv").convert(added(kDiv));
}

}  // namespace torch2trt
