#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

class DryElementwise : public DryTest {
 protected:
  std::string sum(const Tensor& a, const Tensor& b) {
    return result(layer::ElementWise{a, b, ElementWiseOperation::kSum});
  }
  std::string no_sum(const Tensor& a, const Tensor& b) {
    return refusal(layer::ElementWise{a, b, ElementWiseOperation::kSum});
  }
};

TEST_F(DryElementwise, Broadcasts) {
  EXPECT_EQ(sum(x({2, 3}), x({2, 1})), "float32[2,3]");
  EXPECT_EQ(sum(x({}), x({})), "float32[]");
  EXPECT_EQ(sum(x({-1, 3}), x({1, 3})), "float32[-1,3]");
  EXPECT_EQ(sum(x({-1, 3}), x({4, 3})), "float32[4,3]");
  EXPECT_EQ(sum(x({-1, 3}), x({-1, 3})), "float32[-1,3]");
  EXPECT_EQ(sum(x({0, 3}), x({1, 3})), "float32[0,3]");
  EXPECT_EQ(sum(x({-1, 3}), x({0, 3})), "float32[0,3]");
}

TEST_F(DryElementwise, RefusesShapes) {
  EXPECT_EQ(
      no_sum(x({2, 3}), x({3})),
      "ElementWise(float32[2,3], float32[3], operation=Sum): a has rank 2 and b has rank 1, but the ranks must be "
      "equal.");
  EXPECT_EQ(
      no_sum(x({2, 3}), x({2, 4})),
      "ElementWise(float32[2,3], float32[2,4], operation=Sum): dimension 1 is 3 in a and 4 in b, but they must be "
      "equal or one of them 1.");
  EXPECT_EQ(
      no_sum(x({0, 3}), x({4, 3})),
      "ElementWise(float32[0,3], float32[4,3], operation=Sum): dimension 0 is 0 in a and 4 in b, but they must be "
      "equal or one of them 1.");
}

TEST_F(DryElementwise, TypesOfOperations) {
  using Op = ElementWiseOperation;
  const auto accepts = [&](Op op, DType type) {
    return refusal(layer::ElementWise{x({2}, type), x({2}, type), op}) == "accepted";
  };
  for (const DType type : {f32, f16, bf16, i64, i32, i8}) {
    for (const Op op : {Op::kSum, Op::kProd, Op::kMax, Op::kMin, Op::kSub, Op::kDiv, Op::kFloorDiv, Op::kEqual,
                        Op::kGreater, Op::kLess}) {
      EXPECT_TRUE(accepts(op, type)) << static_cast<int>(op) << name(type);
    }
    for (const Op op : {Op::kAnd, Op::kOr, Op::kXor}) EXPECT_FALSE(accepts(op, type));
    EXPECT_EQ(accepts(Op::kPow, type), type != i8);
  }
  for (const Op op : {Op::kAnd, Op::kOr, Op::kXor, Op::kEqual}) EXPECT_TRUE(accepts(op, b8));
  for (const Op op : {Op::kSum, Op::kGreater, Op::kLess, Op::kPow}) EXPECT_FALSE(accepts(op, b8));
  EXPECT_TRUE(accepts(Op::kEqual, u8));
  EXPECT_FALSE(accepts(Op::kLess, u8));
  EXPECT_EQ(result(layer::ElementWise{x({2}, i64), x({2}, i64), Op::kLess}), "bool[2]");
  EXPECT_EQ(result(layer::ElementWise{x({2}, i64), x({2}, i64), Op::kDiv}), "int64[2]");
  EXPECT_EQ(no_sum(x({2}, b8), x({2}, b8)),
            "ElementWise(bool[2], bool[2], operation=Sum): the input of Sum must be float32, float16, bfloat16, int64, "
            "int32 or int8, not bool.");
  EXPECT_EQ(no_sum(x({2}), x({2}, f16)),
            "ElementWise(float32[2], float16[2], operation=Sum): a is float32 and b is float16, but the types must be "
            "equal.");
}

TEST_F(DryElementwise, UnaryAndActivation) {
  EXPECT_EQ(result(layer::Unary{x({2, -1}, f16), UnaryOperation::kIsNan}), "bool[2,-1]");
  EXPECT_EQ(result(layer::Unary{x({}, i64), UnaryOperation::kNeg}), "int64[]");
  EXPECT_EQ(result(layer::Unary{x({0}, b8), UnaryOperation::kNot}), "bool[0]");
  EXPECT_EQ(refusal(layer::Unary{x({2}, i32), UnaryOperation::kExp}),
            "Unary(int32[2], operation=Exp): the input of Exp must be float32, float16 or bfloat16, not int32.");
  EXPECT_EQ(refusal(layer::Unary{x({2}), UnaryOperation::kNot}),
            "Unary(float32[2], operation=Not): the input of Not must be bool, not float32.");
  EXPECT_EQ(result(layer::Activation{x({2}, i64), ActivationType::kRelu}), "int64[2]");
  EXPECT_EQ(
      refusal(layer::Activation{x({2}, i64), ActivationType::kClip, 0, 1}),
      "Activation(int64[2], type=Clip, beta=1): the input of Clip must be float32, float16, bfloat16 or int8, not "
      "int64.");
}

TEST_F(DryElementwise, CastsAndIdentity) {
  EXPECT_EQ(result(layer::Cast{x({-1}, u8), f32}), "float32[-1]");
  EXPECT_EQ(result(layer::Cast{x({0, 2}), b8}), "bool[0,2]");
  EXPECT_EQ(result(layer::Identity{x({2}, u8)}), "uint8[2]");
  EXPECT_EQ(
      refusal(layer::Cast{x({2}), DType::kFloat64}),
      "Cast(float32[2], to=float64): the type cast to must be float32, float16, bfloat16, int64, int32, int8, uint8 "
      "or bool, not float64.");
}

TEST_F(DryElementwise, Constants) {
  EXPECT_EQ(result(layer::Constant{weights({2, 0})}), "float32[2,0]");
  EXPECT_EQ(result(layer::Constant{weights({}, b8)}), "bool[]");
  EXPECT_EQ(
      refusal(layer::Constant{weights({2}, u8)}),
      "Constant(weights=uint8[2]{0,0}): a constant must be float32, float16, bfloat16, int64, int32, int8 or bool, "
      "not uint8.");
  EXPECT_EQ(refusal(layer::Constant{weights({1, 1, 1, 1, 1, 1, 1, 1, 1})}),
            "Constant(weights=float32[1,1,1,1,1,1,1,1,1]{0}): a tensor has at most 8 dimensions.");
}

TEST_F(DryElementwise, Select) {
  EXPECT_EQ(result(layer::Select{x({2, 1}, b8), x({1, 3}), x({1, 1})}), "float32[2,3]");
  EXPECT_EQ(result(layer::Select{x({-1}, b8), x({3}), x({1})}), "float32[3]");
  EXPECT_EQ(refusal(layer::Select{x({2}), x({2}), x({2})}),
            "Select(float32[2], float32[2], float32[2]): condition must be bool, not float32.");
  EXPECT_EQ(
      refusal(layer::Select{x({2}, b8), x({2}), x({2}, f16)}),
      "Select(bool[2], float32[2], float16[2]): then_input is float32 and else_input is float16, but the types must "
      "be equal.");
  EXPECT_EQ(
      refusal(layer::Select{x({2}, b8), x({3}), x({3})}),
      "Select(bool[2], float32[3], float32[3]): dimension 0 is 2 in condition and 3 in the inputs, but they must be "
      "equal or one of them 1.");
  EXPECT_NE(refusal(layer::Select{x({2}, b8), x({2}, u8), x({2}, u8)}), "accepted");
}

TEST_F(DryElementwise, ParametricRelu) {
  EXPECT_EQ(result(layer::ParametricRelu{x({-1, 3}), x({1, 3})}), "float32[-1,3]");
  EXPECT_EQ(refusal(layer::ParametricRelu{x({1, 3}), x({2, 3})}),
            "ParametricRelu(float32[1,3], float32[2,3]): dimension 0 of slope must be 1 or that of input.");
  EXPECT_EQ(refusal(layer::ParametricRelu{x({2, 3}), x({3})}),
            "ParametricRelu(float32[2,3], float32[3]): slope must have the rank of input.");
}

}  // namespace
}  // namespace torch2trt::testing
