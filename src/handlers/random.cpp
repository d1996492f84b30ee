// Random integers, drawn anew in each run of the engine, and what TensorRT cannot draw. (rand, randn: creation.cpp)
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

void ignore_placement(Args& a) { a.ignore({"layout", "device", "pin_memory", "memory_format", "generator", "names"}); }

// NvInfer.h, FillOperation: kRANDOM_UNIFORM draws between alpha and beta. No fill is 0-d.
Tensor uniform(Network& net, const std::vector<Dim>& sizes, double low, double high) {
  const auto fill = [&](std::variant<Dims, Tensor> shape) {
    return net.add(layer::Fill{std::move(shape), FillOperation::kRandomUniform, low, high, DType::kFloat32});
  };
  return sizes.empty() ? net.reshape(fill(Dims{1}), {}) : fill(net.sizes_operand(sizes));
}

// Whole numbers from low to high - 1: uniform values, rounded down.
Results randint(Network& net, Args& a) {
  ignore_placement(a);
  const double low = a.has("low") ? static_cast<double>(a.integer("low")) : 0;
  const auto high = static_cast<double>(a.integer("high"));
  a.require(std::max(std::abs(low), std::abs(high)) <= 0x1p24,
            "numbers beyond 2^24 do not fit float32, in which TensorRT draws");
  const DType dtype = a.optional_dtype("dtype").value_or(DType::kInt64);
  const Tensor drawn = uniform(net, a.dims("size"), low, high);
  // The upper end may be drawn, by rounding.
  return net.cast(net.clamp(net.unary(UnaryOperation::kFloor, drawn), std::nullopt, high - 1), dtype);
}

Handler refuse(const char* what) {
  return [what](Network&, Args& a) -> Results {
    a.require(false,
              fmt::format("TensorRT has no layer for {}; draw outside of the network and make it an input", what));
    return Operand();
  };
}

}  // namespace

void register_random(HandlerRegistry& r) {
  r.op("aten::randint")
      .never_folded()
      .note("drawn by TensorRT in each run; seeds and generators have no effect")
      .convert(randint);
  r.op("aten::randperm").never_folded().note("refused").convert(refuse("random permutations"));
  r.op("aten::bernoulli").never_folded().note("refused").convert(refuse("random choices (bernoulli)"));
  r.op("aten::multinomial").never_folded().note("refused").convert(refuse("random choices (multinomial)"));
  r.op("aten::normal").never_folded().note("refused").convert(refuse("normal values with tensors of parameters"));
}

}  // namespace torch2trt
