// Shuffle, Concatenation and Slice, and the known elements of shape tensors.
#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

class DryShape : public DryTest {
 protected:
  static layer::Shuffle reshape(const Tensor& x, const std::variant<Dims, Tensor>& shape, bool zero = true) {
    return {x, {}, shape, {}, zero};
  }
  Tensor shape(const Tensor& x) { return net.add(layer::Shape{x}); }
  Tensor cut(const Tensor& x, std::int64_t start, std::int64_t size, std::int64_t stride = 1) {
    return net.add(layer::Slice{x, Dims{start}, Dims{size}, Dims{stride}});
  }
  Tensor join(const std::vector<Tensor>& parts) { return net.add(layer::Concatenation{parts, 0}); }
  Tensor ew(ElementWiseOperation op, const Tensor& a, const Tensor& b) { return net.add(layer::ElementWise{a, b, op}); }
};

TEST_F(DryShape, Reshape) {
  EXPECT_EQ(result(layer::Shuffle{x({2, 3})}), "float32[2,3]");
  EXPECT_EQ(result(reshape(x({2, 3, 4}), Dims{2, -1})), "float32[2,12]");
  EXPECT_EQ(result(reshape(x({-1, 3, 4}), Dims{-1, 12})), "float32[-1,12]");
  EXPECT_EQ(result(reshape(x({-1, 3, 4}), Dims{0, -1})), "float32[-1,12]");
  EXPECT_EQ(result(reshape(x({-1, -1, 4}), Dims{0, -1})), "float32[-1,-1]");
  EXPECT_EQ(result(reshape(x({-1, 3, 4}), Dims{24})), "float32[24]");
  EXPECT_EQ(result(reshape(x({-1, 3, 4}), Dims{5, -1})), "float32[5,-1]");
  EXPECT_EQ(result(reshape(x({-1, 3, -1, 5}), Dims{0, -1, 0})), "float32[-1,15,-1]");
  EXPECT_EQ(result(reshape(x({-1, 5, 3}), Dims{-1, 0})), "float32[-1,5]");
  EXPECT_EQ(result(reshape(x({}), Dims{1})), "float32[1]");
  EXPECT_EQ(result(reshape(x({1}), Dims{})), "float32[]");
  EXPECT_EQ(result(reshape(x({0, 3}), Dims{0, 5}, false)), "float32[0,5]");
  EXPECT_EQ(result(reshape(x({0, 3}), Dims{-1, 3})), "float32[0,3]");
  EXPECT_EQ(result(reshape(x({-1, 0}), Dims{0, -1})), "float32[-1,0]");
  EXPECT_EQ(result(layer::Shuffle{x({2, 3, 4}), {2, 0, 1}, Dims{0, -1}, {1, 0}, true}), "float32[6,4]");
}

TEST_F(DryShape, ReshapeRefusals) {
  EXPECT_EQ(
      refusal(reshape(x({2, 3}), Dims{4, 2})),
      "Shuffle(float32[2,3], reshape=[4,2], zero_is_placeholder=true): the input has 6 elements and the result 8, but "
      "reshaping keeps them.");
  EXPECT_EQ(refusal(reshape(x({2, 3}), Dims{4, -1}, false)),
            "Shuffle(float32[2,3], reshape=[4,-1]): 6 elements cannot be divided into parts of 4.");
  EXPECT_EQ(refusal(reshape(x({2, 3}), Dims{-1, -1}, false)),
            "Shuffle(float32[2,3], reshape=[-1,-1]): reshape may have one -1 only.");
  EXPECT_EQ(refusal(reshape(x({0, 3}), Dims{0, -1}, false)),
            "Shuffle(float32[0,3], reshape=[0,-1]): -1 next to a dimension of size 0 is ambiguous.");
  EXPECT_EQ(refusal(reshape(x({2, 3}), Dims{-2, 3}, false)), "Shuffle(float32[2,3], reshape=[-2,3]): -2 is no size.");
  EXPECT_EQ(
      refusal(reshape(x({2}), Dims{2, 0})),
      "Shuffle(float32[2], reshape=[2,0], zero_is_placeholder=true): reshape copies dimension 1, which the input does "
      "not have.");
  EXPECT_EQ(refusal(layer::Shuffle{x({2, 3}), {1, 1}}),
            "Shuffle(float32[2,3], first_transpose=[1,1]): first_transpose must be a permutation of the 2 axes.");
  EXPECT_EQ(
      refusal(layer::Shuffle{x({2, 3}, u8), {1, 0}}),
      "Shuffle(uint8[2,3], first_transpose=[1,0]): input must be float32, float16, bfloat16, int64, int32, int8 or "
      "bool, not uint8.");
  EXPECT_EQ(refusal(reshape(x({2, 3}), x({2}), false)),
            "Shuffle(float32[2,3], reshape=float32[2]): reshape must be int64 or int32, not float32.");
  EXPECT_EQ(refusal(reshape(x({2, 3}), x({-1}, i64), false)),
            "Shuffle(float32[2,3], reshape=int64[-1]): the length of reshape must be static.");
  EXPECT_EQ(refusal(reshape(x({2, 3}), x({1, 2}, i64), false)),
            "Shuffle(float32[2,3], reshape=int64[1,2]): reshape must be a 1-d tensor, not 2-d.");
}

TEST_F(DryShape, ReshapeByTensor) {
  EXPECT_EQ(result(reshape(x({2, 3}), ints({3, 2}))), "float32[3,2]");
  EXPECT_EQ(result(reshape(x({-1, 3, 4}), ints({0, -1}))), "float32[-1,12]");
  EXPECT_EQ(result(reshape(x({2, 3}), x({2}, i64))), "float32[-1,-1]");
  EXPECT_NE(refusal(reshape(x({2, 3}), ints({3, 3}))), "accepted");
}

TEST_F(DryShape, ElementsOfShapesAreKnown) {
  const Tensor a = x({-1, 3, 4, 5});
  const Tensor s = shape(a);
  const Tensor batch = cut(s, 0, 1);
  const Tensor unknown = x({1}, i64);
  using Op = ElementWiseOperation;
  const auto known = [&](const Tensor& dims) { return result(reshape(x({-1, 3, 4, 5}), dims)); };
  EXPECT_EQ(known(s), "float32[-1,3,4,5]");
  EXPECT_EQ(known(net.add(layer::Gather{s, ints({1, 0, -1, 2})})), "float32[3,-1,5,4]");
  EXPECT_EQ(known(cut(s, 3, 4, -1)), "float32[5,4,3,-1]");
  EXPECT_EQ(known(join({cut(s, 0, 2), ints({20})})), "float32[-1,3,20]");
  EXPECT_EQ(known(join({unknown, ew(Op::kProd, cut(s, 1, 3), ints({2}))})), "float32[-1,6,8,10]");
  EXPECT_EQ(known(ew(Op::kSub, s, ints({1, 2, 2, 2}))), "float32[-1,1,2,3]");
  EXPECT_EQ(known(ew(Op::kPow, s, ints({1, 2, 2, 2}))), "float32[-1,9,16,25]");
  EXPECT_EQ(known(join({ints({-1}), ew(Op::kDiv, ints({-7}), ints({-2}))})), "float32[-1,3]");
  EXPECT_EQ(known(join({ew(Op::kSum, ew(Op::kFloorDiv, ints({-7}), ints({2})), ints({8})), ints({-1})})),
            "float32[4,-1]");
  EXPECT_EQ(known(join({ew(Op::kSum, ew(Op::kDiv, ints({-7}), ints({2})), ints({8})), ints({-1})})), "float32[5,-1]");
  EXPECT_EQ(known(net.add(layer::Cast{s, i32})), "float32[-1,3,4,5]");
  EXPECT_EQ(known(net.add(layer::Identity{s})), "float32[-1,3,4,5]");
  EXPECT_EQ(known(net.add(layer::Reduce{s, ReduceOperation::kProd, {0}, true})), "float32[-1]");
  EXPECT_EQ(known(join({net.add(layer::Reduce{cut(s, 1, 3), ReduceOperation::kSum, {0}, true}), ints({-1})})),
            "float32[12,-1]");
  const Tensor is_three = ew(Op::kEqual, cut(s, 1, 1), ints({3}));
  EXPECT_EQ(known(join({net.add(layer::Select{is_three, ints({4}), ints({5})}), ints({-1})})), "float32[4,-1]");
  const Tensor is_batch = ew(Op::kEqual, batch, ints({3}));
  EXPECT_EQ(known(join({net.add(layer::Select{is_batch, ints({4}), ints({5})}), ints({-1})})), "float32[-1,-1]");
  const Tensor square = net.add(layer::Shuffle{s, {}, Dims{2, 2}, {1, 0}});
  EXPECT_EQ(known(net.add(reshape(square, Dims{4}))), "float32[-1,4,3,5]");
  const Tensor count = net.add(layer::Fill{Dims{2}, FillOperation::kLinspace, scalar(4), ints({1}), i64});
  EXPECT_EQ(known(join({count, ints({-1})})), "float32[4,5,-1]");
  EXPECT_EQ(known(join({net.add(layer::Unary{ints({-3}), UnaryOperation::kAbs}), ints({-1})})), "float32[3,-1]");
  EXPECT_EQ(refusal(layer::ElementWise{ints({7}), ints({0}), Op::kDiv}),
            "ElementWise(int64[1], int64[1], operation=Div): it divides by a constant zero.");
  const Tensor large = net.add(layer::Constant{full_host_tensor(3, i64, {100})});
  EXPECT_EQ(known(join({cut(large, 1, 1), ints({-1})})), "float32[-1,-1]")
      << "TensorRT does not look into large constants";
}

// Dimensions equal at the same place in both shapes cancel when -1 is computed, dynamic ones too.
TEST_F(DryShape, DynamicDimensionsCancel) {
  const Tensor a = x({-1, 3, 4, 5});
  const Tensor s = shape(a);
  const Tensor batch = cut(s, 0, 1);
  const Tensor rest = ints({-1});
  using Op = ElementWiseOperation;
  EXPECT_EQ(result(reshape(a, join({batch, rest}))), "float32[-1,60]");
  EXPECT_EQ(result(reshape(a, join({batch, ints({4}), rest}))), "float32[-1,4,15]");
  EXPECT_EQ(result(reshape(a, join({rest, batch}))), "float32[-1,-1]");
  EXPECT_EQ(result(reshape(a, join({ew(Op::kProd, batch, ints({3})), rest}))), "float32[-1,-1]");
  EXPECT_EQ(result(reshape(a, join({ew(Op::kProd, ints({1}), batch), rest}))), "float32[-1,60]");
  EXPECT_EQ(result(reshape(a, join({ew(Op::kMax, batch, ints({0})), rest}))), "float32[-1,60]");
  EXPECT_EQ(result(reshape(a, join({ew(Op::kMax, batch, ints({1})), rest}))), "float32[-1,-1]");
  const Tensor relu = net.add(layer::Activation{a, ActivationType::kRelu});
  EXPECT_EQ(result(reshape(relu, join({batch, rest}))), "float32[-1,60]");
  EXPECT_EQ(result(reshape(x({-1, 3, 4, 5}), join({batch, rest}))), "float32[-1,-1]") << "another tensor's batch";
  const Tensor c = x({-1, 3, -1, 5});
  const Tensor t = shape(c);
  EXPECT_EQ(result(reshape(c, join({cut(t, 0, 1), rest, cut(t, 2, 1)}))), "float32[-1,15,-1]");
  EXPECT_EQ(result(reshape(c, join({cut(t, 0, 1), ints({3}), cut(t, 2, 1), rest}))), "float32[-1,3,-1,5]");
  EXPECT_EQ(result(reshape(c, join({cut(t, 0, 1), cut(t, 2, 1), rest}))), "float32[-1,-1,-1]");
}

// Where no 0 means a copy, TensorRT divides the products of dynamic dimensions: as TensorRT-RTX 1.7.1 answered.
TEST_F(DryShape, ProductsOfDynamicDimensionsAreDivided) {
  using Op = ElementWiseOperation;
  const Tensor a = x({-1, 6});
  const Tensor batch = cut(shape(a), 0, 1);
  const Tensor rest = ints({-1});
  const auto viewed = [&](const std::vector<Tensor>& sizes) { return result(reshape(a, join(sizes), false)); };
  const Tensor twice = ew(Op::kProd, batch, ints({2}));
  EXPECT_EQ(viewed({twice, rest}), "float32[-1,3]");
  EXPECT_EQ(viewed({rest, twice}), "float32[3,-1]");
  EXPECT_EQ(viewed({ew(Op::kSum, batch, batch), rest}), "float32[-1,3]");
  EXPECT_EQ(viewed({ew(Op::kProd, twice, ints({3})), rest}), "float32[-1,1]");
  EXPECT_EQ(viewed({ew(Op::kFloorDiv, ew(Op::kProd, batch, ints({4})), ints({2})), rest}), "float32[-1,3]");
  EXPECT_EQ(viewed({ints({2}), batch, rest}), "float32[2,-1,3]");
  EXPECT_EQ(viewed({ew(Op::kFloorDiv, batch, ints({2})), rest}), "float32[-1,-1]");
  EXPECT_EQ(viewed({ew(Op::kSub, batch, ints({1})), rest}), "float32[-1,-1]");
  EXPECT_EQ(viewed({ew(Op::kProd, batch, batch), rest}), "float32[-1,-1]");
  EXPECT_EQ(viewed({ints({2}), rest}), "float32[2,-1]");
  EXPECT_EQ(result(reshape(a, join({twice, rest}), true)), "float32[-1,-1]") << "a 0 would copy dimension 0";
  EXPECT_NE(refusal(reshape(a, join({ew(Op::kProd, batch, ints({4})), rest}), false))
                .find("the elements cannot be divided into parts of the sizes given"),
            std::string::npos);
  const Tensor c = x({-1, -1, 6});
  const Tensor s = shape(c);
  const Tensor both = ew(Op::kProd, cut(s, 1, 1), cut(s, 0, 1));
  EXPECT_EQ(result(reshape(c, join({both, rest}), false)), "float32[-1,6]");
  const Tensor thrice = ew(Op::kProd, cut(s, 0, 1), ints({3}));
  EXPECT_EQ(result(reshape(c, join({thrice, rest, cut(s, 1, 1)}), false)), "float32[-1,2,-1]");
  EXPECT_EQ(result(reshape(c, join({thrice, rest}), false)), "float32[-1,-1]");
}

TEST_F(DryShape, ShapeLayer) {
  EXPECT_EQ(result(layer::Shape{x({2, -1}, u8)}), "int64[2]");
  EXPECT_EQ(result(layer::Shape{x({})}), "int64[0]");
  DryNetwork old(Target{{}, i32});
  const Tensor y = old.add_input("y", f32, {2, 3});
  EXPECT_EQ(old.add(layer::Shape{y}).dtype(), i32);
}

TEST_F(DryShape, Concatenation) {
  EXPECT_EQ(result(layer::Concatenation{{x({2, 3}), x({2, 4})}, 1}), "float32[2,7]");
  EXPECT_EQ(result(layer::Concatenation{{x({-1, 3}), x({2, 4})}, 1}), "float32[2,7]");
  EXPECT_EQ(result(layer::Concatenation{{x({2, -1}), x({2, 4})}, 1}), "float32[2,-1]");
  EXPECT_EQ(result(layer::Concatenation{{x({0, 3}), x({2, 3})}, 0}), "float32[2,3]");
  EXPECT_EQ(result(layer::Concatenation{{x({2}, b8)}, 0}), "bool[2]");
  EXPECT_EQ(
      refusal(layer::Concatenation{{x({2, 3}), x({3, 4})}, 1}),
      "Concatenation([float32[2,3],float32[3,4]], axis=1): dimension 0 differs between the inputs; only axis 1 may.");
  EXPECT_EQ(
      refusal(layer::Concatenation{{x({0}), x({2, 3})}, 0}),
      "Concatenation([float32[0],float32[2,3]], axis=0): input 0 has rank 1 and input 1 has rank 2, but the ranks must "
      "be equal.");
  EXPECT_EQ(
      refusal(layer::Concatenation{{x({2}), x({2}, f16)}, 0}),
      "Concatenation([float32[2],float16[2]], axis=0): input 0 is float32 and input 1 is float16, but the types must "
      "be equal.");
  EXPECT_EQ(refusal(layer::Concatenation{{x({2}), x({2})}, 1}),
            "Concatenation([float32[2],float32[2]], axis=1): axis 1 is outside of [0, 1).");
  EXPECT_EQ(refusal(layer::Concatenation{{}, 0}), "Concatenation([], axis=0): there must be an input.");
}

TEST_F(DryShape, Slice) {
  const auto slice = [&](const Dims& dims, const Dims& start, const Dims& size, const Dims& stride,
                         SampleMode mode = SampleMode::kStrictBounds) {
    return layer::Slice{x(dims), start, size, stride, mode};
  };
  EXPECT_EQ(result(slice({4, 5}, {1, 0}, {2, 3}, {1, 2})), "float32[2,3]");
  EXPECT_EQ(result(slice({4}, {3}, {4}, {-1})), "float32[4]");
  EXPECT_EQ(result(slice({4}, {0}, {2}, {0})), "float32[2]");
  EXPECT_EQ(result(slice({4}, {9}, {0}, {1})), "float32[0]");
  EXPECT_EQ(result(slice({}, {}, {}, {})), "float32[]");
  EXPECT_EQ(result(slice({-1, 5}, {7, 0}, {2, 3}, {1, 1})), "float32[2,3]");
  EXPECT_EQ(result(slice({4}, {-2}, {9}, {1}, SampleMode::kReflect)), "float32[9]");
  EXPECT_EQ(result(slice({0}, {0}, {2}, {1}, SampleMode::kFill)), "float32[2]");
  EXPECT_EQ(refusal(slice({4}, {1}, {4}, {1})),
            "Slice(float32[4], start=[1], size=[4], stride=[1]): the slice reaches index 4 of dimension 0, which has "
            "size 4.");
  EXPECT_EQ(
      refusal(slice({4}, {-1}, {1}, {1})),
      "Slice(float32[4], start=[-1], size=[1], stride=[1]): the slice reaches index -1 of dimension 0, which has size "
      "4.");
  EXPECT_EQ(refusal(slice({-1, 3}, {0, 0}, {2, 5}, {1, 1})),
            "Slice(float32[-1,3], start=[0,0], size=[2,5], stride=[1,1]): the slice reaches index 4 of dimension 1, "
            "which has "
            "size 3.");
  EXPECT_EQ(refusal(slice({}, {}, {}, {}, SampleMode::kFill)),
            "Slice(float32[], start=[], size=[], stride=[], mode=Fill): a 0-d slice with mode Fill does not build.");
  EXPECT_EQ(refusal(slice({4}, {0}, {-1}, {1})),
            "Slice(float32[4], start=[0], size=[-1], stride=[1]): dimension 0 of size is negative.");
  EXPECT_EQ(
      refusal(slice({4, 5}, {0}, {1}, {1})),
      "Slice(float32[4,5], start=[0], size=[1], stride=[1]): start, size and stride must have one number for each "
      "dimension of input.");
  EXPECT_EQ(
      refusal(slice({0}, {0}, {2}, {1}, SampleMode::kClamp)),
      "Slice(float32[0], start=[0], size=[2], stride=[1], mode=Clamp): dimension 0 of input is empty, so there is "
      "nothing to repeat.");
}

TEST_F(DryShape, SliceByTensors) {
  const Tensor a = x({-1, 8});
  const Tensor s = shape(a);
  const Dims zero{0, 0};
  const Dims one{1, 1};
  EXPECT_EQ(result(layer::Slice{a, zero, s, one}), "float32[-1,8]");
  EXPECT_EQ(result(layer::Slice{a, one, ew(ElementWiseOperation::kSub, s, ints(one)), one}), "float32[-1,7]");
  EXPECT_EQ(result(layer::Slice{a, x({2}, i64), Dims{2, 9}, one}), "float32[2,9]");
  EXPECT_EQ(result(layer::Slice{a, zero, x({2}, i32), one}), "float32[-1,-1]");
  EXPECT_EQ(
      refusal(layer::Slice{a, zero, ints({2}), one}),
      "Slice(float32[-1,8], start=[0,0], size=int64[1], stride=[1,1]): start, size and stride must have one number for "
      "each dimension of input.");
}

TEST_F(DryShape, SliceFill) {
  const auto filled = [&](DType dtype, const Tensor& fill, SampleMode mode = SampleMode::kFill) {
    return layer::Slice{x({4}, dtype), Dims{-2}, Dims{9}, Dims{1}, mode, fill};
  };
  EXPECT_EQ(result(filled(f32, scalar(1, f32))), "float32[9]");
  EXPECT_EQ(result(filled(f16, scalar(1, f32))), "float16[9]");
  EXPECT_EQ(result(filled(i64, ints({1}))), "int64[9]");
  EXPECT_EQ(
      refusal(filled(f32, scalar(1, i64))),
      "Slice(float32[4], start=[-2], size=[9], stride=[1], mode=Fill, fill=int64[]): input is float32 and fill is "
      "int64, but the types must be equal.");
  EXPECT_EQ(refusal(filled(i64, ints({1, 2}))),
            "Slice(int64[4], start=[-2], size=[9], stride=[1], mode=Fill, fill=int64[2]): fill must have one element.");
  EXPECT_EQ(
      refusal(filled(f32, scalar(1, f32), SampleMode::kWrap)),
      "Slice(float32[4], start=[-2], size=[9], stride=[1], mode=Wrap, fill=float32[]): fill goes with mode Fill only.");
}

}  // namespace
}  // namespace torch2trt::testing
