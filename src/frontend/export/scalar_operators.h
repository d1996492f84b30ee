// Python's arithmetic on sizes ("_operator.mul", "math.trunc", "torch.sym_max") as the scalar operators of PyTorch's
// JIT (aten::mul.int), which have schemas and can be run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

struct ScalarOperator {
  std::string kind;
  std::string overload;
  std::vector<std::string> argument_names;
};

// `types`: of the arguments, kInt, kFloat or kBool. nullopt where there is no such operator. An empty kind means that
// the result is the argument itself (+x).
std::optional<ScalarOperator> scalar_operator(std::string_view target, const std::vector<Type::Kind>& types);

}  // namespace torch2trt::pt2
