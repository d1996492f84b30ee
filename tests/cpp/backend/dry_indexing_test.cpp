// Gather, Scatter, NonZero, OneHot, Resize, GridSample and Fill.
#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

class DryIndexing : public DryTest {
 protected:
  layer::Gather gather(GatherMode mode, const Dims& data, const Dims& indices, std::int64_t axis = 0,
                       std::int64_t batch = 0) {
    return {x(data), x(indices, i64), mode, axis, batch};
  }
  layer::Scatter scatter(ScatterMode mode, const Dims& data, const Dims& indices, const Dims& updates,
                         std::int64_t axis = 0) {
    return {x(data), x(indices, i64), x(updates), mode, axis};
  }
  // What follows the layer's text.
  std::string rule(const Layer& layer) {
    const std::string message = refusal(layer);
    return message == "accepted" ? message : message.substr(message.find("): ") + 3);
  }
};

TEST_F(DryIndexing, Gather) {
  const auto mode = GatherMode::kDefault;
  EXPECT_EQ(result(gather(mode, {2, 3}, {})), "float32[3]");
  EXPECT_EQ(result(gather(mode, {2, 3, 4}, {5, 6}, 1)), "float32[2,5,6,4]");
  EXPECT_EQ(result(gather(mode, {-1, 3}, {-1}, 1)), "float32[-1,-1]");
  EXPECT_EQ(result(gather(mode, {2, 3}, {0})), "float32[0,3]");
  EXPECT_EQ(result(gather(mode, {2, 3, 4}, {2, 5}, 1, 1)), "float32[2,5,4]");
  EXPECT_EQ(result(gather(mode, {2, 3, 4}, {1, 5}, 1, 1)), "float32[2,5,4]");
  EXPECT_EQ(refusal(gather(mode, {2, 3}, {1}, 2)),
            "Gather(float32[2,3], int64[1], axis=2): axis 2 is outside of [0, 2).");
  EXPECT_EQ(rule(gather(mode, {2, 3, 4}, {2, 5}, 0, 1)), "axis 0 is outside of [1, 3).");
  EXPECT_EQ(rule(gather(mode, {2, 3, 4}, {3, 5}, 1, 1)),
            "dimension 0 of data and indices must be equal, or one of them 1.");
  EXPECT_EQ(rule(gather(mode, {2, 3, 4}, {2, 3, 5}, 2, 2)), "elementwise_dims must be 0 or 1.");
  EXPECT_EQ(rule(gather(mode, {2, 3, 4}, {}, 1, 1)), "indices must have the elementwise dimension.");
  EXPECT_EQ(rule(gather(mode, {0, 3}, {2})), "dimension 0 of data is empty.");
  EXPECT_EQ(result(gather(mode, {0, 3}, {0})), "float32[0,3]");
  EXPECT_EQ(result(gather(mode, {2, 0}, {2})), "float32[2,0]");
  EXPECT_EQ(rule(gather(mode, {}, {1})), "data must have at least 1 dimension.");
  EXPECT_EQ(rule(gather(mode, {2, 2, 2, 2, 2}, {2, 2, 2, 2, 2})), "the result would have 9 dimensions, more than 8.");
  EXPECT_EQ(rule(layer::Gather{x({2}), x({1})}), "indices must be int64 or int32, not float32.");
}

TEST_F(DryIndexing, GatherElements) {
  const auto mode = GatherMode::kElement;
  EXPECT_EQ(result(gather(mode, {2, 3}, {2, 2}, 1)), "float32[2,2]");
  EXPECT_EQ(result(gather(mode, {4, 3}, {-1, 3}, 1)), "float32[-1,3]");
  EXPECT_EQ(rule(gather(mode, {2, 3}, {2}, 1)), "data and indices must have the same rank.");
  EXPECT_EQ(rule(gather(mode, {2, 3}, {4, 3}, 1)), "dimension 0 of indices must not be larger than that of data.");
  EXPECT_EQ(result(gather(mode, {2, 3}, {2, 5}, 1)), "float32[2,5]") << "the axis is free";
  EXPECT_EQ(rule(gather(mode, {2, 0}, {2, 5}, 1)), "dimension 1 of data is empty.");
  EXPECT_EQ(rule(gather(mode, {2, 3}, {2, 3}, 1, 1)), "elementwise_dims must be 0 in mode Element.");
}

TEST_F(DryIndexing, GatherNd) {
  const auto mode = GatherMode::kNd;
  EXPECT_EQ(result(gather(mode, {2, 3, 4}, {5, 2})), "float32[5,4]");
  EXPECT_EQ(result(gather(mode, {2, 3, 4}, {-1, 3})), "float32[-1]");
  EXPECT_EQ(result(gather(mode, {2, 3}, {5, 0})), "float32[5,2,3]");
  EXPECT_EQ(result(gather(mode, {2, 3, 4}, {2, 6, 1}, 0, 1)), "float32[2,6,4]");
  EXPECT_EQ(refusal(gather(mode, {2, 3, 4}, {5, 4})),
            "Gather(float32[2,3,4], int64[5,4], mode=Nd, axis=0): the last dimension of indices must be at most 3.");
  EXPECT_EQ(rule(gather(mode, {2, 3, 4}, {5, -1})), "the last dimension of indices must be static.");
  EXPECT_EQ(rule(gather(mode, {2, 3, 4}, {3, 6, 1}, 0, 1)),
            "elementwise dimension 0 must be equal in data and indices.");
  EXPECT_EQ(rule(gather(mode, {4, 0}, {5, 2})), "dimension 1 of data is empty.");
  EXPECT_EQ(rule(gather(mode, {2, 3}, {})), "elementwise_dims must be smaller than the ranks of data and indices.");
}

TEST_F(DryIndexing, Scatter) {
  const auto element = ScatterMode::kElement;
  EXPECT_EQ(result(scatter(element, {-1, 3}, {2, -1}, {-1, 2})), "float32[-1,3]");
  EXPECT_EQ(refusal(scatter(element, {2, 3}, {2, 3}, {2, 2})),
            "Scatter(float32[2,3], int64[2,3], float32[2,2], mode=Element, axis=0): dimension 1 of updates must be 3.");
  EXPECT_EQ(rule(scatter(element, {2, 3}, {2}, {2})), "data and indices must have the same rank.");
  EXPECT_EQ(rule(scatter(element, {2, 3}, {4, 3}, {4, 3})),
            "dimension 0 of indices must not be larger than that of data.");
  EXPECT_EQ(rule(scatter(element, {}, {}, {})), "data must have at least 1 dimension.");
  EXPECT_EQ(rule(scatter(element, {5, 3}, {2, 2}, {2, 2}, 2)), "axis 2 is outside of [0, 2).");
  EXPECT_EQ(rule(layer::Scatter{x({2}), x({2}, i64), x({2}, f16), element}),
            "data is float32 and updates is float16, but the types must be equal.");
  const auto nd = ScatterMode::kNd;
  EXPECT_EQ(result(scatter(nd, {2, 3, 4}, {5, 2}, {5, 4})), "float32[2,3,4]");
  EXPECT_EQ(result(scatter(nd, {2, 3}, {5, -1}, {5})), "float32[2,3]");
  EXPECT_EQ(rule(scatter(nd, {2, 3, 4}, {5, 2}, {5})), "updates must have 2 dimensions.");
  EXPECT_EQ(rule(scatter(nd, {2, 3, 4}, {5, 2}, {6, 4})), "dimension 0 of updates must be 5.");
  EXPECT_EQ(rule(scatter(nd, {2, 3}, {5, 3}, {5})), "the last dimension of indices must be at most 2.");
  EXPECT_EQ(rule(scatter(nd, {2, 3}, {}, {})), "indices must have at least 1 dimension.");
}

TEST_F(DryIndexing, NMS) {
  const auto nms = [&](const Dims& boxes, const Dims& scores, DType type = f32) {
    return layer::NMS{x(boxes), x(scores, type), x({}, i32), x({}), x({})};
  };
  EXPECT_EQ(result(nms({1, 9, 4}, {1, 9, 1})), "int32[-1,3] int32[]");
  EXPECT_EQ(result(nms({2, -1, 4}, {2, 9, 3})), "int32[-1,3] int32[]");
  EXPECT_EQ(rule(nms({1, 9, 4}, {1, 9, 1}, f16)),
            "boxes is float32 and scores is float16, but the types must be equal.");
  EXPECT_EQ(rule(nms({9, 4}, {1, 9, 1})), "boxes and scores must have 3 dimensions.");
  EXPECT_EQ(rule(nms({1, 9, 5}, {1, 9, 1})), "the last dimension of boxes must be 4.");
  EXPECT_EQ(rule(nms({1, 9, 4}, {1, 8, 1})), "dimension 1 of boxes and scores must be equal.");
  EXPECT_EQ(rule(layer::NMS{x({1, 9, 4}), x({1, 9, 1}), x({}), x({}), x({})}), "limit must be int32, not float32.");
  EXPECT_EQ(rule(layer::NMS{x({1, 9, 4}), x({1, 9, 1}), x({}, i32), x({1}), x({})}), "overlap must be a 0-d tensor.");
  EXPECT_EQ(rule(layer::NMS{x({1, 9, 4}), x({1, 9, 1}), x({}, i32), x({}), x({}, f16)}),
            "threshold must be float32, not float16.");
}

TEST_F(DryIndexing, NonZeroAndOneHot) {
  EXPECT_EQ(result(layer::NonZero{x({2, 3}, b8)}), "int32[2,-1]");
  EXPECT_EQ(rule(layer::NonZero{x({2}, i8)}),
            "input must be float32, float16, bfloat16, int64, int32 or bool, not int8.");
  const auto one_hot = [&](const Dims& indices, std::int64_t axis, double depth = 5) {
    return layer::OneHot{x(indices, i64), x({2}), scalar(depth), axis};
  };
  EXPECT_EQ(result(one_hot({2, 3}, -1)), "float32[2,3,5]");
  EXPECT_EQ(result(one_hot({2, 3}, -3)), "float32[5,2,3]");
  EXPECT_EQ(result(one_hot({}, 0)), "float32[5]");
  EXPECT_EQ(result(layer::OneHot{x({-1}, i32), x({2}, b8), x({}, i32), 0}), "bool[-1,-1]");
  EXPECT_EQ(refusal(one_hot({2, 3}, 3)),
            "OneHot(int64[2,3], float32[2], int64[], axis=3): axis 3 is outside of [-3, 3).");
  EXPECT_EQ(rule(one_hot({2}, 0, -2)), "depth must not be negative.");
  EXPECT_EQ(rule(layer::OneHot{x({2}, i64), x({3}), scalar(5), 0}), "values must have 2 elements: off and on.");
  EXPECT_EQ(rule(layer::OneHot{x({2}, i64), x({2}), ints({5}), 0}), "depth must be a 0-d tensor, not 1-d.");
}

TEST_F(DryIndexing, Resize) {
  using Target = std::variant<Dims, std::vector<float>, Tensor>;
  const auto resize = [&](const Dims& dims, const Target& target,
                          InterpolationMode mode = InterpolationMode::kNearest) {
    return layer::Resize{x(dims), target, mode, ResizeCoordinateTransformation::kAsymmetric};
  };
  EXPECT_EQ(result(resize({1, 3, 4, 4}, Dims{2, 6, 8, 8})), "float32[2,6,8,8]");
  EXPECT_EQ(result(resize({-1, 3, -1, 5}, std::vector<float>{1, 1, 1.5, 2.5})), "float32[-1,3,-1,12]");
  EXPECT_EQ(result(resize({1, 1, 10, 100}, std::vector<float>{1, 1, 0.7F, 0.29F})), "float32[1,1,7,29]");
  EXPECT_EQ(result(resize({4}, ints({8}))), "float32[8]");
  EXPECT_EQ(result(resize({1, 3, 5, 5}, x({4}, i64))), "float32[-1,-1,-1,-1]");
  EXPECT_EQ(result(resize({0, 3, 4, 4}, Dims{0, 3, 8, 8}, InterpolationMode::kLinear)), "float32[0,3,8,8]");
  EXPECT_EQ(refusal(resize({1, 3, 4, 4}, Dims{2, 3, 8, 8}, InterpolationMode::kLinear)),
            "Resize(float32[1,3,4,4], target=[2,3,8,8], mode=Linear, transformation=Asymmetric): linear interpolation "
            "resizes "
            "the last 3 dimensions only.");
  EXPECT_EQ(result(resize({2, 3, 4, 4}, ints({2, 3, 8, 8}), InterpolationMode::kLinear)), "float32[2,3,8,8]");
  EXPECT_EQ(result(resize({4, -1}, std::vector<float>{1, 0})), "float32[4,0]");
  EXPECT_EQ(rule(resize({}, Dims{})), "input must have at least 1 dimension.");
  EXPECT_EQ(rule(resize({1, 3, 4, 4}, Dims{8, 8})), "target must have one size for each dimension of input.");
  EXPECT_EQ(rule(resize({1, 4}, std::vector<float>{2})), "target must have one scale for each dimension of input.");
  EXPECT_EQ(rule(resize({1, 4}, std::vector<float>{1, -1})), "scales must not be negative.");
  EXPECT_EQ(rule(resize({-1, 4}, Dims{-1, 8})), "dimension 0 of the output is negative.");
  EXPECT_EQ(rule(resize({1, 0}, Dims{1, 8})), "dimension 1 is empty and must stay so.");
  EXPECT_EQ(rule(layer::Resize{x({4}, i64), Dims{8}, InterpolationMode::kNearest}),
            "input must be float32, float16, bfloat16 or int8, not int64.");
}

TEST_F(DryIndexing, GridSample) {
  const auto sample = [&](const Dims& dims, const Dims& grid, SampleMode mode = SampleMode::kFill) {
    return layer::GridSample{x(dims), x(grid), InterpolationMode::kLinear, false, mode};
  };
  EXPECT_EQ(result(sample({-1, 3, 4, 4}, {2, 5, 6, 2})), "float32[-1,3,5,6]");
  EXPECT_EQ(result(sample({1, 3, 4, 4, 4}, {1, 5, 6, 7, 3})), "float32[1,3,5,6,7]");
  EXPECT_EQ(rule(sample({3, 4, 4}, {5, 6, 2})), "input must have rank 4 or 5.");
  EXPECT_EQ(rule(sample({2, 3, 4, 4}, {2, 5, 2})), "grid must have the rank of input.");
  EXPECT_EQ(rule(sample({2, 3, 4, 4}, {1, 5, 6, 2})), "input and grid must have the same batch size.");
  EXPECT_EQ(rule(sample({2, 3, 4, 4}, {2, 5, 6, 3})), "the last dimension of grid must be 2.");
  EXPECT_EQ(rule(sample({2, 3, 4, 4}, {2, 5, 6, 2}, SampleMode::kWrap)), "sample_mode must be Clamp, Fill or Reflect.");
}

TEST_F(DryIndexing, Fill) {
  using Op = FillOperation;
  using Value = std::variant<double, Tensor>;
  const auto fill = [&](const std::variant<Dims, Tensor>& dims, Op op, const Value& alpha, const Value& beta,
                        DType type) { return layer::Fill{dims, op, alpha, beta, type}; };
  EXPECT_EQ(result(fill(Dims{3}, Op::kLinspace, 0.0, 1.0, i64)), "int64[3]");
  EXPECT_EQ(result(fill(Dims{2, 3}, Op::kLinspace, scalar(1), ints({1, 2}), i64)), "int64[2,3]");
  EXPECT_EQ(result(fill(ints({2, 3}), Op::kRandomUniform, 0.0, 1.0, f16)), "float16[2,3]");
  EXPECT_EQ(result(fill(x({2}, i64), Op::kRandomNormal, 0.0, 1.0, f32)), "float32[-1,-1]");
  EXPECT_EQ(result(fill(net.add(layer::Shape{x({-1, 3})}), Op::kRandomNormal, 0.0, 1.0, f32)), "float32[-1,3]");
  EXPECT_EQ(
      refusal(fill(Dims{3}, Op::kLinspace, 0.0, 1.0, f16)),
      "Fill(dimensions=[3], operation=Linspace, alpha=0, beta=1, dtype=float16): the output must be float32, int64 or "
      "int32, not float16.");
  EXPECT_EQ(rule(fill(Dims{3}, Op::kRandomUniform, 0.0, 1.0, i64)),
            "the output must be float32 or float16, not int64.");
  EXPECT_EQ(rule(fill(Dims{}, Op::kLinspace, 0.0, 1.0, i64)), "a 0-d fill does not build.");
  EXPECT_EQ(rule(fill(Dims{-1}, Op::kLinspace, 0.0, 1.0, i64)), "dimensions must not be negative.");
  EXPECT_EQ(rule(fill(Dims{3}, Op::kLinspace, scalar(1), 1.0, i64)),
            "alpha and beta must both be numbers or both be tensors.");
  EXPECT_EQ(rule(fill(Dims{2, 3}, Op::kLinspace, scalar(1), ints({1}), i64)),
            "beta must be a 1-d tensor of 2 steps, one for each dimension.");
  EXPECT_EQ(rule(fill(Dims{3}, Op::kLinspace, ints({1}), ints({1}), i64)), "alpha must be a 0-d tensor.");
  EXPECT_EQ(rule(fill(Dims{3}, Op::kRandomUniform, scalar(0, f32), x({1}), f32)), "beta must be a 0-d tensor.");
  EXPECT_EQ(rule(fill(Dims{3}, Op::kLinspace, scalar(1), x({1}, i32), i64)),
            "alpha is int64 and beta is int32, but the types must be equal.");
}

TEST_F(DryIndexing, EveryTensorOfALayerIsAnInput) {
  const auto count = [](const Layer& layer) {
    int inputs = 0;
    for_each_input(layer, [&](const Tensor& tensor) { inputs += tensor ? 1 : 100; });
    return inputs;
  };
  const Tensor t = x({1});
  EXPECT_EQ(count(layer::Constant{}), 0);
  EXPECT_EQ(count(layer::Shuffle{t, {}, Dims{1}}), 1);
  EXPECT_EQ(count(layer::Shuffle{t, {}, t}), 2);
  EXPECT_EQ(count(layer::Concatenation{{t, t, t}, 0}), 3);
  EXPECT_EQ(count(layer::Slice{t, t, t, Dims{1}, SampleMode::kFill, t}), 4);
  EXPECT_EQ(count(layer::Convolution{t, t}), 2);
  EXPECT_EQ(count(layer::Fill{Dims{1}, FillOperation::kLinspace, t, 1.0, f32}), 1);
  EXPECT_EQ(count(layer::Attention{t, t, t}), 3);
  EXPECT_EQ(count(layer::Resize{t, t}), 2);
}

}  // namespace
}  // namespace torch2trt::testing
