#include "src/handlers/slicing.h"

#include <algorithm>
#include <limits>

namespace torch2trt {

Dim plus(Network& net, const Dim& a, const Dim& b) { return net.dim_arithmetic(ElementWiseOperation::kSum, a, b); }
Dim minus(Network& net, const Dim& a, const Dim& b) { return net.dim_arithmetic(ElementWiseOperation::kSub, a, b); }
Dim times(Network& net, const Dim& a, const Dim& b) { return net.dim_arithmetic(ElementWiseOperation::kProd, a, b); }

Tensor slice_axis(Network& net, const Tensor& x, std::int64_t axis, const Dim& start, const Dim& size,
                  std::int64_t step) {
  std::vector<Dim> starts(static_cast<std::size_t>(x.rank()), Dim(0));
  std::vector<Dim> sizes = x.shape();
  Dims strides(sizes.size(), 1);
  const auto index = static_cast<std::size_t>(axis);
  starts.at(index) = start;
  sizes.at(index) = size;
  strides.at(index) = step;
  return net.slice(x, starts, sizes, strides);
}

Tensor index_tensor(Network& net, const Dim& index, const Dim& size) {
  const Tensor position = net.dim_tensor(index);
  const Tensor negative = net.elementwise(ElementWiseOperation::kLess, position, net.scalar(0, position.dtype()));
  return net.select(negative, position + net.dim_tensor(size), position);
}

Dim clamped_position(Network& net, const Dim& position, const Dim& size) {
  using enum ElementWiseOperation;
  if (position.is_constant()) {
    if (size.is_constant()) {
      const std::int64_t value = position.value() < 0 ? position.value() + size.value() : position.value();
      return std::clamp<std::int64_t>(value, 0, size.value());
    }
    if (position.value() == 0) return position;
    if (position.value() == std::numeric_limits<std::int64_t>::max()) return size;
    if (position.value() < 0) return net.dim_arithmetic(kMax, net.dim_arithmetic(kSum, size, position), Dim(0));
    return net.dim_arithmetic(kMin, position, size);
  }
  if (position.same_as(size)) return size;
  // The size of a tensor is not negative; what is computed may be, and then counts from the end. In whole numbers,
  // which any TensorRT takes as a shape: before_end is -1 or 0.
  if (position.scalar() == nullptr) return net.dim_arithmetic(kMin, position, size);
  const Dim before_end = net.dim_arithmetic(kMin, net.dim_arithmetic(kMax, position, Dim(-1)), Dim(0));
  const Dim from_start = minus(net, position, times(net, size, before_end));
  return net.dim_arithmetic(kMin, net.dim_arithmetic(kMax, from_start, Dim(0)), size);
}

Range python_range(Network& net, const std::optional<Dim>& start, const std::optional<Dim>& end, std::int64_t step,
                   const Dim& size) {
  const Dim from = start ? clamped_position(net, *start, size) : Dim(0);
  const Dim to = end ? clamped_position(net, *end, size) : size;
  Dim length = minus(net, to, from);
  if (length.is_constant()) {
    length = Dim(std::max<std::int64_t>(length.value(), 0));
  } else if (!(from.is_constant() && from.value() == 0)) {
    length = net.dim_arithmetic(ElementWiseOperation::kMax, length, Dim(0));
  }
  if (step != 1)
    length = net.dim_arithmetic(ElementWiseOperation::kFloorDiv, plus(net, length, Dim(step - 1)), Dim(step));
  return {from, length};
}

}  // namespace torch2trt
