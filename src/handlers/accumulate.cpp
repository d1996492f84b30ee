#include "src/handlers/accumulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

// Elements of the intermediate tensor; 1 GiB of float32.
constexpr std::int64_t kMaxCompared = std::int64_t{1} << 28;

Tensor neutral(Network& net, Accumulation how, DType dtype, std::int64_t rank) {
  const auto integer = [&](std::int64_t value) {
    return net.constant(contiguous_as(
        reshaped(host_tensor(std::vector<std::int64_t>{value}), Dims(static_cast<std::size_t>(rank), 1)), dtype));
  };
  const bool narrow = dtype == DType::kInt32;
  switch (how) {
    case Accumulation::kSum:
    case Accumulation::kMean: return net.scalar(0, dtype, rank);
    case Accumulation::kProduct: return net.scalar(1, dtype, rank);
    case Accumulation::kMax:
      if (is_floating(dtype)) return net.scalar(-std::numeric_limits<double>::infinity(), dtype, rank);
      return integer(narrow ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int64_t>::min());
    case Accumulation::kMin:
      if (is_floating(dtype)) return net.scalar(std::numeric_limits<double>::infinity(), dtype, rank);
      return integer(narrow ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int64_t>::max());
  }
  throw Error(ErrorCategory::kInternal, "accumulation");
}

ReduceOperation reduction(Accumulation how) {
  switch (how) {
    case Accumulation::kProduct: return ReduceOperation::kProd;
    case Accumulation::kMax: return ReduceOperation::kMax;
    case Accumulation::kMin: return ReduceOperation::kMin;
    default: return ReduceOperation::kSum;
  }
}

Tensor combined(Network& net, Accumulation how, const Tensor& x, const Tensor& y) {
  using enum ElementWiseOperation;
  switch (how) {
    case Accumulation::kProduct: return net.elementwise(kProd, x, y);
    case Accumulation::kMax: return net.elementwise(kMax, x, y);
    case Accumulation::kMin: return net.elementwise(kMin, x, y);
    default: return net.elementwise(kSum, x, y);
  }
}

void check_memory(const Args& a, const Tensor& self, std::int64_t axis, const Tensor& source) {
  std::int64_t elements = std::max<std::int64_t>(self.dims().at(static_cast<std::size_t>(axis)), 1);
  for (std::int64_t size : source.dims()) elements *= std::max<std::int64_t>(size, 1);
  a.require(elements <= kMaxCompared,
            fmt::format("TensorRT has no scatter that accumulates; composed of comparisons it would take {} elements",
                        elements));
}

// [.., places, indices, ..] at `axis`: whether the index is the place. Known indices give a constant.
Tensor matches(Network& net, const Tensor& index, std::int64_t axis, const Dim& places) {
  const std::int64_t rank = index.rank() + 1;
  const Tensor wide = net.unsqueeze(index, {axis});
  const HostTensor* known = net.constant_value(index);
  if (known != nullptr && places.is_constant() && known->numel() == known->sizes.at(static_cast<std::size_t>(axis))) {
    Dims sizes(static_cast<std::size_t>(rank), 1);
    sizes.at(static_cast<std::size_t>(axis)) = places.value();
    sizes.at(static_cast<std::size_t>(axis) + 1) = known->numel();
    std::vector<std::int64_t> equal;
    for (std::int64_t place = 0; place < places.value(); ++place) {
      for (std::int64_t i = 0; i < known->numel(); ++i) equal.push_back(integer_at(*known, i) == place ? 1 : 0);
    }
    return net.constant(bool_tensor(equal, sizes));
  }
  std::vector<Dim> shape(static_cast<std::size_t>(rank), Dim(1));
  shape.at(static_cast<std::size_t>(axis)) = places;
  const Tensor ramp_of_places = net.reshape(ramp(net, 0, 1, places, index.dtype()), shape);
  return net.elementwise(ElementWiseOperation::kEqual, wide, ramp_of_places);
}

// `x` grown to the shape of `like` with `fill` behind its elements.
Tensor grown(Network& net, const Tensor& x, const Tensor& like, const Tensor& fill) {
  bool same = true;
  for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
    const Dim own = x.dim(axis);
    const Dim wanted = like.dim(axis);
    same = same && (!own.is_constant() || !wanted.is_constant() || own.same_as(wanted));
  }
  if (same) return x;
  const Tensor value = net.reshape(fill, {});
  return net.slice(x, std::vector<Dim>(static_cast<std::size_t>(x.rank()), Dim(0)), like.shape(),
                   Dims(static_cast<std::size_t>(x.rank()), 1), SampleMode::kFill, value);
}

}  // namespace

Tensor accumulate(Network& net, const Args& a, const Tensor& self, std::int64_t axis, const Tensor& index,
                  const Tensor& source, Accumulation how, bool include_self) {
  a.require(self.dtype() != DType::kBool, "TensorRT reduces no bools");
  check_memory(a, self, axis, source);
  const Tensor here = matches(net, index, axis, self.dim(axis));
  const Tensor fill = neutral(net, how, self.dtype(), self.rank() + 1);
  const Tensor chosen = net.select(here, net.unsqueeze(source, {axis}), fill);
  Tensor result = net.reduce(reduction(how), chosen, {axis + 1}, false);
  result = grown(net, result, self, fill);
  if (include_self && how != Accumulation::kMean) return combined(net, how, self, result);

  Tensor count = net.reduce(ReduceOperation::kSum, net.cast(here, DType::kInt32), {axis + 1}, false);
  const bool per_element = index.dims() == source.dims();
  if (per_element) count = grown(net, count, self, net.scalar(0, DType::kInt32, count.rank()));
  const Tensor untouched =
      net.elementwise(ElementWiseOperation::kEqual, count, net.scalar(0, DType::kInt32, count.rank()));
  if (how == Accumulation::kMean) {
    if (include_self) {
      result = result + self;
      count = count + 1;
    } else {
      count = net.elementwise(ElementWiseOperation::kMax, count, net.scalar(1, DType::kInt32, count.rank()));
    }
    const Tensor divisor = net.cast(count, self.dtype());
    result = is_floating(self.dtype()) ? result / divisor
                                       : net.elementwise(ElementWiseOperation::kFloorDiv, result, divisor);
    if (include_self) return result;
  }
  return net.select(untouched, self, result);
}

}  // namespace torch2trt
