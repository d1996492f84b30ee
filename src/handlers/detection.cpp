// Operators of torchvision's detection models.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "src/handlers/register.h"
#include "src/handlers/slicing.h"
#include "src/handlers/volume_sampling.h"

namespace torch2trt {
namespace {

constexpr std::int64_t kMaxBoxes = 5000;  // INMSLayer::setTopKBoxLimit

// The indices of the boxes [N, 4] that overlap no better one, the best first.
Results nms(Network& net, Args& a) {
  const Tensor boxes = a.tensor_as("dets", DType::kFloat32);
  const Tensor scores = a.tensor_as("scores", DType::kFloat32);
  const double overlap = a.number("iou_threshold");
  a.require(
      boxes.rank() == 2 && scores.rank() == 1,
      fmt::format("nms takes boxes of 2 dimensions and scores of 1, not of {} and {}", boxes.rank(), scores.rank()));
  a.require(overlap >= 0, "a negative iou_threshold");
  const std::int64_t count = boxes.dims().at(0);
  a.require(count <= kMaxBoxes, fmt::format("{} boxes; TensorRT's layer looks at the {} best only", count, kMaxBoxes));
  const Tensor limit = net.scalar(static_cast<double>(count < 0 ? kMaxBoxes : count), DType::kInt32);
  const auto selected =
      net.add_all(layer::NMS{.boxes = net.unsqueeze(boxes, {0}),
                             .scores = net.unsqueeze(scores, {0, 2}),
                             .limit = limit,
                             .overlap = net.scalar(std::min(overlap, 1.0), DType::kFloat32),
                             .threshold = net.scalar(std::numeric_limits<float>::lowest(), DType::kFloat32)});
  const Tensor column = net.gather(selected[0], net.scalar(2, DType::kInt32), 1);  // of batch, class, box
  return net.cast(column, DType::kInt64);
}

// Where a region is sampled along one axis: two pixels for each of `count` bins times `ratio` samples, and how much
// each counts. [K, samples]
struct Samples {
  Tensor low, high, low_weight, high_weight;
};

Samples samples(Network& net, const Tensor& start, const Tensor& length, const Dim& size, std::int64_t count,
                std::int64_t ratio) {
  std::vector<float> steps;
  for (std::int64_t i = 0; i < count * ratio; ++i) {
    steps.push_back((static_cast<float>(i) + 0.5F) / static_cast<float>(count * ratio));
  }
  const Tensor given = start + length * net.constant(host_tensor(steps, {1, count * ratio}));
  const Tensor limit = size_tensor(net, size, DType::kFloat32, 2);
  const auto less = [&](const Tensor& x, const Tensor& y) {
    return net.elementwise(ElementWiseOperation::kLess, x, y);
  };
  // Up to a pixel outside counts as the border, what is farther away as 0.
  const Tensor outside =
      net.elementwise(ElementWiseOperation::kOr, less(given, net.scalar(-1, DType::kFloat32, 2)), less(limit, given));
  const Tensor last = limit - 1;
  const Tensor place = net.elementwise(ElementWiseOperation::kMin, net.clamp(given, 0, std::nullopt), last);
  const Tensor low = net.unary(UnaryOperation::kFloor, place);
  const Tensor high = net.elementwise(ElementWiseOperation::kMin, low + 1, last);
  const Tensor part = place - low;
  const Tensor zero = net.scalar(0, DType::kFloat32, 2);
  return {net.cast(low, DType::kInt32), net.cast(high, DType::kInt32), net.select(outside, zero, 1 - part),
          net.select(outside, zero, part)};
}

// input [N, C, H, W], rois [K, 5]: the image, x1, y1, x2, y2. To [K, C, pooled_height, pooled_width]: each bin is the
// mean of ratio * ratio samples, each of which lies between four pixels.
Results roi_align(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  const Tensor rois = a.tensor_as("rois", DType::kFloat32);
  const double scale = a.number("spatial_scale");
  const std::int64_t rows = a.integer("pooled_height");
  const std::int64_t columns = a.integer("pooled_width");
  const std::int64_t ratio = a.integer("sampling_ratio");
  const bool aligned = a.boolean("aligned");
  a.require(is_floating(x.dtype()), fmt::format("interpolation of {} is not supported", name(x.dtype())));
  a.require(
      x.rank() == 4 && rois.rank() == 2,
      fmt::format("roi_align takes images of 4 dimensions and regions of 2, not of {} and {}", x.rank(), rois.rank()));
  a.require(rows > 0 && columns > 0, "roi_align to no pixels");
  a.require(
      ratio > 0,
      "sampling_ratio must be positive: without it the number of samples depends on the size of each region, which "
      "is data");
  const auto field = [&](std::int64_t i) { return slice_axis(net, rois, 1, i, 1); };
  const auto along = [&](std::int64_t first, const Dim& size, std::int64_t count) {
    const Tensor start = aligned ? field(first) * scale - 0.5 : field(first) * scale;
    Tensor length = (field(first + 2) - field(first)) * scale;
    if (!aligned) length = net.clamp(length, 1, std::nullopt);
    return samples(net, start, length, size, count, ratio);
  };
  const Samples horizontal = along(1, x.dim(3), columns);
  const Samples vertical = along(2, x.dim(2), rows);

  const Tensor pixels = net.reshape(net.permute(x, {0, 2, 3, 1}), {Dim(-1), x.dim(1)});
  const Tensor height = size_tensor(net, x.dim(2), DType::kInt32, 2);
  const Tensor width = size_tensor(net, x.dim(3), DType::kInt32, 2);
  const Tensor image = net.cast(field(0), DType::kInt32) * height;
  Tensor sum;
  for (const bool low_row : {true, false}) {
    const Tensor row = (image + (low_row ? vertical.low : vertical.high)) * width;
    const Tensor row_weight = low_row ? vertical.low_weight : vertical.high_weight;
    for (const bool low_column : {true, false}) {
      const Tensor column = low_column ? horizontal.low : horizontal.high;
      const Tensor column_weight = low_column ? horizontal.low_weight : horizontal.high_weight;
      // [K, rows, columns], of samples
      const Tensor index = net.unsqueeze(row, {2}) + net.unsqueeze(column, {1});
      const Tensor weight = net.unsqueeze(row_weight, {2}) * net.unsqueeze(column_weight, {1});
      const Tensor term = net.cast(net.gather(pixels, index, 0), DType::kFloat32) * net.unsqueeze(weight, {3});
      sum = sum ? sum + term : term;
    }
  }
  Tensor bins = sum;
  if (ratio > 1) {
    const Tensor split = net.reshape(sum, {rois.dim(0), rows, ratio, columns, ratio, x.dim(1)});
    bins = net.reduce(ReduceOperation::kAvg, split, {2, 4}, false);
  }
  return net.cast(net.permute(bins, {0, 3, 1, 2}), x.dtype());
}

}  // namespace

void register_detection(HandlerRegistry& r) {
  r.op("torchvision::nms")
      .note(
          "at most 5000 boxes; equal scores in any order; the shape depends on the data: TensorRT-RTX builds no NMS "
          "layer")
      .convert(nms);
  r.op("torchvision::roi_align").note("sampling_ratio > 0").convert(roi_align);
}

}  // namespace torch2trt
