#include <fmt/format.h>

#include "src/backend/dry/inference.h"

namespace torch2trt::dry {
namespace {

// The kernel's type and sizes, whether weights or a tensor.
Facts kernel_of(const std::variant<HostTensor, Tensor>& kernel, const Inputs& in) {
  if (const Tensor* tensor = std::get_if<Tensor>(&kernel)) return in[*tensor];
  const HostTensor& weights = std::get<HostTensor>(kernel);
  return {weights.dtype, to_extents(weights.sizes), std::nullopt};
}

// What Convolution and Deconvolution share; checked on construction.
struct Window {
  Facts input;
  Facts kernel;
  std::size_t spatial = 0;          // dimensions convolved over
  std::size_t channel_axis = 0;     // dimensions before it are the batch: TensorRT takes more than one
  std::vector<std::int64_t> reach;  // dilation * (kernel - 1) + 1

  template <typename L>
  Window(const L& l, const Inputs& in) : input(in[l.input]), kernel(kernel_of(l.kernel, in)) {
    in.require_type(input.dtype, kFloats | kInt8, "input");
    in.require_equal_types(input.dtype, kernel.dtype, "input", "kernel");
    // Convolutions over one dimension do not exist.
    in.require(kernel.rank() == 4 || kernel.rank() == 5, "kernel must have 2 or 3 spatial dimensions, so rank 4 or 5");
    spatial = kernel.extents.size() - 2;
    in.require(input.extents.size() >= spatial + 2,
               fmt::format("input must have at least {} dimensions: batch, channels and {} spatial ones", spatial + 2,
                           spatial));
    channel_axis = input.extents.size() - spatial - 1;
    const auto check = [&](const Dims& dims, const char* what, std::int64_t least) {
      in.require(dims.size() == spatial, fmt::format("{} must have {} numbers", what, spatial));
      for (const std::int64_t dim : dims) in.require(dim >= least, fmt::format("{} must be at least {}", what, least));
    };
    check(l.stride, "stride", 1);
    check(l.dilation, "dilation", 1);
    check(l.pre_padding, "pre_padding", 0);
    check(l.post_padding, "post_padding", 0);
    in.require(l.groups >= 1, "groups must be at least 1");
    for (std::size_t i = 0; i < kernel.extents.size(); ++i) {
      const bool number = kernel.extents[i].is_number();
      // The channels of a kernel tensor may be dynamic; the number of output maps and the window may not.
      in.require(number || i == 1, "kernel must be static");
      // A deconvolution of no channels at all is accepted.
      const bool may_be_empty = i == 0 && std::is_same_v<L, layer::Deconvolution>;
      in.require(!number || may_be_empty || kernel.extents[i].number() > 0, "kernel must not be empty");
    }
    for (std::size_t i = 0; i < spatial; ++i) {
      reach.push_back(l.dilation[i] * (kernel.extents[i + 2].number() - 1) + 1);
    }
  }

  const Extent& channels() const { return input.extents[channel_axis]; }

  void check_bias(const std::optional<HostTensor>& bias, const Extent& maps, const Inputs& in) const {
    if (!bias) return;
    in.require_equal_types(input.dtype, bias->dtype, "input", "bias");
    if (maps.is_number()) {
      in.require(bias->numel() == maps.number(), fmt::format("bias must have {} elements", maps.number()));
    }
  }
};

}  // namespace

Outputs infer(const layer::Convolution& l, const Inputs& in) {
  const Window window(l, in);
  const std::int64_t maps = window.kernel.extents[0].number();
  const Extent& channels = window.channels();
  const Extent& per_group = window.kernel.extents[1];
  in.require(maps % l.groups == 0, fmt::format("groups must divide the {} output channels", maps));
  if (channels.is_number()) {
    in.require(channels.number() % l.groups == 0,
               fmt::format("groups must divide the {} input channels", channels.number()));
    if (per_group.is_number()) {
      in.require(channels.number() == per_group.number() * l.groups,
                 fmt::format("kernel takes {} channels in {} groups, but input has {}", per_group.number(), l.groups,
                             channels.number()));
    }
  }
  window.check_bias(l.bias, maps, in);
  Extents extents = window.input.extents;
  extents[window.channel_axis] = maps;
  for (std::size_t i = 0; i < window.spatial; ++i) {
    Extent& size = extents[window.channel_axis + 1 + i];
    if (!size.is_number()) {
      size = {};
      continue;
    }
    const std::int64_t padded = size.number() + l.pre_padding[i] + l.post_padding[i];
    in.require(padded >= window.reach[i], fmt::format("the padded size {} of spatial dimension {} is smaller than the "
                                                      "kernel's reach {}",
                                                      padded, i, window.reach[i]));
    const bool from_nothing = size.is(0);
    size = (padded - window.reach[i]) / l.stride[i] + 1;
    in.require(!from_nothing, fmt::format("spatial dimension {} of input is empty, that of the output is not", i));
  }
  return {{window.input.dtype, extents, std::nullopt}};
}

// TensorRT-RTX 1.7 does not build bfloat16 deconvolutions, nor those with both stride and dilation; that is a limit of
// its kernels, not a rule of the layer.
Outputs infer(const layer::Deconvolution& l, const Inputs& in) {
  const Window window(l, in);
  const Extent& channels = window.channels();
  in.require(channels.is_number(), "the channels of input must be static");
  in.require(channels.number() % l.groups == 0,
             fmt::format("groups must divide the {} input channels", channels.number()));
  in.require(
      window.kernel.extents[0].is(channels.number()),
      fmt::format("kernel takes {} channels, but input has {}", window.kernel.extents[0].number(), channels.number()));
  in.require(window.kernel.extents[1].is_number(), "kernel must be static");
  const std::int64_t maps = window.kernel.extents[1].number() * l.groups;
  window.check_bias(l.bias, maps, in);
  Extents extents = window.input.extents;
  extents[window.channel_axis] = maps;
  for (std::size_t i = 0; i < window.spatial; ++i) {
    Extent& size = extents[window.channel_axis + 1 + i];
    if (!size.is_number()) {
      size = {};
      continue;
    }
    const std::int64_t result =
        (size.number() - 1) * l.stride[i] + window.reach[i] - l.pre_padding[i] - l.post_padding[i];
    in.require(result <= 0 || !size.is(0),
               fmt::format("spatial dimension {} of input is empty, that of the output is not", i));
    in.require(result >= 0, fmt::format("spatial dimension {} of the output would be {}", i, result));
    size = result;
  }
  return {{window.input.dtype, extents, std::nullopt}};
}

}  // namespace torch2trt::dry
