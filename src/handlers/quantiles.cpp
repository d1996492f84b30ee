// Elements by their rank among all or among those that are numbers, and the most frequent ones.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/sorting.h"

namespace torch2trt {
namespace {

// Elements of the intermediate tensor of a comparison of all with all; 1 GiB of float32.
constexpr std::int64_t kMaxCompared = std::int64_t{1} << 28;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor number_like(const Tensor& x, double value) { return x.network().scalar(value, x.dtype(), x.rank()); }

Tensor gathered(Network& net, const Tensor& x, const Tensor& index, std::int64_t axis) {
  return net.add(layer::Gather{.data = x, .indices = index, .mode = GatherMode::kElement, .axis = axis});
}

// NaN sorted behind everything else, and how many numbers there are: int32, `axis` of size 1.
struct Numbers {
  Sorted sorted;
  Tensor count;
};

Numbers numbers_of(Network& net, const Args& a, const Tensor& x, std::int64_t axis) {
  const Tensor nan = net.unary(UnaryOperation::kIsNan, x);
  const Tensor last = net.select(nan, number_like(x, std::numeric_limits<double>::infinity()), x);
  const Tensor numbers = net.cast(net.unary(UnaryOperation::kNot, nan), DType::kInt32);
  return {sorted(net, a, last, axis, false), net.reduce(ReduceOperation::kSum, numbers, {axis}, true)};
}

Tensor nan_where_none(Network& net, const Tensor& count, const Tensor& x) {
  const Tensor none = net.elementwise(ElementWiseOperation::kEqual, count, number_like(count, 0));
  return net.select(none, number_like(x, kNan), x);
}

// The lower of the two numbers in the middle.
Results nanmedian(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.require(is_floating(x.dtype()), fmt::format("{} has no NaN: take median", name(x.dtype())));
  const bool whole = !a.has("dim");
  const std::int64_t given = whole ? 0 : a.axis("dim", x);
  const bool keep = !whole && a.boolean("keepdim");
  const bool flat = whole || x.rank() == 0;
  const Tensor data = flat ? net.reshape(x, {Dim(-1)}) : x;
  const std::int64_t axis = flat ? 0 : given;
  const Numbers numbers = numbers_of(net, a, data, axis);
  const Tensor last = net.elementwise(ElementWiseOperation::kMax, numbers.count - 1, number_like(numbers.count, 0));
  const Tensor middle = net.elementwise(ElementWiseOperation::kFloorDiv, last, number_like(last, 2));
  const auto finished = [&](const Tensor& y) { return keep && !flat ? y : net.squeeze(y, {axis}); };
  std::vector<Operand> outputs{Unknown{}, Unknown{}};
  if (a.is_output_used(0)) {
    outputs[0] = finished(nan_where_none(net, numbers.count, gathered(net, numbers.sorted.values, middle, axis)));
  }
  if (whole) return outputs[0];
  if (a.is_output_used(1)) {
    outputs[1] = net.cast(finished(gathered(net, numbers.sorted.indices, middle, axis)), DType::kInt64);
  }
  return outputs;
}

// --- quantiles --------------------------------------------------------------------------------------------------

struct Quantiles {
  std::vector<float> q;
  bool several = false;  // the result has a dimension for them
  std::string interpolation;
};

Quantiles quantiles_of(Args& a) {
  Quantiles result{{}, false, a.string("interpolation")};
  if (a.operand("q").as<HostTensor>() != nullptr) {
    const HostTensor given = contiguous_as(a.weights("q"), DType::kFloat32);
    a.require(given.rank() <= 1, fmt::format("q has {} dimensions, at most 1 is possible", given.rank()));
    const auto* data = static_cast<const float*>(given.data);
    result.q.assign(data, data + given.numel());
    result.several = given.rank() == 1;
  } else {
    a.require(a.is_constant("q"), "quantiles that are only known at run time");
    result.q.push_back(static_cast<float>(a.number("q")));
  }
  a.require(!result.q.empty(), "no quantiles");
  for (const float q : result.q) a.require(q >= 0 && q <= 1, fmt::format("quantile {} is outside of [0, 1]", q));
  static constexpr std::string_view kKnown[] = {"linear", "lower", "higher", "midpoint", "nearest"};
  a.require(std::find(std::begin(kKnown), std::end(kKnown), result.interpolation) != std::end(kKnown),
            fmt::format("interpolation \"{}\" is not known", result.interpolation));
  return result;
}

// Between two neighbours, each form exact at its end.
Tensor interpolated(Network& net, const Tensor& below, const Tensor& above, const Tensor& weight) {
  const Tensor near = net.elementwise(ElementWiseOperation::kLess, weight, number_like(weight, 0.5));
  const Tensor distance = above - below;
  return net.select(near, below + weight * distance, above - distance * (1 - weight));
}

// The two elements of `count` sorted ones that each quantile lies between, and how near it is to the second.
struct Neighbours {
  std::vector<std::int64_t> below, above;
  std::vector<float> weights;
};

// PyTorch has quantiles in float32, and multiplies them in float64.
void add_neighbours(Neighbours& to, const Quantiles& wanted, std::int64_t count) {
  for (const float q : wanted.q) {
    double rank = static_cast<double>(q) * static_cast<double>(std::max<std::int64_t>(count - 1, 0));
    if (wanted.interpolation == "lower") rank = std::floor(rank);
    if (wanted.interpolation == "higher") rank = std::ceil(rank);
    if (wanted.interpolation == "nearest") rank = std::nearbyint(rank);
    to.below.push_back(static_cast<std::int64_t>(std::floor(rank)));
    to.above.push_back(static_cast<std::int64_t>(std::ceil(rank)));
    to.weights.push_back(wanted.interpolation == "midpoint" ? 0.5F : static_cast<float>(rank - std::floor(rank)));
  }
}

// Of sorted values that are all numbers.
Tensor at_known_ranks(Network& net, Args& a, const Tensor& values, std::int64_t axis, const Quantiles& wanted) {
  Neighbours places;
  add_neighbours(places, wanted, values.dims().at(static_cast<std::size_t>(axis)));
  const Dims sizes{static_cast<std::int64_t>(wanted.q.size())};
  const Tensor below = take(net, a, values, axis, {sizes, places.below});
  if (places.below == places.above) return below;
  Dims shape(static_cast<std::size_t>(values.rank()), 1);
  shape.at(static_cast<std::size_t>(axis)) = sizes[0];
  return interpolated(net, below, take(net, a, values, axis, {sizes, places.above}),
                      net.constant(host_tensor(places.weights, shape)));
}

// Of sorted values of which the first `count` are numbers: a table says what there is to do for each count.
Tensor at_computed_ranks(Network& net, const Tensor& values, const Tensor& count, std::int64_t axis,
                         const Quantiles& wanted) {
  Neighbours table;
  const Dims sizes{values.dims().at(static_cast<std::size_t>(axis)) + 1, static_cast<std::int64_t>(wanted.q.size())};
  for (std::int64_t i = 0; i < sizes[0]; ++i) add_neighbours(table, wanted, i);
  const Tensor row = net.squeeze(count, {axis});
  const auto looked_up = [&](const Tensor& constant) {
    const Tensor found = net.gather(constant, row, 0);  // the quantiles lie along its last dimension
    std::vector<std::int64_t> order;
    for (std::int64_t i = 0; i + 1 < found.rank(); ++i) order.push_back(i);
    order.insert(order.begin() + axis, found.rank() - 1);
    return net.permute(found, order);
  };
  const auto value_at = [&](const std::vector<std::int64_t>& places) {
    return gathered(net, values, looked_up(index_constant(net, {sizes, places})), axis);
  };
  const Tensor below = value_at(table.below);
  if (table.below == table.above) return below;
  return interpolated(net, below, value_at(table.above), looked_up(net.constant(host_tensor(table.weights, sizes))));
}

Handler quantile(bool without_nan) {
  return [without_nan](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    a.require(x.dtype() == DType::kFloat32, fmt::format("PyTorch has no quantiles of {}", name(x.dtype())));
    const Quantiles wanted = quantiles_of(a);
    const bool keep = a.boolean("keepdim");
    const bool flat = a.is_none("dim") || x.rank() == 0;
    const std::int64_t axis = a.is_none("dim") ? 0 : a.axis("dim", x);
    const Tensor data = flat ? net.reshape(x, {Dim(-1)}) : x;
    Tensor found;
    if (without_nan) {
      const Numbers numbers = numbers_of(net, a, data, axis);
      found = nan_where_none(net, numbers.count,
                             at_computed_ranks(net, numbers.sorted.values, numbers.count, axis, wanted));
    } else {
      const Tensor nan = net.cast(net.unary(UnaryOperation::kIsNan, data), DType::kInt32);
      const Tensor any = net.cast(net.reduce(ReduceOperation::kMax, nan, {axis}, true), DType::kBool);
      found = at_known_ranks(net, a, sorted(net, a, data, axis, false).values, axis, wanted);
      found = net.select(any, number_like(found, kNan), found);
    }
    // The quantiles lie along `axis`; their dimension is the first one of the result.
    if (flat) {
      std::vector<Dim> shape;
      if (wanted.several) shape.emplace_back(static_cast<std::int64_t>(wanted.q.size()));
      if (keep) shape.insert(shape.end(), static_cast<std::size_t>(x.rank()), Dim(1));
      return net.reshape(found, shape);
    }
    if (!wanted.several) return keep ? found : net.squeeze(found, {axis});
    std::vector<std::int64_t> order{axis};
    for (std::int64_t i = 0; i < found.rank(); ++i) {
      if (i != axis) order.push_back(i);
    }
    const Tensor first = net.permute(found, order);
    return keep ? net.unsqueeze(first, {axis + 1}) : first;
  };
}

// --- the most frequent ------------------------------------------------------------------------------------------

// Compares all with all. Of values that are as frequent the smallest, of its places the last.
Results mode(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const bool keep = a.boolean("keepdim");
  if (x.rank() == 0) return std::vector<Operand>{x, net.scalar(0, DType::kInt64)};
  const std::int64_t last = x.rank() - 1;
  std::int64_t elements = std::max<std::int64_t>(x.dims().at(static_cast<std::size_t>(axis)), 1);
  for (const std::int64_t size : x.dims()) elements *= std::max<std::int64_t>(size, 1);
  a.require(elements <= kMaxCompared,
            fmt::format("mode compares all elements with each other, which would take {} of them", elements));
  Sorted s = sorted(net, a, x, axis, false);
  s = {net.transpose(s.values, axis, last), net.transpose(s.indices, axis, last)};
  const Tensor same = net.elementwise(ElementWiseOperation::kEqual, net.unsqueeze(s.values, {last + 1}),
                                      net.unsqueeze(s.values, {last}));
  const Tensor counts = net.reduce(ReduceOperation::kSum, net.cast(same, DType::kInt32), {last + 1}, false);
  const bool flat = x.rank() == 1;  // the layer needs two dimensions
  auto most = net.add_all(
      layer::TopK{flat ? net.unsqueeze(counts, {0}) : counts, TopKOperation::kMax, std::int64_t{1}, flat ? 1 : last});
  if (flat) {
    for (Tensor& output : most) output = net.squeeze(output, {0});
  }
  const auto finished = [&](const Tensor& y) {
    const Tensor back = net.transpose(y, axis, last);
    return keep ? back : net.squeeze(back, {axis});
  };
  std::vector<Operand> outputs{Unknown{}, Unknown{}};
  if (a.is_output_used(0)) outputs[0] = net.cast(finished(gathered(net, s.values, most[1], last)), x.dtype());
  if (a.is_output_used(1)) {
    const Tensor place = most[1] + most[0] - 1;
    outputs[1] = net.cast(finished(gathered(net, s.indices, place, last)), DType::kInt64);
  }
  return outputs;
}

}  // namespace

void register_quantiles(HandlerRegistry& r) {
  const std::string limit = "at most 3840 elements, static";
  r.op("aten::nanmedian").note(limit + "; infinity may have the index of a NaN").convert(nanmedian);
  r.op("aten::quantile").note(limit).convert(quantile(false));
  r.op("aten::nanquantile").note(limit).convert(quantile(true));
  r.op("aten::mode").note(limit + "; of equal elements the last one's index; NaN is never counted").convert(mode);
}

}  // namespace torch2trt
