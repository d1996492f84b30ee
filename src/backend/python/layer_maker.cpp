#include "src/backend/python/layer_maker.h"

#include "src/backend/python/enumerators.h"

namespace torch2trt {

std::int64_t LayerMaker::mask(const std::vector<std::int64_t>& axes) {
  std::int64_t bits = 0;
  for (std::int64_t axis : axes) bits |= std::int64_t{1} << axis;
  return bits;
}

py::object LayerMaker::add(const layer::Constant& l) {
  return net_.attr("add_constant")(tuple(l.weights.sizes), owner_.weights(l.weights));
}

py::object LayerMaker::add(const layer::Identity& l) { return net_.attr("add_identity")(at(l.input)); }

py::object LayerMaker::add(const layer::Cast& l) { return net_.attr("add_cast")(at(l.input), owner_.data_type(l.to)); }

py::object LayerMaker::add(const layer::Activation& l) {
  py::object made = net_.attr("add_activation")(at(l.input), enumerator("ActivationType", enumerator_name(l.type)));
  if (!made.is_none()) {
    made.attr("alpha") = l.alpha;
    made.attr("beta") = l.beta;
  }
  return made;
}

py::object LayerMaker::add(const layer::Unary& l) {
  return net_.attr("add_unary")(at(l.input), enumerator("UnaryOperation", enumerator_name(l.operation)));
}

py::object LayerMaker::add(const layer::ElementWise& l) {
  return net_.attr("add_elementwise")(at(l.a), at(l.b),
                                      enumerator("ElementWiseOperation", enumerator_name(l.operation)));
}

// A kernel that the network computes is input 1 of a layer with empty weights (NvInfer.h, IConvolutionLayer::setInput).
template <typename T>
py::object LayerMaker::convolution(const T& l, const char* method, std::int64_t maps, const Dims& window) {
  const auto* constant = std::get_if<HostTensor>(&l.kernel);
  const py::object none = trt_.attr("Weights")();
  const py::object kernel = constant != nullptr ? owner_.weights(*constant) : none;
  const py::object bias = l.bias ? owner_.weights(*l.bias) : none;
  py::object made = net_.attr(method)(at(l.input), maps, tuple(window), kernel, bias);
  if (made.is_none()) return made;
  if (constant == nullptr) made.attr("set_input")(1, at(std::get<Tensor>(l.kernel)));
  made.attr("stride_nd") = tuple(l.stride);
  made.attr("pre_padding") = tuple(l.pre_padding);
  made.attr("post_padding") = tuple(l.post_padding);
  made.attr("dilation_nd") = tuple(l.dilation);
  made.attr("num_groups") = l.groups;
  return made;
}

namespace {

Dims kernel_dims(const std::variant<HostTensor, Tensor>& kernel) {
  const auto* constant = std::get_if<HostTensor>(&kernel);
  return constant != nullptr ? constant->sizes : std::get<Tensor>(kernel).dims();
}

}  // namespace

py::object LayerMaker::add(const layer::Convolution& l) {
  const Dims kernel = kernel_dims(l.kernel);
  return convolution(l, "add_convolution_nd", kernel.at(0), {kernel.begin() + 2, kernel.end()});
}

py::object LayerMaker::add(const layer::Deconvolution& l) {
  const Dims kernel = kernel_dims(l.kernel);
  return convolution(l, "add_deconvolution_nd", kernel.at(1) * l.groups, {kernel.begin() + 2, kernel.end()});
}

py::object LayerMaker::add(const layer::Pooling& l) {
  py::object made =
      net_.attr("add_pooling_nd")(at(l.input), enumerator("PoolingType", enumerator_name(l.type)), tuple(l.window));
  if (made.is_none()) return made;
  made.attr("stride_nd") = tuple(l.stride);
  made.attr("pre_padding") = tuple(l.pre_padding);
  made.attr("post_padding") = tuple(l.post_padding);
  made.attr("padding_mode") = enumerator("PaddingMode", l.round_up ? "EXPLICIT_ROUND_UP" : "EXPLICIT_ROUND_DOWN");
  if (l.type == PoolingType::kAverage) made.attr("average_count_excludes_padding") = l.average_count_excludes_padding;
  return made;
}

py::object LayerMaker::add(const layer::Reduce& l) {
  return net_.attr("add_reduce")(at(l.input), enumerator("ReduceOperation", enumerator_name(l.operation)), mask(l.axes),
                                 l.keep_dims);
}

py::object LayerMaker::add(const layer::SoftMax& l) {
  py::object made = net_.attr("add_softmax")(at(l.input));
  if (!made.is_none()) made.attr("axes") = mask({l.axis});
  return made;
}

py::object LayerMaker::add(const layer::MatrixMultiply& l) {
  return net_.attr("add_matrix_multiply")(at(l.a), enumerator("MatrixOperation", enumerator_name(l.op_a)), at(l.b),
                                          enumerator("MatrixOperation", enumerator_name(l.op_b)));
}

py::object LayerMaker::add(const layer::Einsum& l) {
  py::list inputs;
  for (const Tensor& input : l.inputs) inputs.append(at(input));
  return net_.attr("add_einsum")(inputs, l.equation);
}

py::object LayerMaker::add(const layer::Select& l) {
  return net_.attr("add_select")(at(l.condition), at(l.then_input), at(l.else_input));
}

py::object LayerMaker::add(const layer::Scale& l) {
  const char* mode = l.scale.numel() == 1 ? "UNIFORM" : "CHANNEL";
  return net_.attr("add_scale_nd")(at(l.input), enumerator("ScaleMode", mode), owner_.weights(l.shift),
                                   owner_.weights(l.scale), trt_.attr("Weights")(owner_.data_type(l.scale.dtype)),
                                   l.channel_axis);
}

py::object LayerMaker::add(const layer::Normalization& l) {
  // V2 (TensorRT 10.15 and later) takes scale and bias of the input's rank without broadcasting rules of its own.
  const char* method = py::hasattr(net_, "add_normalization_v2") ? "add_normalization_v2" : "add_normalization";
  py::object made = net_.attr(method)(at(l.input), at(l.scale), at(l.bias), mask(l.axes));
  if (made.is_none()) return made;
  made.attr("epsilon") = l.epsilon;
  made.attr("num_groups") = l.groups;
  return made;
}

py::object LayerMaker::add(const layer::Attention& l) {
  py::object made = net_.attr("add_attention")(at(l.query), at(l.key), at(l.value),
                                               enumerator("AttentionNormalizationOp", "SOFTMAX"), l.causal);
  if (made.is_none()) return made;
  if (l.mask) made.attr("mask") = at(*l.mask);
  made.attr("decomposable") = l.decomposable;
  return made;
}

py::object LayerMaker::add(const layer::ParametricRelu& l) {
  return net_.attr("add_parametric_relu")(at(l.input), at(l.slope));
}

py::object LayerMaker::add(const layer::Quantize& l) {
  py::object made = net_.attr("add_quantize")(at(l.input), at(l.scale), owner_.data_type(l.to));
  if (!made.is_none() && l.axis >= 0) made.attr("axis") = l.axis;
  return made;
}

py::object LayerMaker::add(const layer::Dequantize& l) {
  py::object made = net_.attr("add_dequantize")(at(l.input), at(l.scale), owner_.data_type(l.to));
  if (!made.is_none() && l.axis >= 0) made.attr("axis") = l.axis;
  return made;
}

}  // namespace torch2trt
