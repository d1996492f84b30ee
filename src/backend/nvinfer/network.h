// A Network over TensorRT's C++ INetworkDefinition. What a version of TensorRT lacks of its functions is asked of its
// declarations (layer_maker.cpp), not of its number.
#pragma once

#include <NvInfer.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/tensorrt/logger.h"
#include "torch2trt/network.h"

namespace torch2trt {

class NvinferNetwork : public Network {
 public:
  // An empty network, which must outlive this. TensorRT's errors come here until release_errors(), so that a refused
  // layer is reported with TensorRT's text and the node.
  explicit NvinferNetwork(nvinfer1::INetworkDefinition& network);
  ~NvinferNetwork() override;

  bool supports(std::string_view layer) const override;
  DType shape_dtype() const override;

  // For layers and plugins of a handler's own: added to definition(), on what itensor() gives; tensor_of() makes their
  // outputs tensors of ours. docs/handlers.md has an example.
  nvinfer1::INetworkDefinition& definition() { return network_; }
  // The ITensor behind a tensor. A constant that no layer has read yet becomes a layer first.
  nvinfer1::ITensor& itensor(const Tensor& tensor);
  // Throws Error(kBuildFailed) with TensorRT's text where it cannot say the tensor's shape: the layer behind it is bad.
  Tensor tensor_of(nvinfer1::ITensor& itensor);
  // The layer's one output; the layer is named after the node. Throws Error(kBuildFailed) where TensorRT made none.
  Tensor tensor_of(nvinfer1::ILayer* layer);
  // From now on errors go where the builder's do.
  void release_errors();
  // Whether some tensor is float16. A weakly typed network computes in it only if the builder may.
  bool has_half() const { return has_half_; }
  // Whether layers were told to keep float32 (Network::keeps_float32).
  bool has_precisions() const { return has_precisions_; }

 protected:
  std::vector<TensorInfo> add_layer(const Layer& layer, const std::string& layer_name, std::int32_t first_id) override;
  void add_input_layer(const TensorInfo& info, std::int32_t id) override;
  void mark_output_tensor(std::int32_t id, const std::string& name) override;
  void set_next_value(std::int32_t recurrence, std::int32_t next) override;

 private:
  friend class NvinferLayerMaker;

  nvinfer1::ITensor& at(const Tensor& tensor) const { return *tensors_.at(tensor.id()); }
  // The IIfConditional or ILoop of a number, made at the first question. Throws Error(kBuildFailed) where TensorRT
  // makes none.
  nvinfer1::IIfConditional& conditional(std::int32_t id);
  nvinfer1::ILoop& loop(std::int32_t id);
  // Throws Error(kUnsupportedOperator) for a type this TensorRT lacks.
  nvinfer1::DataType data_type(DType dtype) const;
  DType dtype_of(const nvinfer1::ITensor& tensor) const;
  // Points at the tensor's memory, which is kept until this dies: TensorRT reads weights when it builds.
  nvinfer1::Weights weights(const HostTensor& tensor);
  [[noreturn]] void refused(std::string_view what, const std::string& layer_name);

  nvinfer1::INetworkDefinition& network_;
  std::unique_ptr<tensorrt::ErrorRecorder> recorder_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::map<std::int32_t, nvinfer1::ITensor*> tensors_;
  std::map<std::int32_t, nvinfer1::IIfConditional*> conditionals_;
  std::map<std::int32_t, nvinfer1::ILoop*> loops_;
  std::map<const nvinfer1::ITensor*, nvinfer1::IRecurrenceLayer*> recurrences_;  // by their output
  bool has_half_ = false;
  // All floating-point inputs of the layer being added are float16.
  bool half_layer_ = false;
  bool has_precisions_ = false;
};

}  // namespace torch2trt
