#include <fmt/format.h>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

void require_floating(const Args& a, const Tensor& x) {
  a.require(is_floating(x.dtype()),
            fmt::format("TensorRT multiplies matrices of floating-point types only, not {}", name(x.dtype())));
}

Results linear(Network& net, Args& a) {
  const Tensor x = a.tensor("input");
  require_floating(a, x);
  const Tensor weight = a.tensor_as("weight", x.dtype());
  Tensor result = net.matmul(x, weight, false, weight.rank() == 2);
  if (!a.is_none("bias")) result = result + a.tensor_as("bias", x.dtype());
  return result;
}

Handler product(std::string_view first, std::string_view second) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor(first);
    require_floating(a, x);
    return net.matmul(x, a.tensor(second));
  };
}

// beta * self + alpha * (first @ second); beta == 0 ignores self, NaN included.
Handler added_product(std::string_view first, std::string_view second) {
  return [=](Network& net, Args& a) -> Results {
    const Tensor x = a.tensor(first);
    require_floating(a, x);
    Tensor result = net.matmul(x, a.tensor(second));
    const double alpha = a.number("alpha");
    const double beta = a.number("beta");
    if (alpha != 1) result = result * alpha;
    const Tensor self = a.tensor_as("self", x.dtype());
    if (beta == 0) return result;
    return result + (beta == 1 ? self : self * beta);
  };
}

// beta * self + alpha * (the products of the batches, added up).
Results addbmm(Network& net, Args& a) {
  const Tensor x = a.tensor("batch1");
  require_floating(a, x);
  const Tensor sum = net.reduce(ReduceOperation::kSum, net.matmul(x, a.tensor("batch2")), {0}, false);
  const Tensor self = a.tensor_as("self", x.dtype());
  const double beta = a.number("beta");
  const Tensor scaled = sum * a.number("alpha");
  return beta == 0 ? scaled : scaled + self * beta;
}

// beta * self + alpha * (vec1 as a column times vec2 as a row).
Results addr(Network& net, Args& a) {
  const DType type = a.result_type({"self", "vec1", "vec2"});
  a.require(is_floating(type), "addr of integers is not supported");
  const Tensor column = net.unsqueeze(a.tensor_as("vec1", type), {1});
  const Tensor product = column * a.tensor_as("vec2", type) * a.number("alpha");
  const Tensor self = a.tensor_as("self", type);
  const double beta = a.number("beta");
  return beta == 0 ? product : product + self * beta;
}

}  // namespace

void register_products(HandlerRegistry& r) {
  r.op("aten::linear").convert(linear);
  r.ops({"aten::matmul", "aten::linalg_matmul"}).convert(product("self", "other"));
  r.ops({"aten::mm", "aten::bmm"}).convert(product("self", "mat2"));
  r.op("aten::mv").convert(product("self", "vec"));
  r.op("aten::addmm").convert(added_product("mat1", "mat2"));
  r.op("aten::addmv").convert(added_product("mat", "vec"));
  r.op("aten::addbmm").convert(addbmm);
  r.op("aten::addr").convert(addr);
  r.op("aten::baddbmm").convert(added_product("batch1", "batch2"));
}

}  // namespace torch2trt
