#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"
#include "src/torch/kernels.h"

namespace torch2trt {
namespace {

struct Geometry {
  std::vector<std::int64_t> stride, pre_padding, post_padding, dilation, output_padding;
  std::int64_t groups = 1;
  bool transposed = false;
};

// TensorRT convolves in two or three dimensions: a 1-d convolution gets a dimension of size 1 before the last.
void lift(Geometry& g) {
  for (auto* values : {&g.stride, &g.dilation}) values->insert(values->begin(), 1);
  for (auto* values : {&g.pre_padding, &g.post_padding}) values->insert(values->begin(), 0);
}

std::variant<HostTensor, Tensor> kernel_of(Args& a, const Tensor& x, bool one_dimensional) {
  if (a.is_constant("weight")) {
    HostTensor weight = contiguous_as(a.weights("weight"), x.dtype());
    if (one_dimensional) weight = reshaped(weight, {weight.sizes[0], weight.sizes[1], 1, weight.sizes[2]});
    return weight;
  }
  const Tensor weight = a.tensor("weight");
  return one_dimensional ? a.network().unsqueeze(weight, {2}) : weight;
}

// TensorRT's deconvolution takes no negative padding (output_padding larger than padding), and builds none that is
// strided and dilated. Zeros in the kernel do the same.
void spread(const Args& a, Geometry& g, std::variant<HostTensor, Tensor>& kernel) {
  const auto above_one = [](std::int64_t value) { return value > 1; };
  const bool dilated = std::any_of(g.dilation.begin(), g.dilation.end(), above_one) &&
                       std::any_of(g.stride.begin(), g.stride.end(), above_one);
  std::vector<std::int64_t> after;
  for (std::int64_t& padding : g.post_padding) {
    after.push_back(std::max<std::int64_t>(-padding, 0));
    padding = std::max<std::int64_t>(padding, 0);
  }
  if (!dilated && std::all_of(after.begin(), after.end(), [](std::int64_t count) { return count == 0; })) return;
  const auto* constant = std::get_if<HostTensor>(&kernel);
  a.require(
      constant != nullptr,
      "a transposed convolution with a dilated stride, or output_padding larger than padding, needs a constant kernel");
  kernel = spread_kernel(*constant, g.dilation, after);
  std::fill(g.dilation.begin(), g.dilation.end(), 1);
}

// The input has `spatial` + 2 dimensions, or one less without a batch.
Tensor convolve(Network& net, Args& a, Geometry g, std::int64_t spatial) {
  Tensor x = a.tensor("input");
  a.require(is_floating(x.dtype()),
            fmt::format("TensorRT convolves floating-point types only, not {}", name(x.dtype())));
  const bool batched = x.rank() == spatial + 2;
  if (!batched) x = net.unsqueeze(x, {0});
  const bool one_dimensional = spatial == 1;
  if (one_dimensional) {
    x = net.unsqueeze(x, {2});
    lift(g);
  }
  auto kernel = kernel_of(a, x, one_dimensional);
  if (g.transposed) spread(a, g, kernel);
  std::optional<HostTensor> bias;
  std::optional<Tensor> computed_bias;
  if (a.is_constant("bias")) {
    bias = a.optional_weights("bias");
    if (bias) bias = contiguous_as(*bias, x.dtype());
  } else {
    computed_bias = a.tensor("bias");
  }
  Tensor result =
      g.transposed
          ? net.add(
                layer::Deconvolution{x, kernel, bias, g.stride, g.pre_padding, g.post_padding, g.dilation, g.groups})
          : net.add(layer::Convolution{x, kernel, bias, g.stride, g.pre_padding, g.post_padding, g.dilation, g.groups});
  if (computed_bias) {
    std::vector<Dim> shape(static_cast<std::size_t>(x.rank()), Dim(1));
    shape[1] = computed_bias->dim(0);
    result = result + net.reshape(*computed_bias, shape);
  }
  if (one_dimensional) result = net.squeeze(result, {2});
  return batched ? result : net.squeeze(result, {0});
}

std::vector<std::int64_t> kernel_sizes(Args& a, std::int64_t spatial) {
  const Operand& weight = a.operand("weight");
  const auto* host = weight.as<HostTensor>();
  const Dims sizes = host != nullptr ? host->sizes : a.tensor("weight").dims();
  a.require(static_cast<std::int64_t>(sizes.size()) == spatial + 2, "the kernel's rank does not fit the convolution");
  return {sizes.begin() + 2, sizes.end()};
}

// padding="same": dilation * (kernel - 1) in all, the odd one after (torch.nn.functional.conv2d).
void pad_by_name(Args& a, Geometry& g, std::int64_t spatial) {
  const std::string padding = a.string("padding");
  a.require(padding == "same" || padding == "valid", fmt::format("padding \"{}\" is not known", padding));
  const auto kernel = kernel_sizes(a, spatial);
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const std::int64_t total = padding == "same" ? g.dilation[i] * (kernel[i] - 1) : 0;
    g.pre_padding.push_back(total / 2);
    g.post_padding.push_back(total - total / 2);
  }
}

Handler convolution(std::int64_t spatial) {
  return [spatial](Network& net, Args& a) -> Results {
    Geometry g;
    g.stride = a.integers("stride", spatial);
    g.dilation = a.integers("dilation", spatial);
    g.groups = a.integer("groups");
    if (a.operand("padding").as<std::string>() != nullptr) {
      pad_by_name(a, g, spatial);
    } else {
      g.pre_padding = a.integers("padding", spatial);
      g.post_padding = g.pre_padding;
    }
    return convolve(net, a, g, spatial);
  };
}

// PyTorch's padding is what is cut on both sides; output_padding is what is not cut after.
void transpose(Geometry& g) {
  g.transposed = true;
  for (std::size_t i = 0; i < g.output_padding.size(); ++i) g.post_padding[i] -= g.output_padding[i];
}

Handler transposed_convolution(std::int64_t spatial) {
  return [spatial](Network& net, Args& a) -> Results {
    Geometry g;
    g.stride = a.integers("stride", spatial);
    g.pre_padding = a.integers("padding", spatial);
    g.post_padding = g.pre_padding;
    g.output_padding = a.integers("output_padding", spatial);
    g.groups = a.integer("groups");
    g.dilation = a.integers("dilation", spatial);
    transpose(g);
    return convolve(net, a, g, spatial);
  };
}

Results general(Network& net, Args& a) {
  const auto spatial = static_cast<std::int64_t>(a.operand("weight").as<HostTensor>() != nullptr
                                                     ? a.operand("weight").as<HostTensor>()->rank()
                                                     : a.tensor("weight").rank()) -
                       2;
  Geometry g;
  g.stride = a.integers("stride", spatial);
  g.pre_padding = a.integers("padding", spatial);
  g.post_padding = g.pre_padding;
  g.dilation = a.integers("dilation", spatial);
  g.groups = a.integer("groups");
  const bool transposed = a.boolean("transposed");
  g.output_padding = a.integers("output_padding", spatial);
  a.ignore({"benchmark", "deterministic", "cudnn_enabled", "allow_tf32"});
  if (transposed) {
    transpose(g);
  }
  return convolve(net, a, g, spatial);
}

}  // namespace

void register_convolution(HandlerRegistry& r) {
  r.op("aten::conv1d").convert(convolution(1));
  r.op("aten::conv2d").convert(convolution(2));
  r.op("aten::conv3d").convert(convolution(3));
  r.op("aten::conv_transpose1d").convert(transposed_convolution(1));
  r.op("aten::conv_transpose2d").convert(transposed_convolution(2));
  r.op("aten::conv_transpose3d").convert(transposed_convolution(3));
  r.ops({"aten::convolution", "aten::_convolution"}).convert(general);
}

}  // namespace torch2trt
