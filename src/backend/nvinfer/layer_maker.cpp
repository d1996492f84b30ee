#include "src/backend/nvinfer/layer_maker.h"

#include <fmt/format.h>

#include <type_traits>

#include "src/backend/nvinfer/layer_finish.h"
#include "src/backend/nvinfer/operands.h"

namespace torch2trt {

using nvinfer::axes_mask;
using nvinfer::enumerator;
using nvinfer::to_dims;

void NvinferLayerMaker::lacks(std::string_view layer) const {
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("TensorRT {}.{} has no {} layer", tensorrt::kBuiltMajor, tensorrt::kBuiltMinor, layer),
              owner_.location());
}

std::vector<nvinfer1::ITensor*> NvinferLayerMaker::all(const std::vector<Tensor>& tensors) const {
  std::vector<nvinfer1::ITensor*> result;
  for (const Tensor& tensor : tensors) result.push_back(&at(tensor));
  return result;
}

void NvinferLayerMaker::add(const layer::Constant& l) {
  finish(net_.addConstant(to_dims(l.weights.sizes), owner_.weights(l.weights)));
}

void NvinferLayerMaker::add(const layer::Identity& l) { finish(net_.addIdentity(at(l.input))); }

void NvinferLayerMaker::add(const layer::Cast& l) {
  const auto cast = [&](auto& net, nvinfer1::ITensor& input, DType to) {
    if constexpr (requires { net.addCast(input, owner_.data_type(to)); }) {
      return net.addCast(input, owner_.data_type(to));
    } else {
      auto* made = net.addIdentity(input);
      if (made != nullptr) made->setOutputType(0, owner_.data_type(to));
      return made;
    }
  };
  nvinfer1::ITensor* input = &at(l.input);
  // uint8 is converted from and to floating point only (NvInfer.h, ICastLayer and IIdentityLayer).
  const DType from = l.input.dtype();
  if ((from == DType::kUInt8 && !is_floating(l.to)) || (l.to == DType::kUInt8 && !is_floating(from))) {
    auto* between = cast(net_, *input, DType::kFloat32);
    if (between == nullptr) return;
    between->setName((name_ + "_float32").c_str());
    input = between->getOutput(0);
  }
  cast_ = true;
  finish(cast(net_, *input, l.to));
}

void NvinferLayerMaker::add(const layer::Activation& l) {
  auto* made = net_.addActivation(at(l.input), enumerator<nvinfer1::ActivationType>(l.type));
  if (made == nullptr) return;
  made->setAlpha(l.alpha);
  made->setBeta(l.beta);
  finish(made);
}

void NvinferLayerMaker::add(const layer::Unary& l) {
  finish(net_.addUnary(at(l.input), enumerator<nvinfer1::UnaryOperation>(l.operation)));
}

void NvinferLayerMaker::add(const layer::ElementWise& l) {
  finish(net_.addElementWise(at(l.a), at(l.b), enumerator<nvinfer1::ElementWiseOperation>(l.operation)));
}

namespace {

Dims kernel_dims(const std::variant<HostTensor, Tensor>& kernel) {
  const auto* constant = std::get_if<HostTensor>(&kernel);
  return constant != nullptr ? constant->sizes : std::get<Tensor>(kernel).dims();
}

Dims window_of(const Dims& kernel) { return {kernel.begin() + 2, kernel.end()}; }

}  // namespace

// A kernel that the network computes is input 1 of a layer with empty weights (NvInfer.h, IConvolutionLayer::setInput).
template <typename L, typename T>
void NvinferLayerMaker::finish_convolution(L* made, const T& l) {
  if (made == nullptr) return;
  if (const auto* kernel = std::get_if<Tensor>(&l.kernel)) made->setInput(1, at(*kernel));
  made->setStrideNd(to_dims(l.stride));
  made->setPrePadding(to_dims(l.pre_padding));
  made->setPostPadding(to_dims(l.post_padding));
  made->setDilationNd(to_dims(l.dilation));
  made->setNbGroups(static_cast<std::int32_t>(l.groups));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Convolution& l) {
  const Dims kernel = kernel_dims(l.kernel);
  const nvinfer1::Weights none{nvinfer1::DataType::kFLOAT, nullptr, 0};
  const auto* constant = std::get_if<HostTensor>(&l.kernel);
  finish_convolution(
      net_.addConvolutionNd(at(l.input), static_cast<std::int32_t>(kernel.at(0)), to_dims(window_of(kernel)),
                            constant != nullptr ? owner_.weights(*constant) : none,
                            l.bias ? owner_.weights(*l.bias) : none),
      l);
}

void NvinferLayerMaker::add(const layer::Deconvolution& l) {
  const Dims kernel = kernel_dims(l.kernel);
  const nvinfer1::Weights none{nvinfer1::DataType::kFLOAT, nullptr, 0};
  const auto* constant = std::get_if<HostTensor>(&l.kernel);
  finish_convolution(
      net_.addDeconvolutionNd(at(l.input), static_cast<std::int32_t>(kernel.at(1) * l.groups),
                              to_dims(window_of(kernel)), constant != nullptr ? owner_.weights(*constant) : none,
                              l.bias ? owner_.weights(*l.bias) : none),
      l);
}

void NvinferLayerMaker::add(const layer::Pooling& l) {
  auto* made = net_.addPoolingNd(at(l.input), enumerator<nvinfer1::PoolingType>(l.type), to_dims(l.window));
  if (made == nullptr) return;
  made->setStrideNd(to_dims(l.stride));
  made->setPrePadding(to_dims(l.pre_padding));
  made->setPostPadding(to_dims(l.post_padding));
  made->setPaddingMode(l.round_up ? nvinfer1::PaddingMode::kEXPLICIT_ROUND_UP
                                  : nvinfer1::PaddingMode::kEXPLICIT_ROUND_DOWN);
  if (l.type == PoolingType::kAverage) made->setAverageCountExcludesPadding(l.average_count_excludes_padding);
  finish(made);
}

void NvinferLayerMaker::add(const layer::Reduce& l) {
  finish(
      net_.addReduce(at(l.input), enumerator<nvinfer1::ReduceOperation>(l.operation), axes_mask(l.axes), l.keep_dims));
}

void NvinferLayerMaker::add(const layer::SoftMax& l) {
  auto* made = net_.addSoftMax(at(l.input));
  if (made == nullptr) return;
  made->setAxes(axes_mask({l.axis}));
  finish(made);
}

void NvinferLayerMaker::add(const layer::MatrixMultiply& l) {
  finish(net_.addMatrixMultiply(at(l.a), enumerator<nvinfer1::MatrixOperation>(l.op_a), at(l.b),
                                enumerator<nvinfer1::MatrixOperation>(l.op_b)));
}

void NvinferLayerMaker::add(const layer::Einsum& l) {
  const std::vector<nvinfer1::ITensor*> inputs = all(l.inputs);
  finish(net_.addEinsum(inputs.data(), static_cast<std::int32_t>(inputs.size()), l.equation.c_str()));
}

void NvinferLayerMaker::add(const layer::Select& l) {
  finish(net_.addSelect(at(l.condition), at(l.then_input), at(l.else_input)));
}

void NvinferLayerMaker::add(const layer::Scale& l) {
  const auto mode = l.scale.numel() == 1 ? nvinfer1::ScaleMode::kUNIFORM : nvinfer1::ScaleMode::kCHANNEL;
  const nvinfer1::Weights power{owner_.data_type(l.scale.dtype), nullptr, 0};
  finish(net_.addScaleNd(at(l.input), mode, owner_.weights(l.shift), owner_.weights(l.scale), power,
                         static_cast<std::int32_t>(l.channel_axis)));
}

void NvinferLayerMaker::add(const layer::Normalization& l) {
  const auto make = [&](auto& net) {
    const std::uint32_t axes = axes_mask(l.axes);
    if constexpr (requires { net.addNormalizationV2(at(l.input), at(l.scale), at(l.bias), axes); }) {
      return net.addNormalizationV2(at(l.input), at(l.scale), at(l.bias), axes);
    } else if constexpr (requires { net.addNormalization(at(l.input), at(l.scale), at(l.bias), axes); }) {
      return net.addNormalization(at(l.input), at(l.scale), at(l.bias), axes);
    }
  };
  const auto add_to = [&](auto& net) {
    if constexpr (requires { make(net)->setEpsilon(l.epsilon); }) {
      auto* made = make(net);
      if (made == nullptr) return;
      made->setEpsilon(l.epsilon);
      made->setNbGroups(static_cast<std::int32_t>(l.groups));
      finish(made);
    } else {
      lacks("normalization");
    }
  };
  add_to(net_);
}

namespace {

// An enumerator by its number, of a type that not every version has.
struct Number {
  std::int32_t value;
  template <typename T>
    requires std::is_enum_v<T>
  operator T() const {  // NOLINT(google-explicit-constructor): it stands for the enumerator
    return static_cast<T>(value);
  }
};

constexpr Number kSoftMax{1};  // AttentionNormalizationOp::kSOFTMAX

}  // namespace

void NvinferLayerMaker::add(const layer::Attention& l) {
  const auto make = [&](auto& net) {
    const Number causal{l.causal ? 1 : 0};  // CausalMaskKind::kUPPER_LEFT, what addAttention's flag means
    if constexpr (requires { net.addAttentionV2(at(l.query), at(l.key), at(l.value), kSoftMax, causal); }) {
      return net.addAttentionV2(at(l.query), at(l.key), at(l.value), kSoftMax, causal);
    } else if constexpr (requires { net.addAttention(at(l.query), at(l.key), at(l.value), kSoftMax, l.causal); }) {
      return net.addAttention(at(l.query), at(l.key), at(l.value), kSoftMax, l.causal);
    } else {
      lacks("attention");
    }
  };
  const auto finish_made = [&](auto* made) {
    if (made == nullptr) return;
    if (l.mask) made->setMask(at(*l.mask));
    made->setDecomposable(l.decomposable);
    finish(made);
  };
  const auto add_to = [&](auto& net) {
    if constexpr (requires { make(net)->setDecomposable(true); }) {
      finish_made(make(net));
    } else {
      make(net);
    }
  };
  add_to(net_);
}

void NvinferLayerMaker::add(const layer::ParametricRelu& l) {
  finish(net_.addParametricReLU(at(l.input), at(l.slope)));
}

// Before TensorRT 9 int8 and float32 are the only types there are.
void NvinferLayerMaker::add(const layer::Quantize& l) {
  const auto make = [&](auto& net) {
    if constexpr (requires { net.addQuantize(at(l.input), at(l.scale), owner_.data_type(l.to)); }) {
      return net.addQuantize(at(l.input), at(l.scale), owner_.data_type(l.to));
    } else {
      if (l.to != DType::kInt8) lacks(fmt::format("quantize to {}", name(l.to)));
      return net.addQuantize(at(l.input), at(l.scale));
    }
  };
  auto* made = make(net_);
  if (made == nullptr) return;
  if (l.axis >= 0) made->setAxis(static_cast<std::int32_t>(l.axis));
  finish(made);
}

void NvinferLayerMaker::add(const layer::Dequantize& l) {
  const auto make = [&](auto& net) {
    if constexpr (requires { net.addDequantize(at(l.input), at(l.scale), owner_.data_type(l.to)); }) {
      return net.addDequantize(at(l.input), at(l.scale), owner_.data_type(l.to));
    } else {
      if (l.to != DType::kFloat32) lacks(fmt::format("dequantize to {}", name(l.to)));
      return net.addDequantize(at(l.input), at(l.scale));
    }
  };
  auto* made = make(net_);
  if (made == nullptr) return;
  if (l.axis >= 0) made->setAxis(static_cast<std::int32_t>(l.axis));
  finish(made);
}

}  // namespace torch2trt
