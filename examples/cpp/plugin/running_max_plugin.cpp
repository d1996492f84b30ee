#include "running_max_plugin.h"

#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "running_max.h"

namespace demo {
namespace {

const nvinfer1::PluginField kFields[] = {{"window", nullptr, nvinfer1::PluginFieldType::kINT32, 1}};
const nvinfer1::PluginFieldCollection kFieldNames{1, kFields};

// Null, which TensorRT takes for a failure, where there is no memory: it calls what may not throw.
RunningMaxPlugin* make_plugin(std::int64_t window, const std::string& name_space) noexcept {
  try {
    auto plugin = std::make_unique<RunningMaxPlugin>(window);
    plugin->setPluginNamespace(name_space.c_str());
    return plugin.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace

nvinfer1::IPluginV2DynamicExt* RunningMaxPlugin::clone() const noexcept { return make_plugin(window_, namespace_); }

nvinfer1::DimsExprs RunningMaxPlugin::getOutputDimensions(std::int32_t /*output*/, const nvinfer1::DimsExprs* inputs,
                                                          std::int32_t /*count*/,
                                                          nvinfer1::IExprBuilder& /*builder*/) noexcept {
  return inputs[0];
}

bool RunningMaxPlugin::supportsFormatCombination(std::int32_t position, const nvinfer1::PluginTensorDesc* tensors,
                                                 std::int32_t inputs, std::int32_t outputs) noexcept {
  const nvinfer1::PluginTensorDesc& tensor = tensors[position];
  return inputs == 1 && outputs == 1 && tensor.type == nvinfer1::DataType::kFLOAT &&
         tensor.format == nvinfer1::TensorFormat::kLINEAR;
}

std::int32_t RunningMaxPlugin::enqueue(const nvinfer1::PluginTensorDesc* input_descriptions,
                                       const nvinfer1::PluginTensorDesc* /*output_descriptions*/,
                                       const void* const* inputs, void* const* outputs, void* /*workspace*/,
                                       cudaStream_t stream) noexcept {
  const nvinfer1::Dims& dims = input_descriptions[0].dims;
  std::int64_t rows = 1;
  for (std::int32_t i = 0; i + 1 < dims.nbDims; ++i) rows *= dims.d[i];
  const std::int64_t columns = dims.nbDims == 0 ? 1 : dims.d[dims.nbDims - 1];
  return launch_running_max(static_cast<const float*>(inputs[0]), static_cast<float*>(outputs[0]), rows, columns,
                            window_, stream);
}

void RunningMaxPlugin::serialize(void* buffer) const noexcept { std::memcpy(buffer, &window_, sizeof(window_)); }

const nvinfer1::PluginFieldCollection* RunningMaxCreator::getFieldNames() noexcept { return &kFieldNames; }

nvinfer1::IPluginV2* RunningMaxCreator::createPlugin(const char* /*name*/,
                                                     const nvinfer1::PluginFieldCollection* fields) noexcept {
  for (std::int32_t i = 0; i < fields->nbFields; ++i) {
    const nvinfer1::PluginField& field = fields->fields[i];
    if (std::strcmp(field.name, "window") != 0 || field.type != nvinfer1::PluginFieldType::kINT32) continue;
    const std::int32_t window = *static_cast<const std::int32_t*>(field.data);
    return window < 1 ? nullptr : make_plugin(window, namespace_);
  }
  return nullptr;
}

nvinfer1::IPluginV2* RunningMaxCreator::deserializePlugin(const char* /*name*/, const void* data,
                                                          std::size_t size) noexcept {
  std::int64_t window = 0;
  if (size != sizeof(window)) return nullptr;
  std::memcpy(&window, data, size);
  return window < 1 ? nullptr : make_plugin(window, namespace_);
}

}  // namespace demo
