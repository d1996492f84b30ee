// Each struct of layers.h as calls of INetworkDefinition.
#pragma once

#include <string>
#include <vector>

#include "src/backend/nvinfer/network.h"

namespace torch2trt {

class NvinferLayerMaker {
 public:
  NvinferLayerMaker(NvinferNetwork& owner, const std::string& name)
      : owner_(owner), net_(owner.network_), name_(name) {}
  // The outputs of the layer, which is named.
  std::vector<nvinfer1::ITensor*> make(const Layer& layer) {
    std::visit([this](const auto& l) { add(l); }, layer);
    return outputs_;
  }
  // Whether TensorRT made a layer: those that only say where a loop ends have no outputs.
  bool made() const { return made_; }

 private:
  void add(const layer::Constant& l);
  void add(const layer::Identity& l);
  void add(const layer::Cast& l);
  void add(const layer::Activation& l);
  void add(const layer::Unary& l);
  void add(const layer::ElementWise& l);
  void add(const layer::Convolution& l);
  void add(const layer::Deconvolution& l);
  void add(const layer::Pooling& l);
  void add(const layer::Shuffle& l);
  void add(const layer::Reduce& l);
  void add(const layer::SoftMax& l);
  void add(const layer::Concatenation& l);
  void add(const layer::Slice& l);
  void add(const layer::Gather& l);
  void add(const layer::Scatter& l);
  void add(const layer::MatrixMultiply& l);
  void add(const layer::Einsum& l);
  void add(const layer::Select& l);
  void add(const layer::Shape& l);
  void add(const layer::Scale& l);
  void add(const layer::Normalization& l);
  void add(const layer::TopK& l);
  void add(const layer::Resize& l);
  void add(const layer::GridSample& l);
  void add(const layer::Fill& l);
  void add(const layer::Cumulative& l);
  void add(const layer::NonZero& l);
  void add(const layer::NMS& l);
  void add(const layer::OneHot& l);
  void add(const layer::Attention& l);
  void add(const layer::ParametricRelu& l);
  void add(const layer::Quantize& l);
  void add(const layer::Dequantize& l);
  void add(const layer::Condition& l);
  void add(const layer::ConditionalInput& l);
  void add(const layer::ConditionalOutput& l);
  void add(const layer::TripLimit& l);
  void add(const layer::Recurrence& l);
  void add(const layer::Iterator& l);
  void add(const layer::LoopOutput& l);

  // Names the layer, says where it comes from, and takes its outputs. False where there is none.
  template <typename L>
  bool finish(L* layer);
  template <typename L, typename T>
  void finish_convolution(L* made, const T& l);
  nvinfer1::ITensor& at(const Tensor& tensor) const { return owner_.at(tensor); }
  std::vector<nvinfer1::ITensor*> all(const std::vector<Tensor>& tensors) const;
  [[noreturn]] void lacks(std::string_view layer) const;

  NvinferNetwork& owner_;
  nvinfer1::INetworkDefinition& net_;
  const std::string& name_;
  std::vector<nvinfer1::ITensor*> outputs_;
  bool made_ = false;
  bool cast_ = false;  // whether it is a cast that is made
};

}  // namespace torch2trt
