// running_max as a TensorRT plugin, and its creator. IPluginV2DynamicExt is there from 8.5 to 10; TensorRT 11 has V3
// only.
#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <string>

namespace demo {

inline constexpr const char* kPluginName = "RunningMax";
inline constexpr const char* kPluginVersion = "1";

// One float32 input of any shape, one output of the same. TensorRT's functions may not throw.
class RunningMaxPlugin : public nvinfer1::IPluginV2DynamicExt {
 public:
  explicit RunningMaxPlugin(std::int64_t window) : window_(window) {}
  std::int64_t window() const { return window_; }

  nvinfer1::IPluginV2DynamicExt* clone() const noexcept override;
  nvinfer1::DimsExprs getOutputDimensions(std::int32_t output, const nvinfer1::DimsExprs* inputs, std::int32_t count,
                                          nvinfer1::IExprBuilder& builder) noexcept override;
  bool supportsFormatCombination(std::int32_t position, const nvinfer1::PluginTensorDesc* tensors, std::int32_t inputs,
                                 std::int32_t outputs) noexcept override;
  void configurePlugin(const nvinfer1::DynamicPluginTensorDesc* /*inputs*/, std::int32_t /*count*/,
                       const nvinfer1::DynamicPluginTensorDesc* /*outputs*/, std::int32_t /*count*/) noexcept override {
  }
  std::size_t getWorkspaceSize(const nvinfer1::PluginTensorDesc* /*inputs*/, std::int32_t /*count*/,
                               const nvinfer1::PluginTensorDesc* /*outputs*/,
                               std::int32_t /*count*/) const noexcept override {
    return 0;
  }
  std::int32_t enqueue(const nvinfer1::PluginTensorDesc* input_descriptions,
                       const nvinfer1::PluginTensorDesc* output_descriptions, const void* const* inputs,
                       void* const* outputs, void* workspace, cudaStream_t stream) noexcept override;
  nvinfer1::DataType getOutputDataType(std::int32_t /*output*/, const nvinfer1::DataType* inputs,
                                       std::int32_t /*count*/) const noexcept override {
    return inputs[0];
  }
  const char* getPluginType() const noexcept override { return kPluginName; }
  const char* getPluginVersion() const noexcept override { return kPluginVersion; }
  std::int32_t getNbOutputs() const noexcept override { return 1; }
  std::int32_t initialize() noexcept override { return 0; }
  void terminate() noexcept override {}
  std::size_t getSerializationSize() const noexcept override { return sizeof(window_); }
  void serialize(void* buffer) const noexcept override;
  void destroy() noexcept override { delete this; }
  void setPluginNamespace(const char* name) noexcept override { namespace_ = name; }
  const char* getPluginNamespace() const noexcept override { return namespace_.c_str(); }

 private:
  std::int64_t window_;
  std::string namespace_;
};

// Registered before a network with the plugin is built, and before its engine is loaded.
class RunningMaxCreator : public nvinfer1::IPluginCreator {
 public:
  const char* getPluginName() const noexcept override { return kPluginName; }
  const char* getPluginVersion() const noexcept override { return kPluginVersion; }
  const nvinfer1::PluginFieldCollection* getFieldNames() noexcept override;
  // Null where "window" is missing, of another type or below 1.
  nvinfer1::IPluginV2* createPlugin(const char* name, const nvinfer1::PluginFieldCollection* fields) noexcept override;
  // Null where the bytes are not what serialize() wrote.
  nvinfer1::IPluginV2* deserializePlugin(const char* name, const void* data, std::size_t size) noexcept override;
  void setPluginNamespace(const char* name) noexcept override { namespace_ = name; }
  const char* getPluginNamespace() const noexcept override { return namespace_.c_str(); }

 private:
  std::string namespace_;
};

}  // namespace demo
