// What the checks on a GPU call equal.
#include "tests/gpu/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace torch2trt::gpu {
namespace {

using cli::HostArray;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Value>
HostArray array(DType dtype, const std::vector<Value>& values) {
  HostArray made{dtype, {static_cast<std::int64_t>(values.size())}, {}};
  made.bytes.resize(values.size() * sizeof(Value));
  if (!values.empty()) std::memcpy(made.bytes.data(), values.data(), made.bytes.size());
  return made;
}
HostArray doubles(const std::vector<double>& values) { return array(DType::kFloat64, values); }

TEST(GpuCompare, EqualIsEqual) {
  const Difference found = difference(doubles({1, -2, 0}), doubles({1, -2, 0}));
  EXPECT_EQ(found.largest, 0);
  EXPECT_EQ(found.norm, 0);
  EXPECT_TRUE(found.within(0));
  EXPECT_TRUE(difference(doubles({}), doubles({})).within(0));
  EXPECT_TRUE(difference(doubles({0}), doubles({-0.0})).within(0));
}

TEST(GpuCompare, RelativeToTheElementAndTheLargest) {
  // |got - expected| <= tolerance * (|expected| + largest expected)
  const Difference found = difference(doubles({1.5, 4}), doubles({1, 4}));
  EXPECT_DOUBLE_EQ(found.largest, 0.5 / (1 + 4));
  EXPECT_DOUBLE_EQ(found.norm, 0.5 / std::sqrt(17.0));
  EXPECT_TRUE(found.within(0.1));
  EXPECT_FALSE(found.within(0.0999999));
  EXPECT_DOUBLE_EQ(difference(doubles({1, 3.5}), doubles({1, 4})).largest, 0.5 / 8);
}

TEST(GpuCompare, WhereZerosWereExpectedAnythingElseIsFar) {
  EXPECT_GT(difference(doubles({1e-20}), doubles({0})).largest, 1);
  EXPECT_GT(difference(doubles({1e-20}), doubles({0})).norm, 1);
}

TEST(GpuCompare, WidthsOfFloatsMayDiffer) {
  EXPECT_TRUE(difference(array<float>(DType::kFloat32, {0.5F, 3}), doubles({0.5, 3})).within(0));
  EXPECT_FALSE(difference(array<float>(DType::kFloat32, {0.1F}), doubles({0.1})).within(0));
  EXPECT_TRUE(difference(array<float>(DType::kFloat32, {0.1F}), doubles({0.1})).within(1e-7));
}

TEST(GpuCompare, NanAndInfinityBelongInTheirPlaces) {
  const Difference same =
      difference(doubles({kNan, kInfinity, -kInfinity, 1}), doubles({kNan, kInfinity, -kInfinity, 1}));
  EXPECT_TRUE(same.within(0));
  EXPECT_EQ(same.norm, 0);
  EXPECT_EQ(difference(doubles({1, kNan}), doubles({1, 2})).fault, "element 1 is nan, expected 2");
  EXPECT_EQ(difference(doubles({2}), doubles({kNan})).fault, "element 0 is 2, expected nan");
  EXPECT_EQ(difference(doubles({kInfinity}), doubles({-kInfinity})).fault, "element 0 is inf, expected -inf");
  EXPECT_EQ(difference(doubles({kInfinity}), doubles({1e300})).fault, "element 0 is inf, expected 1e+300");
  EXPECT_FALSE(difference(doubles({kNan}), doubles({kInfinity})).within(1e30));
  // An infinity is no measure for the others.
  EXPECT_DOUBLE_EQ(difference(doubles({kInfinity, 1.5}), doubles({kInfinity, 1})).largest, 0.25);
}

TEST(GpuCompare, AnotherShape) {
  HostArray column = doubles({1, 2});
  column.shape = {2, 1};
  EXPECT_EQ(difference(column, doubles({1, 2})).fault, "shape [2, 1], expected [2]");
  EXPECT_FALSE(difference(column, doubles({1, 2})).within(1e30));
}

TEST(GpuCompare, IntegersAreEqualOrNot) {
  const HostArray wide = array<std::int64_t>(DType::kInt64, {1, 1000});
  EXPECT_TRUE(difference(array<std::int32_t>(DType::kInt32, {1, 1000}), wide).within(0));
  EXPECT_EQ(difference(array<std::int32_t>(DType::kInt32, {1, 1001}), wide).fault, "element 1 is 1001, expected 1000");
  const std::int64_t large = (std::int64_t{1} << 53) + 1;
  EXPECT_EQ(
      difference(array<std::int64_t>(DType::kInt64, {large}), array<std::int64_t>(DType::kInt64, {large - 1})).fault,
      "element 0 is 9007199254740993, expected 9007199254740992");
  EXPECT_TRUE(difference(array<std::uint8_t>(DType::kBool, {1}), array<std::int64_t>(DType::kInt64, {1})).within(0));
  EXPECT_FALSE(difference(array<std::uint8_t>(DType::kBool, {0}), array<std::uint8_t>(DType::kBool, {1})).within(1));
}

TEST(GpuCompare, IntegersAreNoFloats) {
  EXPECT_EQ(difference(array<std::int32_t>(DType::kInt32, {1}), doubles({1})).fault, "type int32, expected float64");
  EXPECT_EQ(difference(doubles({1}), array<std::uint8_t>(DType::kBool, {1})).fault, "type float64, expected bool");
}

}  // namespace
}  // namespace torch2trt::gpu
