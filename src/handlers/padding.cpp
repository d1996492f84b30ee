// Padding of any dimensions is a slice that starts before and ends after the tensor.
#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

struct Padded {
  std::vector<Dim> start, size;
};

// PyTorch lists pairs (before, after) from the last dimension on.
Padded padded(Network& net, Args& a, const Tensor& x, const std::vector<Dim>& pads) {
  a.require(pads.size() % 2 == 0 && static_cast<std::int64_t>(pads.size()) <= 2 * x.rank(),
            fmt::format("{} padding sizes do not fit {} dimensions", pads.size(), x.rank()));
  Padded result{std::vector<Dim>(static_cast<std::size_t>(x.rank()), Dim(0)), x.shape()};
  using enum ElementWiseOperation;
  for (std::size_t i = 0; i < pads.size() / 2; ++i) {
    const std::size_t axis = result.size.size() - 1 - i;
    const Dim& before = pads[2 * i];
    const Dim& after = pads[2 * i + 1];
    result.start[axis] = net.dim_arithmetic(kSub, Dim(0), before);
    result.size[axis] = net.dim_arithmetic(kSum, net.dim_arithmetic(kSum, result.size[axis], before), after);
    a.require(!result.size[axis].is_constant() || result.size[axis].value() >= 0,
              fmt::format("padding leaves dimension {} with the negative size {}", axis, result.size[axis].value()));
  }
  return result;
}

bool is_nothing(const std::vector<Dim>& pads) {
  return std::all_of(pads.begin(), pads.end(), [](const Dim& pad) { return pad.is_constant() && pad.value() == 0; });
}

Tensor constant_pad(Network& net, Args& a, double value) {
  const Tensor x = a.tensor(a.has("self") ? "self" : "input");
  const std::vector<Dim> pads = a.dims("pad");
  if (is_nothing(pads)) return x;
  const Padded to = padded(net, a, x, pads);
  return net.slice(x, to.start, to.size, Dims(to.size.size(), 1), SampleMode::kFill, net.scalar(value, x.dtype()));
}

// TensorRT's modes say where an index outside lands, and so do PyTorch's; only sizes that cut must stay within.
Tensor sampled_pad(Network& net, Args& a, const char* name, SampleMode mode) {
  const Tensor x = a.tensor("self");
  const std::vector<Dim> pads = a.dims(name);
  if (is_nothing(pads)) return x;
  for (const Dim& pad : pads)
    a.require(!pad.is_constant() || pad.value() >= 0, "a negative size pads with constants only");
  const Padded to = padded(net, a, x, pads);
  return net.slice(x, to.start, to.size, Dims(to.size.size(), 1), mode);
}

Results constant_pad_nd(Network& net, Args& a) { return constant_pad(net, a, a.number("value")); }

Results pad(Network& net, Args& a) {
  const std::string mode = a.string("mode");
  const double value = a.optional_number("value").value_or(0);
  if (mode == "constant") return constant_pad(net, a, value);
  if (mode == "reflect") return sampled_pad(net, a, "pad", SampleMode::kReflect);
  if (mode == "replicate") return sampled_pad(net, a, "pad", SampleMode::kClamp);
  a.require(mode == "circular", fmt::format("padding mode \"{}\" is not known", mode));
  return sampled_pad(net, a, "pad", SampleMode::kWrap);
}

Handler sampled(SampleMode mode) {
  return [mode](Network& net, Args& a) -> Results { return sampled_pad(net, a, "padding", mode); };
}

}  // namespace

void register_padding(HandlerRegistry& r) {
  r.op("aten::pad").convert(pad);
  r.op("aten::constant_pad_nd").convert(constant_pad_nd);
  r.ops({"aten::reflection_pad1d", "aten::reflection_pad2d", "aten::reflection_pad3d"})
      .convert(sampled(SampleMode::kReflect));
  r.ops({"aten::replication_pad1d", "aten::replication_pad2d", "aten::replication_pad3d"})
      .convert(sampled(SampleMode::kClamp));
}

}  // namespace torch2trt
