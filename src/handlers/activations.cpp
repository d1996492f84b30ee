#include <fmt/format.h>

#include <limits>

#include "src/handlers/logarithms.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

// Integers become float32, as in PyTorch.
Handler activation(ActivationType type) {
  return [type](Network& net, Args& a) {
    const Tensor x = a.tensor("self");
    return net.activation(type, is_floating(x.dtype()) ? x : net.cast(x, DType::kFloat32));
  };
}

// Integers have no activation layers.
Results relu(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return is_floating(x.dtype()) ? net.activation(ActivationType::kRelu, x) : net.clamp(x, 0, std::nullopt);
}

Results clip(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const double low = a.number("min_val");
  const double high = a.number("max_val");
  return is_floating(x.dtype()) ? net.activation(ActivationType::kClip, x, low, high) : net.clamp(x, low, high);
}

Results relu6(Network& net, Args& a) { return net.activation(ActivationType::kClip, a.tensor("self"), 0, 6); }

Results leaky_relu(Network& net, Args& a) {
  return net.activation(ActivationType::kLeakyRelu, a.tensor("self"), a.number("negative_slope"));
}

// scale * (x > 0 ? x : alpha * (exp(input_scale * x) - 1))
Results elu(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const double alpha = a.number("alpha");
  const double scale = a.number("scale");
  const double input_scale = a.number("input_scale");
  if (scale == 1 && input_scale == 1) return net.activation(ActivationType::kElu, x, alpha);
  const Tensor negative = net.activation(ActivationType::kElu, input_scale == 1 ? x : x * input_scale, alpha);
  const Tensor zero = net.scalar(0, x.dtype(), x.rank());
  const Tensor chosen = net.select(net.elementwise(ElementWiseOperation::kGreater, x, zero), x, negative);
  return scale == 1 ? chosen : chosen * scale;
}

Results celu(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const double alpha = a.number("alpha");
  const Tensor negative = net.activation(ActivationType::kElu, x / alpha, alpha);
  const Tensor zero = net.scalar(0, x.dtype(), x.rank());
  return net.select(net.elementwise(ElementWiseOperation::kGreater, x, zero), x, negative);
}

// PyTorch's constants (torch.nn.SELU).
Results selu(Network& net, Args& a) {
  return net.activation(ActivationType::kSelu, a.tensor("self"), 1.6732632423543772848170429916717,
                        1.0507009873554804934193349852946);
}

// log(1 + exp(beta * x)) / beta; x itself where beta * x > threshold.
Results softplus(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const double beta = a.number("beta");
  const double threshold = a.number("threshold");
  const Tensor curve = net.activation(ActivationType::kSoftplus, x, 1 / beta, beta);
  if (threshold >= 20) return curve;  // beyond it the curve is x in float32
  const Tensor scaled = beta == 1 ? x : x * beta;
  const Tensor linear =
      net.elementwise(ElementWiseOperation::kGreater, scaled, net.scalar(threshold, x.dtype(), x.rank()));
  return net.select(linear, x, curve);
}

Tensor hard_sigmoid(const Tensor& x) { return x.network().activation(ActivationType::kHardSigmoid, x, 1.0 / 6.0, 0.5); }

Results gelu(Network& net, Args& a) {
  const std::string approximate = a.string("approximate");
  a.require(approximate == "none" || approximate == "tanh", "gelu approximation \"" + approximate + "\" is not known");
  return net.activation(approximate == "tanh" ? ActivationType::kGeluTanh : ActivationType::kGeluErf, a.tensor("self"));
}

// log(x / (1 - x)), of x kept within [eps, 1 - eps] where eps is given.
Results logit(Network& net, Args& a) {
  Tensor x = a.tensor("self");
  a.require(is_floating(x.dtype()), "logit of integers is not supported");
  const auto eps = a.optional_number("eps");
  if (eps) x = net.clamp(x, eps, 1 - *eps);
  return net.unary(UnaryOperation::kLog, x / (1 - x));
}

Results silu(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return x * net.activation(ActivationType::kSigmoid, x);
}

Results mish(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return x * net.activation(ActivationType::kTanh, net.activation(ActivationType::kSoftplus, x, 1, 1));
}

// One half of x, times the sigmoid of the other.
Results glu(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const std::int64_t axis = a.axis("dim", x);
  const Dim size = x.dim(axis);
  a.require(x.rank() > 0 && (!size.is_constant() || size.value() % 2 == 0),
            fmt::format("glu halves dimension {}, whose size is odd", axis));
  const Dim half = net.dim_arithmetic(ElementWiseOperation::kFloorDiv, size, Dim(2));
  return slice_axis(net, x, axis, Dim(0), half) *
         net.activation(ActivationType::kSigmoid, slice_axis(net, x, axis, half, half));
}

// 0 where |x| <= lambda; else x, or x moved towards 0 by lambda.
Handler shrink(bool soft) {
  return [soft](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    const double lambda = a.number("lambd");
    const auto bound = [&](double value) { return net.scalar(value, x.dtype(), x.rank()); };
    const Tensor above = net.elementwise(ElementWiseOperation::kGreater, x, bound(lambda));
    const Tensor below = net.elementwise(ElementWiseOperation::kLess, x, bound(-lambda));
    // NaN is neither, and stays NaN.
    const Tensor zero = x * 0;
    return net.select(above, soft ? x - lambda : x, net.select(below, soft ? x + lambda : x, zero));
  };
}

// Its slope is drawn in training only.
Results rrelu(Network& net, Args& a) {
  a.require(!a.boolean("training"), "rrelu in training mode is random; call module.eval() first");
  if (a.has("generator")) a.ignore({"generator"});
  return net.activation(ActivationType::kLeakyRelu, a.tensor("self"), (a.number("lower") + a.number("upper")) / 2);
}

// x > threshold ? x : value
Results threshold(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Tensor limit = net.scalar(a.number("threshold"), x.dtype(), x.rank());
  const Tensor value = net.scalar(a.number("value"), x.dtype(), x.rank());
  return net.select(net.elementwise(ElementWiseOperation::kGreater, x, limit), x, value);
}

// The slope is per channel (dimension 1), or one for all.
Results prelu(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  Tensor slope = a.tensor("weight");
  std::vector<Dim> shape(static_cast<std::size_t>(x.rank()), Dim(1));
  if (x.rank() > 1) shape[1] = slope.rank() == 0 ? Dim(1) : slope.dim(slope.rank() - 1);
  if (slope.rank() <= 1) slope = net.reshape(slope, shape);
  return net.add(layer::ParametricRelu{x, slope});
}

Tensor softmax_input(Args& a) {
  const Tensor x = a.tensor("self");
  if (a.has("dtype")) return a.cast_to_optional("dtype", x);
  return a.boolean("half_to_float") ? a.network().cast(x, DType::kFloat32) : x;
}

Results softmax(Network& net, Args& a) {
  const Tensor x = softmax_input(a);
  const std::int64_t axis = a.axis("dim", x);
  if (x.rank() == 0) return net.reshape(net.softmax(net.reshape(x, {1}), 0), {});
  return net.softmax(x, axis);
}

Results log_softmax_of(Network&, Args& a) {
  const Tensor x = softmax_input(a);
  const std::int64_t axis = a.axis("dim", x);
  if (x.rank() == 0) return x - x;
  return log_softmax(x, axis);
}

}  // namespace

void register_activations(HandlerRegistry& r) {
  r.op("aten::relu").convert(relu);
  r.ops({"aten::sigmoid", "aten::special_expit"}).convert(activation(ActivationType::kSigmoid));
  r.op("aten::tanh").convert(activation(ActivationType::kTanh));
  r.op("aten::softsign").convert(activation(ActivationType::kSoftsign));
  r.op("aten::hardtanh").convert(clip);
  r.op("aten::relu6").convert(relu6);
  r.op("aten::leaky_relu").convert(leaky_relu);
  r.op("aten::elu").convert(elu);
  r.op("aten::celu").convert(celu);
  r.op("aten::selu").convert(selu);
  r.op("aten::softplus").convert(softplus);
  r.op("aten::hardsigmoid").convert([](Network&, Args& a) { return hard_sigmoid(a.tensor("self")); });
  r.op("aten::hardswish").convert([](Network&, Args& a) {
    const Tensor x = a.tensor("self");
    return x * hard_sigmoid(x);
  });
  r.op("aten::gelu").convert(gelu);
  r.op("aten::logit").convert(logit);
  r.op("aten::silu").convert(silu);
  r.op("aten::mish").convert(mish);
  r.op("aten::threshold").convert(threshold);
  r.op("aten::glu").convert(glu);
  r.op("aten::softshrink").convert(shrink(true));
  r.op("aten::hardshrink").convert(shrink(false));
  r.op("aten::rrelu").note("evaluation mode").convert(rrelu);
  r.op("aten::_prelu_kernel").convert([](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor("self");
    return net.add(layer::ParametricRelu{x, net.expand_rank(a.tensor_as("weight", x.dtype()), x.rank())});
  });
  r.op("aten::prelu").convert(prelu);
  r.op("aten::log_sigmoid").convert([](Network& net, Args& a) {
    return -net.activation(ActivationType::kSoftplus, -a.tensor("self"), 1, 1);
  });
  r.ops({"aten::softmax.int", "aten::special_softmax", "aten::_softmax"}).convert(softmax);
  r.ops({"aten::log_softmax.int", "aten::special_log_softmax", "aten::_log_softmax"}).convert(log_softmax_of);
}

}  // namespace torch2trt
