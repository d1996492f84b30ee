// A tensor in host memory that is only pointed at: a weight in a mapped file, a parameter of a module, a folded
// constant. Free of torch headers, so that handlers compile fast; src/torch/tensors.h converts to and from at::Tensor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "torch2trt/dtype.h"

namespace at {
class Tensor;
}

namespace torch2trt {

struct HostTensor {
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;  // in elements
  const void* data = nullptr;         // first element; null for a tensor without elements or without data
  std::shared_ptr<const void> owner;  // keeps `data` valid
  std::shared_ptr<at::Tensor> torch;  // the at::Tensor this was made from, if any
  // A Python number that became a tensor: does not take part in type promotion as a tensor would.
  bool wrapped_number = false;
  // The graph value this is: a parameter, or the constant expression over parameters that made it. Empty for others.
  std::string origin;

  std::int64_t numel() const;
  std::size_t bytes() const { return static_cast<std::size_t>(numel()) * size_of(dtype); }
  bool is_contiguous() const;
  std::int64_t rank() const { return static_cast<std::int64_t>(sizes.size()); }
};

std::int64_t numel_of(const std::vector<std::int64_t>& sizes);
std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& sizes);

// Owns a copy of `values`, contiguous.
HostTensor host_tensor(const std::vector<std::int64_t>& values);
HostTensor host_tensor(const std::vector<float>& values, std::vector<std::int64_t> sizes);
// A tensor of `sizes` whose every element is `value` converted to `dtype` (any type but complex and float8).
HostTensor full_host_tensor(double value, DType dtype, std::vector<std::int64_t> sizes);

// `tensor` if it already is contiguous and of `dtype`, else a copy that is. Made by torch (src/torch).
HostTensor contiguous_as(const HostTensor& tensor, DType dtype);
// The same elements under other sizes; `tensor` must be contiguous and have as many.
HostTensor reshaped(const HostTensor& tensor, std::vector<std::int64_t> sizes);
// A view with its dimensions in another order.
HostTensor permuted(const HostTensor& tensor, const std::vector<std::int64_t>& order);
// A view of every step-th element from `start` on, `sizes` of them; all must exist.
HostTensor sliced(const HostTensor& tensor, const std::vector<std::int64_t>& start, std::vector<std::int64_t> sizes,
                  const std::vector<std::int64_t>& step);
// Element i of a contiguous integer or bool tensor.
std::int64_t integer_at(const HostTensor& tensor, std::int64_t index);

}  // namespace torch2trt
