// One plain struct per TensorRT layer, its inputs included. Network::add() takes any of them; a backend turns each
// into the real layer (src/backend/python, nvinfer) or infers its result (src/backend/dry). Fields are named and
// defined as in NVIDIA's NvInfer.h (INetworkDefinition::add*), which is the source of every rule here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "torch2trt/host_tensor.h"
#include "torch2trt/tensor.h"

namespace torch2trt {

enum class ActivationType : std::uint8_t {
  kRelu,
  kSigmoid,
  kTanh,
  kLeakyRelu,
  kElu,
  kSelu,
  kSoftsign,
  kSoftplus,
  kClip,
  kHardSigmoid,
  kScaledTanh,
  kThresholdedRelu,
  kGeluErf,
  kGeluTanh,
};
enum class UnaryOperation : std::uint8_t {
  kExp,
  kLog,
  kSqrt,
  kRecip,
  kAbs,
  kNeg,
  kSin,
  kCos,
  kTan,
  kSinh,
  kCosh,
  kAsin,
  kAcos,
  kAtan,
  kAsinh,
  kAcosh,
  kAtanh,
  kCeil,
  kFloor,
  kErf,
  kNot,
  kSign,
  kRound,
  kIsInf,
  kIsNan,
};
enum class ElementWiseOperation : std::uint8_t {
  kSum,
  kProd,
  kMax,
  kMin,
  kSub,
  kDiv,
  kPow,
  kFloorDiv,
  kAnd,
  kOr,
  kXor,
  kEqual,
  kGreater,
  kLess,
};
enum class PoolingType : std::uint8_t { kMax, kAverage };
enum class ReduceOperation : std::uint8_t { kSum, kProd, kMax, kMin, kAvg };
enum class TopKOperation : std::uint8_t { kMax, kMin };
enum class MatrixOperation : std::uint8_t { kNone, kTranspose, kVector };
enum class SampleMode : std::uint8_t { kStrictBounds, kWrap, kClamp, kFill, kReflect };
enum class InterpolationMode : std::uint8_t { kNearest, kLinear, kCubic };
enum class ResizeCoordinateTransformation : std::uint8_t { kAlignCorners, kAsymmetric, kHalfPixel };
enum class ResizeRoundMode : std::uint8_t { kHalfUp, kHalfDown, kFloor, kCeil };
enum class GatherMode : std::uint8_t { kDefault, kElement, kNd };
enum class ScatterMode : std::uint8_t { kElement, kNd };
enum class FillOperation : std::uint8_t { kLinspace, kRandomUniform, kRandomNormal };
enum class CumulativeOperation : std::uint8_t { kSum };
enum class TripLimitKind : std::uint8_t { kCount, kWhile };
enum class LoopOutputKind : std::uint8_t { kLastValue, kConcatenate, kReverse };

namespace layer {

struct Constant {
  HostTensor weights;
};  // contiguous, of a network type
struct Identity {
  Tensor input;
};
struct Cast {
  Tensor input;
  DType to;
};
struct Activation {
  Tensor input;
  ActivationType type;
  float alpha = 0, beta = 0;
};
struct Unary {
  Tensor input;
  UnaryOperation operation;
};
struct ElementWise {
  Tensor a, b;
  ElementWiseOperation operation;
};  // ranks and types equal; sizes equal or 1
// Input [N, C, spatial...]; kernel [K, C/groups, spatial...] as weights, or as a tensor; bias [K] or none.
struct Convolution {
  Tensor input;
  std::variant<HostTensor, Tensor> kernel;
  std::optional<HostTensor> bias;
  Dims stride, pre_padding, post_padding, dilation;
  std::int64_t groups = 1;
};
// Kernel [C, K/groups, spatial...]. Padding is what is cut from the output.
struct Deconvolution {
  Tensor input;
  std::variant<HostTensor, Tensor> kernel;
  std::optional<HostTensor> bias;
  Dims stride, pre_padding, post_padding, dilation;
  std::int64_t groups = 1;
};
// round_up: PaddingMode kEXPLICIT_ROUND_UP, else kEXPLICIT_ROUND_DOWN.
struct Pooling {
  Tensor input;
  PoolingType type;
  Dims window, stride, pre_padding, post_padding;
  bool average_count_excludes_padding = false;
  bool round_up = false;
};
// First permutation, then reshape (0: copy the dimension of the same index, if zero_is_placeholder; -1: what is left;
// or a 1-d integer tensor), then second permutation. Empty: identity.
struct Shuffle {
  Tensor input;
  Dims first_transpose;
  std::optional<std::variant<Dims, Tensor>> reshape;
  Dims second_transpose;
  bool zero_is_placeholder = false;
};
struct Reduce {
  Tensor input;
  ReduceOperation operation;
  std::vector<std::int64_t> axes;
  bool keep_dims;
};
struct SoftMax {
  Tensor input;
  std::int64_t axis;
};
struct Concatenation {
  std::vector<Tensor> inputs;
  std::int64_t axis;
};
// start/size/stride: numbers, or 1-d integer tensors of length rank. `fill` (mode kFill): 0-d... a scalar tensor.
struct Slice {
  Tensor input;
  std::variant<Dims, Tensor> start, size, stride;
  SampleMode mode = SampleMode::kStrictBounds;
  std::optional<Tensor> fill;
};
struct Gather {
  Tensor data, indices;
  GatherMode mode = GatherMode::kDefault;
  std::int64_t axis = 0, elementwise_dims = 0;
};
struct Scatter {
  Tensor data, indices, updates;
  ScatterMode mode;
  std::int64_t axis = 0;
};
struct MatrixMultiply {
  Tensor a;
  MatrixOperation op_a;
  Tensor b;
  MatrixOperation op_b;
};
struct Einsum {
  std::vector<Tensor> inputs;
  std::string equation;
};
struct Select {
  Tensor condition, then_input, else_input;
};  // ranks equal; condition bool
struct Shape {
  Tensor input;
};  // 1-d, int64 (int32 before TensorRT 10)
// (x * scale + shift) ^ power, per channel `axis` or uniformly, by the weights' length.
struct Scale {
  Tensor input;
  std::int64_t channel_axis;
  HostTensor shift, scale;
};
// Statistics over `axes`; scale and bias: rank of input, sizes 1 except on the axes they vary over. With groups > 1
// they are per channel, [1, C, 1, ...] (addNormalizationV2; addNormalization has them per group).
struct Normalization {
  Tensor input, scale, bias;
  std::vector<std::int64_t> axes;
  float epsilon;
  std::int64_t groups = 1;
};
// Two outputs: values, int32 indices. k: number or 0-d int32 tensor.
struct TopK {
  Tensor input;
  TopKOperation operation;
  std::variant<std::int64_t, Tensor> k;
  std::int64_t axis;
};
// sizes: numbers, scales or a 1-d integer tensor, one per dimension of the input.
struct Resize {
  Tensor input;
  std::variant<Dims, std::vector<float>, Tensor> target;
  InterpolationMode mode;
  ResizeCoordinateTransformation transformation;
  ResizeRoundMode rounding = ResizeRoundMode::kFloor;
  float cubic_coefficient = -0.75F;
  bool exclude_outside = false;
};
struct GridSample {
  Tensor input, grid;
  InterpolationMode mode;
  bool align_corners;
  SampleMode sample_mode;
};
// dimensions: numbers or a 1-d integer tensor. Linspace: alpha the start (0-d), beta the steps (1-d, one per
// dimension). Random: alpha, beta as NvInfer.h FillOperation says.
struct Fill {
  std::variant<Dims, Tensor> dimensions;
  FillOperation operation;
  std::variant<double, Tensor> alpha, beta;
  DType dtype;
};
// axis: a 0-d integer constant.
struct Cumulative {
  Tensor input, axis;
  CumulativeOperation operation;
  bool exclusive = false, reverse = false;
};
// clamp(round(input / scale)) to int8 or float8, and input * scale back. scale: 0-d or one element for all, or one for
// each index of `axis`; a floating-point constant.
struct Quantize {
  Tensor input, scale;
  DType to = DType::kInt8;
  std::int64_t axis = -1;
};
struct Dequantize {
  Tensor input, scale;
  DType to = DType::kFloat32;
  std::int64_t axis = -1;
};
struct NonZero {
  Tensor input;
};  // [rank, count], count data-dependent
// Non-maximum suppression. boxes [B, N, 4] (two opposite corners), scores [B, N, C] of one type; at most `limit` (0-d
// int32) boxes a class are selected of the 5000 best: none that overlaps a better one by more than `overlap`, none of a
// score up to `threshold` (0-d float32). Two outputs: int32 [count, 3], rows of batch, class and box by batch and
// falling score (equal scores in any order), count data-dependent; and the count.
struct NMS {
  Tensor boxes, scores, limit, overlap, threshold;
};
struct OneHot {
  Tensor indices, values, depth;
  std::int64_t axis;
};
// query/key/value [B, H, S, D]; mask bool or of the query's type, broadcastable to [B, H, Sq, Skv]. No implicit scale.
struct Attention {
  Tensor query, key, value;
  std::optional<Tensor> mask;
  bool causal = false;
  bool decomposable = true;
};
struct ParametricRelu {
  Tensor input, slope;
};  // ranks equal; slope broadcasts

// Loops and conditionals are no layers, but what lies between their boundary layers. Each of these says whose it is, by
// the number that Network::begin_conditional() or begin_loop() gave: a backend makes its IIfConditional or ILoop when
// it first meets the number. What lies inside, TensorRT finds by who reads whom (Network keeps that consistent).
struct Condition {
  std::int32_t conditional;
  Tensor condition;
};  // 0-d bool; no output
// What either branch reads of outside. Network adds these by itself.
struct ConditionalInput {
  std::int32_t conditional;
  Tensor input;
};
struct ConditionalOutput {
  std::int32_t conditional;
  Tensor then_value, else_value;
};  // types and ranks equal
// Count: a 0-d int32 or int64 from outside. While: a 0-d bool computed of the loop's recurrences; both may be there.
struct TripLimit {
  std::int32_t loop;
  Tensor limit;
  TripLimitKind kind;
};  // no output
// `initial`, and from the second iteration on what Network::set_next() says.
struct Recurrence {
  std::int32_t loop;
  Tensor initial;
};
// Slice `i` of an axis in iteration i; the axis is gone. Reverse: from the trip count's end.
struct Iterator {
  std::int32_t loop;
  Tensor input;
  std::int64_t axis = 0;
  bool reverse = false;
};
// The last value of a recurrence, or what a tensor was in each iteration along a new axis of `length` (0-d, of
// outside).
struct LoopOutput {
  std::int32_t loop;
  Tensor value;
  LoopOutputKind kind = LoopOutputKind::kLastValue;
  std::int64_t axis = 0;
  std::optional<Tensor> length;
};

}  // namespace layer

using Layer =
    std::variant<layer::Constant, layer::Identity, layer::Cast, layer::Activation, layer::Unary, layer::ElementWise,
                 layer::Convolution, layer::Deconvolution, layer::Pooling, layer::Shuffle, layer::Reduce,
                 layer::SoftMax, layer::Concatenation, layer::Slice, layer::Gather, layer::Scatter,
                 layer::MatrixMultiply, layer::Einsum, layer::Select, layer::Shape, layer::Scale, layer::Normalization,
                 layer::TopK, layer::Resize, layer::GridSample, layer::Fill, layer::Cumulative, layer::NonZero,
                 layer::NMS, layer::OneHot, layer::Attention, layer::ParametricRelu, layer::Quantize, layer::Dequantize,
                 layer::Condition, layer::ConditionalInput, layer::ConditionalOutput, layer::TripLimit,
                 layer::Recurrence, layer::Iterator, layer::LoopOutput>;

// Calls `visit` with every tensor the layer reads.
void for_each_input(const Layer& layer, const std::function<void(const Tensor&)>& visit);
// Replaces every tensor the layer reads.
void replace_inputs(Layer& layer, const std::function<Tensor(const Tensor&)>& replacement);
// "Convolution", ...: the struct's name.
std::string_view layer_type_name(const Layer& layer);

}  // namespace torch2trt
