#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

// TensorRT has an out-of-bounds slice refused when the engine is built, not when the layer is added.
void check_bounds(const Extent& length, const Extent& start, const Extent& size, const Extent& stride, std::size_t axis,
                  const Inputs& in) {
  if (!length.is_number() || !start.is_number() || !size.is_number() || !stride.is_number() || size.is(0)) return;
  const std::int64_t last = start.number() + (size.number() - 1) * stride.number();
  for (const std::int64_t index : {start.number(), last}) {
    in.require(
        index >= 0 && index < length.number(),
        fmt::format("the slice reaches index {} of dimension {}, which has size {}", index, axis, length.number()));
  }
}

}  // namespace

Outputs infer(const layer::Concatenation& l, const Inputs& in) {
  in.require(!l.inputs.empty(), "there must be an input");
  const Facts& first = in[l.inputs[0]];
  in.require_type(first.dtype, kMovable, "inputs");
  in.require_axis(l.axis, first.rank());
  const auto axis = static_cast<std::size_t>(l.axis);
  Extents extents = first.extents;
  for (std::size_t i = 1; i < l.inputs.size(); ++i) {
    const Facts& next = in[l.inputs[i]];
    in.require_equal_types(first.dtype, next.dtype, "input 0", fmt::format("input {}", i));
    // Unlike PyTorch's cat, an empty 1-d tensor does not go with everything.
    in.require(first.rank() == next.rank(),
               fmt::format("input 0 has rank {} and input {} has rank {}, but the ranks must be equal", first.rank(), i,
                           next.rank()));
    for (std::size_t d = 0; d < extents.size(); ++d) {
      const Extent& size = next.extents[d];
      if (d == axis) {
        const bool known = extents[d].is_number() && size.is_number();
        extents[d] = known ? Extent(extents[d].number() + size.number()) : Extent();
      } else {
        in.require(!extents[d].differs_from(size),
                   fmt::format("dimension {} differs between the inputs; only axis {} may", d, axis));
        if (!extents[d].is_number() && (size.is_number() || !extents[d].same_as(size))) extents[d] = size;
      }
    }
  }
  return {{first.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::Slice& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kMovable, "input");
  const Extents start = in.list(l.start, "start");
  const Extents size = in.list(l.size, "size");
  const Extents stride = in.list(l.stride, "stride");
  in.require(start.size() == x.extents.size() && size.size() == start.size() && stride.size() == start.size(),
             "start, size and stride must have one number for each dimension of input");
  in.require(!size.empty() || l.mode != SampleMode::kFill, "a 0-d slice with mode Fill does not build");
  for (std::size_t i = 0; i < size.size(); ++i) {
    in.require(!size[i].is_number() || size[i].number() >= 0, fmt::format("dimension {} of size is negative", i));
    if (l.mode == SampleMode::kStrictBounds) {
      check_bounds(x.extents[i], start[i], size[i], stride[i], i, in);
    } else if (l.mode != SampleMode::kFill) {
      in.require(!x.extents[i].is(0) || size[i].is(0) || !size[i].is_number(),
                 fmt::format("dimension {} of input is empty, so there is nothing to repeat", i));
    }
  }
  if (l.fill) {
    in.require(l.mode == SampleMode::kFill, "fill goes with mode Fill only");
    const Facts& fill = in[*l.fill];
    // Another floating type is accepted and converted.
    const bool convertible = kFloats.has(fill.dtype) && kFloats.has(x.dtype);
    if (!convertible) in.require_equal_types(x.dtype, fill.dtype, "input", "fill");
    in.require(fill.rank() == 0 || product(fill.extents).is(1), "fill must have one element");
  }
  return {{x.dtype, size, std::nullopt}};
}

}  // namespace torch2trt::dry
