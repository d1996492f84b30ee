// Conversions of dtype, device and memory: casts, or nothing.
#include "src/handlers/register.h"

namespace torch2trt {
namespace {

// What a network does not know: where a tensor lies, how it is laid out, whether it is a copy.
Results same(Network&, Args& a) {
  const Tensor x = a.tensor("self");
  a.ignore({"memory_format", "layout", "device", "pin_memory", "non_blocking", "copy"});
  return x;
}

Results to(Network&, Args& a) {
  const Tensor x = a.tensor("self");
  a.ignore({"memory_format", "layout", "device", "pin_memory", "non_blocking", "copy"});
  return a.has("dtype") ? a.cast_to_optional("dtype", x) : x;
}

Results to_type_of_other(Network& net, Args& a) {
  const Tensor x = a.tensor("self");
  a.ignore({"memory_format", "non_blocking", "copy"});
  const Operand& other = a.operand("other");
  if (const auto* host = other.as<HostTensor>()) return net.cast(x, host->dtype);
  return net.cast(x, a.tensor("other").dtype());
}

// Dropout does nothing in evaluation, and with p = 0.
Results dropout(Network&, Args& a) {
  const Tensor x = a.tensor("input");
  const bool active = a.boolean("train") && a.number("p") != 0;
  a.require(!active, "dropout in training mode is random; call module.eval() first");
  a.ignore({"p"});
  return x;
}

Results native_dropout(Network&, Args& a) {
  const Tensor x = a.tensor("input");
  a.require(!a.is_none("train") && !a.boolean("train"), "dropout in training mode is random; call module.eval() first");
  a.require(!a.is_output_used(1), "the mask of dropout is not supported");
  a.ignore({"p"});
  return std::vector<Operand>{x, Unknown{}};
}

}  // namespace

void register_types(HandlerRegistry& r) {
  r.ops({"aten::contiguous", "aten::clone", "aten::detach", "aten::alias", "aten::lift", "aten::lift_fresh_copy",
         "aten::lift_fresh", "aten::cpu", "aten::cuda", "aten::pin_memory"})
      .convert(same);
  // Of what is not complex, and no network holds complex numbers.
  r.ops({"aten::conj", "aten::conj_physical", "aten::resolve_conj", "aten::resolve_neg", "aten::real"}).convert(same);
  r.ops({"aten::to.device", "aten::to.dtype", "aten::to.dtype_layout", "aten::to.prim_Device", "aten::to.prim_dtype",
         "aten::_to_copy"})
      .convert(to);
  r.ops({"aten::to.other", "aten::to.prim_other", "aten::type_as"}).convert(to_type_of_other);
  r.op("aten::native_dropout").note("evaluation mode, first output only").convert(native_dropout);
  r.ops({"aten::dropout", "aten::feature_dropout", "aten::alpha_dropout", "aten::feature_alpha_dropout"})
      .convert(dropout);
}

}  // namespace torch2trt
