// Arithmetic, comparison and the unary functions, with PyTorch's type promotion.
#include <fmt/format.h>

#include <cmath>
#include <initializer_list>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

using Names = std::initializer_list<std::string_view>;

// Sizes that a trace made tensors of (prim::NumToTensor) stay sizes: no layer where none is needed.
std::optional<Dim> size_operand(const Operand& operand) {
  if (const auto* dim = operand.as<Dim>()) return *dim;
  if (const auto* i = operand.as<std::int64_t>()) return Dim(*i);
  if (const auto* host = operand.as<HostTensor>(); host != nullptr && host->rank() == 0 && is_integer(host->dtype)) {
    return Dim(integer_at(*host, 0));
  }
  return std::nullopt;
}

std::optional<Dim> size_arithmetic(Network& net, Args& a, ElementWiseOperation operation) {
  const auto self = size_operand(a.operand("self"));
  const auto other = size_operand(a.operand("other"));
  if (!self || !other) return std::nullopt;
  return net.dim_arithmetic(operation, *self, *other);
}

bool is_one(const Operand& operand) {
  const auto* i = operand.as<std::int64_t>();
  const auto* d = operand.as<double>();
  return (i != nullptr && *i == 1) || (d != nullptr && *d == 1);
}

Tensor to_integers(const Tensor& x) { return x.dtype() == DType::kBool ? x.network().cast(x, DType::kInt32) : x; }

// self + alpha * other, or with the roles exchanged (rsub).
Handler addition(ElementWiseOperation operation, bool reversed = false) {
  return [=](Network& net, Args& a) -> Results {
    const bool plain = is_one(a.operand("alpha"));
    if (plain && !reversed) {
      if (const auto size = size_arithmetic(net, a, operation)) return *size;
    }
    const DType type = a.result_type({"self", "other"});
    a.require(plain || is_floating(type) || a.operand("alpha").as<double>() == nullptr,
              "alpha must not be a float where the result is an integer");
    Tensor self = a.tensor_as("self", type);
    Tensor other = a.tensor_as("other", type);
    if (reversed) std::swap(self, other);
    Tensor& scaled = reversed ? self : other;
    // bool + bool is a logical or in PyTorch; TensorRT has no kSUM of bool.
    if (self.dtype() == DType::kBool) {
      a.require(operation == ElementWiseOperation::kSum && plain, "subtraction of bools is not defined");
      return net.elementwise(ElementWiseOperation::kOr, self, other);
    }
    if (!plain && !reversed) scaled = scaled * a.number("alpha");
    if (!plain && reversed) other = other * a.number("alpha");
    return net.elementwise(operation, self, other);
  };
}

Results multiply(Network& net, Args& a) {
  if (const auto size = size_arithmetic(net, a, ElementWiseOperation::kProd)) return *size;
  const auto t = a.promoted({"self", "other"});
  const bool logical = t[0].dtype() == DType::kBool;
  return net.elementwise(logical ? ElementWiseOperation::kAnd : ElementWiseOperation::kProd, t[0], t[1]);
}

Tensor truncated(const Tensor& x) {
  Network& net = x.network();
  return net.unary(UnaryOperation::kSign, x) * net.unary(UnaryOperation::kFloor, net.unary(UnaryOperation::kAbs, x));
}

Tensor divided(Network& net, Args& a, std::string_view mode) {
  const DType type = a.result_type({"self", "other"});
  const bool exact = mode.empty();
  const DType computed = exact && !is_floating(type) ? DType::kFloat32 : (type == DType::kBool ? DType::kInt64 : type);
  const Tensor self = a.tensor_as("self", computed);
  const Tensor other = a.tensor_as("other", computed);
  if (exact) return self / other;
  if (mode == "floor") {
    if (is_floating(computed)) return net.unary(UnaryOperation::kFloor, self / other);
    return net.elementwise(ElementWiseOperation::kFloorDiv, self, other);
  }
  a.require(mode == "trunc", fmt::format("rounding mode \"{}\" is not known", mode));
  return is_floating(computed) ? truncated(self / other) : self / other;  // integers divide towards zero
}

Results divide(Network& net, Args& a) {
  const auto mode = a.has("rounding_mode") ? a.optional_string("rounding_mode") : std::nullopt;
  if (mode == "floor") {
    if (const auto size = size_arithmetic(net, a, ElementWiseOperation::kFloorDiv)) return *size;
  }
  return divided(net, a, mode.value_or(""));
}

Results floor_divide(Network& net, Args& a) {
  if (const auto size = size_arithmetic(net, a, ElementWiseOperation::kFloorDiv)) return *size;
  return divided(net, a, "floor");
}

Handler pairwise(ElementWiseOperation operation, std::string_view first = "self", std::string_view second = "other") {
  return [=](Network& net, Args& a) -> Results {
    const auto t = a.promoted({first, second});
    if (t[0].dtype() != DType::kBool) return net.elementwise(operation, t[0], t[1]);
    // The larger of two bools is their or.
    return net.elementwise(
        operation == ElementWiseOperation::kMax ? ElementWiseOperation::kOr : ElementWiseOperation::kAnd, t[0], t[1]);
  };
}

// x multiplied by itself, by repeated squaring. exponent >= 1.
Tensor multiplied(const Tensor& x, std::int64_t exponent) {
  if (exponent == 1) return x;
  const Tensor half = multiplied(x, exponent / 2);
  return exponent % 2 == 0 ? half * half : half * half * x;
}

Tensor ones_like(Network& net, const Tensor& x) {
  return net.broadcast_to(net.scalar(1, x.dtype(), x.rank()), x.shape());
}

// A constant exponent; nullopt where the power needs the layer. TensorRT's kPOW takes no negative base to all powers.
std::optional<Tensor> constant_power(Network& net, const Args& a, const Tensor& base, double exponent) {
  const bool whole = std::floor(exponent) == exponent;
  const bool floats = is_floating(base.dtype());
  if (!floats) a.require(whole && exponent >= 0, "PyTorch has no negative powers of integers");
  if (exponent == 0) return ones_like(net, base);
  // 64 doublings leave any integer type.
  if (whole && std::abs(exponent) <= (floats ? 8 : 64)) {
    const Tensor product = multiplied(base, static_cast<std::int64_t>(std::abs(exponent)));
    return exponent < 0 ? net.unary(UnaryOperation::kRecip, product) : product;
  }
  if (!floats) return std::nullopt;
  if (exponent == 0.5) return net.unary(UnaryOperation::kSqrt, base);
  if (exponent == -0.5) return net.unary(UnaryOperation::kRecip, net.unary(UnaryOperation::kSqrt, base));
  return std::nullopt;
}

Results power(Network& net, Args& a) {
  const DType type = a.result_type({"self", "exponent"});
  const Tensor base = a.tensor_as("self", type);
  const auto* exponents = a.operand("exponent").as<HostTensor>();
  if (a.is_constant("exponent") && (exponents == nullptr || exponents->rank() == 0)) {
    if (const auto result = constant_power(net, a, base, a.number("exponent"))) return *result;
  }
  a.require(is_floating(base.dtype()),
            fmt::format("TensorRT has no power of {}; only constant exponents from 0 to 64 are", name(base.dtype())));
  return net.elementwise(ElementWiseOperation::kPow, base, a.tensor_as("exponent", type));
}

// In float64 to PyTorch, which no network has.
Results float_power(Network& net, Args& a) {
  const Tensor base = a.tensor_as("self", DType::kFloat32);
  if (a.is_constant("exponent") && a.operand("exponent").as<HostTensor>() == nullptr) {
    if (const auto result = constant_power(net, a, base, a.number("exponent"))) return *result;
  }
  return net.elementwise(ElementWiseOperation::kPow, base, a.tensor_as("exponent", DType::kFloat32));
}

enum class Compare { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

Tensor compare(Network& net, Compare how, const Tensor& x, const Tensor& y) {
  using enum ElementWiseOperation;
  const auto either = [&](ElementWiseOperation first) {
    // Not "not greater": a comparison with NaN is false either way.
    if (is_floating(x.dtype()))
      return net.elementwise(kOr, net.elementwise(first, x, y), net.elementwise(kEqual, x, y));
    return net.unary(UnaryOperation::kNot, net.elementwise(first == kLess ? kGreater : kLess, x, y));
  };
  switch (how) {
    case Compare::kEqual: return net.elementwise(kEqual, x, y);
    case Compare::kNotEqual: return net.unary(UnaryOperation::kNot, net.elementwise(kEqual, x, y));
    case Compare::kLess: return net.elementwise(kLess, x, y);
    case Compare::kGreater: return net.elementwise(kGreater, x, y);
    case Compare::kLessEqual: return either(kLess);
    case Compare::kGreaterEqual: return either(kGreater);
  }
  throw Error(ErrorCategory::kInternal, "comparison");
}

Handler comparison(Compare how) {
  return [how](Network& net, Args& a) -> Results {
    auto t = a.has("a") ? a.promoted({"a", "b"}) : a.promoted({"self", "other"});  // of numbers, of tensors
    return compare(net, how, to_integers(t[0]), to_integers(t[1]));
  };
}

Handler logical(ElementWiseOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    return net.elementwise(operation, a.tensor_as("self", DType::kBool), a.tensor_as("other", DType::kBool));
  };
}

// Integers become float32, as in PyTorch.
Tensor floating(Network& net, const Tensor& x) { return is_floating(x.dtype()) ? x : net.cast(x, DType::kFloat32); }

Handler unary(UnaryOperation operation) {
  return
      [operation](Network& net, Args& a) -> Results { return net.unary(operation, floating(net, a.tensor("self"))); };
}

// floor, ceil, round: nothing to do for integers.
Handler rounding(UnaryOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return is_floating(x.dtype()) ? net.unary(operation, x) : x;
  };
}

Handler signed_unary(UnaryOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    a.require(x.dtype() != DType::kBool, "bools have no sign");
    return net.unary(operation, x);
  };
}

Results clamp(Network& net, Args& a) {
  const std::string_view low = a.has("min") ? "min" : "";
  const std::string_view high = a.has("max") ? "max" : "";
  const bool has_low = !low.empty() && !a.is_none(low);
  const bool has_high = !high.empty() && !a.is_none(high);
  const DType type = has_low && has_high ? a.result_type({"self", low, high})
                     : has_low           ? a.result_type({"self", low})
                     : has_high          ? a.result_type({"self", high})
                                         : a.result_type({"self"});
  Tensor x = a.tensor_as("self", type);
  if (has_low) x = net.elementwise(ElementWiseOperation::kMax, x, a.tensor_as(low, type));
  if (has_high) x = net.elementwise(ElementWiseOperation::kMin, x, a.tensor_as(high, type));
  return x;
}

Results where(Network& net, Args& a) {
  const Tensor condition = a.tensor_as("condition", DType::kBool);
  if (!a.has("self")) {  // where(condition) is nonzero
    a.require(condition.rank() > 0, "where of a 0-d condition alone");
    return Operand(nonzero_columns(net, condition));
  }
  const auto t = a.promoted({"self", "other"});
  return net.select(condition, t[0], t[1]);
}

Results masked_fill(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Tensor value = a.tensor_as("value", x.dtype());
  return net.select(a.tensor_as("mask", DType::kBool), value, x);
}

}  // namespace

void register_pointwise(HandlerRegistry& r) {
  r.op("aten::add").convert(addition(ElementWiseOperation::kSum));
  r.ops({"aten::sub", "aten::subtract"}).convert(addition(ElementWiseOperation::kSub));
  r.op("aten::rsub").convert(addition(ElementWiseOperation::kSub, true));
  r.ops({"aten::mul", "aten::multiply"}).convert(multiply);
  r.ops({"aten::div", "aten::divide", "aten::true_divide"}).convert(divide);
  r.op("aten::floor_divide")
      .note("a float quotient that rounds to an integer counts as that integer: 1 // 0.1 is 10, PyTorch's is 9")
      .convert(floor_divide);
  r.ops({"aten::maximum", "aten::max.other"}).convert(pairwise(ElementWiseOperation::kMax));
  r.ops({"aten::minimum", "aten::min.other"}).convert(pairwise(ElementWiseOperation::kMin));
  r.op("aten::pow").convert(power);
  r.op("aten::float_power").note("computed in float32").convert(float_power);
  r.op("aten::square").convert([](Network&, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return x * x;
  });

  r.op("aten::eq").convert(comparison(Compare::kEqual));
  r.ops({"aten::ne", "aten::not_equal"}).convert(comparison(Compare::kNotEqual));
  r.ops({"aten::lt", "aten::less"}).convert(comparison(Compare::kLess));
  r.ops({"aten::le", "aten::less_equal"}).convert(comparison(Compare::kLessEqual));
  r.ops({"aten::gt", "aten::greater"}).convert(comparison(Compare::kGreater));
  r.ops({"aten::ge", "aten::greater_equal"}).convert(comparison(Compare::kGreaterEqual));
  r.op("aten::logical_and").convert(logical(ElementWiseOperation::kAnd));
  r.op("aten::logical_or").convert(logical(ElementWiseOperation::kOr));
  r.op("aten::logical_xor").convert(logical(ElementWiseOperation::kXor));
  r.op("aten::logical_not").convert([](Network& net, Args& a) -> Results {
    return net.unary(UnaryOperation::kNot, a.tensor_as("self", DType::kBool));
  });

  using enum UnaryOperation;
  const std::pair<const char*, UnaryOperation> functions[] = {
      {"exp", kExp},       {"log", kLog},       {"sqrt", kSqrt},       {"reciprocal", kRecip}, {"sin", kSin},
      {"cos", kCos},       {"tan", kTan},       {"sinh", kSinh},       {"cosh", kCosh},        {"asin", kAsin},
      {"acos", kAcos},     {"atan", kAtan},     {"asinh", kAsinh},     {"acosh", kAcosh},      {"atanh", kAtanh},
      {"erf", kErf},       {"arcsin", kAsin},   {"arccos", kAcos},     {"arctan", kAtan},      {"arcsinh", kAsinh},
      {"arccosh", kAcosh}, {"arctanh", kAtanh}, {"special_erf", kErf},
  };
  for (const auto& [operation_name, operation] : functions)
    r.op(fmt::format("aten::{}", operation_name)).convert(unary(operation));
  r.op("aten::rsqrt").convert([](Network& net, Args& a) -> Results {
    return net.unary(kRecip, net.unary(kSqrt, floating(net, a.tensor("self"))));
  });
  r.ops({"aten::abs", "aten::absolute"}).convert(signed_unary(kAbs));
  r.ops({"aten::neg", "aten::negative"}).convert(signed_unary(kNeg));
  r.ops({"aten::sign", "aten::sgn"}).convert(signed_unary(kSign));
  r.op("aten::floor").convert(rounding(kFloor));
  r.op("aten::ceil").convert(rounding(kCeil));
  r.op("aten::round").convert(rounding(kRound));
  r.ops({"aten::trunc", "aten::fix"}).convert([](Network&, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return is_floating(x.dtype()) ? truncated(x) : x;
  });

  r.ops({"aten::clamp", "aten::clip", "aten::clamp_min", "aten::clamp_max"}).convert(clamp);
  r.op("aten::where").convert(where);
  r.op("aten::masked_fill").convert(masked_fill);
}

}  // namespace torch2trt
