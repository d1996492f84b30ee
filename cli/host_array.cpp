#include "cli/host_array.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace torch2trt::cli {
namespace {

template <typename T>
T load(const HostArray& array, std::size_t index) {
  T value;
  std::memcpy(&value, array.bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void store(HostArray& array, std::size_t index, T value) {
  std::memcpy(array.bytes.data() + index * sizeof(T), &value, sizeof(T));
}

double from_half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(1024 + fraction, exponent - 25);
  }
  return bits >> 15 != 0 ? -value : value;
}

std::uint16_t to_half(double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return 0x7e00;
  if (magnitude == 0) return sign;
  if (magnitude >= 65520) return sign | 0x7c00;  // halfway to the next number there would be
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  // The distance of neighbours at this magnitude; 2^-24 among the subnormals.
  const int step = std::max(exponent - 11, -24);
  const auto units = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, -step)));
  return sign | static_cast<std::uint16_t>(units + (static_cast<std::uint32_t>(step + 24) << 10));
}

double from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return 0x7fc0;
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

[[noreturn]] void no_numbers(DType dtype) {
  throw Error(ErrorCategory::kInvalidArgument, fmt::format("values of {} cannot be read here", name(dtype)));
}

template <typename Integer>
void store_integer(HostArray& array, std::size_t index, double value, const std::string& what) {
  const auto low = static_cast<double>(std::numeric_limits<Integer>::min());
  const double end = std::ldexp(1.0, std::numeric_limits<Integer>::digits);  // one beyond the largest
  if (value != std::trunc(value) || !(value >= low && value < end)) {
    throw Error(ErrorCategory::kInvalidArgument,
                fmt::format("{}: the value {} at position {} is no {}", what, value, index, name(array.dtype)));
  }
  store(array, index, static_cast<Integer>(value));
}

void store_number(HostArray& array, std::size_t index, double value, const std::string& what) {
  switch (array.dtype) {
    case DType::kFloat32: return store(array, index, static_cast<float>(value));
    case DType::kFloat64: return store(array, index, value);
    case DType::kFloat16: return store(array, index, to_half(value));
    case DType::kBFloat16: return store(array, index, to_bfloat16(static_cast<float>(value)));
    case DType::kInt64: return store_integer<std::int64_t>(array, index, value, what);
    case DType::kInt32: return store_integer<std::int32_t>(array, index, value, what);
    case DType::kInt16: return store_integer<std::int16_t>(array, index, value, what);
    case DType::kInt8: return store_integer<std::int8_t>(array, index, value, what);
    case DType::kUInt8: return store_integer<std::uint8_t>(array, index, value, what);
    case DType::kBool: return store<std::uint8_t>(array, index, value != 0);
    default: no_numbers(array.dtype);
  }
}

HostArray zeros(DType dtype, const Shape& shape) {
  HostArray array{dtype, shape, {}};
  array.bytes.resize(static_cast<std::size_t>(shape.numel()) * size_of(dtype));
  return array;
}

}  // namespace

double number_at(const HostArray& array, std::size_t index) {
  switch (array.dtype) {
    case DType::kFloat32: return load<float>(array, index);
    case DType::kFloat64: return load<double>(array, index);
    case DType::kFloat16: return from_half(load<std::uint16_t>(array, index));
    case DType::kBFloat16: return from_bfloat16(load<std::uint16_t>(array, index));
    case DType::kInt64: return static_cast<double>(load<std::int64_t>(array, index));
    case DType::kInt32: return load<std::int32_t>(array, index);
    case DType::kInt16: return load<std::int16_t>(array, index);
    case DType::kInt8: return load<std::int8_t>(array, index);
    case DType::kUInt8: return load<std::uint8_t>(array, index);
    case DType::kBool: return load<std::uint8_t>(array, index) != 0 ? 1 : 0;
    default: no_numbers(array.dtype);
  }
}

std::int64_t integer_at(const HostArray& array, std::size_t index) {
  return array.dtype == DType::kInt64 ? load<std::int64_t>(array, index)
                                      : static_cast<std::int64_t>(number_at(array, index));
}

std::vector<double> numbers(const HostArray& array) {
  std::vector<double> values(array.bytes.size() / size_of(array.dtype));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = number_at(array, i);
  return values;
}

HostArray converted(const HostArray& array, DType dtype, const std::string& what) {
  if (array.dtype == dtype) return array;
  HostArray result = zeros(dtype, array.shape);
  const auto count = static_cast<std::size_t>(array.shape.numel());
  for (std::size_t i = 0; i < count; ++i) store_number(result, i, number_at(array, i), what);
  return result;
}

HostArray random_array(DType dtype, const Shape& shape, std::uint64_t seed) {
  HostArray array = zeros(dtype, shape);
  // The generator is the standard's to the bit; its distributions are not.
  std::mt19937_64 generator(seed);
  const auto count = static_cast<std::size_t>(shape.numel());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t bits = generator();
    if (is_floating(dtype)) {
      const double value = std::ldexp(static_cast<double>(bits >> 40), -23) - 1;
      if (size_of(dtype) == 1) {
        store(array, i, static_cast<std::uint8_t>(bits % 0x30));  // small positive numbers in either float8
      } else {
        store_number(array, i, value, "random");
      }
    } else {
      store_number(array, i, static_cast<double>(bits % (dtype == DType::kBool ? 2 : 10)), "random");
    }
  }
  return array;
}

}  // namespace torch2trt::cli
