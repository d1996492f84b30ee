#include "src/handlers/doubles.h"

#include <memory>

namespace torch2trt {
namespace {

template <typename T>
std::vector<double> copied(const HostTensor& contiguous) {
  const auto* first = static_cast<const T*>(contiguous.data);
  return {first, first + contiguous.numel()};
}

}  // namespace

// float32, nearly all there is, goes without torch, whose operators would be loaded for it.
std::vector<double> doubles_of(const HostTensor& tensor) {
  const bool plain = tensor.dtype == DType::kFloat32 && tensor.is_contiguous() && tensor.data != nullptr;
  return plain ? copied<float>(tensor) : copied<double>(contiguous_as(tensor, DType::kFloat64));
}

HostTensor vector_of(const std::vector<double>& values, DType dtype) {
  const std::vector<std::int64_t> sizes{static_cast<std::int64_t>(values.size())};
  if (dtype == DType::kFloat32) return host_tensor(std::vector<float>(values.begin(), values.end()), sizes);
  const auto owned = std::make_shared<const std::vector<double>>(values);
  HostTensor wide;
  wide.dtype = DType::kFloat64;
  wide.sizes = sizes;
  wide.strides = contiguous_strides(sizes);
  wide.data = owned->data();
  wide.owner = owned;
  return contiguous_as(wide, dtype);
}

}  // namespace torch2trt
