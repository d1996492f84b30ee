// Sizes and the arithmetic of them: numbers where static, lazy Dims where not.
#include <fmt/format.h>

#include <cmath>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

Results size(Network&, Args& a) {
  const Tensor x = a.tensor("self");
  if (a.has("dim") && !a.is_none("dim")) return x.dim(a.axis("dim", x));
  Operand::List sizes;
  for (const Dim& dim : x.shape()) sizes.emplace_back(dim);
  return Operand(sizes);
}

Results numel(Network& net, Args& a) {
  Dim count(1);
  for (const Dim& dim : a.tensor("self").shape()) count = net.dim_arithmetic(ElementWiseOperation::kProd, count, dim);
  return count;
}

Handler arithmetic(ElementWiseOperation operation) {
  return
      [operation](Network& net, Args& a) -> Results { return net.dim_arithmetic(operation, a.dim("a"), a.dim("b")); };
}

// a % b with Python's sign: a - floor(a / b) * b.
Results modulo(Network& net, Args& a) {
  using enum ElementWiseOperation;
  const Dim x = a.dim("a");
  const Dim y = a.dim("b");
  return net.dim_arithmetic(kSub, x, net.dim_arithmetic(kProd, net.dim_arithmetic(kFloorDiv, x, y), y));
}

Results negative(Network& net, Args& a) { return net.dim_arithmetic(ElementWiseOperation::kSub, Dim(0), a.dim("a")); }

// A 0-d bool.
Handler comparison(ElementWiseOperation operation, bool negated) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor result = net.elementwise(operation, net.dim_tensor(a.dim("a")), net.dim_tensor(a.dim("b")));
    return negated ? net.unary(UnaryOperation::kNot, result) : result;
  };
}

// A tensor made of a size, or a size made of a tensor: the same Dim. Python's floats are float32 in the network.
Results same_size(Network& net, Args& a) {
  const auto* tensor = a.operand("a").as<Tensor>();
  if (tensor != nullptr && is_floating(tensor->dtype())) return net.cast(*tensor, DType::kFloat32);
  if (tensor != nullptr && !is_integer(tensor->dtype())) return *tensor;
  return a.dim("a");
}

// Python's floats are float32 in the network.
Results square_root(Network& net, Args& a) {
  return net.unary(UnaryOperation::kSqrt, a.tensor_as("a", DType::kFloat32));
}

Results power(Network& net, Args& a) {
  const Tensor base = a.tensor_as("a", DType::kFloat32);
  return net.elementwise(ElementWiseOperation::kPow, base, a.tensor_as("b", DType::kFloat32));
}

}  // namespace

void register_sizes(HandlerRegistry& r) {
  r.ops({"aten::size", "aten::sym_size"}).convert(size);
  r.ops({"aten::numel", "aten::sym_numel"}).convert(numel);
  r.op("aten::dim").convert([](Network&, Args& a) -> Results { return Operand(a.tensor("self").rank()); });
  r.op("aten::add.int").convert(arithmetic(ElementWiseOperation::kSum));
  r.op("aten::sub.int").convert(arithmetic(ElementWiseOperation::kSub));
  r.op("aten::mul.int").convert(arithmetic(ElementWiseOperation::kProd));
  r.op("aten::floordiv.int").convert(arithmetic(ElementWiseOperation::kFloorDiv));
  r.ops({"prim::max.int", "prim::max"}).convert(arithmetic(ElementWiseOperation::kMax));
  r.ops({"prim::min.int", "prim::min"}).convert(arithmetic(ElementWiseOperation::kMin));
  r.op("aten::remainder.int").convert(modulo);
  r.op("aten::neg.int").convert(negative);
  r.ops({"aten::pow.int", "aten::pow.int_float", "aten::pow.float", "aten::pow.float_int"}).convert(power);
  r.ops({"aten::sqrt.int", "aten::sqrt.float"}).convert(square_root);
  r.op("aten::gt.int").convert(comparison(ElementWiseOperation::kGreater, false));
  r.op("aten::le.int").convert(comparison(ElementWiseOperation::kGreater, true));
  r.op("aten::lt.int").convert(comparison(ElementWiseOperation::kLess, false));
  r.op("aten::ge.int").convert(comparison(ElementWiseOperation::kLess, true));
  r.op("aten::eq.int").convert(comparison(ElementWiseOperation::kEqual, false));
  r.op("aten::ne.int").convert(comparison(ElementWiseOperation::kEqual, true));
  r.ops({"prim::NumToTensor", "aten::ScalarImplicit", "aten::IntImplicit"}).convert(same_size);
}

}  // namespace torch2trt
