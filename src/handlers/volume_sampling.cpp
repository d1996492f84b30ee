#include "src/handlers/volume_sampling.h"

#include <fmt/format.h>

#include <array>

#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

enum Padding : std::int64_t { kZeros = 0, kBorder = 1, kReflection = 2 };

Tensor number_like(const Tensor& x, double value) { return x.network().scalar(value, x.dtype(), x.rank()); }
Tensor floored(const Tensor& x) { return x.network().unary(UnaryOperation::kFloor, x); }

// Places to be sampled along one axis, in pixels of it; float32.
struct Axis {
  Tensor place, size;
  Dim length;
};

// 0 and size - 1, or the outer edges of the pixels there, are mirrors.
Tensor reflected(Network& net, const Args& a, const Axis& axis, bool align_corners) {
  a.require(!align_corners || axis.length.is_constant(),
            "reflection at the centres of pixels whose number is only known at run time");
  if (align_corners && axis.length.value() == 1) return axis.place * 0;
  const double low = align_corners ? 0 : -0.5;
  const Tensor span = align_corners ? axis.size - 1 : axis.size;
  const Tensor distance = net.unary(UnaryOperation::kAbs, axis.place - low);
  const Tensor flips = floored(distance / span);
  const Tensor extra = distance - flips * span;
  const Tensor odd = flips - floored(flips * 0.5) * 2;
  const Tensor is_odd = net.elementwise(ElementWiseOperation::kGreater, odd, number_like(odd, 0.5));
  return net.select(is_odd, span - extra, extra) + low;
}

Tensor within(Network& net, const Tensor& place, const Tensor& size) {
  return net.elementwise(ElementWiseOperation::kMin, net.clamp(place, 0, std::nullopt), size - 1);
}

// One of the two pixels beside a place, or the nearest: where it is, and how much it counts.
struct Pixel {
  Tensor index, weight;
};

std::vector<Pixel> pixels_of(Network& net, const Axis& axis, bool nearest, Padding padding) {
  const auto pixel = [&](const Tensor& place, Tensor weight) {
    const Tensor inside = within(net, place, axis.size);
    if (padding == kZeros) {
      const Tensor is_inside = net.elementwise(ElementWiseOperation::kEqual, inside, place);
      weight = net.select(is_inside, weight, number_like(weight, 0));
    }
    return Pixel{net.cast(inside, DType::kInt32), weight};
  };
  if (nearest) {
    const Tensor place = net.unary(UnaryOperation::kRound, axis.place);
    return {pixel(place, place * 0 + 1)};
  }
  const Tensor low = floored(axis.place);
  const Tensor part = axis.place - low;
  return {pixel(low, 1 - part), pixel(low + 1, part)};
}

}  // namespace

Tensor size_tensor(Network& net, const Dim& size, DType dtype, std::int64_t rank) {
  if (size.is_constant()) return net.scalar(static_cast<double>(size.value()), dtype, rank);
  return net.expand_rank(net.cast(net.dim_tensor(size), dtype), rank);
}

Tensor sample_volume(Network& net, Args& a, const Tensor& x, const Tensor& grid) {
  a.require(grid.rank() == 5, fmt::format("a grid of {} dimensions does not sample a volume", grid.rank()));
  a.require(is_floating(x.dtype()), fmt::format("interpolation of {} is not supported", name(x.dtype())));
  const std::int64_t mode = a.integer("interpolation_mode");
  const auto padding = static_cast<Padding>(a.integer("padding_mode"));
  a.require(mode == 0 || mode == 1, "PyTorch samples volumes bilinearly or at the nearest point only");
  a.require(padding >= kZeros && padding <= kReflection, "unknown mode of grid_sampler");
  const bool align_corners = a.boolean("align_corners");

  // [N, places], for each of the volume's axes.
  const Tensor places = net.reshape(net.cast(grid, DType::kFloat32), {grid.dim(0), Dim(-1), Dim(3)});
  std::array<std::vector<Pixel>, 3> pixels;
  for (std::int64_t i = 0; i < 3; ++i) {
    const Tensor given = net.squeeze(slice_axis(net, places, 2, 2 - i, 1), {2});
    Axis axis{given, size_tensor(net, x.dim(i + 2), DType::kFloat32, 2), x.dim(i + 2)};
    axis.place = align_corners ? (given + 1) * 0.5 * (axis.size - 1) : ((given + 1) * axis.size - 1) * 0.5;
    if (padding == kReflection) axis.place = reflected(net, a, axis, align_corners);
    if (padding != kZeros) axis.place = within(net, axis.place, axis.size);
    pixels.at(static_cast<std::size_t>(i)) = pixels_of(net, axis, mode == 1, padding);
  }

  const Tensor height = size_tensor(net, x.dim(3), DType::kInt32, 2);
  const Tensor width = size_tensor(net, x.dim(4), DType::kInt32, 2);
  const Tensor flat = net.flatten(x, 2, 4);
  Tensor sum;
  for (const Pixel& z : pixels[0]) {
    for (const Pixel& y : pixels[1]) {
      const Tensor row = (z.index * height + y.index) * width;
      const Tensor weight = z.weight * y.weight;
      for (const Pixel& p : pixels[2]) {
        const Tensor found =
            net.add(layer::Gather{.data = flat, .indices = row + p.index, .axis = 2, .elementwise_dims = 1});
        const Tensor term = net.cast(found, DType::kFloat32) * net.unsqueeze(weight * p.weight, {1});
        sum = sum ? sum + term : term;
      }
    }
  }
  const Tensor result = net.reshape(sum, {grid.dim(0), x.dim(1), grid.dim(1), grid.dim(2), grid.dim(3)});
  return net.cast(result, x.dtype());
}

}  // namespace torch2trt
