#include "src/backend/nvinfer/operands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <type_traits>

#include "src/tensorrt/compat.h"
#include "torch2trt/error.h"

namespace torch2trt::nvinfer {
namespace {

template <typename A, typename B>
constexpr bool same(A ours, B theirs) {
  return static_cast<std::int32_t>(ours) == static_cast<std::int32_t>(theirs);
}

// The last of each, and some between: an enumerator put in elsewhere moves the last.
static_assert(same(ActivationType::kThresholdedRelu, nvinfer1::ActivationType::kTHRESHOLDED_RELU));
static_assert(same(UnaryOperation::kErf, nvinfer1::UnaryOperation::kERF));
static_assert(same(UnaryOperation::kRound, nvinfer1::UnaryOperation::kROUND));
static_assert(same(ElementWiseOperation::kFloorDiv, nvinfer1::ElementWiseOperation::kFLOOR_DIV));
static_assert(same(ElementWiseOperation::kLess, nvinfer1::ElementWiseOperation::kLESS));
static_assert(same(PoolingType::kAverage, nvinfer1::PoolingType::kAVERAGE));
static_assert(same(ReduceOperation::kAvg, nvinfer1::ReduceOperation::kAVG));
static_assert(same(TopKOperation::kMin, nvinfer1::TopKOperation::kMIN));
static_assert(same(MatrixOperation::kVector, nvinfer1::MatrixOperation::kVECTOR));
static_assert(same(SampleMode::kReflect, nvinfer1::SampleMode::kREFLECT));
static_assert(same(InterpolationMode::kCubic, nvinfer1::InterpolationMode::kCUBIC));
static_assert(same(ResizeCoordinateTransformation::kHalfPixel, nvinfer1::ResizeCoordinateTransformation::kHALF_PIXEL));
static_assert(same(ResizeRoundMode::kCeil, nvinfer1::ResizeRoundMode::kCEIL));
static_assert(same(GatherMode::kNd, nvinfer1::GatherMode::kND));
static_assert(same(ScatterMode::kNd, nvinfer1::ScatterMode::kND));
static_assert(same(FillOperation::kRandomNormal, nvinfer1::FillOperation::kRANDOM_NORMAL));

struct TypeRow {
  DType dtype;
  nvinfer1::DataType type;
  bool exists;
};

constexpr TypeRow kTypes[] = {
    {DType::kFloat32, nvinfer1::DataType::kFLOAT, true},
    {DType::kFloat16, nvinfer1::DataType::kHALF, true},
    {DType::kInt32, nvinfer1::DataType::kINT32, true},
    {DType::kInt8, nvinfer1::DataType::kINT8, true},
    {DType::kBool, nvinfer1::DataType::kBOOL, true},
    {DType::kUInt8, nvinfer1::DataType::kUINT8, true},
    {DType::kInt64, tensorrt::kInt64Type, tensorrt::kHasInt64},
    {DType::kBFloat16, tensorrt::kBFloat16Type, tensorrt::kHasInt64},
    {DType::kFloat8E4M3, tensorrt::kFloat8Type, tensorrt::kHasInt64},
};

}  // namespace

nvinfer1::Dims to_dims(const Dims& dims) {
  nvinfer1::Dims result{};
  using Size = std::remove_reference_t<decltype(result.d[0])>;
  constexpr auto kLargest = static_cast<std::int64_t>(std::numeric_limits<Size>::max());
  if (dims.size() > nvinfer1::Dims::MAX_DIMS) {
    throw Error(ErrorCategory::kUnsupportedOperator,
                fmt::format("[{}] has {} dimensions; TensorRT's limit is {}", fmt::join(dims, ", "), dims.size(),
                            static_cast<int>(nvinfer1::Dims::MAX_DIMS)));
  }
  result.nbDims = static_cast<std::int32_t>(dims.size());
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > kLargest || dims[i] < -kLargest - 1) {
      throw Error(ErrorCategory::kUnsupportedOperator,
                  fmt::format("{} is no size, start or step that this TensorRT can hold; the largest is {}", dims[i],
                              kLargest));
    }
    result.d[i] = static_cast<Size>(dims[i]);
  }
  return result;
}

Dims from_dims(const nvinfer1::Dims& dims) { return {dims.d, dims.d + std::max(dims.nbDims, 0)}; }

std::optional<nvinfer1::DataType> data_type(DType dtype) {
  for (const TypeRow& row : kTypes) {
    if (row.dtype == dtype && row.exists) return row.type;
  }
  return std::nullopt;
}

std::optional<DType> dtype_of(nvinfer1::DataType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type && row.exists) return row.dtype;
  }
  return std::nullopt;
}

nvinfer1::Permutation to_permutation(const Dims& order) {
  nvinfer1::Permutation permutation{};
  for (std::size_t i = 0; i < order.size(); ++i) permutation.order[i] = static_cast<std::int32_t>(order[i]);
  return permutation;
}

std::uint32_t axes_mask(const Dims& axes) {
  std::uint32_t mask = 0;
  for (const std::int64_t axis : axes) mask |= std::uint32_t{1} << static_cast<std::uint32_t>(axis);
  return mask;
}

}  // namespace torch2trt::nvinfer
