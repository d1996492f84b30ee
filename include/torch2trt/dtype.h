// Element types, named as PyTorch names them. Networks use the subset TensorRT has; see network_dtype().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace torch2trt {

enum class DType : std::uint8_t {
  kFloat32,
  kFloat16,
  kBFloat16,
  kFloat64,
  kInt64,
  kInt32,
  kInt16,
  kInt8,
  kUInt8,
  kBool,
  kFloat8E4M3,
  kFloat8E5M2,
  kComplex64,
  kComplex128,
};

// "float32", "bool", ...: the text after "torch." in Python.
std::string_view name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);
// Bytes an element takes.
std::size_t size_of(DType dtype);

bool is_floating(DType dtype);
bool is_complex(DType dtype);
// Integers proper; bool is not one (PyTorch's promotion has it as a category of its own).
bool is_integer(DType dtype);

// The type a value of `dtype` has inside a network: TensorRT has no float64 (float32 stands for it) and no int16
// (int32 does). nullopt for types no network can hold (complex).
std::optional<DType> network_dtype(DType dtype);

}  // namespace torch2trt
