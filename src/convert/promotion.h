// torch.result_type: the type PyTorch computes a pointwise operation of several operands in.
// Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
#pragma once

#include <optional>

#include "torch2trt/operand.h"

namespace torch2trt {

class Promotion {
 public:
  void add(const Operand& operand);
  // A Python number, though it may be computed: what the schema calls "Scalar".
  void add_number(const Operand& operand);
  bool empty() const { return !dimensioned_ && !zero_dim_ && !number_; }
  // Throws Error(kInternal) when nothing was added.
  DType result() const;

 private:
  // One per priority: tensors with dimensions, 0-d tensors, Python numbers.
  std::optional<DType> dimensioned_, zero_dim_, number_;
};

// The smallest type both fit in, by PyTorch's lattice.
DType promote_types(DType a, DType b);

}  // namespace torch2trt
