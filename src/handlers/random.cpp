// Random values are drawn anew in each run of the engine, never at conversion. They are TensorRT's, not PyTorch's.
#include <fmt/format.h>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

void ignore_placement(Args& a) { a.ignore({"layout", "device", "pin_memory", "memory_format", "generator", "names"}); }

// NvInfer.h, FillOperation: kRANDOM_UNIFORM between alpha and beta; kRANDOM_NORMAL with mean alpha and deviation beta.
Tensor filled(Network& net, FillOperation operation, const std::vector<Dim>& sizes, double alpha, double beta, DType dtype) {
  const DType drawn = dtype == DType::kFloat16 ? dtype : DType::kFloat32;
  if (!sizes.empty()) return net.cast(net.add(layer::Fill{net.sizes_operand(sizes), operation, alpha, beta, drawn}), dtype);
  return net.reshape(net.cast(net.add(layer::Fill{Dims{1}, operation, alpha, beta, drawn}), dtype), {});
}

Handler random(FillOperation operation, bool like) {
  return [=](Network& net, Args& a) -> Results {
    ignore_placement(a);
    const auto dtype = a.optional_dtype("dtype");
    const double alpha = 0;
    const double beta = 1;
    if (!like) return filled(net, operation, a.dims("size"), alpha, beta, dtype.value_or(DType::kFloat32));
    const Tensor x = a.tensor("self");
    const DType type = dtype.value_or(x.dtype());
    a.require(is_floating(type), fmt::format("random values of {} are not defined", name(type)));
    return filled(net, operation, x.shape(), alpha, beta, type);
  };
}

// Whole numbers from low to high - 1: uniform values, rounded down.
Results randint(Network& net, Args& a) {
  ignore_placement(a);
  const double low = a.has("low") ? static_cast<double>(a.integer("low")) : 0;
  const auto high = static_cast<double>(a.integer("high"));
  a.require(high - low <= 0x1p24, "a range of more than 2^24 numbers does not fit float32, in which TensorRT draws");
  const DType dtype = a.optional_dtype("dtype").value_or(DType::kInt64);
  const Tensor drawn = filled(net, FillOperation::kRandomUniform, a.dims("size"), low, high, DType::kFloat32);
  // The upper end may be drawn, by rounding.
  return net.cast(net.clamp(net.unary(UnaryOperation::kFloor, drawn), std::nullopt, high - 1), dtype);
}

Handler refuse(const char* what) {
  return [what](Network&, Args& a) -> Results {
    a.require(false, fmt::format("TensorRT has no layer for {}; draw outside of the network and make it an input", what));
    return Operand();
  };
}

}  // namespace

void register_random(HandlerRegistry& r) {
  using enum FillOperation;
  const char* note = "drawn by TensorRT in each run; seeds and generators have no effect";
  r.op("aten::rand").never_folded().note(note).convert(random(kRandomUniform, false));
  r.op("aten::randn").never_folded().note(note).convert(random(kRandomNormal, false));
  r.op("aten::rand_like").never_folded().note(note).convert(random(kRandomUniform, true));
  r.op("aten::randn_like").never_folded().note(note).convert(random(kRandomNormal, true));
  r.op("aten::randint").never_folded().note(note).convert(randint);
  r.op("aten::randperm").never_folded().note("refused").convert(refuse("random permutations"));
  r.op("aten::bernoulli").never_folded().note("refused").convert(refuse("random choices (bernoulli)"));
  r.op("aten::multinomial").never_folded().note("refused").convert(refuse("random choices (multinomial)"));
  r.op("aten::normal").never_folded().note("refused").convert(refuse("normal values with tensors of parameters"));
}

}  // namespace torch2trt
