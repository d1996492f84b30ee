// Tensors made of numbers. Where all sizes are known the result is a constant, not a layer: what is computed from it
// folds on.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/handlers/indices.h"
#include "src/handlers/register.h"
#include "src/handlers/slicing.h"

namespace torch2trt {
namespace {

// Larger ones are repeated by a layer rather than stored in the engine.
constexpr std::int64_t kStoredBytes = std::int64_t{1} << 20;

bool is_static(const std::vector<Dim>& shape) {
  return std::all_of(shape.begin(), shape.end(), [](const Dim& dim) { return dim.is_constant(); });
}

Results filled(Network& net, double value, DType dtype, const std::vector<Dim>& shape) {
  const DType held = network_dtype(dtype).value_or(dtype);
  if (is_static(shape)) {
    Dims sizes;
    for (const Dim& dim : shape) sizes.push_back(dim.value());
    if (numel_of(sizes) * static_cast<std::int64_t>(size_of(held)) <= kStoredBytes)
      return full_host_tensor(value, held, sizes);
  }
  return net.broadcast_to(net.scalar(value, held), shape);
}

DType default_dtype(Args& a, DType otherwise) {
  a.ignore({"layout", "device", "pin_memory", "memory_format"});
  if (!a.has("dtype")) return otherwise;
  return a.optional_dtype("dtype").value_or(otherwise);
}

// zeros(size), new_zeros(self, size), zeros_like(self).
Handler constant_of(double value, bool like) {
  return [=](Network& net, Args& a) -> Results {
    if (!a.has("self")) return filled(net, value, default_dtype(a, DType::kFloat32), a.dims("size"));
    const Tensor x = a.tensor("self");
    return filled(net, value, default_dtype(a, x.dtype()), like ? x.shape() : a.dims("size"));
  };
}

// A number, or a value computed in the network, as `dtype`.
Results filled_with(Network& net, Args& a, std::string_view name, DType dtype, const std::vector<Dim>& shape) {
  const Operand& value = a.operand(name);
  if (a.is_constant(name) && value.as<HostTensor>() == nullptr) return filled(net, a.number(name), dtype, shape);
  const Tensor tensor = a.tensor_as(name, dtype);
  return net.broadcast_to(net.reshape(tensor, {}), shape);
}

DType dtype_of_number(const Operand& value) {
  if (const auto* computed = value.as<Tensor>(); computed != nullptr && !is_integer(computed->dtype()))
    return is_floating(computed->dtype()) ? DType::kFloat32 : DType::kBool;
  if (value.as<bool>() != nullptr) return DType::kBool;
  return value.as<double>() != nullptr ? DType::kFloat32 : DType::kInt64;
}

Results full(Network& net, Args& a) {
  return filled_with(net, a, "fill_value", default_dtype(a, dtype_of_number(a.operand("fill_value"))), a.dims("size"));
}

Results new_full(Network& net, Args& a) {
  return filled_with(net, a, "fill_value", default_dtype(a, a.tensor("self").dtype()), a.dims("size"));
}

Results full_like(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return filled_with(net, a, "fill_value", default_dtype(a, x.dtype()), x.shape());
}

Results fill(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return filled_with(net, a, "value", x.dtype(), x.shape());
}

Results zero(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  return filled(net, 0, x.dtype(), x.shape());
}

// Unlike full, float32 of an integer too.
Results scalar_tensor(Network&, Args& a) { return a.tensor_as("s", default_dtype(a, DType::kFloat32)); }

// What self holds after self.copy_(src).
Results copy(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.ignore({"non_blocking"});
  return net.broadcast_to(a.tensor_as("src", x.dtype()), x.shape());
}

// Sizes decide the bounds, so they are integers; a dtype may say otherwise of the result.
Results arange(Network& net, Args& a) {
  using enum ElementWiseOperation;
  const Dim start = a.has("start") ? a.dim("start") : Dim(0);
  const Dim step = a.has("step") ? a.dim("step") : Dim(1);
  const Dim end = a.dim("end");
  const DType dtype = default_dtype(a, DType::kInt64);
  a.require(step.is_constant() && step.value() != 0, "arange with a step that is not known");
  const Dim distance = minus(net, end, start);
  const Dim rounded = plus(net, distance, step.value() > 0 ? step.value() - 1 : step.value() + 1);
  Dim count = net.dim_arithmetic(kFloorDiv, rounded, step);
  // A size minus nothing cannot be negative; other distances may be.
  const bool plain = start.is_constant() && start.value() == 0 && end.axis() != nullptr && step.value() > 0;
  if (!plain) count = net.dim_arithmetic(kMax, count, 0);
  const DType made = is_integer(dtype) ? network_dtype(dtype).value_or(dtype) : DType::kInt64;
  return net.cast(ramp(net, start, step, count, made), dtype);
}

// Only the number of steps is known at run time.
Results linspace(Network& net, Args& a) {
  const double start = a.number("start");
  const double end = a.number("end");
  const Dim steps = a.dim("steps");
  const DType dtype = default_dtype(a, DType::kFloat32);
  const Dim last = net.dim_arithmetic(ElementWiseOperation::kMax, minus(net, steps, 1), 1);
  const Tensor step = net.scalar(end - start, DType::kFloat32) / net.cast(net.dim_tensor(last), DType::kFloat32);
  const Tensor made = net.add(layer::Fill{net.sizes_operand({steps}), FillOperation::kLinspace,
                                          net.scalar(start, DType::kFloat32), net.reshape(step, {1}), DType::kFloat32});
  return net.cast(made, dtype);
}

// --- random values: drawn anew whenever the engine runs -------------------------------------------------------------

Tensor random(Network& net, FillOperation operation, const std::vector<Dim>& shape, DType dtype) {
  const bool flat = shape.empty();  // TensorRT fills at least one dimension
  const DType made = dtype == DType::kFloat16 ? dtype : DType::kFloat32;
  // Uniform in [0, 1), or normal with mean 0 and deviation 1.
  const Tensor values =
      net.add(layer::Fill{net.sizes_operand(flat ? std::vector<Dim>{1} : shape), operation, 0.0, 1.0, made});
  return net.cast(flat ? net.reshape(values, {}) : values, dtype);
}

Handler random_of(FillOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    if (a.has("generator")) a.require(a.is_none("generator"), "a generator is not part of a network");
    if (!a.has("self")) return random(net, operation, a.dims("size"), default_dtype(a, DType::kFloat32));
    const auto* host = a.operand("self").as<HostTensor>();
    const std::vector<Dim> shape =
        host != nullptr ? std::vector<Dim>(host->sizes.begin(), host->sizes.end()) : a.tensor("self").shape();
    return random(net, operation, shape, default_dtype(a, host != nullptr ? host->dtype : a.tensor("self").dtype()));
  };
}

}  // namespace

void register_creation(HandlerRegistry& r) {
  r.ops({"aten::zeros", "aten::new_zeros", "aten::empty", "aten::new_empty"}).convert(constant_of(0, false));
  r.ops({"aten::ones", "aten::new_ones"}).convert(constant_of(1, false));
  r.ops({"aten::zeros_like", "aten::empty_like"}).convert(constant_of(0, true));
  r.op("aten::ones_like").convert(constant_of(1, true));
  r.op("aten::full").convert(full);
  r.op("aten::new_full").convert(new_full);
  r.op("aten::full_like").convert(full_like);
  r.op("aten::fill").convert(fill);
  r.op("aten::zero").convert(zero);
  r.op("aten::scalar_tensor").convert(scalar_tensor);
  r.op("aten::copy").convert(copy);
  r.op("aten::arange").convert(arange);
  r.op("aten::linspace").convert(linspace);
  const char* const drawn = "drawn anew whenever the engine runs, by TensorRT's generator";
  r.ops({"aten::rand", "aten::rand_like"}).never_folded().note(drawn).convert(random_of(FillOperation::kRandomUniform));
  r.ops({"aten::randn", "aten::randn_like"})
      .never_folded()
      .note(drawn)
      .convert(random_of(FillOperation::kRandomNormal));
}

}  // namespace torch2trt
