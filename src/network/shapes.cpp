// Reshape, permute, slice and broadcast, for static and dynamic sizes alike.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "torch2trt/network.h"

namespace torch2trt {
namespace {

bool same_shape(const Tensor& x, const std::vector<Dim>& shape) {
  if (x.rank() != static_cast<std::int64_t>(shape.size())) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (!x.dim(static_cast<std::int64_t>(i)).same_as(shape[i])) return false;
  }
  return true;
}

// Whether all elements of the slice exist, and follow each other upwards.
bool lies_inside(const HostTensor& value, const Dims& start, const Dims& size, const Dims& stride) {
  for (std::size_t axis = 0; axis < start.size(); ++axis) {
    const std::int64_t last = start[axis] + (size[axis] - 1) * stride[axis];
    const bool inside = start[axis] >= 0 && start[axis] < value.sizes[axis] && last >= 0 && last < value.sizes[axis];
    if (size[axis] < 0 || (size[axis] > 0 && !inside) || (size[axis] > 1 && stride[axis] < 1)) return false;
  }
  return true;
}

std::vector<std::int64_t> range(std::int64_t count) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

// Replaces the -1 among `shape` where it is a number: sizes only known at run time must be the same on both sides.
void infer_rest(const Tensor& x, std::vector<Dim>& shape, Dim& rest) {
  std::vector<Dim> from = x.shape();
  std::int64_t known = 1;
  for (const Dim& dim : shape) {
    if (&dim == &rest) continue;
    if (dim.is_constant()) {
      known *= dim.value();
      continue;
    }
    const auto match = std::find_if(from.begin(), from.end(), [&](const Dim& other) { return other.same_as(dim); });
    if (match == from.end()) return;
    from.erase(match);
  }
  std::int64_t total = 1;
  for (const Dim& dim : from) {
    if (!dim.is_constant()) return;
    total *= dim.value();
  }
  if (known == 0 || total % known != 0) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("a tensor of shape [{}] cannot be viewed with {} elements in the dimensions given",
                            fmt::join(x.dims(), ", "), known),
                x.network().location());
  }
  rest = Dim(total / known);
}

}  // namespace

Tensor Network::reshape(const Tensor& x, const std::vector<Dim>& wanted) {
  std::vector<Dim> shape = wanted;
  const auto inferred =
      std::find_if(shape.begin(), shape.end(), [](const Dim& dim) { return dim.is_constant() && dim.value() == -1; });
  if (inferred != shape.end()) infer_rest(x, shape, *inferred);
  if (same_shape(x, shape)) return x;
  if (const HostTensor* value = constant_value(x)) {
    Dims sizes;
    for (const Dim& dim : shape) sizes.push_back(dim.value());
    if (std::all_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.is_constant(); })) {
      return constant(reshaped(*value, sizes));
    }
  }
  return reshape_view(x, shape);
}

Tensor Network::transpose(const Tensor& x, std::int64_t a, std::int64_t b) {
  std::vector<std::int64_t> order = range(x.rank());
  std::swap(order.at(static_cast<std::size_t>(a)), order.at(static_cast<std::size_t>(b)));
  return permute(x, order);
}

Tensor Network::squeeze(const Tensor& x, const std::vector<std::int64_t>& axes) {
  std::vector<Dim> shape;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) shape.push_back(x.dim(axis));
  }
  return reshape(x, shape);
}

Tensor Network::unsqueeze(const Tensor& x, const std::vector<std::int64_t>& axes) {
  std::vector<Dim> shape;
  std::int64_t next = 0;
  const auto rank = x.rank() + static_cast<std::int64_t>(axes.size());
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const bool added = std::find(axes.begin(), axes.end(), axis) != axes.end();
    shape.push_back(added ? Dim(1) : x.dim(next++));
  }
  return reshape(x, shape);
}

Tensor Network::flatten(const Tensor& x, std::int64_t start, std::int64_t end) {
  if (x.rank() == 0) return reshape(x, {1});
  if (start == end) return x;
  std::vector<Dim> shape;
  bool one_static = true;
  std::int64_t product = 1;
  for (std::int64_t axis = start; axis <= end; ++axis) {
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(axis));
    one_static = one_static && size >= 0;
    product *= size;
  }
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    if (axis == start) shape.push_back(one_static ? Dim(product) : Dim(-1));
    if (axis < start || axis > end) shape.push_back(x.dim(axis));
  }
  return reshape(x, shape);
}

std::vector<Dim> Network::broadcast_shape(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  std::vector<Dim> shape;
  for (std::size_t i = 0; i < rank; ++i) {
    const Dim one(1);
    const Dim& left = i + a.size() < rank ? one : a[i + a.size() - rank];
    const Dim& right = i + b.size() < rank ? one : b[i + b.size() - rank];
    const auto is_one = [](const Dim& dim) { return dim.is_constant() && dim.value() == 1; };
    if (left.same_as(right) || is_one(right)) {
      shape.push_back(left);
    } else if (is_one(left)) {
      shape.push_back(right);
    } else if (left.is_constant() && right.is_constant()) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("sizes {} and {} do not broadcast", left.value(), right.value()), location_);
    } else if (left.is_constant()) {
      shape.push_back(left);  // the dynamic one is 1 or equal to it
    } else if (right.is_constant()) {
      shape.push_back(right);
    } else {
      shape.push_back(dim_arithmetic(ElementWiseOperation::kMax, left, right));
    }
  }
  return shape;
}

Tensor Network::broadcast_to(const Tensor& x, const std::vector<Dim>& wanted) {
  const auto rank = static_cast<std::int64_t>(wanted.size());
  const Tensor from = expand_rank(x, rank);
  std::vector<Dim> shape;
  Dims stride;
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const Dim& want = wanted.at(static_cast<std::size_t>(axis));
    const Dim have = from.dim(axis);
    const bool keep = want.is_constant() && want.value() == -1;
    shape.push_back(keep ? have : want);
    const bool repeats = have.is_constant() && have.value() == 1 && !shape.back().same_as(have);
    if (have.is_constant() && shape.back().is_constant() && !repeats && !have.same_as(shape.back())) {
      throw Error(ErrorCategory::kInvalidArgument,
                  fmt::format("a tensor of shape [{}] does not expand to size {} in dimension {}",
                              fmt::join(x.dims(), ", "), want.value(), axis),
                  location_);
    }
    stride.push_back(repeats ? 0 : 1);
  }
  if (same_shape(from, shape)) return from;
  // A stride of 0 repeats the only element: NvInfer.h, ISliceLayer.
  return slice(from, std::vector<Dim>(static_cast<std::size_t>(rank), Dim(0)), shape, stride);
}

Tensor Network::slice(const Tensor& x, const std::vector<Dim>& start, const std::vector<Dim>& size,
                      const std::vector<std::int64_t>& stride, SampleMode mode, std::optional<Tensor> fill) {
  const bool from_zero =
      std::all_of(start.begin(), start.end(), [](const Dim& dim) { return dim.is_constant() && dim.value() == 0; });
  const bool every = std::all_of(stride.begin(), stride.end(), [](std::int64_t step) { return step == 1; });
  if (from_zero && every && same_shape(x, size)) return x;
  if (const HostTensor* value = constant_value(x); value != nullptr && mode == SampleMode::kStrictBounds) {
    Dims starts, sizes;
    for (const Dim& dim : start) starts.push_back(dim.is_constant() ? dim.value() : -1);
    for (const Dim& dim : size) sizes.push_back(dim.is_constant() ? dim.value() : -1);
    const bool known = std::all_of(start.begin(), start.end(), [](const Dim& dim) { return dim.is_constant(); }) &&
                       std::all_of(size.begin(), size.end(), [](const Dim& dim) { return dim.is_constant(); });
    // A part of a constant is a constant; a repetition of it (stride 0) is not worth the memory, and torch reads
    // no negative strides.
    if (known && lies_inside(*value, starts, sizes, stride)) return constant(sliced(*value, starts, sizes, stride));
  }
  return add(layer::Slice{x, sizes_operand(start), sizes_operand(size), stride, mode, fill});
}

}  // namespace torch2trt
