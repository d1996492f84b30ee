#include "src/handlers/indices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

// The step of values that go up or down evenly (0: one value again and again).
std::optional<std::int64_t> even_step(const std::vector<std::int64_t>& values) {
  if (values.size() < 2) return 1;
  const std::int64_t step = values[1] - values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] - values[i - 1] != step) return std::nullopt;
  }
  return step;
}

bool is_negative(std::int64_t value) { return value < 0; }

}  // namespace

KnownIndex known_index(const HostTensor& tensor) {
  const HostTensor wide = contiguous_as(tensor, DType::kInt64);
  const auto* data = static_cast<const std::int64_t*>(wide.data);
  return {tensor.sizes, std::vector<std::int64_t>(data, data + wide.numel())};
}

std::vector<KnownIndex> true_positions(const HostTensor& mask) {
  const HostTensor dense = contiguous_as(mask, DType::kBool);
  const Dims strides = contiguous_strides(mask.sizes);
  std::vector<KnownIndex> positions(mask.sizes.size());
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    if (integer_at(dense, i) == 0) continue;
    for (std::size_t axis = 0; axis < positions.size(); ++axis)
      positions.at(axis).values.push_back(i / strides.at(axis) % mask.sizes.at(axis));
  }
  for (KnownIndex& index : positions) index.sizes = {static_cast<std::int64_t>(index.values.size())};
  return positions;
}

std::vector<KnownIndex> broadcast(const std::vector<KnownIndex>& indices, const Network& net) {
  std::size_t rank = 0;
  for (const KnownIndex& index : indices) rank = std::max(rank, index.sizes.size());
  Dims sizes(rank, 1);
  for (const KnownIndex& index : indices) {
    for (std::size_t i = 0; i < index.sizes.size(); ++i) {
      std::int64_t& size = sizes[rank - index.sizes.size() + i];
      const std::int64_t own = index.sizes[i];
      if (own != 1 && size != 1 && own != size) {
        throw Error(ErrorCategory::kInvalidArgument,
                    fmt::format("indices of sizes {} and {} do not broadcast", size, own), net.location());
      }
      if (own != 1) size = own;
    }
  }
  const Dims strides = contiguous_strides(sizes);
  std::vector<KnownIndex> result;
  for (const KnownIndex& index : indices) {
    KnownIndex wide{sizes, {}};
    const Dims own_strides = contiguous_strides(index.sizes);
    const std::size_t missing = rank - index.sizes.size();
    for (std::int64_t i = 0; i < numel_of(sizes); ++i) {
      std::int64_t from = 0;
      for (std::size_t axis = missing; axis < rank; ++axis) {
        if (index.sizes[axis - missing] != 1)
          from += i / strides.at(axis) % sizes.at(axis) * own_strides[axis - missing];
      }
      wide.values.push_back(index.values.at(static_cast<std::size_t>(from)));
    }
    result.push_back(std::move(wide));
  }
  return result;
}

Tensor index_constant(Network& net, const KnownIndex& index, DType dtype) {
  return net.constant(contiguous_as(reshaped(host_tensor(index.values), index.sizes), dtype));
}

HostTensor bool_tensor(const std::vector<std::int64_t>& values, Dims sizes) {
  return contiguous_as(reshaped(host_tensor(values), std::move(sizes)), DType::kBool);
}

KnownIndex wrapped(const Args& a, const KnownIndex& index, std::int64_t size) {
  KnownIndex result = index;
  for (std::int64_t& value : result.values) {
    a.require(value >= -size && value < size, fmt::format("index {} is out of range for size {}", value, size));
    if (value < 0) value += size;
  }
  return result;
}

Tensor wrapped(Network& net, const Tensor& index, const Dim& size, bool always) {
  if (size.is_constant() && !always) return index;
  const Tensor from_end = index + net.expand_rank(net.cast(net.dim_tensor(size), index.dtype()), index.rank());
  const Tensor negative =
      net.elementwise(ElementWiseOperation::kLess, index, net.scalar(0, index.dtype(), index.rank()));
  return net.select(negative, from_end, index);
}

Tensor take(Network& net, const Args& a, const Tensor& x, std::int64_t axis, const KnownIndex& given) {
  const Dim size = x.dim(axis);
  const KnownIndex index = size.is_constant() ? wrapped(a, given, size.value()) : given;
  const bool none_negative = std::none_of(index.values.begin(), index.values.end(), is_negative);
  const bool all_negative = !none_negative && std::all_of(index.values.begin(), index.values.end(), is_negative);
  const auto step = even_step(index.values);
  if (step && (none_negative || all_negative)) {
    const Dim first = index.values.empty() ? Dim(0) : Dim(index.values[0]);
    const Dim start = all_negative ? plus(net, size, first) : first;
    const Tensor rows = slice_axis(net, x, axis, start, static_cast<std::int64_t>(index.values.size()), *step);
    std::vector<Dim> shape = rows.shape();
    shape.erase(shape.begin() + axis);
    shape.insert(shape.begin() + axis, index.sizes.begin(), index.sizes.end());
    return net.reshape(rows, shape);
  }
  const Tensor places = index_constant(net, index);
  if (none_negative) return net.gather(x, places, axis);
  return net.gather(x, wrapped(net, places, size), axis);
}

Tensor take(Network& net, const Tensor& x, std::int64_t axis, const Tensor& index) {
  return net.gather(x, wrapped(net, index, x.dim(axis)), axis);
}

std::vector<Tensor> nonzero_columns(Network& net, const Tensor& x) {
  const Tensor places = net.cast(net.add(layer::NonZero{x}), DType::kInt64);
  std::vector<Tensor> columns;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis)
    columns.push_back(net.squeeze(slice_axis(net, places, 0, axis, Dim(1)), {0}));
  return columns;
}

Tensor ramp(Network& net, const Dim& start, const Dim& step, const Dim& count, DType dtype) {
  // A long one is cheaper filled in when the engine runs than kept in its file.
  if (start.is_constant() && step.is_constant() && count.is_constant() && count.value() <= kMostIndices) {
    std::vector<std::int64_t> values;
    for (std::int64_t i = 0; i < count.value(); ++i) values.push_back(start.value() + i * step.value());
    return net.constant(contiguous_as(host_tensor(values), dtype));
  }
  const auto number = [&](const Dim& dim) { return net.cast(net.dim_tensor(dim), dtype); };
  return net.add(layer::Fill{net.sizes_operand({count}), FillOperation::kLinspace, number(start),
                             net.reshape(number(step), {1}), dtype});
}

}  // namespace torch2trt
