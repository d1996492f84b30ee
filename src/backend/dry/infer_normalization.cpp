
#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {

Outputs infer(const layer::Scale& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats, "input");
  // Weights of another type may be added, but do not build.
  in.require_equal_types(x.dtype, l.shift.dtype, "input", "shift");
  in.require_equal_types(x.dtype, l.scale.dtype, "input", "scale");
  const std::int64_t count = l.scale.numel();
  in.require(count >= 1 && l.shift.numel() == count, "shift and scale must have the same number of elements");
  Extents extents = x.extents;
  // A uniform scale of a 0-d input has no axis; all others are checked.
  if (x.rank() != 0 || count != 1 || l.channel_axis != 0) in.require_axis(l.channel_axis, x.rank());
  if (count != 1) {
    Extent& channels = extents[static_cast<std::size_t>(l.channel_axis)];
    in.require(!channels.differs_from(count),
               fmt::format("scale has {} elements, but axis {} of input has {}", count, l.channel_axis,
                           channels.is_number() ? channels.number() : -1));
    channels = count;  // TensorRT too takes a dynamic dimension to have the length of the weights
  }
  return {{x.dtype, extents, std::nullopt}};
}

// The layer of addNormalizationV2: with groups, scale and bias are per channel, [1, C, 1, ...], as in PyTorch. (Those
// of addNormalization, all that TensorRT has before 10.15, are per group, [1, groups, 1, ...].)
Outputs infer(const layer::Normalization& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats | kInt8, "input");
  in.require(!l.axes.empty(), "axes must not be empty");
  for (const std::int64_t axis : l.axes) in.require_axis(axis, x.rank());
  in.require(l.groups >= 1, "groups must be at least 1");
  if (l.groups != 1) {
    in.require(x.rank() >= 3, "groups need an input of at least 3 dimensions");
    for (const std::int64_t axis : l.axes) in.require(axis >= 2, "with groups, axes must be spatial ones (2 and up)");
    const Extent& channels = x.extents[1];
    in.require(!channels.is_number() || channels.number() % l.groups == 0, "groups must divide the channels of input");
  }
  for (const auto& [what, tensor] : {std::pair{"scale", l.scale}, std::pair{"bias", l.bias}}) {
    const Facts& weights = in[tensor];
    in.require_equal_types(x.dtype, weights.dtype, "input", what);
    in.require(weights.rank() == x.rank(), fmt::format("{} must have the rank of input", what));
    for (std::size_t i = 0; i < x.extents.size(); ++i) {
      const Extent& size = weights.extents[i];
      if (l.groups != 1) {
        in.require(!size.differs_from(i == 1 ? x.extents[1] : Extent(1)),
                   fmt::format("with groups, dimension {} of {} must be {}", i, what, i == 1 ? "that of input" : "1"));
      } else {
        in.require(size.is(1) || !size.differs_from(x.extents[i]),
                   fmt::format("dimension {} of {} must be 1 or that of input", i, what));
      }
    }
  }
  return {{x.dtype, x.extents, std::nullopt}};
}

Outputs infer(const layer::SoftMax& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats, "input");  // int8 may be added, but does not build
  in.require(x.rank() >= 2, "input must have at least 2 dimensions");
  in.require_axis(l.axis, x.rank());
  return {{x.dtype, x.extents, std::nullopt}};
}

}  // namespace torch2trt::dry
