#include "torch2trt/host_tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace torch2trt {
namespace {

std::vector<std::int64_t> elements(const HostTensor& tensor) {
  const HostTensor dense = contiguous_as(tensor, DType::kInt64);
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < dense.numel(); ++i) values.push_back(integer_at(dense, i));
  return values;
}

HostTensor three_by_four() { return reshaped(host_tensor({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), {3, 4}); }

TEST(Sliced, EveryOtherElement) {
  const HostTensor part = sliced(three_by_four(), {0, 1}, {2, 2}, {2, 2});
  EXPECT_EQ(part.sizes, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(elements(part), (std::vector<std::int64_t>{1, 3, 9, 11}));
}

TEST(Sliced, SharesTheMemory) {
  const HostTensor whole = three_by_four();
  const HostTensor row = sliced(whole, {1, 0}, {1, 4}, {1, 1});
  EXPECT_TRUE(row.is_contiguous());
  EXPECT_EQ(row.data, static_cast<const std::int64_t*>(whole.data) + 4);
}

TEST(Sliced, OfAPermutation) {
  EXPECT_EQ(elements(sliced(permuted(three_by_four(), {1, 0}), {2, 0}, {1, 3}, {1, 1})),
            (std::vector<std::int64_t>{2, 6, 10}));
}

TEST(Sliced, Empty) {
  const HostTensor nothing = sliced(three_by_four(), {3, 0}, {0, 4}, {1, 1});
  EXPECT_EQ(nothing.numel(), 0);
  EXPECT_TRUE(nothing.is_contiguous());
  EXPECT_TRUE(elements(nothing).empty());
}

// A step over a dimension of which one element remains is no stride: torch has no negative ones.
TEST(Sliced, OneElementBackwards) {
  EXPECT_EQ(elements(sliced(three_by_four(), {2, 3}, {1, 1}, {-1, -1})), (std::vector<std::int64_t>{11}));
}

std::uint16_t half_bits(double value) {
  const HostTensor tensor = full_host_tensor(value, DType::kFloat16, {1});
  std::uint16_t bits = 0;
  std::memcpy(&bits, tensor.data, sizeof bits);
  return bits;
}

// Of a finite, positive float16.
double half_value(int bits) {
  const int exponent = bits >> 10;
  return exponent == 0 ? std::ldexp(bits, -24) : std::ldexp(1024 + (bits & 1023), exponent - 25);
}

TEST(HostTensor, EveryFloat16IsRoundedToTheNearestOrToEven) {
  constexpr int kInfinity = 0x7c00;
  for (int bits = 0; bits < kInfinity; ++bits) {
    const double value = half_value(bits);
    ASSERT_EQ(half_bits(value), bits);
    ASSERT_EQ(half_bits(-value), bits | 0x8000) << value;
    const double next = bits + 1 == kInfinity ? 65536 : half_value(bits + 1);
    const double middle = (value + next) / 2;
    ASSERT_EQ(half_bits(middle), bits + (bits & 1)) << middle;
    ASSERT_EQ(half_bits(std::nextafterf(static_cast<float>(middle), 0)), bits) << middle;
    ASSERT_EQ(half_bits(std::nextafterf(static_cast<float>(middle), 1e9F)), bits + 1) << middle;
  }
  EXPECT_EQ(half_bits(1e30), kInfinity);
  EXPECT_EQ(half_bits(-std::numeric_limits<double>::infinity()), kInfinity | 0x8000);
  EXPECT_GT(half_bits(std::numeric_limits<double>::quiet_NaN()), kInfinity);
}

}  // namespace
}  // namespace torch2trt
