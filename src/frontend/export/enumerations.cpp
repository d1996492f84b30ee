#include "src/frontend/export/enumerations.h"

#include <fmt/format.h>

#include <array>

#include "src/frontend/export/json.h"
#include "torch2trt/error.h"

namespace torch2trt::pt2 {
namespace {

struct SerializedType {
  std::int64_t code;
  std::string_view name;
  std::optional<DType> dtype;
};

constexpr std::array<SerializedType, 21> kTypes{{
    {1, "uint8", DType::kUInt8},
    {2, "int8", DType::kInt8},
    {3, "int16", DType::kInt16},
    {4, "int32", DType::kInt32},
    {5, "int64", DType::kInt64},
    {6, "float16", DType::kFloat16},
    {7, "float32", DType::kFloat32},
    {8, "float64", DType::kFloat64},
    {9, "complex32", std::nullopt},
    {10, "complex64", DType::kComplex64},
    {11, "complex128", DType::kComplex128},
    {12, "bool", DType::kBool},
    {13, "bfloat16", DType::kBFloat16},
    {28, "uint16", std::nullopt},
    {29, "float8_e4m3fn", DType::kFloat8E4M3},
    {30, "float8_e5m2", DType::kFloat8E5M2},
    {31, "float8_e4m3fnuz", std::nullopt},
    {32, "float8_e5m2fnuz", std::nullopt},
    {33, "float8_e8m0fnu", std::nullopt},
    {34, "uint32", std::nullopt},
    {35, "uint64", std::nullopt},
}};

const SerializedType& type_of(std::int64_t code) {
  for (const SerializedType& type : kTypes) {
    if (type.code == code) return type;
  }
  malformed(fmt::format("the element type has the unknown number {}", code));
}

// Indexed by number; the first is "unknown".
constexpr std::array<std::string_view, 8> kLayouts{"",           "sparse_coo", "sparse_csr", "sparse_csc",
                                                   "sparse_bsr", "sparse_bsc", "_mkldnn",    "strided"};
constexpr std::array<std::string_view, 5> kMemoryFormats{"", "contiguous_format", "channels_last", "channels_last_3d",
                                                         "preserve_format"};

template <std::size_t N>
std::string name_of(const std::array<std::string_view, N>& names, std::int64_t code, std::string_view what) {
  if (code < 1 || code >= static_cast<std::int64_t>(N))
    malformed(fmt::format("the {} has the unknown number {}", what, code));
  return std::string(names[static_cast<std::size_t>(code)]);
}

}  // namespace

std::optional<DType> dtype_from_code(std::int64_t code) { return type_of(code).dtype; }

DType supported_dtype_from_code(std::int64_t code, std::string_view what) {
  const SerializedType& type = type_of(code);
  if (type.dtype) return *type.dtype;
  throw Error(ErrorCategory::kUnsupportedOperator,
              fmt::format("{} has the element type {}, which torch2trt does not have; convert it before the export",
                          what, type.name));
}

Symbolic layout_from_code(std::int64_t code) { return {Symbolic::Kind::kLayout, name_of(kLayouts, code, "layout")}; }

Symbolic memory_format_from_code(std::int64_t code) {
  return {Symbolic::Kind::kMemoryFormat, name_of(kMemoryFormats, code, "memory format")};
}

}  // namespace torch2trt::pt2
