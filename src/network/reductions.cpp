#include <algorithm>

#include "torch2trt/network.h"

namespace torch2trt {

Tensor Network::reduce(ReduceOperation operation, const Tensor& x, const std::vector<std::int64_t>& axes,
                       bool keep_dims) {
  if (axes.empty()) return x;
  return add(layer::Reduce{x, operation, axes, keep_dims});
}

Tensor Network::softmax(const Tensor& x, std::int64_t axis) { return add(layer::SoftMax{x, axis}); }

Tensor Network::matmul(const Tensor& a, const Tensor& b, bool transpose_a, bool transpose_b) {
  // A 1-d operand is a vector to TensorRT: its dimension disappears from the result, as in torch.matmul.
  const auto operation = [](const Tensor& x, bool transpose) {
    if (x.rank() == 1) return MatrixOperation::kVector;
    return transpose ? MatrixOperation::kTranspose : MatrixOperation::kNone;
  };
  const MatrixOperation op_a = operation(a, transpose_a);
  const MatrixOperation op_b = operation(b, transpose_b);
  // Batch dimensions broadcast only between equal counts of them.
  const auto matrix_dims = [](MatrixOperation op) { return op == MatrixOperation::kVector ? 1 : 2; };
  const std::int64_t batch = std::max(a.rank() - matrix_dims(op_a), b.rank() - matrix_dims(op_b));
  return add(layer::MatrixMultiply{expand_rank(a, batch + matrix_dims(op_a)), op_a,
                                   expand_rank(b, batch + matrix_dims(op_b)), op_b});
}

Tensor Network::gather(const Tensor& data, const Tensor& indices, std::int64_t axis) {
  return add(layer::Gather{.data = data, .indices = indices, .axis = axis});
}

Tensor Network::concat(const std::vector<Tensor>& tensors, std::int64_t axis) {
  if (tensors.size() == 1) return tensors[0];
  return add(layer::Concatenation{tensors, axis});
}

}  // namespace torch2trt
