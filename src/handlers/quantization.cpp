// Fake quantization: TensorRT's Quantize and Dequantize where the range is that of int8 around its zero point, so that
// the engine may compute in int8; else the arithmetic itself. Never computed at conversion: the layers are what tells
// TensorRT that a weight is quantized.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/handlers/doubles.h"
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

constexpr double kInt8Low = -128;
constexpr double kInt8High = 127;

// Scales and the range of the quantized values with the zero point at 0; one each for the tensor, or for each channel.
struct Grid {
  std::vector<double> scale, low, high;
  std::int64_t axis = -1;
};

bool is_int8(const Grid& grid) {
  return std::all_of(grid.high.begin(), grid.high.end(), [](double high) { return high == kInt8High; }) &&
         std::all_of(grid.low.begin(), grid.low.end(), [](double low) { return low >= kInt8Low && low < 0; });
}

Tensor fake_quantized(Network& net, const Tensor& input, const Grid& grid) {
  Tensor x = net.cast(input, DType::kFloat32);
  Dims sizes(static_cast<std::size_t>(x.rank()), 1);
  if (grid.axis >= 0) sizes.at(static_cast<std::size_t>(grid.axis)) = static_cast<std::int64_t>(grid.scale.size());
  const auto spread = [&](const std::vector<double>& values) {
    return net.constant(reshaped(vector_of(values), sizes));
  };
  if (is_int8(grid)) {
    // A range that begins after -128 (PyTorch's weights: -127) saturates before the layer does.
    if (std::any_of(grid.low.begin(), grid.low.end(), [](double low) { return low > kInt8Low; })) {
      std::vector<double> lowest;
      for (std::size_t i = 0; i < grid.scale.size(); ++i) lowest.push_back(grid.low[i] * grid.scale[i]);
      x = net.elementwise(ElementWiseOperation::kMax, x, spread(lowest));
    }
    const HostTensor scales = vector_of(grid.scale);
    const Tensor scale = net.constant(grid.axis >= 0 ? scales : reshaped(scales, {}));
    const Tensor quantized = net.add(layer::Quantize{x, scale, DType::kInt8, grid.axis});
    return net.cast(net.add(layer::Dequantize{quantized, scale, DType::kFloat32, grid.axis}), input.dtype());
  }
  std::vector<double> inverse;
  for (double scale : grid.scale) inverse.push_back(static_cast<double>(1.0F / static_cast<float>(scale)));
  Tensor steps = net.unary(UnaryOperation::kRound, x * spread(inverse));
  steps = net.elementwise(ElementWiseOperation::kMax, steps, spread(grid.low));
  steps = net.elementwise(ElementWiseOperation::kMin, steps, spread(grid.high));
  return net.cast(steps * spread(grid.scale), input.dtype());
}

Grid grid_of(Args& a, const std::vector<double>& scales, const std::vector<double>& zero_points) {
  const auto low = static_cast<double>(a.integer("quant_min"));
  const auto high = static_cast<double>(a.integer("quant_max"));
  Grid grid{.scale = scales};
  for (double zero : zero_points) {
    a.require(std::floor(zero) == zero, "zero points that are not whole numbers are not supported");
    grid.low.push_back(low - zero);
    grid.high.push_back(high - zero);
  }
  return grid;
}

Tensor per_tensor(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  if (a.has("fake_quant_enabled"))
    a.require(a.integer("fake_quant_enabled") == 1, "fake quantization that is switched off");
  return fake_quantized(net, x, grid_of(a, {a.number("scale")}, {a.number("zero_point")}));
}

Tensor per_channel(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  Grid grid = grid_of(a, doubles_of(a.weights("scale")), doubles_of(a.weights("zero_point")));
  grid.axis = a.axis("axis", x);
  return fake_quantized(net, x, grid);
}

// With the mask of what was not saturated, which only training reads.
Handler with_mask(Tensor (*convert)(Network&, Args&)) {
  return [convert](Network& net, Args& a) -> Results {
    a.require(!a.is_output_used(1), "the mask of fake quantization is not supported");
    return std::vector<Operand>{convert(net, a), Unknown{}};
  };
}

}  // namespace

void register_quantization(HandlerRegistry& r) {
  const char* note = "int8 layers where the range is -128 or more to 127 around the zero point, else arithmetic";
  r.op("aten::fake_quantize_per_tensor_affine").never_folded().note(note).convert(per_tensor);
  r.op("aten::fake_quantize_per_channel_affine").never_folded().note(note).convert(per_channel);
  r.ops({"aten::fake_quantize_per_tensor_affine_cachemask",
         "aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams"})
      .never_folded()
      .note(note)
      .convert(with_mask(per_tensor));
  r.op("aten::fake_quantize_per_channel_affine_cachemask").never_folded().note(note).convert(with_mask(per_channel));
}

}  // namespace torch2trt
