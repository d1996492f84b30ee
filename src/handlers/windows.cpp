// Windows of a tensor as a dimension: unfold, im2col and its inverse.
#include <fmt/format.h>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

Results unfold(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dimension", x);
  const std::int64_t size = a.integer("size");
  const std::int64_t step = a.integer("step");
  if (x.rank() == 0) x = net.reshape(x, {1});
  const Dim count =
      plus(net, net.dim_arithmetic(ElementWiseOperation::kFloorDiv, minus(net, x.dim(axis), size), step), 1);
  Tensor windows;
  if (count.is_constant()) {
    KnownIndex index{{count.value(), size}, {}};
    for (std::int64_t i = 0; i < count.value() * size; ++i) index.values.push_back(i / size * step + i % size);
    windows = take(net, a, x, axis, index);
  } else {
    const Tensor steps = net.constant(contiguous_as(host_tensor(std::vector<std::int64_t>{step, 1}), DType::kInt32));
    const Tensor index = net.add(layer::Fill{net.sizes_operand({count, size}), FillOperation::kLinspace,
                                             net.scalar(0, DType::kInt32), steps, DType::kInt32});
    windows = net.gather(x, index, axis);
  }
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < windows.rank(); ++i) {
    if (i != axis + 1) order.push_back(i);
  }
  order.push_back(axis + 1);
  const Tensor result = net.permute(windows, order);
  return a.tensor("self").rank() == 0 ? net.reshape(result, {size}) : result;
}

struct Window {
  std::int64_t kernel, dilation, padding, stride, count;
};

// Of the two last dimensions. `sizes`: those of the image.
std::vector<Window> windows_of(Args& a, const std::vector<std::int64_t>& sizes) {
  const auto kernel = a.integers("kernel_size", 2);
  const auto dilation = a.integers("dilation", 2);
  const auto padding = a.integers("padding", 2);
  const auto stride = a.integers("stride", 2);
  std::vector<Window> windows;
  for (std::size_t i = 0; i < 2; ++i) {
    a.require(kernel.at(i) > 0 && stride.at(i) > 0 && dilation.at(i) > 0,
              "a window needs a size, a stride and a dilation above 0");
    a.require(sizes[i] >= 0, "windows of an image whose size is only known at run time");
    const std::int64_t span = dilation[i] * (kernel[i] - 1) + 1;
    windows.push_back(
        {kernel[i], dilation[i], padding[i], stride[i], (sizes[i] + 2 * padding[i] - span) / stride[i] + 1});
  }
  return windows;
}

// [.., C, H, W] to [.., C * kernel, windows]: a gather from the flattened image.
Results im2col(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  const std::int64_t rank = x.rank();
  a.require(rank == 3 || rank == 4, fmt::format("im2col takes a tensor of 3 or 4 dimensions, not of {}", rank));
  const std::int64_t lead = rank - 3;
  const std::vector<Window> w = windows_of(a, {x.dims().end() - 2, x.dims().end()});
  if (w[0].padding > 0 || w[1].padding > 0) {
    std::vector<Dim> start(static_cast<std::size_t>(rank), Dim(0));
    std::vector<Dim> size = x.shape();
    for (std::size_t i = 0; i < 2; ++i) {
      const std::size_t axis = static_cast<std::size_t>(rank) - 2 + i;
      start.at(axis) = -w[i].padding;
      size.at(axis) = size.at(axis).value() + 2 * w[i].padding;
    }
    x = net.slice(x, start, size, Dims(start.size(), 1), SampleMode::kFill, net.scalar(0, x.dtype()));
  }
  const std::int64_t width = x.dims().back();
  KnownIndex index{{w[0].kernel * w[1].kernel, w[0].count * w[1].count}, {}};
  for (std::int64_t k = 0; k < index.sizes[0]; ++k) {
    for (std::int64_t l = 0; l < index.sizes[1]; ++l) {
      const std::int64_t row = l / w[1].count * w[0].stride + k / w[1].kernel * w[0].dilation;
      const std::int64_t column = l % w[1].count * w[1].stride + k % w[1].kernel * w[1].dilation;
      index.values.push_back(row * width + column);
    }
  }
  const Tensor columns = take(net, a, net.flatten(x, rank - 2, rank - 1), rank - 2, index);
  return net.flatten(columns, lead, lead + 1);
}

}  // namespace

void register_windows(HandlerRegistry& r) {
  r.op("aten::unfold").convert(unfold);
  r.op("aten::im2col").note("static image sizes").convert(im2col);
}

}  // namespace torch2trt
