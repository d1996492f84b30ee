#include "torch2trt/host_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

template <typename T>
HostTensor owning(std::vector<T> values, DType dtype, std::vector<std::int64_t> sizes) {
  auto held = std::make_shared<std::vector<T>>(std::move(values));
  HostTensor tensor;
  tensor.dtype = dtype;
  tensor.strides = contiguous_strides(sizes);
  tensor.sizes = std::move(sizes);
  tensor.data = held->data();
  tensor.owner = held;
  return tensor;
}

std::uint16_t bfloat16_bits(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16U) | 0x40U);  // NaN stays NaN
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);                 // ties to even
}

// Not by _Float16, which clang 14 lacks on x86.
std::uint16_t float16_bits(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t sign = bits >> 16U & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U);
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);  // from 65520 on
  if (magnitude < 0x38800000U) {
    // Below 2^-14 its last bit is 2^-24, as in [0.5, 1) of float32: the addition rounds.
    const float shifted = std::fabs(value) + 0.5F;
    std::memcpy(&bits, &shifted, sizeof bits);
    return static_cast<std::uint16_t>(sign | (bits - 0x3f000000U));
  }
  const std::uint32_t rounded = magnitude + 0xfffU + (magnitude >> 13U & 1U);  // ties to even
  return static_cast<std::uint16_t>(sign | (rounded - 0x38000000U) >> 13U);
}

}  // namespace

std::int64_t numel_of(const std::vector<std::int64_t>& sizes) {
  std::int64_t count = 1;
  for (std::int64_t size : sizes) count *= size;
  return count;
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(sizes.size(), 1);
  for (std::size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::int64_t>(sizes[i], 1);
  return strides;
}

std::int64_t HostTensor::numel() const { return numel_of(sizes); }

bool HostTensor::is_contiguous() const {
  std::int64_t expected = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 0) return true;
    if (sizes[i] != 1 && strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

HostTensor host_tensor(const std::vector<std::int64_t>& values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return owning(values, DType::kInt64, {size});
}

HostTensor host_tensor(const std::vector<float>& values, std::vector<std::int64_t> sizes) {
  return owning(values, DType::kFloat32, std::move(sizes));
}

HostTensor full_host_tensor(double value, DType dtype, std::vector<std::int64_t> sizes) {
  const auto count = static_cast<std::size_t>(numel_of(sizes));
  const auto fill = [&]<typename T>(T element) { return owning(std::vector<T>(count, element), dtype, sizes); };
  switch (dtype) {
    case DType::kFloat32: return fill(static_cast<float>(value));
    case DType::kFloat64: return fill(value);
    case DType::kFloat16: return fill(float16_bits(static_cast<float>(value)));
    case DType::kBFloat16: return fill(bfloat16_bits(static_cast<float>(value)));
    case DType::kInt64: return fill(static_cast<std::int64_t>(value));
    case DType::kInt32: return fill(static_cast<std::int32_t>(value));
    case DType::kInt16: return fill(static_cast<std::int16_t>(value));
    case DType::kInt8: return fill(static_cast<std::int8_t>(value));
    case DType::kUInt8: return fill(static_cast<std::uint8_t>(value));
    case DType::kBool: return fill(static_cast<std::uint8_t>(value != 0));
    default: break;
  }
  throw Error(ErrorCategory::kInternal, fmt::format("full_host_tensor cannot make {}", name(dtype)));
}

HostTensor reshaped(const HostTensor& tensor, std::vector<std::int64_t> sizes) {
  HostTensor result = tensor;
  result.torch = nullptr;
  result.strides = contiguous_strides(sizes);
  result.sizes = std::move(sizes);
  return result;
}

HostTensor permuted(const HostTensor& tensor, const std::vector<std::int64_t>& order) {
  HostTensor result = tensor;
  result.torch = nullptr;
  for (std::size_t i = 0; i < order.size(); ++i) {
    result.sizes[i] = tensor.sizes.at(static_cast<std::size_t>(order[i]));
    result.strides[i] = tensor.strides.at(static_cast<std::size_t>(order[i]));
  }
  return result;
}

HostTensor sliced(const HostTensor& tensor, const std::vector<std::int64_t>& start, std::vector<std::int64_t> sizes,
                  const std::vector<std::int64_t>& step) {
  HostTensor result = tensor;
  result.torch = nullptr;
  result.sizes = std::move(sizes);
  if (result.numel() == 0) {
    result.strides = contiguous_strides(result.sizes);
    return result;
  }
  std::int64_t offset = 0;
  for (std::size_t axis = 0; axis < start.size(); ++axis) {
    offset += start[axis] * tensor.strides[axis];
    result.strides[axis] = result.sizes[axis] == 1 ? tensor.strides[axis] : tensor.strides[axis] * step[axis];
  }
  if (tensor.data != nullptr) {
    result.data =
        static_cast<const std::byte*>(tensor.data) + offset * static_cast<std::int64_t>(size_of(tensor.dtype));
  }
  return result;
}

std::int64_t integer_at(const HostTensor& tensor, std::int64_t index) {
  const auto read = [&]<typename T>(T) { return static_cast<std::int64_t>(static_cast<const T*>(tensor.data)[index]); };
  switch (tensor.dtype) {
    case DType::kInt64: return read(std::int64_t{});
    case DType::kInt32: return read(std::int32_t{});
    case DType::kInt16: return read(std::int16_t{});
    case DType::kInt8: return read(std::int8_t{});
    case DType::kUInt8:
    case DType::kBool: return read(std::uint8_t{});
    default: break;
  }
  throw Error(ErrorCategory::kInternal, fmt::format("integer_at cannot read {}", name(tensor.dtype)));
}

}  // namespace torch2trt
