#include "src/torch/tensors.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

struct Pair {
  DType dtype;
  at::ScalarType type;
};

constexpr Pair kPairs[] = {
    {DType::kFloat32, at::kFloat},
    {DType::kFloat16, at::kHalf},
    {DType::kBFloat16, at::kBFloat16},
    {DType::kFloat64, at::kDouble},
    {DType::kInt64, at::kLong},
    {DType::kInt32, at::kInt},
    {DType::kInt16, at::kShort},
    {DType::kInt8, at::kChar},
    {DType::kUInt8, at::kByte},
    {DType::kBool, at::kBool},
    {DType::kFloat8E4M3, at::kFloat8_e4m3fn},
    {DType::kFloat8E5M2, at::kFloat8_e5m2},
    {DType::kComplex64, at::kComplexFloat},
    {DType::kComplex128, at::kComplexDouble},
};

}  // namespace

DType from_torch(at::ScalarType type) {
  for (const Pair& pair : kPairs) {
    if (pair.type == type) return pair.dtype;
  }
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("tensors of type {} are not supported", at::toString(type)));
}

at::ScalarType to_torch(DType dtype) {
  for (const Pair& pair : kPairs) {
    if (pair.dtype == dtype) return pair.type;
  }
  throw Error(ErrorCategory::kInternal, "to_torch: unknown dtype");
}

HostTensor from_torch(const at::Tensor& tensor) {
  HostTensor host;
  host.dtype = from_torch(tensor.scalar_type());
  host.torch = std::make_shared<at::Tensor>(tensor);
  host.owner = host.torch;
  host.sizes.assign(tensor.sizes().begin(), tensor.sizes().end());
  if (tensor.layout() == at::kStrided) {
    host.strides.assign(tensor.strides().begin(), tensor.strides().end());
    // A conjugate or negative view's memory does not hold its values.
    if (tensor.is_conj() || tensor.is_neg()) return from_torch(tensor.resolve_conj().resolve_neg());
    if (tensor.device().is_cpu()) host.data = tensor.const_data_ptr();
  }
  host.wrapped_number = tensor.unsafeGetTensorImpl()->is_wrapped_number();
  return host;
}

at::Tensor to_torch(const HostTensor& tensor) {
  if (tensor.torch) return *tensor.torch;
  const auto options = at::TensorOptions().dtype(to_torch(tensor.dtype));
  if (tensor.numel() == 0) return at::empty(tensor.sizes, options);
  if (tensor.data == nullptr) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("the weight \"{}\" has no data: the graph was made without weights", tensor.origin));
  }
  at::Tensor result = at::from_blob(
      const_cast<void*>(tensor.data), tensor.sizes, tensor.strides, [owner = tensor.owner](void*) {}, options);
  if (tensor.wrapped_number) result.unsafeGetTensorImpl()->set_wrapped_number(true);
  return result;
}

HostTensor contiguous_as(const HostTensor& tensor, DType dtype) {
  if (tensor.dtype == dtype && tensor.is_contiguous() && tensor.data != nullptr) return tensor;
  if (tensor.dtype == dtype && tensor.numel() == 0) return tensor;
  HostTensor copy = from_torch(to_torch(tensor).to(at::kCPU, to_torch(dtype)).contiguous());
  copy.origin = tensor.origin;
  return copy;
}

}  // namespace torch2trt
