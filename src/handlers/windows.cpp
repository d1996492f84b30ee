// Windows of a tensor as a dimension: unfold, im2col and its inverse.
#include <fmt/format.h>

#include <algorithm>

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

// What lies side by side: [N, C * kernel, windows] is a permuted image.
Tensor tiled(Network& net, const Tensor& x, std::int64_t channels, const std::vector<Window>& w) {
  const Tensor split = net.reshape(x, {x.dim(0), channels, w[0].kernel, w[1].kernel, Dim(w[0].count), Dim(w[1].count)});
  return net.reshape(net.permute(split, {0, 1, 4, 2, 5, 3}),
                     {x.dim(0), channels, w[0].count * w[0].kernel, w[1].count * w[1].kernel});
}

// What overlaps adds up, as the results of a transposed convolution do. Its kernels have a single 1, each at the place
// of its channel; TensorRT builds none that is strided and dilated, so zeros in it do the latter.
Tensor overlapped(Network& net, const Tensor& x, std::int64_t channels, const std::vector<Window>& w,
                  const Dims& output) {
  Dims span;
  layer::Deconvolution layer{.input = net.reshape(x, {x.dim(0), x.dim(1), w[0].count, w[1].count}),
                             .kernel = Tensor(),
                             .dilation = {1, 1},
                             .groups = channels};
  for (std::size_t i = 0; i < 2; ++i) {
    span.push_back(w[i].dilation * (w[i].kernel - 1) + 1);
    layer.stride.push_back(w[i].stride);
    layer.pre_padding.push_back(w[i].padding);
    const std::int64_t after = (w[i].count - 1) * w[i].stride + span[i] - w[i].padding - output.at(i);
    layer.post_padding.push_back(std::max<std::int64_t>(after, 0));
  }
  const std::int64_t places = w[0].kernel * w[1].kernel;
  const Dims sizes{channels * places, 1, span[0], span[1]};
  std::vector<float> kernel(static_cast<std::size_t>(numel_of(sizes)), 0.0F);
  for (std::int64_t i = 0; i < sizes[0]; ++i) {
    const std::int64_t row = i % places / w[1].kernel * w[0].dilation;
    const std::int64_t column = i % w[1].kernel * w[1].dilation;
    kernel.at(static_cast<std::size_t>((i * span[0] + row) * span[1] + column)) = 1.0F;
  }
  layer.kernel = contiguous_as(host_tensor(kernel, sizes), x.dtype());
  return net.add(layer);
}

// [.., C * kernel, windows] to [.., C, H, W], the inverse of im2col.
Results col2im(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  const std::int64_t rank = x.rank();
  a.require(rank == 2 || rank == 3, fmt::format("col2im takes a tensor of 2 or 3 dimensions, not of {}", rank));
  a.require(is_floating(x.dtype()),
            fmt::format("TensorRT adds up windows of floating-point types only, not {}", name(x.dtype())));
  const Dims output = a.integers("output_size", 2);
  const std::vector<Window> w = windows_of(a, output);
  if (rank == 2) x = net.unsqueeze(x, {0});
  const std::int64_t places = w[0].kernel * w[1].kernel;
  const std::int64_t channels = x.dims().at(1) / places;
  const std::int64_t windows = x.dims().at(2);
  a.require(
      x.dims().at(1) > 0 && channels * places == x.dims().at(1),
      fmt::format("dimension {} must be a multiple of the {} elements of a window, and static", rank - 2, places));
  a.require(w[0].count > 0 && w[1].count > 0 && (windows < 0 || windows == w[0].count * w[1].count),
            fmt::format("an image of {} x {} has {} x {} such windows, not {}", output[0], output[1], w[0].count,
                        w[1].count, windows));
  const auto is_tile = [](const Window& window) {
    return window.stride == window.kernel && window.padding == 0 && (window.dilation == 1 || window.kernel == 1);
  };
  Tensor image = is_tile(w[0]) && is_tile(w[1]) ? tiled(net, x, channels, w) : overlapped(net, x, channels, w, output);
  if (image.dims().at(2) < output[0] || image.dims().at(3) < output[1]) {  // what no window reaches
    image = net.slice(image, {0, 0, 0, 0}, {image.dim(0), channels, output[0], output[1]}, {1, 1, 1, 1},
                      SampleMode::kFill, net.scalar(0, x.dtype()));
  }
  return rank == 2 ? net.squeeze(image, {0}) : image;
}

}  // namespace

void register_windows(HandlerRegistry& r) {
  r.op("aten::unfold").convert(unfold);
  r.op("aten::im2col").note("static image sizes").convert(im2col);
  r.op("aten::col2im").note("static channels and sizes").convert(col2im);
}

}  // namespace torch2trt
