#include "torch2trt/dtype.h"

#include <array>
#include <utility>

namespace torch2trt {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
  std::size_t size;
};

constexpr std::array kRows{
    Row{DType::kFloat32, "float32", 4},
    Row{DType::kFloat16, "float16", 2},
    Row{DType::kBFloat16, "bfloat16", 2},
    Row{DType::kFloat64, "float64", 8},
    Row{DType::kInt64, "int64", 8},
    Row{DType::kInt32, "int32", 4},
    Row{DType::kInt16, "int16", 2},
    Row{DType::kInt8, "int8", 1},
    Row{DType::kUInt8, "uint8", 1},
    Row{DType::kBool, "bool", 1},
    Row{DType::kFloat8E4M3, "float8_e4m3fn", 1},
    Row{DType::kFloat8E5M2, "float8_e5m2", 1},
    Row{DType::kComplex64, "complex64", 8},
    Row{DType::kComplex128, "complex128", 16},
};

const Row& row(DType dtype) { return kRows[static_cast<std::size_t>(dtype)]; }

}  // namespace

std::string_view name(DType dtype) { return row(dtype).name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const Row& candidate : kRows) {
    if (candidate.name == name) return candidate.dtype;
  }
  return std::nullopt;
}

std::size_t size_of(DType dtype) { return row(dtype).size; }

bool is_floating(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
    case DType::kFloat16:
    case DType::kBFloat16:
    case DType::kFloat64:
    case DType::kFloat8E4M3:
    case DType::kFloat8E5M2: return true;
    default: return false;
  }
}

bool is_complex(DType dtype) { return dtype == DType::kComplex64 || dtype == DType::kComplex128; }

bool is_integer(DType dtype) { return !is_floating(dtype) && !is_complex(dtype) && dtype != DType::kBool; }

std::optional<DType> network_dtype(DType dtype) {
  if (dtype == DType::kFloat64) return DType::kFloat32;
  if (dtype == DType::kInt16) return DType::kInt32;
  if (is_complex(dtype) || dtype == DType::kFloat8E5M2) return std::nullopt;
  return dtype;
}

}  // namespace torch2trt
