// Which operators compute in half precision when a float32 program is converted to it. After PyTorch's autocast
// (https://pytorch.org/docs/stable/amp.html, "CUDA Ops that can autocast to float16", "to float32"), and what it leaves
// to kernels that accumulate in float32, which TensorRT does not promise.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

namespace torch2trt {

enum class PrecisionRule : std::uint8_t {
  kReduced,    // products: their float32 operands become half
  kFloat32,    // their half operands become float32
  kUntouched,  // operands as they are: the handler computes with the constants before it rounds them
  kWidest,     // all others: float32 where some tensor of the network among the operands is, else half
};

// Those of other rules than kWidest, by kind.
const std::map<std::string_view, PrecisionRule>& precision_rules();
PrecisionRule precision_rule(std::string_view kind);
// Products without weights of their own: where an operand was made from integers alone, they compute positions.
bool multiplies_positions(std::string_view kind);
// Their results are read by layers that TensorRT computes in integers.
bool quantizes(std::string_view kind);

}  // namespace torch2trt
