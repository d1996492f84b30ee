#include "src/handlers/logarithms.h"

namespace torch2trt {

// 2 * atanh(x / (2 + x)) near 0.
Tensor log1p(const Tensor& x) {
  Network& net = x.network();
  const Tensor near = net.unary(UnaryOperation::kAtanh, x / (x + 2)) * 2;
  const Tensor small = net.elementwise(ElementWiseOperation::kLess, net.unary(UnaryOperation::kAbs, x),
                                       net.scalar(0.5, x.dtype(), x.rank()));
  return net.select(small, near, net.unary(UnaryOperation::kLog, x + 1));
}

// The layer computes exp(x) of large x, so it gets small ones: max(x, 0) + log(1 + exp(-|x|)).
Tensor log1p_exp(const Tensor& x) {
  Network& net = x.network();
  const Tensor curve = net.activation(ActivationType::kSoftplus, -net.unary(UnaryOperation::kAbs, x), 1, 1);
  return net.activation(ActivationType::kRelu, x) + curve;
}

Tensor log_softmax(const Tensor& x, std::int64_t axis) {
  Network& net = x.network();
  const Tensor shifted = x - net.reduce(ReduceOperation::kMax, x, {axis}, true);
  const Tensor sum = net.reduce(ReduceOperation::kSum, net.unary(UnaryOperation::kExp, shifted), {axis}, true);
  return shifted - net.unary(UnaryOperation::kLog, sum);
}

}  // namespace torch2trt
