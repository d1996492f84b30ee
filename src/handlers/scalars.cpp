// Python's numbers and truth values where they come from the network: conditions of scripted programs, item(). An int
// is a size (Dim); a float or bool is a 0-d tensor.
#include <fmt/format.h>

#include <algorithm>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

Tensor single(Network& net, Args& a, std::string_view name) {
  const Tensor x = a.tensor(name);
  const Dims& dims = x.dims();
  a.require(std::all_of(dims.begin(), dims.end(), [](std::int64_t size) { return size == 1; }),
            fmt::format("only a tensor of one element is a number; {} has rank {}", name, dims.size()));
  return net.reshape(x, {});
}

Results to_bool(Network& net, Args& a) { return net.cast(single(net, a, "a"), DType::kBool); }
Results to_float(Network& net, Args& a) {
  const Tensor x = single(net, a, "a");
  return is_floating(x.dtype()) ? x : net.cast(x, DType::kFloat32);
}

Results to_int(Network& net, Args& a) {
  if (a.operand("a").as<Dim>() != nullptr) return a.dim("a");
  return Dim::computed(net.cast(single(net, a, "a"), net.shape_dtype()));
}

Results item(Network& net, Args& a) {
  const Tensor x = single(net, a, "self");
  if (is_integer(x.dtype())) return Dim::computed(net.cast(x, net.shape_dtype()));
  return x;
}

Results negation(Network& net, Args& a) { return net.unary(UnaryOperation::kNot, a.tensor_as("self", DType::kBool)); }

Handler logical(ElementWiseOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    return net.elementwise(operation, a.tensor_as("a", DType::kBool), a.tensor_as("b", DType::kBool));
  };
}

Handler arithmetic(ElementWiseOperation operation) {
  return [operation](Network& net, Args& a) -> Results {
    return net.elementwise(operation, a.tensor_as("a", DType::kFloat32), a.tensor_as("b", DType::kFloat32));
  };
}

Results dtype_of(Network&, Args& a) { return Operand(a.tensor("a").dtype()); }

// A network knows no devices; constants are made on the CPU.
Results device_of(Network&, Args& a) {
  a.ignore({"a"});
  return Operand(Symbolic{Symbolic::Kind::kDevice, "cpu"});
}

}  // namespace

void register_scalars(HandlerRegistry& r) {
  using enum ElementWiseOperation;
  r.op("prim::dtype").convert(dtype_of);
  r.op("prim::device").convert(device_of);
  r.op("prim::is_nested").convert([](Network&, Args& a) -> Results {
    a.ignore({"a"});
    return Operand(false);
  });
  if (r.entries().find("aten::is_floating_point") == r.entries().end()) {
    r.op("aten::is_floating_point").convert([](Network&, Args& a) -> Results {
      return Operand(is_floating(a.tensor("self").dtype()));
    });
  }
  r.op("aten::Bool").convert(to_bool);
  r.ops({"aten::Float", "aten::FloatImplicit"}).convert(to_float);
  r.op("aten::Int").convert(to_int);
  r.ops({"aten::item", "aten::_local_scalar_dense"}).convert(item);
  r.op("aten::__not__").convert(negation);
  r.op("aten::__and__.bool").convert(logical(kAnd));
  r.op("aten::__or__.bool").convert(logical(kOr));
  r.op("aten::__xor__.bool").convert(logical(kXor));
  const std::pair<std::string, ElementWiseOperation> operations[] = {
      {"add", kSum}, {"sub", kSub}, {"mul", kProd}, {"div", kDiv}};
  for (const auto& [name, operation] : operations) {
    for (const char* overload : {"float", "float_int", "int_float"}) {
      if (name == "div" && std::string_view(overload) != "float") continue;
      r.op(fmt::format("aten::{}.{}", name, overload)).convert(arithmetic(operation));
    }
  }
  r.op("aten::div.int").convert(arithmetic(kDiv));
  r.op("aten::neg.float").convert([](Network& net, Args& a) -> Results {
    return net.unary(UnaryOperation::kNeg, a.tensor_as("a", DType::kFloat32));
  });
}

}  // namespace torch2trt
