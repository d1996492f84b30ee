#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include "torch2trt/network.h"

namespace torch2trt {
namespace {

void same_rank(Network& net, Tensor& a, Tensor& b) {
  const std::int64_t rank = std::max(a.rank(), b.rank());
  a = net.expand_rank(a, rank);
  b = net.expand_rank(b, rank);
}

// The number that changes nothing as second operand; none for most operations.
std::optional<double> neutral(ElementWiseOperation operation) {
  using enum ElementWiseOperation;
  if (operation == kSum || operation == kSub) return 0;
  if (operation == kProd || operation == kDiv) return 1;
  return std::nullopt;
}

bool consists_of(const HostTensor& value, double number) {
  const HostTensor one = full_host_tensor(number, value.dtype, {1});
  const std::size_t size = size_of(value.dtype);
  const auto* element = static_cast<const std::byte*>(value.data);
  for (std::int64_t i = 0; i < value.numel(); ++i, element += size) {
    if (std::memcmp(element, one.data, size) != 0) return false;
  }
  return true;
}

// Whether `x operation constant` is x: x + 0 with a bias of zeros, x * 1. (The sign of a zero is not kept.)
bool changes_nothing(const Network& net, ElementWiseOperation operation, const Tensor& x, const Tensor& constant) {
  const auto number = neutral(operation);
  const HostTensor* value = net.constant_value(constant);
  if (!number || value == nullptr || !value->is_contiguous() || value->numel() == 0) return false;
  for (std::size_t i = 0; i < value->sizes.size(); ++i) {
    if (value->sizes[i] != 1 && value->sizes[i] != x.dims().at(i)) return false;  // it makes x larger
  }
  return x.dtype() != DType::kBool && consists_of(*value, *number);
}

// TensorRT has no arithmetic of uint8, and that of int8 is meant for quantized values: computed in int32 it is exact.
bool is_byte(DType dtype) { return dtype == DType::kInt8 || dtype == DType::kUInt8; }

// x modulo 256, as PyTorch's bytes wrap around.
Tensor as_byte(const Tensor& x, DType to) {
  Network& net = x.network();
  const double lowest = to == DType::kInt8 ? 128 : 0;
  const Tensor shifted = x + lowest;
  const Tensor turns = net.elementwise(ElementWiseOperation::kFloorDiv, shifted, net.scalar(256, x.dtype(), x.rank()));
  return net.cast(x - turns * 256, to);
}

}  // namespace

Tensor Network::cast(const Tensor& x, DType to) {
  const DType held = held_dtype(to);
  if (x.dtype() == held) return x;
  if (const HostTensor* value = constant_value(x)) return constant(contiguous_as(*value, held));
  return add(layer::Cast{x, held});
}

Tensor Network::expand_rank(const Tensor& x, std::int64_t rank) {
  if (x.rank() >= rank) return x;
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 0; axis < rank - x.rank(); ++axis) axes.push_back(axis);
  return unsqueeze(x, axes);
}

Tensor Network::elementwise(ElementWiseOperation operation, Tensor a, Tensor b) {
  same_rank(*this, a, b);
  const bool commutes = operation == ElementWiseOperation::kSum || operation == ElementWiseOperation::kProd;
  if (changes_nothing(*this, operation, a, b)) return a;
  if (commutes && changes_nothing(*this, operation, b, a)) return b;
  if (is_byte(a.dtype()) && a.dtype() == b.dtype()) {
    const Tensor wide = elementwise(operation, cast(a, DType::kInt32), cast(b, DType::kInt32));
    return wide.dtype() == DType::kBool ? wide : as_byte(wide, a.dtype());
  }
  return add(layer::ElementWise{a, b, operation});
}

Tensor Network::unary(UnaryOperation operation, const Tensor& x) {
  if (is_byte(x.dtype())) return as_byte(unary(operation, cast(x, DType::kInt32)), x.dtype());
  return add(layer::Unary{x, operation});
}

Tensor Network::activation(ActivationType type, const Tensor& x, double alpha, double beta) {
  return add(layer::Activation{x, type, static_cast<float>(alpha), static_cast<float>(beta)});
}

Tensor Network::select(Tensor condition, Tensor then_value, Tensor else_value) {
  const std::int64_t rank = std::max({condition.rank(), then_value.rank(), else_value.rank()});
  return add(layer::Select{expand_rank(condition, rank), expand_rank(then_value, rank), expand_rank(else_value, rank)});
}

Tensor Network::clamp(const Tensor& x, std::optional<double> low, std::optional<double> high) {
  Tensor result = x;
  if (low) result = elementwise(ElementWiseOperation::kMax, result, scalar(*low, x.dtype(), x.rank()));
  if (high) result = elementwise(ElementWiseOperation::kMin, result, scalar(*high, x.dtype(), x.rank()));
  return result;
}

namespace {

Tensor with_number(ElementWiseOperation operation, const Tensor& a, double b) {
  return a.network().elementwise(operation, a, a.network().scalar(b, a.dtype(), a.rank()));
}

Tensor with_number(ElementWiseOperation operation, double a, const Tensor& b) {
  return b.network().elementwise(operation, b.network().scalar(a, b.dtype(), b.rank()), b);
}

}  // namespace

Tensor operator+(const Tensor& a, const Tensor& b) { return a.network().elementwise(ElementWiseOperation::kSum, a, b); }
Tensor operator-(const Tensor& a, const Tensor& b) { return a.network().elementwise(ElementWiseOperation::kSub, a, b); }
Tensor operator*(const Tensor& a, const Tensor& b) {
  return a.network().elementwise(ElementWiseOperation::kProd, a, b);
}
Tensor operator/(const Tensor& a, const Tensor& b) { return a.network().elementwise(ElementWiseOperation::kDiv, a, b); }
Tensor operator+(const Tensor& a, double b) { return with_number(ElementWiseOperation::kSum, a, b); }
Tensor operator-(const Tensor& a, double b) { return with_number(ElementWiseOperation::kSub, a, b); }
Tensor operator-(double a, const Tensor& b) { return with_number(ElementWiseOperation::kSub, a, b); }
Tensor operator*(const Tensor& a, double b) { return with_number(ElementWiseOperation::kProd, a, b); }
Tensor operator/(const Tensor& a, double b) { return with_number(ElementWiseOperation::kDiv, a, b); }
Tensor operator/(double a, const Tensor& b) { return with_number(ElementWiseOperation::kDiv, a, b); }
Tensor operator-(const Tensor& a) { return a.network().unary(UnaryOperation::kNeg, a); }

}  // namespace torch2trt
