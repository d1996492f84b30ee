// Reshapes and permutations: kept as views until a layer reads them, so that a chain of them is one Shuffle layer.
#include <algorithm>
#include <numeric>

#include "torch2trt/network.h"

namespace torch2trt {
namespace {

bool is_one(const Dim& dim) { return dim.is_constant() && dim.value() == 1; }

bool is_identity(const Dims& order) { return std::is_sorted(order.begin(), order.end()); }

// First `a`, then `b`; an empty one changes nothing.
Dims composed(const Dims& a, const Dims& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  Dims order;
  for (std::int64_t axis : b) order.push_back(a.at(static_cast<std::size_t>(axis)));
  return order;
}

std::vector<Dim> permuted_shape(const std::vector<Dim>& shape, const Dims& order) {
  if (order.empty()) return shape;
  std::vector<Dim> result;
  for (std::int64_t axis : order) result.push_back(shape.at(static_cast<std::size_t>(axis)));
  return result;
}

// Moving dimensions of size 1 moves no element.
bool moves_only_ones(const std::vector<Dim>& shape, const Dims& order) {
  std::int64_t last = -1;
  for (std::int64_t axis : order) {
    if (is_one(shape.at(static_cast<std::size_t>(axis)))) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

bool same(const std::vector<Dim>& a, const std::vector<Dim>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Dim& x, const Dim& y) { return x.same_as(y); });
}

std::vector<Dim> without_ones(const std::vector<Dim>& shape) {
  std::vector<Dim> result;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(result), [](const Dim& dim) { return !is_one(dim); });
  return result;
}

// A size of `x` that nothing but x itself knows.
bool refers_to(const std::vector<Dim>& shape, const Tensor& x) {
  return std::any_of(shape.begin(), shape.end(),
                     [&](const Dim& dim) { return dim.axis() != nullptr && dim.axis()->tensor == x; });
}

// `view`, which ends in a permutation, reshaped to `shape`, which has `have`'s sizes but for ones: the ones come and go
// before the permutation instead.
View with_other_ones(const View& view, const std::vector<Dim>& have, const std::vector<Dim>& shape) {
  View result = view;
  result.shape.emplace();
  result.second.clear();
  Dims place(view.shape->size(), -1);  // of each dimension before the permutation that is no one, in the new shape
  for (std::size_t i = 0; i < view.shape->size(); ++i) {
    if (is_one((*view.shape)[i])) continue;
    place[i] = static_cast<std::int64_t>(result.shape->size());
    result.shape->push_back((*view.shape)[i]);
  }
  std::size_t from = 0;
  for (const Dim& dim : shape) {
    if (is_one(dim)) {
      result.second.push_back(static_cast<std::int64_t>(result.shape->size()));
      result.shape->emplace_back(1);
      continue;
    }
    while (is_one(have[from])) ++from;
    result.second.push_back(place.at(static_cast<std::size_t>(view.second[from++])));
  }
  return result;
}

}  // namespace

const View* Network::view_of(const Tensor& tensor) const {
  const auto known = views_.find(tensor.id());
  return known == views_.end() ? nullptr : &known->second;
}

Tensor Network::add_view(View view) {
  if (!view.first.empty() && view.shape && moves_only_ones(view.base.shape(), view.first)) view.first.clear();
  const std::vector<Dim> before = permuted_shape(view.base.shape(), view.first);
  if (view.shape && view.second.empty() && view.first.empty() && same(*view.shape, before)) return view.base;
  view.location = location_;
  TensorInfo info{.dtype = view.base.dtype()};
  for (const Dim& dim : permuted_shape(view.shape.value_or(before), view.second)) info.dims.push_back(dim.value());
  const Tensor made = add_tensor(std::move(info), Role::kComputed);
  of_control_flow_.back() = of_control_flow_.at(static_cast<std::size_t>(view.base.id()));
  views_.emplace(made.id(), std::move(view));
  return made;
}

Tensor Network::permute(const Tensor& x, const std::vector<std::int64_t>& order) {
  if (is_identity(order)) return x;
  if (const HostTensor* value = constant_value(x)) return constant(permuted(*value, order));
  const std::vector<Dim> shape = x.shape();
  if (moves_only_ones(shape, order)) return reshape(x, permuted_shape(shape, order));
  const View* view = view_of(x);
  if (view == nullptr) return add_view({.base = x, .first = order});
  View result = *view;
  result.added = false;
  if (result.shape) {
    result.second = composed(view->second, order);
    if (is_identity(result.second)) result.second.clear();
  } else {
    result.first = composed(view->first, order);
    if (is_identity(result.first)) return view->base;
  }
  return add_view(std::move(result));
}

Tensor Network::reshape_view(const Tensor& x, const std::vector<Dim>& shape) {
  const View* view = view_of(x);
  if (view == nullptr || refers_to(shape, x)) return add_view({.base = x, .shape = shape});
  if (view->second.empty()) return add_view({.base = view->base, .first = view->first, .shape = shape});
  const std::vector<Dim> have = x.shape();
  if (!same(without_ones(have), without_ones(shape))) return add_view({.base = x, .shape = shape});
  View result = with_other_ones(*view, have, shape);
  result.added = false;
  return add_view(std::move(result));
}

Layer Network::shuffle_of(const View& view) {
  layer::Shuffle shuffle{.input = view.base, .first_transpose = view.first, .second_transpose = view.second};
  const std::vector<Dim> before = permuted_shape(view.base.shape(), view.first);
  if (!view.shape || same(*view.shape, before)) return shuffle;
  const std::vector<Dim>& shape = *view.shape;
  // TensorRT fills one -1 by itself, and copies dimension i of its input for a 0 at i: neither needs a layer.
  Dims numbers;
  bool rest_used =
      std::any_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.is_constant() && dim.value() == -1; });
  const bool has_empty =
      std::any_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.is_constant() && dim.value() == 0; });
  bool expressible = true;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i].is_constant()) {
      numbers.push_back(shape[i].value());
    } else if (i < before.size() && before[i].same_as(shape[i])) {
      numbers.push_back(0);
      shuffle.zero_is_placeholder = true;
    } else if (!rest_used) {
      numbers.push_back(-1);
      rest_used = true;
    } else {
      expressible = false;
    }
  }
  if (expressible && !(shuffle.zero_is_placeholder && has_empty)) {
    shuffle.reshape = numbers;
  } else {
    shuffle.zero_is_placeholder = false;
    shuffle.reshape = shape_tensor(shape);
  }
  return shuffle;
}

}  // namespace torch2trt
