#include "src/convert/promotion.h"

#include <algorithm>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

// bool < integers < floating < complex.
int category(DType dtype) {
  if (is_complex(dtype)) return 3;
  if (is_floating(dtype)) return 2;
  return is_integer(dtype) ? 1 : 0;
}

int integer_order(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
    case DType::kUInt8: return 1;
    case DType::kInt16: return 2;
    case DType::kInt32: return 3;
    default: return 4;
  }
}

int floating_order(DType dtype) {
  switch (dtype) {
    case DType::kFloat8E4M3:
    case DType::kFloat8E5M2: return 0;
    case DType::kFloat16:
    case DType::kBFloat16: return 1;
    case DType::kFloat32: return 2;
    default: return 3;
  }
}

void join(std::optional<DType>& into, DType dtype) { into = into ? promote_types(*into, dtype) : dtype; }

}  // namespace

DType promote_types(DType a, DType b) {
  if (a == b) return a;
  const int category_a = category(a);
  const int category_b = category(b);
  if (category_a == 3 || category_b == 3) {
    const bool wide =
        a == DType::kComplex128 || b == DType::kComplex128 || a == DType::kFloat64 || b == DType::kFloat64;
    return wide ? DType::kComplex128 : DType::kComplex64;
  }
  if (category_a != category_b) return category_a > category_b ? a : b;
  if (category_a == 1) {
    // uint8 with a signed type needs the next wider signed one.
    if (integer_order(a) == integer_order(b)) return DType::kInt16;
    return integer_order(a) > integer_order(b) ? a : b;
  }
  if (floating_order(a) == floating_order(b)) return DType::kFloat32;  // float16 with bfloat16
  return floating_order(a) > floating_order(b) ? a : b;
}

void Promotion::add(const Operand& operand) {
  if (const auto* tensor = operand.as<Tensor>()) {
    join(tensor->rank() > 0 ? dimensioned_ : zero_dim_, tensor->dtype());
  } else if (const auto* host = operand.as<HostTensor>()) {
    if (host->wrapped_number) {
      join(number_, host->dtype == DType::kFloat64 ? DType::kFloat32 : host->dtype);
    } else {
      join(host->rank() > 0 ? dimensioned_ : zero_dim_, host->dtype);
    }
  } else if (operand.as<bool>() != nullptr) {
    join(number_, DType::kBool);
  } else if (operand.as<std::int64_t>() != nullptr || operand.as<Dim>() != nullptr) {
    join(number_, DType::kInt64);
  } else if (operand.as<double>() != nullptr) {
    join(number_, DType::kFloat32);  // torch.get_default_dtype()
  }
}

void Promotion::add_number(const Operand& operand) {
  const auto* tensor = operand.as<Tensor>();
  if (tensor == nullptr) {
    add(operand);
  } else if (is_floating(tensor->dtype())) {
    join(number_, DType::kFloat32);  // torch.get_default_dtype()
  } else {
    join(number_, tensor->dtype() == DType::kBool ? DType::kBool : DType::kInt64);
  }
}

DType Promotion::result() const {
  std::optional<DType> result = dimensioned_;
  // A lower priority counts only where its category is higher.
  for (const std::optional<DType>& next : {zero_dim_, number_}) {
    if (!next) continue;
    if (!result) {
      result = next;
    } else if (category(*next) > category(*result)) {
      result = promote_types(*result, *next);
    }
  }
  if (!result) throw Error(ErrorCategory::kInternal, "type promotion of no operands");
  return *result;
}

}  // namespace torch2trt
