#include "src/backend/nvinfer/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/backend/nvinfer/layer_maker.h"
#include "src/backend/nvinfer/operands.h"
#include "src/network/target.h"
#include "src/tensorrt/compat.h"

namespace torch2trt {
namespace {

// Asked of the declarations; a template, so that what is not there is not looked up.
template <typename Net>
bool has(std::string_view layer) {
  using nvinfer1::ITensor;
  if (layer == "Attention") return requires(Net& net, ITensor& t) { net.addAttention(t, t, t, {}, false); };
  if (layer == "Cumulative") return requires(Net& net, ITensor& t) { net.addCumulative(t, t, {}, false, false); };
  if (layer == "Normalization") {
    return requires(Net& net, ITensor& t) { net.addNormalization(t, t, t, 0U); } ||
           requires(Net& net, ITensor& t) { net.addNormalizationV2(t, t, t, 0U); };
  }
  return true;
}

template <typename Activation>
constexpr bool has_gelu() {
  return requires { Activation::kGELU_ERF; };
}
template <typename Operation>
constexpr bool has_isinf() {
  return requires { Operation::kISINF; };
}
template <typename Operation>
constexpr bool has_isnan() {
  return requires { Operation::kISNAN; };
}

}  // namespace

NvinferNetwork::NvinferNetwork(nvinfer1::INetworkDefinition& network)
    : network_(network), recorder_(std::make_unique<tensorrt::ErrorRecorder>()) {
  network_.setErrorRecorder(recorder_.get());
}

NvinferNetwork::~NvinferNetwork() { release_errors(); }

void NvinferNetwork::release_errors() {
  if (network_.getErrorRecorder() == recorder_.get()) network_.setErrorRecorder(nullptr);
}

bool NvinferNetwork::supports(std::string_view layer) const {
  if (layer == "Activation.gelu") return has_gelu<nvinfer1::ActivationType>();
  if (layer == "Unary.isinf") return has_isinf<nvinfer1::UnaryOperation>();
  if (layer == "Unary.isnan") return has_isnan<nvinfer1::UnaryOperation>();
  // Types of layers that are there: before 10 taken to be those of 8.5.
  if constexpr (!tensorrt::kStronglyTyped) {
    static const Target kOld = tensorrt_8_5();
    if (layer.find('.') != std::string_view::npos) return !kOld.unsupported.contains(layer);
  }
  return has<nvinfer1::INetworkDefinition>(layer);
}

DType NvinferNetwork::shape_dtype() const { return tensorrt::kHasInt64 ? DType::kInt64 : DType::kInt32; }

nvinfer1::DataType NvinferNetwork::data_type(DType dtype) const {
  if (const auto type = nvinfer::data_type(dtype)) return *type;
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("TensorRT {}.{} has no type for {}", tensorrt::kBuiltMajor, tensorrt::kBuiltMinor,
                          torch2trt::name(dtype)),
              location());
}

DType NvinferNetwork::dtype_of(const nvinfer1::ITensor& tensor) const {
  if (const auto dtype = nvinfer::dtype_of(tensor.getType())) return *dtype;
  throw Error(
      ErrorCategory::kUnsupportedOperator,
      fmt::format("tensors of TensorRT's type {} are not supported", static_cast<std::int32_t>(tensor.getType())),
      location());
}

nvinfer1::Weights NvinferNetwork::weights(const HostTensor& tensor) {
  kept_.push_back(tensor.owner);
  return {data_type(tensor.dtype), tensor.data, tensor.numel()};
}

void NvinferNetwork::refused(std::string_view what, const std::string& layer_name) {
  std::string message = fmt::format("TensorRT refused the layer \"{}\" ({})", layer_name, what);
  for (const std::string& text : recorder_->take_texts()) message += "\n  TensorRT: " + text;
  throw Error(ErrorCategory::kBuildFailed, message, location());
}

std::vector<TensorInfo> NvinferNetwork::add_layer(const Layer& layer, const std::string& layer_name,
                                                  std::int32_t first_id) {
  recorder_->clear();
  const std::string_view type = layer_type_name(layer);
  bool wide = false;
  half_layer_ = false;
  for_each_input(layer, [&](const Tensor& input) {
    half_layer_ = half_layer_ || input.dtype() == DType::kFloat16;
    wide = wide || input.dtype() == DType::kFloat32;
  });
  half_layer_ = half_layer_ && !wide;
  NvinferLayerMaker maker(*this, layer_name);
  const std::vector<nvinfer1::ITensor*> outputs = maker.make(layer);
  if (!maker.made()) refused(type, layer_name);
  std::vector<TensorInfo> infos;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    // A bad layer is returned all the same; the error appears when the shape of its output is read.
    const nvinfer1::Dims dims = outputs[i]->getDimensions();
    if (dims.nbDims < 0) refused(type, layer_name);
    infos.push_back({fmt::format("{}_output_{}", layer_name, i), nvinfer::from_dims(dims), dtype_of(*outputs[i])});
    outputs[i]->setName(infos.back().name.c_str());
    has_half_ = has_half_ || infos.back().dtype == DType::kFloat16;
    tensors_[first_id + static_cast<std::int32_t>(i)] = outputs[i];
  }
  if (!recorder_->take_texts().empty()) refused(type, layer_name);
  return infos;
}

void NvinferNetwork::add_input_layer(const TensorInfo& info, std::int32_t id) {
  recorder_->clear();
  nvinfer1::ITensor* input = network_.addInput(info.name.c_str(), data_type(info.dtype), nvinfer::to_dims(info.dims));
  if (input == nullptr) refused("input", info.name);
  has_half_ = has_half_ || info.dtype == DType::kFloat16;
  tensors_[id] = input;
}

nvinfer1::ITensor& NvinferNetwork::itensor(const Tensor& tensor) {
  if (!tensors_.contains(tensor.id())) materialise(tensor);
  return at(visible(tensor));
}

Tensor NvinferNetwork::tensor_of(nvinfer1::ITensor& itensor) {
  for (const auto& [id, known] : tensors_)
    if (known == &itensor) return {this, id};
  const nvinfer1::Dims dims = itensor.getDimensions();
  if (dims.nbDims < 0) refused("of a handler", itensor.getName());
  const Tensor tensor = adopt({itensor.getName(), nvinfer::from_dims(dims), dtype_of(itensor)},
                              itensor.isNetworkInput(), itensor.isNetworkOutput());
  has_half_ = has_half_ || tensor.dtype() == DType::kFloat16;
  tensors_[tensor.id()] = &itensor;
  return tensor;
}

Tensor NvinferNetwork::tensor_of(nvinfer1::ILayer* layer) {
  const std::string name = unique_name(layer_name_of(location()));
  if (layer == nullptr) refused("of a handler", name);
  layer->setName(name.c_str());
  layer->getOutput(0)->setName((name + "_output_0").c_str());
  return tensor_of(*layer->getOutput(0));
}

nvinfer1::IIfConditional& NvinferNetwork::conditional(std::int32_t id) {
  nvinfer1::IIfConditional*& made = conditionals_[id];
  if (made == nullptr) made = network_.addIfConditional();
  if (made == nullptr) refused("IIfConditional", layer_name_of(location()));
  return *made;
}

nvinfer1::ILoop& NvinferNetwork::loop(std::int32_t id) {
  nvinfer1::ILoop*& made = loops_[id];
  if (made == nullptr) made = network_.addLoop();
  if (made == nullptr) refused("ILoop", layer_name_of(location()));
  return *made;
}

void NvinferNetwork::set_next_value(std::int32_t recurrence, std::int32_t next) {
  recurrences_.at(tensors_.at(recurrence))->setInput(1, *tensors_.at(next));
}

void NvinferNetwork::mark_output_tensor(std::int32_t id, const std::string& name) {
  nvinfer1::ITensor& tensor = *tensors_.at(id);
  tensor.setName(name.c_str());
  network_.markOutput(tensor);
  // In a weakly typed network an output is of the type it is set to, which is float32 before.
  const auto settle = [](auto& output) {
    if constexpr (!tensorrt::kStronglyTyped && requires { output.setType(output.getType()); }) {
      output.setType(output.getType());
    }
  };
  settle(tensor);
}

}  // namespace torch2trt
