#include "cli/host_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/cpp/error_message.h"

namespace torch2trt::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using torch2trt::testing::message;

HostArray doubles(const std::vector<double>& values) {
  HostArray array{DType::kFloat64, {static_cast<std::int64_t>(values.size())}, {}};
  array.bytes.resize(values.size() * sizeof(double));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

std::vector<double> through(DType dtype, const std::vector<double>& values) {
  return numbers(converted(doubles(values), dtype, "x"));
}

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

TEST(HostArray, HalfPrecision) {
  // Exact ones, the largest, the smallest subnormal, rounding to even, overflow.
  EXPECT_THAT(through(DType::kFloat16, {0, 1, -2.5, 65504, std::ldexp(1, -24), 2049, 2051, std::ldexp(1, -14)}),
              ElementsAre(0, 1, -2.5, 65504, std::ldexp(1, -24), 2048, 2052, std::ldexp(1, -14)));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(through(DType::kFloat16, {65519, 65520, -infinity}), ElementsAre(65504, infinity, -infinity));
  EXPECT_TRUE(std::isnan(through(DType::kFloat16, {std::nan("")})[0]));
  EXPECT_TRUE(std::signbit(through(DType::kFloat16, {-0.0})[0]));
}

TEST(HostArray, EveryHalfIsItself) {
  for (int bits = 0; bits < 0x10000; ++bits) {
    HostArray half{DType::kFloat16, {1}, std::vector<std::byte>(2)};
    std::memcpy(half.bytes.data(), &bits, 2);
    const HostArray back = converted(converted(half, DType::kFloat64, "x"), DType::kFloat16, "x");
    if (std::isnan(number_at(half, 0))) {
      EXPECT_TRUE(std::isnan(number_at(back, 0)));
    } else {
      ASSERT_EQ(back.bytes, half.bytes) << bits;
    }
  }
}

TEST(HostArray, Bfloat16) {
  EXPECT_THAT(through(DType::kBFloat16, {1, -3.140625, 257, 259}), ElementsAre(1, -3.140625, 256, 260));
  EXPECT_TRUE(std::isnan(through(DType::kBFloat16, {std::nan("")})[0]));
}

TEST(HostArray, IntegersMustFit) {
  EXPECT_THAT(through(DType::kInt8, {-128, 127}), ElementsAre(-128, 127));
  EXPECT_THAT(through(DType::kInt64, {-9.2e18, 9.2e18}), ElementsAre(-9.2e18, 9.2e18));
  EXPECT_THAT(through(DType::kBool, {0, 2}), ElementsAre(0, 1));
  EXPECT_THAT(message([] { through(DType::kInt8, {0, 128}); }), HasSubstr("x: the value 128 at position 1 is no int8"));
  EXPECT_THAT(message([] { through(DType::kUInt8, {-1}); }), HasSubstr("is no uint8"));
  EXPECT_THAT(message([] { through(DType::kInt32, {0.5}); }), HasSubstr("the value 0.5 at position 0 is no int32"));
  EXPECT_THAT(message([] { through(DType::kInt64, {std::ldexp(1, 63)}); }), HasSubstr("is no int64"));
  EXPECT_THAT(message([] { through(DType::kInt32, {std::nan("")}); }), HasSubstr("is no int32"));
  EXPECT_THAT(message([] { through(DType::kComplex64, {1}); }), HasSubstr("values of complex64 cannot be read here"));
}

TEST(HostArray, RandomValuesAreTheSameForASeed) {
  const HostArray array = random_array(DType::kFloat32, {100}, 5);
  EXPECT_EQ(array.bytes, random_array(DType::kFloat32, {100}, 5).bytes);
  EXPECT_NE(array.bytes, random_array(DType::kFloat32, {100}, 6).bytes);
  const std::vector<double> values = numbers(array);
  EXPECT_GE(*std::min_element(values.begin(), values.end()), -1);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 1);
  EXPECT_LT(*std::min_element(values.begin(), values.end()), -0.8);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), 0.8);
  for (const double value : numbers(random_array(DType::kInt64, {100}, 1))) EXPECT_TRUE(value >= 0 && value <= 9);
  for (const double value : numbers(random_array(DType::kBool, {100}, 1))) EXPECT_TRUE(value == 0 || value == 1);
  EXPECT_EQ(random_array(DType::kFloat8E4M3, {3, 2}, 1).bytes.size(), 6U);
  EXPECT_TRUE(random_array(DType::kFloat32, {3, 0}, 1).bytes.empty());
}

TEST(Npy, WhatIsWrittenIsRead) {
  for (const DType dtype : {DType::kFloat32, DType::kFloat16, DType::kFloat64, DType::kInt64, DType::kInt32,
                            DType::kInt16, DType::kInt8, DType::kUInt8, DType::kBool}) {
    for (const Shape& shape : {Shape(), Shape({3}), Shape({2, 0}), Shape({2, 3, 4})}) {
      const HostArray array = random_array(dtype, shape, 1);
      const std::string text = npy_text(array);
      const HostArray back = parse_npy(bytes_of(text), "x.npy");
      EXPECT_EQ(back.dtype, dtype);
      EXPECT_EQ(back.shape, shape);
      EXPECT_EQ(back.bytes, array.bytes);
      EXPECT_EQ((text.size() - array.bytes.size()) % 64, 0U);
    }
  }
}

TEST(Npy, WhatNumpyHasNotIsWrittenAsIntegers) {
  EXPECT_THAT(npy_text(random_array(DType::kBFloat16, {2}, 1)), HasSubstr("'<u2'"));
  EXPECT_THAT(npy_text(random_array(DType::kFloat8E4M3, {2}, 1)), HasSubstr("'|u1'"));
}

TEST(Npy, WhatIsNoneIsRefused) {
  const std::string good = npy_text(random_array(DType::kFloat32, {2, 3}, 1));
  const auto refusal = [](const std::string& text) {
    return message([&] { parse_npy(bytes_of(text), "x.npy"); }, ErrorCategory::kInvalidModel);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    return refusal(text.replace(at, from.size(), to));
  };
  for (std::size_t size = 0; size < good.size(); ++size) refusal(good.substr(0, size));
  EXPECT_THAT(refusal("PK"), HasSubstr("\"x.npy\" is no .npy file that can be read: it does not begin as one"));
  EXPECT_THAT(refusal(good + "x"), HasSubstr("its header announces 24 bytes, shape [2, 3]; it has 25"));
  EXPECT_THAT(refusal(good.substr(0, 20)), HasSubstr("it ends inside its header"));
  EXPECT_THAT(with("False", "True "), HasSubstr("it is in Fortran order"));
  EXPECT_THAT(with("<f4", ">f4"), HasSubstr("its type is '>f4'"));
  EXPECT_THAT(with("<f4", "|O8"), HasSubstr("its type is '|O8'"));
  EXPECT_THAT(with("'descr'", "'other'"), HasSubstr("its header has no 'descr'"));
  EXPECT_THAT(with("(2,3,)", "(2,-3)"), HasSubstr("its header has a size that is none"));
  EXPECT_THAT(with("(2,3,)", " 2,3, "), HasSubstr("its header has no shape"));
  EXPECT_THAT(with("\x93NUMPY\x01", "\x93NUMPY\x07"), HasSubstr("its version is 7"));
}

}  // namespace
}  // namespace torch2trt::cli
