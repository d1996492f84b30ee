// A float32 program in half precision: between the runner and the handlers, as autocast is between a program and
// PyTorch's kernels. Each operator gets its operands in the type that precision_rules.h says; the casts that takes are
// layers, each made once. Parameters become half before a layer is made of them, so the engine holds them as half.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "torch2trt/convert.h"

namespace torch2trt {

class PrecisionRewriter {
 public:
  // Throws Error(kInvalidArgument) for another type than float16 and bfloat16 and for a pattern that is none.
  PrecisionRewriter(const ReducedPrecision& wanted, Network& network);

  // What the node's handler is to receive.
  std::vector<NamedOperand> adapted(const Node& node, const std::vector<NamedOperand>& operands);
  // Its results, which came of adapted(node, operands): constants among them become float32 again.
  void note(const Node& node, const std::vector<NamedOperand>& operands, std::vector<Operand>& outputs);
  // As the program has it: half becomes float32. For a user's handler, and for what crosses the border of a branch or
  // loop, whose type must not depend on the way taken.
  Operand widened(const Operand& operand);
  std::vector<NamedOperand> widened(const std::vector<NamedOperand>& operands);
  // An output of the program: float32 unless the program itself returns half.
  Operand output(const Operand& operand, std::optional<DType> declared);

  // "float16: 41 operators compute in it; float32: layer_norm 25, softmax 12"
  std::string summary() const;
  const ReducedPrecision::Counts& counts() const { return counts_; }

  // Casts made while a block runs belong to it, and are forgotten with it.
  class Block {
   public:
    explicit Block(PrecisionRewriter* rewriter) : rewriter_(rewriter) {
      if (rewriter_ != nullptr) casts_ = rewriter_->casts_;
    }
    ~Block() {
      if (rewriter_ != nullptr) rewriter_->casts_ = std::move(casts_);
    }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

   private:
    PrecisionRewriter* rewriter_;
    std::map<std::pair<std::int32_t, DType>, Tensor> casts_;
  };

 private:
  std::optional<DType> type_for(const Node& node, const std::vector<NamedOperand>& operands) const;
  bool is_kept(const Node& node) const;
  bool fits(const Operand& operand) const;
  bool fits(const HostTensor& constant) const;
  bool number_fits(double value) const;
  Operand as(const Operand& operand, DType type);
  Tensor cast(const Tensor& x, DType type);
  HostTensor cast(const HostTensor& constant, DType type);
  Operand as_mask(const Operand& mask);

  DType type_;
  std::optional<std::regex> kept_;
  Network& network_;
  std::map<std::pair<std::int32_t, DType>, Tensor> casts_;
  std::map<std::int32_t, Tensor> sources_;  // of casts made here
  // A weight used twice is one constant. The owner tells whether the memory still holds what was converted.
  struct Converted {
    std::weak_ptr<const void> owner;
    HostTensor from, to;
  };
  std::map<std::pair<const void*, DType>, Converted> constants_;
  std::set<std::int32_t> quantized_;  // what came of a quantization
  std::set<std::int32_t> positions_;  // floats computed from integers and constants alone
  ReducedPrecision::Counts counts_;
};

}  // namespace torch2trt
