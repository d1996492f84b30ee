// What programs ask of a tensor that has nothing to do with its values: answered at conversion. A network knows neither
// devices nor layouts; the answers are those of a plain contiguous tensor on the CPU, where constants are made.
#include <algorithm>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

Handler answer(const Operand& value, std::string_view argument) {
  return [=](Network&, Args& a) -> Results {
    a.ignore({argument, "device", "memory_format"});
    return value;
  };
}

Handler of_dtype(std::string_view argument, Operand (*fact)(DType)) {
  return [=](Network&, Args& a) -> Results { return fact(a.tensor(argument).dtype()); };
}

Results is_same_size(Network&, Args& a) {
  const Dims self = a.tensor("self").dims();
  const Dims other = a.tensor("other").dims();
  const auto is_dynamic = [](std::int64_t size) { return size < 0; };
  a.require(self.size() != other.size() || (std::none_of(self.begin(), self.end(), is_dynamic) &&
                                            std::none_of(other.begin(), other.end(), is_dynamic)),
            "whether the sizes are equal is only known at run time");
  return Operand(self == other);
}

Handler result_type(std::string_view first, std::string_view second) {
  return [=](Network&, Args& a) -> Results {
    a.ignore({first, second});
    return Operand(a.result_type({first, second}));
  };
}

}  // namespace

void register_facts(HandlerRegistry& r) {
  r.op("prim::dtype").convert(of_dtype("a", [](DType dtype) { return Operand(dtype); }));
  r.op("prim::itemsize").convert(of_dtype("a", [](DType dtype) {
    return Operand(static_cast<std::int64_t>(size_of(dtype)));
  }));
  r.op("aten::element_size").convert(of_dtype("self", [](DType dtype) {
    return Operand(static_cast<std::int64_t>(size_of(dtype)));
  }));
  r.op("aten::is_floating_point").convert(of_dtype("self", [](DType dtype) { return Operand(is_floating(dtype)); }));
  r.op("aten::is_complex").convert(of_dtype("self", [](DType dtype) { return Operand(is_complex(dtype)); }));
  r.op("aten::is_signed").convert(of_dtype("self", [](DType dtype) {
    return Operand(dtype != DType::kBool && dtype != DType::kUInt8);
  }));
  r.op("aten::result_type.Tensor").convert(result_type("tensor", "other"));
  r.op("aten::result_type.Scalar").convert(result_type("tensor", "other"));
  r.op("aten::result_type.Scalar_Tensor").convert(result_type("scalar", "tensor"));
  r.op("aten::is_same_size").convert(is_same_size);
  r.op("prim::device").convert(answer(Symbolic{Symbolic::Kind::kDevice, "cpu"}, "a"));
  r.op("prim::layout").convert(answer(Symbolic{Symbolic::Kind::kLayout, "strided"}, "a"));
  r.op("prim::is_cpu").convert(answer(true, "a"));
  r.ops({"prim::is_cuda", "prim::is_xpu", "prim::is_xla", "prim::is_mps", "prim::is_mtia", "prim::is_maia",
         "prim::is_ipu", "prim::is_vulkan", "prim::is_meta", "prim::is_mkldnn", "prim::is_sparse",
         "prim::is_sparse_csr", "prim::is_quantized", "prim::is_nested"})
      .convert(answer(false, "a"));
  r.op("aten::get_device").convert(answer(std::int64_t{-1}, "self"));
  r.op("aten::is_contiguous").convert(answer(true, "self"));
  r.ops({"aten::is_pinned", "aten::is_conj", "aten::is_neg", "aten::is_inference", "aten::is_distributed"})
      .convert(answer(false, "self"));
}

}  // namespace torch2trt
