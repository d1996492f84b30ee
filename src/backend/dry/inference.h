// Shapes and types of layers, as TensorRT infers them, one infer() a layer. The rules are those of NvInfer.h and of
// NVIDIA's operator documentation, checked against TensorRT-RTX 1.7.1, which adds layers and builds engines without a
// GPU. A layer is refused where TensorRT refuses it for its shapes or types: when it is added, or, as many checks come
// only then, when the engine is built. Comments say where TensorRT does other than documented.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "src/backend/dry/extent.h"
#include "torch2trt/layers.h"

namespace torch2trt::dry {

// A set of element types; text() names them for messages.
class Types {
 public:
  constexpr Types(std::initializer_list<DType> types) {
    for (const DType type : types) bits_ |= 1U << static_cast<unsigned>(type);
  }
  constexpr bool has(DType type) const { return (bits_ >> static_cast<unsigned>(type) & 1U) != 0; }
  constexpr Types operator|(Types other) const {
    other.bits_ |= bits_;
    return other;
  }
  std::string text() const;

 private:
  std::uint32_t bits_ = 0;
};

inline constexpr Types kFloats{DType::kFloat32, DType::kFloat16, DType::kBFloat16};
inline constexpr Types kIndices{DType::kInt32, DType::kInt64};
inline constexpr Types kInt8{DType::kInt8};
inline constexpr Types kBool{DType::kBool};
inline constexpr Types kNumbers = kFloats | kIndices | kInt8;
// uint8 is only taken by Cast, Identity, Shape and ElementWise Equal. The other layers that move data may be added
// with it, but do not build.
inline constexpr Types kMovable = kNumbers | kBool;

// TensorRT's limit on the rank of tensors (Dims::MAX_DIMS).
inline constexpr std::int64_t kMaxRank = 8;

// What an infer() knows and how it refuses.
class Inputs {
 public:
  virtual ~Inputs() = default;
  virtual const Facts& operator[](const Tensor& tensor) const = 0;
  // Throws Error(kBuildFailed): the layer with its fields, then `rule`, a sentence without its full stop.
  [[noreturn]] virtual void refuse(const std::string& rule) const = 0;
  // The type of shapes: int64, int32 before TensorRT 10.
  virtual DType shape_dtype() const = 0;

  void require(bool holds, const std::string& rule) const {
    if (!holds) refuse(rule);
  }
  void require_type(DType type, const Types& allowed, std::string_view what) const;
  void require_equal_types(DType a, DType b, std::string_view what_a, std::string_view what_b) const;
  void require_axis(std::int64_t axis, std::int64_t rank) const;  // 0 <= axis < rank
  // Both of one rank. The shape they broadcast to.
  Extents broadcast(const Extents& a, const Extents& b, std::string_view what_a, std::string_view what_b) const;
  // A list of sizes given as numbers, or as a 1-d integer tensor of static length.
  Extents list(const std::variant<Dims, Tensor>& value, std::string_view what) const;
  // A 0-d integer tensor's value.
  Extent scalar(const Tensor& tensor, std::string_view what) const;
};

using Outputs = std::vector<Facts>;

// infer_elementwise.cpp
Outputs infer(const layer::Constant& l, const Inputs& in);
Outputs infer(const layer::Identity& l, const Inputs& in);
Outputs infer(const layer::Cast& l, const Inputs& in);
Outputs infer(const layer::Activation& l, const Inputs& in);
Outputs infer(const layer::Unary& l, const Inputs& in);
Outputs infer(const layer::ElementWise& l, const Inputs& in);
Outputs infer(const layer::Select& l, const Inputs& in);
Outputs infer(const layer::ParametricRelu& l, const Inputs& in);
// infer_convolution.cpp
Outputs infer(const layer::Convolution& l, const Inputs& in);
Outputs infer(const layer::Deconvolution& l, const Inputs& in);
// infer_pooling.cpp
Outputs infer(const layer::Pooling& l, const Inputs& in);
// infer_normalization.cpp
Outputs infer(const layer::Scale& l, const Inputs& in);
Outputs infer(const layer::Normalization& l, const Inputs& in);
Outputs infer(const layer::SoftMax& l, const Inputs& in);
// infer_reduction.cpp
Outputs infer(const layer::Reduce& l, const Inputs& in);
Outputs infer(const layer::TopK& l, const Inputs& in);
Outputs infer(const layer::Cumulative& l, const Inputs& in);
// infer_shuffle.cpp
Outputs infer(const layer::Shuffle& l, const Inputs& in);
Outputs infer(const layer::Shape& l, const Inputs& in);
// infer_slice.cpp
Outputs infer(const layer::Concatenation& l, const Inputs& in);
Outputs infer(const layer::Slice& l, const Inputs& in);
// infer_gather.cpp
Outputs infer(const layer::Gather& l, const Inputs& in);
Outputs infer(const layer::Scatter& l, const Inputs& in);
Outputs infer(const layer::NonZero& l, const Inputs& in);
Outputs infer(const layer::NMS& l, const Inputs& in);
Outputs infer(const layer::OneHot& l, const Inputs& in);
// infer_product.cpp, infer_einsum.cpp
Outputs infer(const layer::MatrixMultiply& l, const Inputs& in);
Outputs infer(const layer::Einsum& l, const Inputs& in);
Outputs infer(const layer::Attention& l, const Inputs& in);
// infer_quantization.cpp
Outputs infer(const layer::Quantize& l, const Inputs& in);
Outputs infer(const layer::Dequantize& l, const Inputs& in);
// infer_resize.cpp
Outputs infer(const layer::Resize& l, const Inputs& in);
Outputs infer(const layer::GridSample& l, const Inputs& in);
// infer_control_flow.cpp
Outputs infer(const layer::Condition& l, const Inputs& in);
Outputs infer(const layer::ConditionalInput& l, const Inputs& in);
Outputs infer(const layer::ConditionalOutput& l, const Inputs& in);
Outputs infer(const layer::TripLimit& l, const Inputs& in);
Outputs infer(const layer::Recurrence& l, const Inputs& in);
Outputs infer(const layer::Iterator& l, const Inputs& in);
Outputs infer(const layer::LoopOutput& l, const Inputs& in);
// infer_fill.cpp
Outputs infer(const layer::Fill& l, const Inputs& in);

}  // namespace torch2trt::dry
