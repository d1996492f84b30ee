// Pieces of a tensor along one axis, with Python's rules for positions: what slice, select, split and the operators
// that write to such a piece have in common.
#pragma once

#include <cstdint>

#include "torch2trt/network.h"

namespace torch2trt {

Dim plus(Network& net, const Dim& a, const Dim& b);
Dim minus(Network& net, const Dim& a, const Dim& b);
Dim times(Network& net, const Dim& a, const Dim& b);

// `size` elements of x along `axis`: start, start + step, ... A negative step goes backwards, 0 repeats the element.
Tensor slice_axis(Network& net, const Tensor& x, std::int64_t axis, const Dim& start, const Dim& size,
                  std::int64_t step = 1);

// A position as Python's slices take it: negative from the end, then clamped to the dimension.
Dim clamped_position(Network& net, const Dim& position, const Dim& size);

struct Range {
  Dim start, length;
};
// What [start:end:step] of a dimension of `size` selects; absent bounds are its ends.
Range python_range(Network& net, const std::optional<Dim>& start, const std::optional<Dim>& end, std::int64_t step,
                   const Dim& size);

// A computed index as a 0-d tensor, counted from the end where it is negative, for a gather or scatter: these take
// what a loop computes, which a slice does not.
Tensor index_tensor(Network& net, const Dim& index, const Dim& size);

}  // namespace torch2trt
