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

}  // namespace

void register_products(HandlerRegistry& r) {
  r.op("aten::linear").convert(linear);
  r.ops({"aten::matmul", "aten::linalg_matmul"}).convert(product("self", "other"));
  r.ops({"aten::mm", "aten::bmm"}).convert(product("self", "mat2"));
  r.op("aten::mv").convert(product("self", "vec"));
  r.op("aten::addmm").convert(added_product("mat1", "mat2"));
  r.op("aten::addmv").convert(added_product("mat", "vec"));
  r.op("aten::baddbmm").convert(added_product("batch1", "batch2"));
}

}  // namespace torch2trt
