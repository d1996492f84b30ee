#include "torch2trt/tensor.h"

#include <algorithm>

#include "torch2trt/network.h"

namespace torch2trt {

const std::vector<std::int64_t>& Tensor::dims() const { return network_->info(*this).dims; }
DType Tensor::dtype() const { return network_->info(*this).dtype; }
const std::string& Tensor::name() const { return network_->info(*this).name; }
Dim Tensor::dim(std::int64_t axis) const { return Dim::of(*this, axis); }

std::vector<Dim> Tensor::shape() const {
  std::vector<Dim> shape;
  for (std::int64_t axis = 0; axis < rank(); ++axis) shape.push_back(dim(axis));
  return shape;
}

bool Tensor::is_static() const {
  const Dims& sizes = dims();
  return std::none_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size < 0; });
}

Dim Dim::of(const Tensor& tensor, std::int64_t axis) {
  const std::int64_t size = tensor.dims().at(static_cast<std::size_t>(axis));
  if (size >= 0) return {size};
  // The size of a view is one its base has, so that asking for it makes no layer of the view.
  if (const View* view = tensor.network().view_of(tensor)) {
    const auto index =
        static_cast<std::size_t>(view->second.empty() ? axis : view->second.at(static_cast<std::size_t>(axis)));
    if (!view->shape) return of(view->base, view->first[index]);
    const Dim& dim = (*view->shape)[index];
    if (!dim.is_constant()) return dim;
  }
  return Dim(std::variant<std::int64_t, Axis, Tensor>(Axis{tensor, axis}));
}

Dim Dim::computed(const Tensor& scalar) { return Dim(std::variant<std::int64_t, Axis, Tensor>(scalar)); }

}  // namespace torch2trt
