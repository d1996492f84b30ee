// Layers that combine elements along axes.
#include <fmt/format.h>

#include <set>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {

Outputs infer(const layer::Reduce& l, const Inputs& in) {
  const Facts& x = in[l.input];
  // An int8 average may be added, but does not build.
  in.require_type(x.dtype, l.operation == ReduceOperation::kAvg ? kFloats | kIndices : kNumbers, "input");
  in.require(x.rank() >= 1, "input must have at least 1 dimension");
  in.require(!l.axes.empty(), "axes must not be empty");
  for (const std::int64_t axis : l.axes) in.require_axis(axis, x.rank());
  const std::set<std::int64_t> axes(l.axes.begin(), l.axes.end());
  in.require(axes.size() == l.axes.size(), "axes must not repeat");
  Extents extents;
  for (std::int64_t i = 0; i < x.rank(); ++i) {
    if (!axes.contains(i)) {
      extents.push_back(x.extents[static_cast<std::size_t>(i)]);
    } else if (l.keep_dims) {
      extents.emplace_back(1);
    }
  }
  return {{x.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::TopK& l, const Inputs& in) {
  constexpr std::int64_t kMaxK = 3840;
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kNumbers, "input");
  in.require(x.rank() >= 2, "input must have at least 2 dimensions");
  in.require_axis(l.axis, x.rank());
  const auto* number = std::get_if<std::int64_t>(&l.k);
  const Extent k = number != nullptr ? Extent(*number) : in.scalar(std::get<Tensor>(l.k), "k");
  const Extent& length = x.extents[static_cast<std::size_t>(l.axis)];
  if (k.is_number()) {
    in.require(k.number() >= 0 && k.number() <= kMaxK, fmt::format("k is {}, outside of [0, {}]", k.number(), kMaxK));
    in.require(!length.is_number() || k.number() <= length.number(),
               fmt::format("k is {}, but axis {} has only {} elements", k.number(), l.axis,
                           length.is_number() ? length.number() : 0));
  }
  Extents extents = x.extents;
  extents[static_cast<std::size_t>(l.axis)] = k;
  // Indices are int32 unless the layer is told otherwise (RTX 1.7 and TensorRT 10.14 have int64 as an option).
  return {{x.dtype, extents, std::nullopt}, {DType::kInt32, extents, std::nullopt}};
}

Outputs infer(const layer::Cumulative& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats | kIndices, "input");
  in.require(x.rank() >= 1, "input must have at least 1 dimension");
  const Extent axis = in.scalar(l.axis, "axis");
  in.require(axis.is_number(), "axis must be a constant");
  in.require_axis(axis.number() < 0 ? axis.number() + x.rank() : axis.number(), x.rank());
  return {{x.dtype, x.extents, std::nullopt}};
}

}  // namespace torch2trt::dry
