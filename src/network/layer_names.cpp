#include "src/network/layer_names.h"

#include <array>

namespace torch2trt {
namespace {

template <typename E, std::size_t N>
std::string_view at(const std::array<std::string_view, N>& names, E value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view name(ActivationType value) {
  static constexpr std::array<std::string_view, 14> kNames = {
      "Relu", "Sigmoid",     "Tanh",       "LeakyRelu",       "Elu",     "Selu",    "Softsign", "Softplus",
      "Clip", "HardSigmoid", "ScaledTanh", "ThresholdedRelu", "GeluErf", "GeluTanh"};
  return at(kNames, value);
}

std::string_view name(UnaryOperation value) {
  static constexpr std::array<std::string_view, 25> kNames = {
      "Exp",  "Log",   "Sqrt",  "Recip", "Abs",  "Neg",   "Sin", "Cos", "Tan",  "Sinh",  "Cosh",  "Asin", "Acos",
      "Atan", "Asinh", "Acosh", "Atanh", "Ceil", "Floor", "Erf", "Not", "Sign", "Round", "IsInf", "IsNan"};
  return at(kNames, value);
}

std::string_view name(ElementWiseOperation value) {
  static constexpr std::array<std::string_view, 14> kNames = {
      "Sum", "Prod", "Max", "Min", "Sub", "Div", "Pow", "FloorDiv", "And", "Or", "Xor", "Equal", "Greater", "Less"};
  return at(kNames, value);
}

std::string_view name(PoolingType value) {
  static constexpr std::array<std::string_view, 2> kNames = {"Max", "Average"};
  return at(kNames, value);
}

std::string_view name(ReduceOperation value) {
  static constexpr std::array<std::string_view, 5> kNames = {"Sum", "Prod", "Max", "Min", "Avg"};
  return at(kNames, value);
}

std::string_view name(TopKOperation value) {
  static constexpr std::array<std::string_view, 2> kNames = {"Max", "Min"};
  return at(kNames, value);
}

std::string_view name(MatrixOperation value) {
  static constexpr std::array<std::string_view, 3> kNames = {"None", "Transpose", "Vector"};
  return at(kNames, value);
}

std::string_view name(SampleMode value) {
  static constexpr std::array<std::string_view, 5> kNames = {"StrictBounds", "Wrap", "Clamp", "Fill", "Reflect"};
  return at(kNames, value);
}

std::string_view name(InterpolationMode value) {
  static constexpr std::array<std::string_view, 3> kNames = {"Nearest", "Linear", "Cubic"};
  return at(kNames, value);
}

std::string_view name(ResizeCoordinateTransformation value) {
  static constexpr std::array<std::string_view, 3> kNames = {"AlignCorners", "Asymmetric", "HalfPixel"};
  return at(kNames, value);
}

std::string_view name(ResizeRoundMode value) {
  static constexpr std::array<std::string_view, 4> kNames = {"HalfUp", "HalfDown", "Floor", "Ceil"};
  return at(kNames, value);
}

std::string_view name(GatherMode value) {
  static constexpr std::array<std::string_view, 3> kNames = {"Default", "Element", "Nd"};
  return at(kNames, value);
}

std::string_view name(ScatterMode value) {
  static constexpr std::array<std::string_view, 2> kNames = {"Element", "Nd"};
  return at(kNames, value);
}

std::string_view name(FillOperation value) {
  static constexpr std::array<std::string_view, 3> kNames = {"Linspace", "RandomUniform", "RandomNormal"};
  return at(kNames, value);
}

std::string_view name(CumulativeOperation /*value*/) { return "Sum"; }

std::string_view name(TripLimitKind value) { return value == TripLimitKind::kCount ? "Count" : "While"; }

std::string_view name(LoopOutputKind value) {
  static constexpr std::array<std::string_view, 3> kNames = {"LastValue", "Concatenate", "Reverse"};
  return at(kNames, value);
}

const std::vector<std::string_view>& layer_type_names() {
  static const std::vector<std::string_view> kNames = {"Constant",
                                                       "Identity",
                                                       "Cast",
                                                       "Activation",
                                                       "Unary",
                                                       "ElementWise",
                                                       "Convolution",
                                                       "Deconvolution",
                                                       "Pooling",
                                                       "Shuffle",
                                                       "Reduce",
                                                       "SoftMax",
                                                       "Concatenation",
                                                       "Slice",
                                                       "Gather",
                                                       "Scatter",
                                                       "MatrixMultiply",
                                                       "Einsum",
                                                       "Select",
                                                       "Shape",
                                                       "Scale",
                                                       "Normalization",
                                                       "TopK",
                                                       "Resize",
                                                       "GridSample",
                                                       "Fill",
                                                       "Cumulative",
                                                       "NonZero",
                                                       "NMS",
                                                       "OneHot",
                                                       "Attention",
                                                       "ParametricRelu",
                                                       "Quantize",
                                                       "Dequantize",
                                                       "Condition",
                                                       "ConditionalInput",
                                                       "ConditionalOutput",
                                                       "TripLimit",
                                                       "Recurrence",
                                                       "Iterator",
                                                       "LoopOutput"};
  static_assert(std::variant_size_v<Layer> == 41, "a new layer needs its name here");
  return kNames;
}

std::string_view layer_type_name(const Layer& layer) { return layer_type_names().at(layer.index()); }

}  // namespace torch2trt
