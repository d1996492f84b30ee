// Padding: slices whose coordinates lie outside of the input. Negative padding crops.
#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

struct Bounds {
  std::vector<Dim> start, size;
  bool crops = false;  // somewhere
  bool grows = false;
};

// `pad` is (before, after) of the last dimension, then of the one before it, ...
Bounds bounds_of(Network& net, const Args& a, const Tensor& x, const std::vector<Dim>& pad) {
  const std::size_t count = pad.size() / 2;
  a.require(pad.size() % 2 == 0 && static_cast<std::int64_t>(count) <= x.rank(),
            fmt::format("{} paddings for a tensor of {} dimensions", pad.size(), x.rank()));
  Bounds bounds{std::vector<Dim>(static_cast<std::size_t>(x.rank()), Dim(0)), x.shape()};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t axis = bounds.size.size() - 1 - i;
    bounds.start.at(axis) = minus(net, 0, pad[2 * i]);
    bounds.size.at(axis) = plus(net, bounds.size.at(axis), plus(net, pad[2 * i], pad[2 * i + 1]));
    a.require(!bounds.size.at(axis).is_constant() || bounds.size.at(axis).value() >= 0,
              fmt::format("padding leaves dimension {} with the negative size {}", axis, bounds.size.at(axis).value()));
    for (const Dim& amount : {pad[2 * i], pad[2 * i + 1]}) {
      bounds.crops = bounds.crops || !amount.is_constant() || amount.value() < 0;
      bounds.grows = bounds.grows || !amount.is_constant() || amount.value() > 0;
    }
  }
  return bounds;
}

Tensor padded(Network& net, const Args& a, const Tensor& given, std::vector<Dim> pad, SampleMode mode,
              std::optional<Tensor> fill = std::nullopt) {
  Tensor x = given;
  Bounds bounds = bounds_of(net, a, x, pad);
  // What wraps around is what is left after cropping.
  if (mode == SampleMode::kWrap && bounds.crops && bounds.grows) {
    std::vector<Dim> cropped;
    for (Dim& amount : pad) {
      a.require(amount.is_constant(), "circular padding by an amount only known at run time");
      cropped.emplace_back(std::min<std::int64_t>(amount.value(), 0));
      amount = Dim(std::max<std::int64_t>(amount.value(), 0));
    }
    x = padded(net, a, x, cropped, SampleMode::kStrictBounds);
    bounds = bounds_of(net, a, x, pad);
  }
  const Dims strides(bounds.start.size(), 1);
  if (!bounds.grows) return net.slice(x, bounds.start, bounds.size, strides);
  return net.slice(x, bounds.start, bounds.size, strides, mode, mode == SampleMode::kFill ? fill : std::nullopt);
}

Tensor constant_padded(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  const Tensor fill = a.is_none("value") ? net.scalar(0, x.dtype()) : a.tensor_as("value", x.dtype());
  return padded(net, a, x, a.dims("pad"), SampleMode::kFill, fill);
}

Results constant_pad_nd(Network& net, Args& a) { return constant_padded(net, a); }

Results pad(Network& net, Args& a) {
  const std::string mode = a.string("mode");
  if (mode == "constant") return constant_padded(net, a);
  a.ignore({"value"});
  const Tensor x = a.tensor("self");
  if (mode == "reflect") return padded(net, a, x, a.dims("pad"), SampleMode::kReflect);
  if (mode == "replicate") return padded(net, a, x, a.dims("pad"), SampleMode::kClamp);
  a.require(mode == "circular", fmt::format("padding mode \"{}\" is not known", mode));
  return padded(net, a, x, a.dims("pad"), SampleMode::kWrap);
}

Handler padding(std::string_view amounts, SampleMode mode) {
  return [=](Network& net, Args& a) -> Results { return padded(net, a, a.tensor("self"), a.dims(amounts), mode); };
}

}  // namespace

void register_padding(HandlerRegistry& r) {
  r.op("aten::constant_pad_nd").convert(constant_pad_nd);
  r.op("aten::pad").convert(pad);
  r.ops({"aten::reflection_pad1d", "aten::reflection_pad2d", "aten::reflection_pad3d"})
      .convert(padding("padding", SampleMode::kReflect));
  r.ops({"aten::replication_pad1d", "aten::replication_pad2d", "aten::replication_pad3d"})
      .convert(padding("padding", SampleMode::kClamp));
  r.op("aten::_pad_circular").convert(padding("pad", SampleMode::kWrap));
}

}  // namespace torch2trt
