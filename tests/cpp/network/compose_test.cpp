// What stands for the layers that TensorRT 8.5 lacks. That the values are right, tests/ops/test_tensorrt_8_5.py
// asserts.
#include <gmock/gmock.h>

#include "src/network/target.h"
#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): ours, f32 and the like
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

class Compose : public ::testing::Test {
 protected:
  DryNetwork net{tensorrt_8_5()};
};

TEST_F(Compose, Normalization) {
  const Tensor x = net.add_input("x", f32, {2, 3});
  const Tensor one = net.scalar(1, f32, 2);
  const Tensor zero = net.scalar(0, f32, 2);
  EXPECT_FALSE(net.supports("Normalization"));
  const Tensor y = net.add(layer::Normalization{.input = x, .scale = one, .bias = zero, .axes = {1}, .epsilon = 1e-5F});
  EXPECT_EQ(type_text(y.dtype(), y.dims()), "float32[2,3]");
  EXPECT_THAT(net.to_text(), Not(HasSubstr("Normalization(")));
  EXPECT_EQ(net.num_layers(), 8U) << "two means, a difference, a square, epsilon and its constant, a root, a quotient\n"
                                  << net.to_text();
}

TEST_F(Compose, IntegersAreInt32) {
  EXPECT_EQ(net.held_dtype(i64), i32);
  EXPECT_EQ(net.held_dtype(DType::kFloat64), f32);
  EXPECT_EQ(DryNetwork().held_dtype(i64), i64);
  const Tensor x = net.add_input("x", i64, {2});
  EXPECT_EQ(x.dtype(), i32);
  EXPECT_EQ(net.cast(x, i64), x);
  EXPECT_EQ(net.constant(host_tensor(std::vector<std::int64_t>{-5, 7})).dtype(), i32);
  EXPECT_THAT([&] { net.constant(host_tensor(std::vector<std::int64_t>{1, std::int64_t{1} << 31})); },
              ThrowsMessage<Error>(HasSubstr("a constant holds 2147483648, which int32 cannot, and the TensorRT in use "
                                             "has no int64")));
}

TEST_F(Compose, FillOfInt64) {
  const Tensor steps = net.constant_1d({1});
  const Tensor made = net.add(layer::Fill{Dims{4}, FillOperation::kLinspace, net.scalar(0, i64), steps, i64});
  EXPECT_EQ(type_text(made.dtype(), made.dims()), "int32[4]");
}

TEST_F(Compose, NegationOfIntegers) {
  const Tensor x = net.add_input("x", i32, {2});
  net.unary(UnaryOperation::kNeg, x);
  EXPECT_THAT(net.to_text(), Not(HasSubstr("Unary(")));
  net.unary(UnaryOperation::kNeg, net.add_input("y", f32, {2}));
  EXPECT_THAT(net.to_text(), HasSubstr("Unary(%y, operation=Neg"));
}

TEST_F(Compose, ACumulativeSumHasALimit) {
  const Tensor x = net.add_input("x", f32, {2, 8193});
  EXPECT_THAT(
      [&] {
        net.add(layer::Cumulative{.input = x, .axis = net.scalar(1, i32), .operation = CumulativeOperation::kSum});
      },
      ThrowsMessage<Error>(HasSubstr("a cumulative sum of 8193 elements; the TensorRT in use has no layer for it, and "
                                     "composed of others at most 8192 are supported")));
  const Tensor axis = net.add_input("axis", i32, {});
  EXPECT_THAT([&] { net.add(layer::Cumulative{.input = x, .axis = axis, .operation = CumulativeOperation::kSum}); },
              ThrowsMessage<Error>(HasSubstr("a cumulative sum needs a constant axis")));
}

TEST_F(Compose, GroupsNeedStaticChannels) {
  const Tensor x = net.add_input("x", f32, {2, -1, 4});
  const Tensor one = net.scalar(1, f32, 3);
  EXPECT_THAT(
      [&] {
        net.add(
            layer::Normalization{.input = x, .scale = one, .bias = one, .axes = {2}, .epsilon = 1e-5F, .groups = 2});
      },
      ThrowsMessage<Error>(HasSubstr("group normalization needs static channels and statistics over all that follow")));
}

}  // namespace
}  // namespace torch2trt
