// Scopes, and the boundary layers of conditionals and loops.
#include <gmock/gmock.h>

#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

using ::testing::HasSubstr;

std::string message_of(const std::function<void()>& act, ErrorCategory category) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), category);
    return error.message();
  }
  return "accepted";
}

class ControlFlow : public DryTest {};

TEST_F(ControlFlow, WhatABranchReadsOfOutsideIsBroughtInOnce) {
  const Tensor a = x({2, -1});
  const Tensor outside = net.transpose(a, 0, 1);  // a view that no layer has read yet
  const std::int32_t conditional = net.begin_conditional(x({1, 1}, b8));
  Tensor values[2];
  for (Tensor& value : values) {
    const Network::Scope branch(net, net.begin_branch(conditional));
    value = net.as_branch_result(outside + net.cast(net.dim_tensor(a.dim(1)), f32));
  }
  net.mark_output(net.add(layer::ConditionalOutput{conditional, values[0], values[1]}), "y");
  net.mark_output(outside + 1, "z");
  EXPECT_EQ(net.to_text(), R"(input %x0 : float32[2,-1]
input %x1 : bool[1,1]
%Shuffle_output_0 : bool[] = Shuffle(%x1, reshape=[])  # Shuffle
Condition(%Shuffle_output_0, conditional=1)  # Condition
%Shape_output_0 : int64[2] = Shape(%x0)  # Shape
%Constant_output_0 : int32[] = Constant(weights=int32[]{1})  # Constant
%ConditionalInput_output_0 : int64[2] = ConditionalInput(%Shape_output_0, conditional=1)  # ConditionalInput
%Gather_output_0 : int64[] = Gather(%ConditionalInput_output_0, %Constant_output_0, axis=0)  # Gather
%Cast_output_0 : float32[] = Cast(%Gather_output_0, to=float32)  # Cast
%Shuffle_1_output_0 : float32[-1,2] = Shuffle(%x0, first_transpose=[1,0])  # Shuffle_1
%Shuffle_2_output_0 : float32[1,1] = Shuffle(%Cast_output_0, reshape=[1,1])  # Shuffle_2
%ConditionalInput_1_output_0 : float32[-1,2] = ConditionalInput(%Shuffle_1_output_0, conditional=1)  # ConditionalInput_1
%ElementWise_output_0 : float32[-1,2] = ElementWise(%ConditionalInput_1_output_0, %Shuffle_2_output_0, operation=Sum)  # ElementWise
%Gather_1_output_0 : int64[] = Gather(%ConditionalInput_output_0, %Constant_output_0, axis=0)  # Gather_1
%Cast_1_output_0 : float32[] = Cast(%Gather_1_output_0, to=float32)  # Cast_1
%Shuffle_3_output_0 : float32[1,1] = Shuffle(%Cast_1_output_0, reshape=[1,1])  # Shuffle_3
%ElementWise_1_output_0 : float32[-1,2] = ElementWise(%ConditionalInput_1_output_0, %Shuffle_3_output_0, operation=Sum)  # ElementWise_1
%y : float32[-1,2] = ConditionalOutput(%ElementWise_output_0, %ElementWise_1_output_0, conditional=1)  # ConditionalOutput
%Constant_1_output_0 : float32[1,1] = Constant(weights=float32[1,1]{1})  # Constant_1
%z : float32[-1,2] = ElementWise(%Shuffle_1_output_0, %Constant_1_output_0, operation=Sum)  # ElementWise_2
output %y : float32[-1,2]
output %z : float32[-1,2]
)");
}

TEST_F(ControlFlow, ATensorOfABranchIsNotReadElsewhere) {
  const Tensor a = x({3});
  const std::int32_t conditional = net.begin_conditional(x({}, b8));
  Tensor inside;
  {
    const Network::Scope branch(net, net.begin_branch(conditional));
    inside = a + 1;
  }
  EXPECT_THAT(message_of([&] { net.unary(UnaryOperation::kNeg, inside); }, ErrorCategory::kInternal),
              HasSubstr("is read outside of the branch or loop that makes it"));
  const Network::Scope other(net, net.begin_branch(conditional));
  EXPECT_THAT(message_of([&] { net.unary(UnaryOperation::kNeg, inside); }, ErrorCategory::kInternal),
              HasSubstr("is read outside of the branch or loop that makes it"));
}

TEST_F(ControlFlow, ALoop) {
  const Tensor a = x({-1, 3});
  const Tensor steps = net.dim_tensor(a.dim(0));
  const std::int32_t loop = net.begin_loop();
  net.add_all(layer::TripLimit{loop, steps, TripLimitKind::kCount});
  const Tensor row = net.add(layer::Iterator{loop, a});
  const Tensor sum = net.add(layer::Recurrence{loop, net.scalar(0, f32, 1)});
  EXPECT_EQ(type_text(row.dtype(), row.dims()), "float32[3]");
  Tensor next;
  {
    const Network::Scope body(net, loop);
    next = net.reduce(ReduceOperation::kSum, row, {0}, true) + sum;
    net.set_next(sum, next);
  }
  EXPECT_EQ(result(layer::LoopOutput{loop, sum}), "float32[1]");
  EXPECT_EQ(result(layer::LoopOutput{loop, next, LoopOutputKind::kConcatenate, 1, steps}), "float32[1,-1]");
  EXPECT_EQ(result(layer::LoopOutput{loop, next, LoopOutputKind::kReverse, 0, scalar(5)}), "float32[5,1]");
  EXPECT_THAT(net.to_text(), HasSubstr("next %Recurrence_output_0 is %ElementWise_output_0"));
  EXPECT_THAT(message_of([&] { net.unary(UnaryOperation::kNeg, next); }, ErrorCategory::kInternal),
              HasSubstr("is read outside"));
}

TEST_F(ControlFlow, ARecurrenceKeepsItsShapeAndType) {
  const Tensor initial = x({-1, 3});
  const std::int32_t loop = net.begin_loop();
  const Tensor state = net.add(layer::Recurrence{loop, initial});
  const Network::Scope body(net, loop);
  const auto refused = [&](const Tensor& next) {
    return message_of([&] { net.set_next(state, next); }, ErrorCategory::kUnsupportedOperator);
  };
  EXPECT_THAT(refused(net.cast(state, i32)), HasSubstr("float32[-1, 3] before an iteration and int32[-1, 3] after it"));
  EXPECT_THAT(refused(net.unsqueeze(state, {0})), HasSubstr("float32[1, -1, 3] after it"));
  EXPECT_THAT(refused(net.concat({state, state}, 1)), HasSubstr("float32[-1, 6] after it"));
  EXPECT_EQ(refused(net.concat({state, state}, 0)), "accepted");  // only known when the engine runs
}

TEST_F(ControlFlow, SizesThatALoopComputesAreRefused) {
  const Tensor a = x({8, 3});
  const std::int32_t loop = net.begin_loop();
  const Tensor counter = net.add(layer::Recurrence{loop, net.dim_tensor(Dim(1))});
  const Network::Scope body(net, loop);
  const Dim size = net.dim_arithmetic(ElementWiseOperation::kSum, Dim::computed(counter), Dim(1));
  const std::string wanted = "a size or position depends on what a loop or a branch computed";
  const auto refused = [&](const std::function<void()>& act) {
    return message_of(act, ErrorCategory::kUnsupportedOperator);
  };
  EXPECT_THAT(refused([&] { net.slice(a, {0, 0}, {size, 3}, {1, 1}); }), HasSubstr(wanted));
  EXPECT_THAT(refused([&] { net.slice(a, {size, 0}, {1, 3}, {1, 1}); }), HasSubstr(wanted));
  EXPECT_THAT(
      refused([&] { net.add(layer::Fill{net.shape_tensor({size, size}), FillOperation::kLinspace, 0.0, 1.0, f32}); }),
      HasSubstr(wanted));
  const Tensor reshaped = net.reshape(a, {size, size});
  EXPECT_THAT(refused([&] { net.unary(UnaryOperation::kNeg, reshaped); }), HasSubstr(wanted));
  EXPECT_EQ(refused([&] { net.gather(a, net.dim_tensor(size), 0); }), "accepted");
}

TEST_F(ControlFlow, WhatTensorRTRefuses) {
  net.begin_conditional(x({}, b8));
  EXPECT_EQ(refusal(layer::Condition{1, x({}, f32)}),
            "Condition(float32[], conditional=1): condition must be bool, not float32.");
  EXPECT_EQ(refusal(layer::Condition{1, x({1}, b8)}),
            "Condition(bool[1], conditional=1): condition must be a 0-d tensor.");
  EXPECT_EQ(
      refusal(layer::ConditionalOutput{1, x({2}), x({2}, i32)}),
      "ConditionalOutput(float32[2], int32[2], conditional=1): then_value is float32 and else_value is int32, but "
      "the types must be equal.");
  EXPECT_EQ(
      refusal(layer::ConditionalOutput{1, x({2}), x({2, 1})}),
      "ConditionalOutput(float32[2], float32[2,1], conditional=1): then_value has rank 1 and else_value 2, but the "
      "ranks must be equal.");
  EXPECT_EQ(result(layer::ConditionalOutput{1, x({2, 3}), x({4, 3})}), "float32[-1,3]");
  const std::int32_t loop = net.begin_loop();
  EXPECT_EQ(refusal(layer::TripLimit{loop, x({}, f32), TripLimitKind::kCount}),
            "TripLimit(float32[], loop=2, kind=Count): limit must be int64 or int32, not float32.");
  EXPECT_EQ(refusal(layer::TripLimit{loop, x({}, i32), TripLimitKind::kWhile}),
            "TripLimit(int32[], loop=2, kind=While): limit must be bool, not int32.");
  EXPECT_EQ(refusal(layer::Iterator{loop, x({2}), 1}),
            "Iterator(float32[2], loop=2, axis=1): axis 1 is outside of [0, 1).");
  EXPECT_EQ(refusal(layer::LoopOutput{loop, x({2}), LoopOutputKind::kConcatenate}),
            "LoopOutput(float32[2], loop=2, kind=Concatenate): concatenating needs a length.");
}

}  // namespace
}  // namespace torch2trt::testing
