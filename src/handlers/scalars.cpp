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
  return is_floating(x.dtype()) ? net.cast(x, DType::kFloat32) : x;  // as Python's floats are in the network
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

Results is_nonzero(Network& net, Args& a) { return net.cast(single(net, a, "self"), DType::kBool); }

// torch.tensor() and as_tensor() of what is computed: a number, or a list of sizes.
Results made_tensor(Network& net, Args& a) {
  a.ignore({"device", "requires_grad"});
  const Operand& given = a.operand(a.has("t") ? "t" : "data");
  if (const auto* list = given.as<Operand::List>()) {
    a.require(std::all_of(
                  list->begin(), list->end(),
                  [](const Operand& item) { return item.as<Dim>() != nullptr || item.as<std::int64_t>() != nullptr; }),
              "a tensor of computed numbers that are no integers, or of nested lists");
    const Tensor sizes = net.cast(net.shape_tensor(a.dims("data")), net.held_dtype(DType::kInt64));
    return a.cast_to_optional("dtype", sizes);
  }
  Tensor x = a.tensor(a.has("t") ? "t" : "data");
  if (a.has("t") && is_floating(x.dtype())) x = net.cast(x, DType::kFloat32);  // torch.get_default_dtype()
  return a.cast_to_optional("dtype", x);
}

}  // namespace

void register_scalars(HandlerRegistry& r) {
  using enum ElementWiseOperation;
  r.op("aten::is_nonzero").convert(is_nonzero);
  r.ops({"aten::tensor", "aten::tensor.int", "aten::tensor.float", "aten::tensor.bool", "aten::as_tensor"})
      .convert(made_tensor);
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
