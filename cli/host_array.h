// Tensors in host memory, as files hold them: what `run` and `bench` read, compare and write. No torch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "torch2trt/runtime.h"

namespace torch2trt::cli {

struct HostArray {
  DType dtype = DType::kFloat32;
  Shape shape;
  std::vector<std::byte> bytes;  // contiguous
};

// Element `index` as a number; float8 and complex types throw Error(kInvalidArgument).
double number_at(const HostArray& array, std::size_t index);
std::vector<double> numbers(const HostArray& array);
// The same to the last digit, of integer types: doubles do not have all of int64.
std::int64_t integer_at(const HostArray& array, std::size_t index);

// The same values in another type. Throws Error(kInvalidArgument) naming `what` where a value does not fit an integer
// type; floating point is rounded to nearest even.
HostArray converted(const HostArray& array, DType dtype, const std::string& what);

// Values that are the same on every machine for one seed: floating point in [-1, 1), integers in 0..9, bool 0 or 1.
HostArray random_array(DType dtype, const Shape& shape, std::uint64_t seed);

// NumPy's .npy files, versions 1 to 3, C order, little-endian. `name` is in messages. Throws Error(kInvalidModel).
HostArray parse_npy(const std::vector<std::byte>& file, const std::string& name);
// bfloat16 and float8 are written as uint16 and uint8: NumPy has no such types.
std::string npy_text(const HostArray& array);

}  // namespace torch2trt::cli
