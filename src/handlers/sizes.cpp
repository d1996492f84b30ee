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

// A tensor made of a size, or a size made of a tensor: the same Dim.
Results same_size(Network&, Args& a) { return a.dim("a"); }

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
  r.ops({"prim::NumToTensor", "aten::ScalarImplicit", "aten::IntImplicit"}).convert(same_size);
}

}  // namespace torch2trt
