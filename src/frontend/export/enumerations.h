// The numbers torch serializes its enumerations with. They are not c10's: torch/_export/serde/schema.py has them.
#pragma once

#include <cstdint>
#include <optional>

#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

// nullopt for types of PyTorch that torch2trt does not have (uint16, complex32, ...). Throws Error(kInvalidModel) for a
// number that torch does not use.
std::optional<DType> dtype_from_code(std::int64_t code);
// dtype_from_code, but throws Error(kUnsupportedOperator) naming the type and `what` instead of giving nullopt.
DType supported_dtype_from_code(std::int64_t code, std::string_view what);
Symbolic layout_from_code(std::int64_t code);
Symbolic memory_format_from_code(std::int64_t code);

}  // namespace torch2trt::pt2
