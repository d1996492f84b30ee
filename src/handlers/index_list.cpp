#include "src/handlers/index_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

bool is_mask(DType dtype) { return dtype == DType::kBool || dtype == DType::kUInt8; }

void check_fits(const Args& a, const Tensor& x, std::size_t axis, std::int64_t count) {
  a.require(static_cast<std::int64_t>(axis) + count <= x.rank(),
            fmt::format("the indices are for more dimensions than the {} of the tensor", x.rank()));
}

}  // namespace

std::vector<std::int64_t> IndexList::axes_first(std::int64_t rank) const {
  std::vector<std::int64_t> order = axes;
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) order.push_back(axis);
  }
  return order;
}

std::optional<KnownIndex> IndexList::flattened(const Args& a, const Tensor& x) const {
  if (mask) return std::nullopt;
  std::vector<KnownIndex> known;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(axes[i]));
    if (!indices[i].known || (size < 0 && i > 0)) return std::nullopt;
    known.push_back(size < 0 ? *indices[i].known : wrapped(a, *indices[i].known, size));
  }
  known = broadcast(known, x.network());
  KnownIndex flat = known[0];
  for (std::size_t i = 1; i < axes.size(); ++i) {
    const std::int64_t size = x.dims().at(static_cast<std::size_t>(axes[i]));
    // A position from the end of a dynamic first axis stays one: v * size + w is negative where v is.
    for (std::size_t k = 0; k < flat.values.size(); ++k) flat.values[k] = flat.values[k] * size + known[i].values[k];
  }
  return flat;
}

std::vector<Dim> IndexList::broadcast_shape(Network& net) const {
  std::vector<Dim> shape;
  for (const Index& index : indices) {
    const std::vector<Dim> own =
        index.known ? std::vector<Dim>(index.known->sizes.begin(), index.known->sizes.end()) : index.tensor.shape();
    shape = net.broadcast_shape(shape, own);
  }
  return shape;
}

Tensor IndexList::tuples(Network& net, const Args& a, const Tensor& x, bool writing) const {
  if (mask) return net.permute(net.add(layer::NonZero{*mask}), {1, 0});
  DType type = DType::kInt32;
  for (const Index& index : indices) {
    if (!index.known && index.tensor.dtype() == DType::kInt64) type = DType::kInt64;
  }
  const std::vector<Dim> shape = broadcast_shape(net);
  std::vector<Tensor> columns;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Dim size = x.dim(axes[i]);
    Tensor index;
    if (const auto& known = indices[i].known) {
      index = index_constant(net, size.is_constant() ? wrapped(a, *known, size.value()) : *known, type);
      const bool negative =
          std::any_of(known->values.begin(), known->values.end(), [](std::int64_t value) { return value < 0; });
      if (negative) index = wrapped(net, index, size);
    } else {
      index = wrapped(net, net.cast(indices[i].tensor, type), size, writing);
    }
    const Tensor whole = net.broadcast_to(index, shape);
    columns.push_back(net.unsqueeze(whole, {whole.rank()}));
  }
  return net.concat(columns, static_cast<std::int64_t>(shape.size()));
}

IndexList read_indices(Network& net, Args& a, const Tensor& x) {
  const auto* given = a.operand("indices").as<Operand::List>();
  a.require(given != nullptr, "the indices are no list");
  const auto count = std::count_if(given->begin(), given->end(), [](const Operand& item) { return !item.is_none(); });
  IndexList list;
  std::size_t axis = 0;
  const auto add = [&](Index index) {
    list.axes.push_back(static_cast<std::int64_t>(axis++));
    list.indices.push_back(std::move(index));
  };
  for (const Operand& item : *given) {
    if (item.is_none()) {
      ++axis;
      continue;
    }
    if (const auto* host = item.as<HostTensor>()) {
      if (!is_mask(host->dtype)) {
        check_fits(a, x, axis, 1);
        add({known_index(*host), {}});
        continue;
      }
      a.require(host->rank() > 0, "a 0-d mask as an index");
      check_fits(a, x, axis, host->rank());
      for (KnownIndex& positions : true_positions(*host)) add({std::move(positions), {}});
      continue;
    }
    const auto* dim = item.as<Dim>();
    const auto* tensor = item.as<Tensor>();
    a.require(dim != nullptr || tensor != nullptr, fmt::format("an index is {}", describe(item)));
    const Tensor index = tensor != nullptr ? *tensor : net.dim_tensor(*dim);
    if (!is_mask(index.dtype())) {
      check_fits(a, x, axis, 1);
      add({std::nullopt, index});
      continue;
    }
    a.require(index.rank() > 0, "a 0-d mask as an index");
    check_fits(a, x, axis, index.rank());
    const Tensor mask = net.cast(index, DType::kBool);
    if (count == 1) {
      list.mask = mask;
      for (std::int64_t i = 0; i < mask.rank(); ++i) add({});
      continue;
    }
    const Tensor places = net.add(layer::NonZero{mask});
    for (std::int64_t i = 0; i < mask.rank(); ++i)
      add({std::nullopt, net.squeeze(slice_axis(net, places, 0, i, Dim(1)), {0})});
  }
  for (std::size_t i = 1; i < list.axes.size(); ++i)
    list.adjacent = list.adjacent && list.axes[i] == list.axes[i - 1] + 1;
  return list;
}

}  // namespace torch2trt
