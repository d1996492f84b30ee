#include "torch2trt/host_tensor.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace torch2trt
