#include "cli/accuracy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace torch2trt::cli {
namespace {

const double kInfinity = std::numeric_limits<double>::infinity();

HostArray array(const std::vector<double>& values, DType dtype = DType::kFloat64) {
  HostArray array{DType::kFloat64, {static_cast<std::int64_t>(values.size())}, {}};
  array.bytes.resize(values.size() * sizeof(double));
  if (!values.empty()) std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return converted(array, dtype, "test");
}

AccuracyOptions with(Algorithm algorithm, std::optional<double> threshold = std::nullopt) {
  AccuracyOptions options;
  options.algorithm = algorithm;
  options.threshold = threshold;
  return options;
}

TEST(Accuracy, L0CountsElementsApart) {
  AccuracyOptions options;
  options.atol = 0.1;
  options.rtol = 0.01;
  // Apart by 0.5 of an allowed 0.1 + 1, by 0.2 of 0.1 + 0.01, exactly by what is allowed.
  const Comparison comparison = compare(array({100.5, 1.2, 0.125}), array({100, 1, 0.125}), options);
  EXPECT_EQ(comparison.mismatches, 1);
  EXPECT_DOUBLE_EQ(comparison.figure, 1.0 / 3);
  EXPECT_FALSE(comparison.passed);
  EXPECT_EQ(comparison.max_absolute, 0.5);
  EXPECT_EQ(comparison.worst, 0);
  EXPECT_EQ(comparison.worst_out, 100.5);
  EXPECT_DOUBLE_EQ(comparison.relative, 0.005);
  options.threshold = 0.5;
  EXPECT_TRUE(compare(array({100.5, 1.2, 0.125}), array({100, 1, 0.125}), options).passed);
}

TEST(Accuracy, TheOtherFigures) {
  const HostArray out = array({1, 2, 3, 8});
  const HostArray ref = array({1, 2, 6, 4});
  EXPECT_DOUBLE_EQ(compare(out, ref, with(Algorithm::kL1)).figure, 7.0 / 4);
  EXPECT_DOUBLE_EQ(compare(out, ref, with(Algorithm::kL2)).figure, 2.5);
  EXPECT_DOUBLE_EQ(compare(out, ref, with(Algorithm::kLInf)).figure, 4);
  EXPECT_DOUBLE_EQ(compare(out, ref, with(Algorithm::kCos)).figure, 55 / std::sqrt(78.0 * 57.0));
  EXPECT_FALSE(compare(out, ref, with(Algorithm::kLInf, 3.9)).passed);
  EXPECT_TRUE(compare(out, ref, with(Algorithm::kLInf, 4)).passed);
  EXPECT_TRUE(compare(out, ref, with(Algorithm::kCos, 0.8)).passed);
  EXPECT_FALSE(compare(out, ref, with(Algorithm::kCos, 0.9)).passed);
  EXPECT_FALSE(compare(array({1, 1}), array({-1, -1}), with(Algorithm::kCos)).passed);
  EXPECT_EQ(compare(array({0, 0}), array({0, 0}), with(Algorithm::kCos)).figure, 1);
}

TEST(Accuracy, NanAndInfinity) {
  const double nan = std::nan("");
  EXPECT_TRUE(compare(array({nan, kInfinity, -kInfinity}), array({nan, kInfinity, -kInfinity}), {}).passed);
  for (const auto& [out, ref] : std::vector<std::pair<double, double>>{
           {nan, 1}, {1, nan}, {kInfinity, 1}, {1, kInfinity}, {kInfinity, -kInfinity}, {nan, kInfinity}}) {
    for (const Algorithm algorithm : {Algorithm::kL0, Algorithm::kL1, Algorithm::kL2, Algorithm::kLInf}) {
      const Comparison comparison = compare(array({out, 1}), array({ref, 1}), with(algorithm));
      EXPECT_FALSE(comparison.passed) << out << " " << ref << " " << name(algorithm);
      EXPECT_EQ(comparison.max_absolute, kInfinity);
    }
  }
  EXPECT_FALSE(compare(array({nan, 1}), array({1, 1}), with(Algorithm::kCos)).passed);
}

// Both are the same double.
TEST(Accuracy, IntegersAreComparedToTheLastDigit) {
  const auto integers = [](std::int64_t value) {
    HostArray array{DType::kInt64, {1}, std::vector<std::byte>(sizeof(value))};
    std::memcpy(array.bytes.data(), &value, sizeof(value));
    return array;
  };
  const std::int64_t big = (std::int64_t{1} << 53) + 1;
  EXPECT_TRUE(compare(integers(big), integers(big), {}).passed);
  for (const auto& [out, ref] : {std::pair(big, big - 1), std::pair(-big, 1 - big)}) {
    const Comparison comparison = compare(integers(out), integers(ref), {});
    EXPECT_FALSE(comparison.passed);
    EXPECT_EQ(comparison.max_absolute, 1);
  }
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(compare(integers(least), integers(-(least + 1)), {}).max_absolute, std::ldexp(1, 64));
  EXPECT_FALSE(compare(integers(7), array({8}, DType::kInt32), {}).passed);
}

TEST(Accuracy, TolerancesAreTheOutputsTypes) {
  EXPECT_EQ(compare(array({1}, DType::kFloat16), array({1}), {}).atol, 1e-2);
  EXPECT_EQ(compare(array({1}, DType::kFloat32), array({1}), {}).rtol, 1e-4);
  EXPECT_TRUE(compare(array({1.005}, DType::kFloat16), array({1}), {}).passed);
  EXPECT_FALSE(compare(array({1.005}, DType::kFloat32), array({1}), {}).passed);
  EXPECT_FALSE(compare(array({7}, DType::kInt32), array({8}), {}).passed);
  EXPECT_TRUE(compare(array({7}, DType::kInt32), array({7}, DType::kInt64), {}).passed);
}

TEST(Accuracy, ATrivialReferenceIsSaid) {
  EXPECT_TRUE(compare(array({0, 0, 0}), array({0, 0, 0}), {}).trivial);
  EXPECT_FALSE(compare(array({0, 0, 0}), array({0, 1, 0}), {}).trivial);
}

TEST(Accuracy, NothingIsEqualToNothing) { EXPECT_TRUE(compare(array({}), array({}), {}).passed); }

TEST(Accuracy, Names) {
  for (const char* text : {"l0", "l1", "l2", "lInf", "cos"}) EXPECT_EQ(name(parse_algorithm(text)), text);
  EXPECT_THROW(parse_algorithm("linf"), Error);
}

}  // namespace
}  // namespace torch2trt::cli
