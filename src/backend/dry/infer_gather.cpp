// Layers that read or write at indices.
#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

// Ranks equal, and no dimension of indices larger than that of data, but that of a gather's axis. (PyTorch's scatter
// has its axis free too; TensorRT-RTX does not build that.)
void check_element_mode(const Facts& data, const Facts& indices, std::int64_t free_axis, const Inputs& in) {
  for (std::size_t i = 0; i < data.extents.size(); ++i) {
    const Extent& have = data.extents[i];
    const Extent& want = indices.extents[i];
    in.require(static_cast<std::int64_t>(i) == free_axis || !have.is_number() || !want.is_number() ||
                   want.number() <= have.number(),
               fmt::format("dimension {} of indices must not be larger than that of data", i));
  }
}

void require_equal_ranks(const Facts& data, const Facts& indices, const Inputs& in) {
  in.require(data.rank() >= 1, "data must have at least 1 dimension");
  in.require(data.rank() == indices.rank(), "data and indices must have the same rank");
}

// An index into `data`'s dimensions [first, last) has nothing to refer to where one of them is empty.
void require_elements(const Facts& data, std::int64_t first, std::int64_t last, const Extents& result,
                      const Inputs& in) {
  const Extent count = product(result);
  if (!count.is_number() || count.is(0)) return;
  for (std::int64_t i = first; i < last; ++i) {
    in.require(!data.extents[static_cast<std::size_t>(i)].is(0), fmt::format("dimension {} of data is empty", i));
  }
}

Extents gather_default(const layer::Gather& l, const Facts& data, const Facts& indices, const Inputs& in) {
  const std::int64_t batch = l.elementwise_dims;
  in.require(data.rank() >= 1, "data must have at least 1 dimension");
  in.require(batch == 0 || batch == 1, "elementwise_dims must be 0 or 1");
  in.require(l.axis >= batch && l.axis < data.rank(),
             fmt::format("axis {} is outside of [{}, {})", l.axis, batch, data.rank()));
  in.require(indices.rank() >= batch, "indices must have the elementwise dimension");
  const auto axis = data.extents.begin() + l.axis;
  Extents result(data.extents.begin(), axis);
  if (batch == 1) {
    const auto shared = broadcast(data.extents[0], indices.extents[0]);
    in.require(shared.has_value(), "dimension 0 of data and indices must be equal, or one of them 1");
    result[0] = *shared;
  }
  result.insert(result.end(), indices.extents.begin() + batch, indices.extents.end());
  result.insert(result.end(), axis + 1, data.extents.end());
  require_elements(data, l.axis, l.axis + 1, result, in);
  in.require(result.size() <= kMaxRank,
             fmt::format("the result would have {} dimensions, more than {}", result.size(), kMaxRank));
  return result;
}

// How many dimensions of data an index of mode kNd spans: the last dimension of indices.
Extent index_length(const Facts& data, const Facts& indices, std::int64_t batch, const Inputs& in) {
  in.require(indices.rank() >= 1, "indices must have at least 1 dimension");  // 0-d ones crash TensorRT-RTX 1.7.1
  const Extent& length = indices.extents.back();
  in.require(!length.is_number() || length.number() <= data.rank() - batch,
             fmt::format("the last dimension of indices must be at most {}", data.rank() - batch));
  return length;
}

Extents gather_nd(const layer::Gather& l, const Facts& data, const Facts& indices, const Inputs& in) {
  const std::int64_t batch = l.elementwise_dims;
  in.require(batch >= 0 && batch < data.rank() && batch < indices.rank(),
             "elementwise_dims must be smaller than the ranks of data and indices");
  const Extent length = index_length(data, indices, batch, in);
  in.require(length.is_number(), "the last dimension of indices must be static");
  for (std::int64_t i = 0; i < batch; ++i) {
    const auto d = static_cast<std::size_t>(i);
    in.require(!data.extents[d].differs_from(indices.extents[d]),
               fmt::format("elementwise dimension {} must be equal in data and indices", i));
  }
  Extents result(indices.extents.begin(), indices.extents.end() - 1);
  result.insert(result.end(), data.extents.begin() + batch + length.number(), data.extents.end());
  require_elements(data, batch, batch + length.number(), result, in);
  in.require(result.size() <= kMaxRank,
             fmt::format("the result would have {} dimensions, more than {}", result.size(), kMaxRank));
  return result;
}

void require_same_shape(const Extents& updates, const Extents& expected, const Inputs& in) {
  in.require(updates.size() == expected.size(), fmt::format("updates must have {} dimensions", expected.size()));
  for (std::size_t i = 0; i < updates.size(); ++i) {
    in.require(!updates[i].differs_from(expected[i]), fmt::format("dimension {} of updates must be {}", i,
                                                                  expected[i].is_number() ? expected[i].number() : -1));
  }
}

}  // namespace

Outputs infer(const layer::Gather& l, const Inputs& in) {
  const Facts& data = in[l.data];
  const Facts& indices = in[l.indices];
  in.require_type(data.dtype, kMovable, "data");
  in.require_type(indices.dtype, kIndices, "indices");
  Extents extents;
  switch (l.mode) {
    case GatherMode::kDefault: extents = gather_default(l, data, indices, in); break;
    case GatherMode::kNd: extents = gather_nd(l, data, indices, in); break;
    case GatherMode::kElement:
      in.require(l.elementwise_dims == 0, "elementwise_dims must be 0 in mode Element");
      require_equal_ranks(data, indices, in);
      in.require_axis(l.axis, data.rank());
      check_element_mode(data, indices, l.axis, in);
      extents = indices.extents;
      require_elements(data, l.axis, l.axis + 1, extents, in);
      break;
  }
  return {{data.dtype, extents, std::nullopt}};
}

Outputs infer(const layer::Scatter& l, const Inputs& in) {
  const Facts& data = in[l.data];
  const Facts& indices = in[l.indices];
  const Facts& updates = in[l.updates];
  in.require_type(data.dtype, kMovable, "data");
  in.require_type(indices.dtype, kIndices, "indices");
  in.require_equal_types(data.dtype, updates.dtype, "data", "updates");
  if (l.mode == ScatterMode::kElement) {
    require_equal_ranks(data, indices, in);
    check_element_mode(data, indices, -1, in);
    in.require_axis(l.axis < 0 ? l.axis + data.rank() : l.axis, data.rank());
    require_same_shape(updates.extents, indices.extents, in);
  } else {
    const Extent length = index_length(data, indices, 0, in);
    if (length.is_number()) {
      Extents expected(indices.extents.begin(), indices.extents.end() - 1);
      expected.insert(expected.end(), data.extents.begin() + length.number(), data.extents.end());
      require_same_shape(updates.extents, expected, in);
    }
  }
  return {{data.dtype, data.extents, std::nullopt}};
}

Outputs infer(const layer::NonZero& l, const Inputs& in) {
  const Facts& x = in[l.input];
  in.require_type(x.dtype, kFloats | kIndices | kBool, "input");
  return {{DType::kInt32, {x.rank(), Extent()}, std::nullopt}};
}

Outputs infer(const layer::NMS& l, const Inputs& in) {
  const Facts& boxes = in[l.boxes];
  const Facts& scores = in[l.scores];
  in.require_type(boxes.dtype, kFloats, "boxes");
  in.require_equal_types(boxes.dtype, scores.dtype, "boxes", "scores");
  in.require(boxes.rank() == 3 && scores.rank() == 3, "boxes and scores must have 3 dimensions");
  in.require(!boxes.extents[2].differs_from(4), "the last dimension of boxes must be 4");
  for (const std::size_t i : {0, 1}) {
    in.require(!boxes.extents.at(i).differs_from(scores.extents.at(i)),
               fmt::format("dimension {} of boxes and scores must be equal", i));
  }
  const auto scalar = [&](const Tensor& tensor, const Types& type, std::string_view what) {
    in.require_type(in[tensor].dtype, type, what);
    in.require(in[tensor].rank() == 0, fmt::format("{} must be a 0-d tensor", what));
  };
  scalar(l.limit, Types{DType::kInt32}, "limit");
  scalar(l.overlap, Types{DType::kFloat32}, "overlap");
  scalar(l.threshold, Types{DType::kFloat32}, "threshold");
  return {{DType::kInt32, {Extent(), 3}, std::nullopt}, {DType::kInt32, {}, std::nullopt}};
}

Outputs infer(const layer::OneHot& l, const Inputs& in) {
  const Facts& indices = in[l.indices];
  const Facts& values = in[l.values];
  in.require_type(indices.dtype, kIndices, "indices");
  in.require_type(values.dtype, kMovable, "values");
  in.require(values.rank() == 1 && !values.extents[0].differs_from(2), "values must have 2 elements: off and on");
  const Extent depth = in.scalar(l.depth, "depth");
  in.require(!depth.is_number() || depth.number() >= 0, "depth must not be negative");
  const std::int64_t rank = indices.rank() + 1;
  in.require(rank <= kMaxRank, fmt::format("a tensor has at most {} dimensions", kMaxRank));
  in.require(l.axis >= -rank && l.axis < rank, fmt::format("axis {} is outside of [{}, {})", l.axis, -rank, rank));
  Extents extents = indices.extents;
  extents.insert(extents.begin() + (l.axis < 0 ? l.axis + rank : l.axis), depth);
  return {{values.dtype, extents, std::nullopt}};
}

}  // namespace torch2trt::dry
