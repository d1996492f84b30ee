// What is done to every layer once it is made: shared by the two files of NvinferLayerMaker.
#pragma once

#include "src/backend/nvinfer/layer_maker.h"
#include "src/tensorrt/compat.h"

namespace torch2trt {

template <typename L>
bool NvinferLayerMaker::finish(L* layer) {
  if (layer == nullptr) return false;
  made_ = true;
  layer->setName(name_.c_str());
  // Shows in the engine inspector and in profiles (8.6 and later).
  if constexpr (requires { layer->setMetadata(""); }) {
    if (!owner_.location().source.empty()) layer->setMetadata(owner_.location().source.c_str());
  }
  if constexpr (!tensorrt::kStronglyTyped && requires { layer->setPrecision(nvinfer1::DataType::kFLOAT); }) {
    if (owner_.keeps_float32() && layer->getNbOutputs() > 0 &&
        layer->getOutput(0)->getType() == nvinfer1::DataType::kFLOAT &&
        layer->getType() != nvinfer1::LayerType::kSHUFFLE && layer->getType() != nvinfer1::LayerType::kCONSTANT) {
      layer->setPrecision(nvinfer1::DataType::kFLOAT);
      layer->setOutputType(0, nvinfer1::DataType::kFLOAT);
      owner_.has_precisions_ = true;
    }
  }
  // A weakly typed network takes what is computed of float16 to be float32 unless it is told.
  if constexpr (!tensorrt::kStronglyTyped && requires { layer->setOutputType(0, nvinfer1::DataType::kHALF); }) {
    const bool converts =
        cast_ || layer->getType() == nvinfer1::LayerType::kFILL || layer->getType() == nvinfer1::LayerType::kDEQUANTIZE;
    for (std::int32_t i = 0; owner_.half_layer_ && !converts && i < layer->getNbOutputs(); ++i) {
      if (layer->getOutput(i)->getType() == nvinfer1::DataType::kFLOAT)
        layer->setOutputType(i, nvinfer1::DataType::kHALF);
    }
  }
  for (std::int32_t i = 0; i < layer->getNbOutputs(); ++i) outputs_.push_back(layer->getOutput(i));
  return true;
}

}  // namespace torch2trt
