// The one place where TensorRT's versions are told apart, as far as that needs the preprocessor; where a declaration
// can be asked for instead, src/backend/nvinfer/ asks. Headers: TensorRT 8.5 to 11. C++17, no torch.
#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <type_traits>
#include <utility>

namespace torch2trt::tensorrt {

// The version compiled against. A library of the same major version and at least this minor one will do: TensorRT
// numbers its versions semantically, its ABI included (Developer Guide, "Versioning").
inline constexpr int kBuiltMajor = NV_TENSORRT_MAJOR;
inline constexpr int kBuiltMinor = NV_TENSORRT_MINOR;
inline constexpr int kBuiltPatch = NV_TENSORRT_PATCH;
// What createInferBuilder() and createInferRuntime() hand to the library.
inline constexpr std::int32_t kBuiltVersion = NV_TENSORRT_VERSION;

// From 10 on our networks are strongly typed, before they have an explicit batch dimension.
#if NV_TENSORRT_MAJOR >= 11
inline constexpr std::uint32_t kNetworkFlags = 0;
#elif NV_TENSORRT_MAJOR >= 10
inline constexpr std::uint32_t kNetworkFlags =
    1U << static_cast<std::uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
#else
inline constexpr std::uint32_t kNetworkFlags =
    1U << static_cast<std::uint32_t>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
#endif
inline constexpr bool kStronglyTyped = kBuiltMajor >= 10;

// The element types this version has, beyond FLOAT, HALF, INT8, INT32, BOOL and UINT8.
#if NV_TENSORRT_MAJOR >= 10
inline constexpr bool kHasInt64 = true;
inline constexpr nvinfer1::DataType kInt64Type = nvinfer1::DataType::kINT64;
inline constexpr nvinfer1::DataType kBFloat16Type = nvinfer1::DataType::kBF16;
inline constexpr nvinfer1::DataType kFloat8Type = nvinfer1::DataType::kFP8;
#else
// Values that no tensor of this version has.
inline constexpr bool kHasInt64 = false;
inline constexpr auto kFloat8Type = static_cast<nvinfer1::DataType>(6);
inline constexpr auto kBFloat16Type = static_cast<nvinfer1::DataType>(7);
inline constexpr auto kInt64Type = static_cast<nvinfer1::DataType>(8);
#endif

// BuilderFlag::kFP16 exists up to 10, and is of use in weakly typed networks only.
#if NV_TENSORRT_MAJOR < 10
inline void allow_half(nvinfer1::IBuilderConfig& config) { config.setFlag(nvinfer1::BuilderFlag::kFP16); }
// Precisions that layers ask for are kept where the hardware can.
inline void prefer_layer_precisions(nvinfer1::IBuilderConfig& config) {
  config.setFlag(nvinfer1::BuilderFlag::kPREFER_PRECISION_CONSTRAINTS);
}
// 8.x looks for cuBLAS and cuDNN of its time, by default, and does not build where they are missing.
inline void leave_out_kernels_of(nvinfer1::IBuilderConfig& config, bool cublas, bool cudnn) {
  const auto bit = [](nvinfer1::TacticSource source) { return 1U << static_cast<std::uint32_t>(source); };
  nvinfer1::TacticSources sources = config.getTacticSources();
  if (cublas) sources &= ~(bit(nvinfer1::TacticSource::kCUBLAS) | bit(nvinfer1::TacticSource::kCUBLAS_LT));
  if (cudnn) sources &= ~bit(nvinfer1::TacticSource::kCUDNN);
  config.setTacticSources(sources);
}
#else
inline void allow_half(nvinfer1::IBuilderConfig& /*config*/) {}
inline void prefer_layer_precisions(nvinfer1::IBuilderConfig& /*config*/) {}
inline void leave_out_kernels_of(nvinfer1::IBuilderConfig& /*config*/, bool /*cublas*/, bool /*cudnn*/) {}
#endif

// IProgressMonitor is there from 10 on.
#if NV_TENSORRT_MAJOR >= 10
inline constexpr bool kHasProgressMonitor = true;
using ProgressMonitor = nvinfer1::IProgressMonitor;
#else
inline constexpr bool kHasProgressMonitor = false;
// Its functions, for code that then never runs.
class ProgressMonitor {
 public:
  virtual ~ProgressMonitor() = default;
  virtual void phaseStart(char const* phase, char const* parent, std::int32_t steps) noexcept = 0;
  virtual bool stepComplete(char const* phase, std::int32_t step) noexcept = 0;
  virtual void phaseFinish(char const* phase) noexcept = 0;
};
#endif

// Executions over memory of the caller's. The forms with a size came with 10.1.
#if NV_TENSORRT_MAJOR >= 10
inline nvinfer1::IExecutionContext* make_context_without_memory(nvinfer1::ICudaEngine& engine) {
  return engine.createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED);
}
inline std::int64_t activation_bytes(const nvinfer1::ICudaEngine& engine) { return engine.getDeviceMemorySizeV2(); }
inline void set_activation(nvinfer1::IExecutionContext& context, void* memory, std::int64_t bytes) {
  context.setDeviceMemoryV2(memory, bytes);
}
#else
inline nvinfer1::IExecutionContext* make_context_without_memory(nvinfer1::ICudaEngine& engine) {
  return engine.createExecutionContextWithoutDeviceMemory();
}
inline std::int64_t activation_bytes(const nvinfer1::ICudaEngine& engine) {
  return static_cast<std::int64_t>(engine.getDeviceMemorySize());
}
inline void set_activation(nvinfer1::IExecutionContext& context, void* memory, std::int64_t /*bytes*/) {
  context.setDeviceMemory(memory);
}
#endif

}  // namespace torch2trt::tensorrt
