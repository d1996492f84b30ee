// Sizes as values: a Dim becomes a tensor only here, when a layer needs one.
#include <fmt/format.h>

#include <algorithm>

#include "torch2trt/network.h"

namespace torch2trt {

Tensor Network::shape_of(const Tensor& x) {
  if (x.is_static()) return constant_1d(x.dims());
  if (const auto known = shapes_.find(x.id()); known != shapes_.end()) return known->second;
  // Where x is, so that whoever sees x may read it.
  const Scope scope(*this, tensor_scopes_.at(static_cast<std::size_t>(x.id())));
  const Tensor shape = cast(add(layer::Shape{x}), shape_dtype());
  shapes_.emplace(x.id(), shape);
  return shape;
}

Tensor Network::dim_tensor(const Dim& dim) {
  if (dim.is_constant()) return reshape(constant_1d({dim.value()}), {});
  if (const Tensor* scalar = dim.scalar()) return cast(*scalar, shape_dtype());
  const Dim::Axis* source = dim.axis();
  const Tensor index = scalar(static_cast<double>(source->axis), DType::kInt32);
  return gather(shape_of(source->tensor), index, 0);
}

Tensor Network::shape_tensor(const std::vector<Dim>& dims) {
  const bool all_constant = std::all_of(dims.begin(), dims.end(), [](const Dim& dim) { return dim.is_constant(); });
  if (all_constant) {
    std::vector<std::int64_t> numbers;
    for (const Dim& dim : dims) numbers.push_back(dim.value());
    return constant_1d(numbers);
  }
  // Runs of numbers, and of neighbouring axes of one tensor, become one piece each.
  std::vector<Tensor> pieces;
  for (std::size_t i = 0; i < dims.size();) {
    std::size_t end = i + 1;
    if (dims[i].is_constant()) {
      std::vector<std::int64_t> numbers{dims[i].value()};
      while (end < dims.size() && dims[end].is_constant()) numbers.push_back(dims[end++].value());
      pieces.push_back(constant_1d(numbers));
    } else if (const Dim::Axis* first = dims[i].axis()) {
      const auto follows = [&](const Dim& dim) {
        const Dim::Axis* axis = dim.axis();
        return axis != nullptr && axis->tensor == first->tensor &&
               axis->axis == first->axis + static_cast<std::int64_t>(end - i);
      };
      while (end < dims.size() && follows(dims[end])) ++end;
      const auto count = static_cast<std::int64_t>(end - i);
      const Tensor shape = shape_of(first->tensor);
      pieces.push_back(count == shape.dims().at(0) ? shape
                                                   : add(layer::Slice{shape, Dims{first->axis}, Dims{count}, Dims{1}}));
    } else {
      pieces.push_back(reshape(dim_tensor(dims[i]), {1}));
    }
    i = end;
  }
  return concat(pieces, 0);
}

std::variant<Dims, Tensor> Network::sizes_operand(const std::vector<Dim>& dims) {
  Dims numbers;
  for (const Dim& dim : dims) {
    if (!dim.is_constant()) return shape_tensor(dims);
    numbers.push_back(dim.value());
  }
  return numbers;
}

namespace {

// Python's // rounds down; TensorRT's kFLOOR_DIV does too.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return quotient * b != a && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::int64_t compute(ElementWiseOperation operation, std::int64_t a, std::int64_t b) {
  switch (operation) {
    case ElementWiseOperation::kSum: return a + b;
    case ElementWiseOperation::kSub: return a - b;
    case ElementWiseOperation::kProd: return a * b;
    case ElementWiseOperation::kMax: return std::max(a, b);
    case ElementWiseOperation::kMin: return std::min(a, b);
    case ElementWiseOperation::kFloorDiv:
      if (b == 0) throw Error(ErrorCategory::kInvalidArgument, "a size is divided by zero");
      return floor_divide(a, b);
    default: break;
  }
  throw Error(ErrorCategory::kInternal,
              fmt::format("no arithmetic of sizes for operation {}", static_cast<int>(operation)));
}

}  // namespace

Dim Network::dim_arithmetic(ElementWiseOperation operation, const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant()) return compute(operation, a.value(), b.value());
  using enum ElementWiseOperation;
  if (b.is_constant() && ((operation == kSum && b.value() == 0) || (operation == kSub && b.value() == 0) ||
                          (operation == kProd && b.value() == 1) || (operation == kFloorDiv && b.value() == 1))) {
    return a;
  }
  if (a.is_constant() && ((operation == kSum && a.value() == 0) || (operation == kProd && a.value() == 1))) return b;
  if (a.same_as(b) && (operation == kMax || operation == kMin)) return a;
  if (a.same_as(b) && operation == kSub) return 0;
  return Dim::computed(elementwise(operation, dim_tensor(a), dim_tensor(b)));
}

}  // namespace torch2trt
