// Products of tensors whose dimensions carry labels: what einsum, tensordot, outer and their like have in common.
#pragma once

#include <vector>

#include "torch2trt/network.h"

namespace torch2trt {

using Labels = std::vector<int>;

struct Labelled {
  Tensor tensor;
  Labels labels;  // one per dimension; one that repeats is a diagonal
};

// Multiplies what has equal labels and sums over the labels that `output` lacks; the result's dimensions are in the
// order of `output`. As few layers as it can be: a MatrixMultiply, an elementwise product, or an Einsum (which TensorRT
// has for two operands, floats, without diagonals or ellipses). A dimension of size 1 broadcasts. From left to right.
// Throws Error(kUnsupportedOperator).
Tensor contract(const std::vector<Labelled>& operands, const Labels& output);

}  // namespace torch2trt
