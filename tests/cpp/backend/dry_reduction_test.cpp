// Reductions, normalizations, products and attention.
#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

class DryReduction : public DryTest {
 protected:
  std::string matmul(const Dims& a, const Dims& b, MatrixOperation op_a = MatrixOperation::kNone,
                     MatrixOperation op_b = MatrixOperation::kNone) {
    return result(layer::MatrixMultiply{x(a), op_a, x(b), op_b});
  }
  std::string no_matmul(const Dims& a, const Dims& b, MatrixOperation op_a = MatrixOperation::kNone,
                        MatrixOperation op_b = MatrixOperation::kNone) {
    return refusal(layer::MatrixMultiply{x(a), op_a, x(b), op_b});
  }
  layer::Einsum einsum(const std::string& equation, const std::vector<Dims>& inputs) {
    layer::Einsum l{{}, equation};
    for (const Dims& dims : inputs) l.inputs.push_back(x(dims));
    return l;
  }
};

TEST_F(DryReduction, Reduce) {
  using Op = ReduceOperation;
  EXPECT_EQ(result(layer::Reduce{x({2, -1, 4}), Op::kSum, {1, 2}, true}), "float32[2,1,1]");
  EXPECT_EQ(result(layer::Reduce{x({2, -1, 4}), Op::kMax, {2}, false}), "float32[2,-1]");
  EXPECT_EQ(result(layer::Reduce{x({2, 3}, i64), Op::kAvg, {0, 1}, false}), "int64[]");
  EXPECT_EQ(result(layer::Reduce{x({2, 0}), Op::kMax, {1}, false}), "float32[2]");
  EXPECT_EQ(refusal(layer::Reduce{x({2}), Op::kSum, {}, false}),
            "Reduce(float32[2], operation=Sum, axes=[]): axes must not be empty.");
  EXPECT_EQ(refusal(layer::Reduce{x({2, 3}), Op::kSum, {2}, false}),
            "Reduce(float32[2,3], operation=Sum, axes=[2]): axis 2 is outside of [0, 2).");
  EXPECT_EQ(refusal(layer::Reduce{x({2, 3}), Op::kSum, {1, 1}, true}),
            "Reduce(float32[2,3], operation=Sum, axes=[1,1], keep_dims=true): axes must not repeat.");
  EXPECT_EQ(refusal(layer::Reduce{x({}), Op::kSum, {0}, false}),
            "Reduce(float32[], operation=Sum, axes=[0]): input must have at least 1 dimension.");
  EXPECT_EQ(
      refusal(layer::Reduce{x({2}, b8), Op::kSum, {0}, false}),
      "Reduce(bool[2], operation=Sum, axes=[0]): input must be float32, float16, bfloat16, int64, int32 or int8, not "
      "bool.");
}

TEST_F(DryReduction, Quantization) {
  const auto scales = [&](std::int64_t count, DType dtype = f32) {
    return net.add(layer::Constant{weights({count}, dtype)});
  };
  EXPECT_EQ(result(layer::Quantize{x({-1, 3}), scalar(1, f32)}), "int8[-1,3]");
  EXPECT_EQ(result(layer::Quantize{x({-1, 3}), scales(3), DType::kFloat8E4M3, 1}), "float8_e4m3fn[-1,3]");
  EXPECT_EQ(result(layer::Dequantize{x({-1, 3}, i8), scales(1, f16), f16}), "float16[-1,3]");
  EXPECT_EQ(refusal(layer::Quantize{x({2, 3}), scales(3)}),
            "Quantize(float32[2,3], float32[3], to=int8): a scale for the whole input must have one element.");
  EXPECT_EQ(refusal(layer::Quantize{x({2, 3}), scales(3), i8, 0}),
            "Quantize(float32[2,3], float32[3], to=int8, axis=0): there must be a scale for each index of axis 0.");
  EXPECT_EQ(refusal(layer::Quantize{x({2, 3}, i64), scalar(1, f32)}),
            "Quantize(int64[2,3], float32[], to=int8): input must be float32, float16 or bfloat16, not int64.");
  EXPECT_EQ(refusal(layer::Dequantize{x({2, 3}), scalar(1, f32)}),
            "Dequantize(float32[2,3], float32[], to=float32): input must be int8 or float8_e4m3fn, not float32.");
  EXPECT_EQ(
      refusal(layer::Dequantize{x({2, 3}, i8), scalar(1, f16)}),
      "Dequantize(int8[2,3], float16[], to=float32): the output is float32 and scale is float16, but the types must "
      "be equal.");
}

TEST_F(DryReduction, TopK) {
  const auto top = [&](const Dims& dims, const std::variant<std::int64_t, Tensor>& k, std::int64_t axis = 1) {
    return layer::TopK{x(dims), TopKOperation::kMax, k, axis};
  };
  EXPECT_EQ(result(top({-1, 5}, 2)), "float32[-1,2] int32[-1,2]");
  EXPECT_EQ(result(top({5, -1}, 2)), "float32[5,2] int32[5,2]");
  EXPECT_EQ(result(top({2, 5}, 0)), "float32[2,0] int32[2,0]");
  EXPECT_EQ(result(top({2, 5}, scalar(3, i32))), "float32[2,3] int32[2,3]");
  EXPECT_EQ(result(top({2, 5}, x({}, i32))), "float32[2,-1] int32[2,-1]");
  EXPECT_EQ(refusal(top({2, 3}, 4)),
            "TopK(float32[2,3], operation=Max, k=4, axis=1): k is 4, but axis 1 has only 3 elements.");
  EXPECT_EQ(refusal(top({2, 3}, scalar(4, i64))),
            "TopK(float32[2,3], operation=Max, k=int64[], axis=1): k is 4, but axis 1 has only 3 elements.");
  EXPECT_EQ(refusal(top({2, 5000}, 3841)),
            "TopK(float32[2,5000], operation=Max, k=3841, axis=1): k is 3841, outside of [0, 3840].");
  EXPECT_EQ(refusal(top({5}, 2, 0)),
            "TopK(float32[5], operation=Max, k=2, axis=0): input must have at least 2 dimensions.");
  EXPECT_EQ(refusal(top({2, 5}, ints({3}))),
            "TopK(float32[2,5], operation=Max, k=int64[1], axis=1): k must be a 0-d tensor, not 1-d.");
}

TEST_F(DryReduction, CumulativeAndSoftMax) {
  EXPECT_EQ(result(layer::Cumulative{x({-1, 3}, i64), scalar(-1), CumulativeOperation::kSum}), "int64[-1,3]");
  EXPECT_EQ(refusal(layer::Cumulative{x({2, 3}), scalar(2), CumulativeOperation::kSum}),
            "Cumulative(float32[2,3], int64[], operation=Sum): axis 2 is outside of [0, 2).");
  EXPECT_EQ(
      refusal(layer::Cumulative{x({2}, i8), scalar(0), CumulativeOperation::kSum}),
      "Cumulative(int8[2], int64[], operation=Sum): input must be float32, float16, bfloat16, int64 or int32, not "
      "int8.");
  EXPECT_EQ(result(layer::SoftMax{x({2, 0}, bf16), 1}), "bfloat16[2,0]");
  EXPECT_EQ(refusal(layer::SoftMax{x({2, 3}), 2}), "SoftMax(float32[2,3], axis=2): axis 2 is outside of [0, 2).");
  EXPECT_EQ(refusal(layer::SoftMax{x({2, 3}, i32), 0}),
            "SoftMax(int32[2,3], axis=0): input must be float32, float16 or bfloat16, not int32.");
}

TEST_F(DryReduction, Normalization) {
  const auto norm = [&](const Dims& dims, const Dims& weights, const std::vector<std::int64_t>& axes,
                        std::int64_t groups = 1, DType type = f32) {
    return layer::Normalization{x(dims), x(weights, type), x(weights, type), axes, 0.5F, groups};
  };
  EXPECT_EQ(result(norm({-1, 3, 4}, {1, 1, 4}, {2})), "float32[-1,3,4]");
  EXPECT_EQ(result(norm({0, 3, 4}, {1, 3, 4}, {1, 2})), "float32[0,3,4]");
  EXPECT_EQ(result(norm({2, 6, 4, 4}, {1, 6, 1, 1}, {2, 3}, 3)), "float32[2,6,4,4]");
  EXPECT_EQ(result(norm({3}, {3}, {0})), "float32[3]");
  EXPECT_EQ(
      refusal(norm({2, 3, 4}, {1, 1, 3}, {2})),
      "Normalization(float32[2,3,4], float32[1,1,3], float32[1,1,3], axes=[2], epsilon=0.5): dimension 2 of scale must "
      "be 1 or that of input.");
  EXPECT_EQ(refusal(norm({2, 3, 4}, {4}, {2})),
            "Normalization(float32[2,3,4], float32[4], float32[4], axes=[2], epsilon=0.5): scale must have the rank of "
            "input.");
  EXPECT_EQ(
      refusal(norm({2, 3, 4}, {1, 1, 4}, {2}, 1, f16)),
      "Normalization(float32[2,3,4], float16[1,1,4], float16[1,1,4], axes=[2], epsilon=0.5): input is float32 and "
      "scale is float16, but the types must be equal.");
  EXPECT_EQ(
      refusal(norm({2, 3, 4}, {1, 1, 4}, {})),
      "Normalization(float32[2,3,4], float32[1,1,4], float32[1,1,4], axes=[], epsilon=0.5): axes must not be empty.");
  const std::string grouped = "Normalization(float32[2,6,4,4], float32[1,3,1,1], float32[1,3,1,1], axes=";
  EXPECT_EQ(refusal(norm({2, 6, 4, 4}, {1, 3, 1, 1}, {2, 3}, 3)),
            grouped + "[2,3], epsilon=0.5, groups=3): with groups, dimension 1 of scale must be that of input.");
  EXPECT_EQ(refusal(norm({2, 6, 4, 4}, {1, 3, 1, 1}, {2, 3}, 4)),
            grouped + "[2,3], epsilon=0.5, groups=4): groups must divide the channels of input.");
  EXPECT_EQ(refusal(norm({2, 6, 4, 4}, {1, 3, 1, 1}, {1, 2, 3}, 3)),
            grouped + "[1,2,3], epsilon=0.5, groups=3): with groups, axes must be spatial ones (2 and up).");
}

TEST_F(DryReduction, Scale) {
  const auto scale = [&](const Dims& dims, std::int64_t count, std::int64_t axis = 1, DType type = f32) {
    return layer::Scale{x(dims), axis, weights({count}, type), weights({count}, type)};
  };
  EXPECT_EQ(result(scale({1, 3, 8, 8}, 3)), "float32[1,3,8,8]");
  EXPECT_EQ(result(scale({}, 1, 0)), "float32[]");
  EXPECT_EQ(result(scale({2, 8}, 2, 0)), "float32[2,8]");
  EXPECT_EQ(result(scale({-1, -1, 8}, 3)), "float32[-1,3,8]") << "the weights tell the dynamic dimension";
  EXPECT_EQ(refusal(scale({1, 3, 8}, 4)),
            "Scale(float32[1,3,8], channel_axis=1, shift=float32[4]{0,0,0,0}, scale=float32[4]{0,0,0,0}): scale has 4 "
            "elements, but axis 1 of input has 3.");
  EXPECT_EQ(refusal(scale({1, 2, 8}, 2, 1, f16)),
            "Scale(float32[1,2,8], channel_axis=1, shift=float16[2], scale=float16[2]): input is float32 and shift is "
            "float16, but the types must be equal.");
  EXPECT_NE(refusal(scale({2, 3}, 1, 3)).find("axis 3 is outside of [0, 2)."), std::string::npos);
  EXPECT_NE(refusal(scale({2, 3}, 3, 2)).find("axis 2 is outside of [0, 2)."), std::string::npos);
  layer::Scale uneven = scale({1, 3, 8}, 3);
  uneven.shift = weights({1});
  EXPECT_NE(refusal(uneven).find("shift and scale must have the same number of elements."), std::string::npos);
}

TEST_F(DryReduction, MatrixMultiply) {
  using Op = MatrixOperation;
  EXPECT_EQ(matmul({2, 3}, {3, 4}), "float32[2,4]");
  EXPECT_EQ(matmul({3, 2}, {4, 3}, Op::kTranspose, Op::kTranspose), "float32[2,4]");
  EXPECT_EQ(matmul({5, 1, 2, 3}, {1, 6, 3, 4}), "float32[5,6,2,4]");
  EXPECT_EQ(matmul({-1, 2, 3}, {5, 3, 4}), "float32[5,2,4]");
  EXPECT_EQ(matmul({2, -1}, {3, 4}), "float32[2,4]");
  EXPECT_EQ(matmul({2, 0}, {0, 4}), "float32[2,4]");
  EXPECT_EQ(matmul({3}, {3, 4}, Op::kVector), "float32[4]");
  EXPECT_EQ(matmul({3}, {4, 3}, Op::kVector, Op::kTranspose), "float32[4]");
  EXPECT_EQ(matmul({5, 2, 3}, {5, 3}, Op::kNone, Op::kVector), "float32[5,2]");
  EXPECT_EQ(matmul({3}, {3}, Op::kVector, Op::kVector), "float32[]");
  EXPECT_EQ(no_matmul({2, 3}, {4, 4}),
            "MatrixMultiply(float32[2,3], float32[4,4]): a has 3 columns and b 4 rows, but they must be equal.");
  EXPECT_EQ(no_matmul({5, 2, 3}, {3, 4}),
            "MatrixMultiply(float32[5,2,3], float32[3,4]): a and b must have the same number of dimensions before the "
            "matrices.");
  EXPECT_EQ(
      no_matmul({3}, {5, 3, 4}, Op::kVector),
      "MatrixMultiply(float32[3], float32[5,3,4], op_a=Vector): a and b must have the same number of dimensions before "
      "the matrices.");
  EXPECT_EQ(no_matmul({3}, {3, 4}), "MatrixMultiply(float32[3], float32[3,4]): a must have at least 2 dimensions.");
  EXPECT_EQ(
      no_matmul({5, 2, 3}, {4, 3, 4}),
      "MatrixMultiply(float32[5,2,3], float32[4,3,4]): dimension 0 is 5 in a and 4 in b, but they must be equal or one "
      "of them 1.");
  EXPECT_EQ(refusal(layer::MatrixMultiply{x({2, 2}, i64), Op::kNone, x({2, 2}, i64), Op::kNone}),
            "MatrixMultiply(int64[2,2], int64[2,2]): a must be float32, float16 or bfloat16, not int64.");
}

TEST_F(DryReduction, Einsum) {
  EXPECT_EQ(result(einsum("ij,jk->ik", {{2, 3}, {3, 4}})), "float32[2,4]");
  EXPECT_EQ(result(einsum("ij , jk", {{2, 3}, {1, 4}})), "float32[2,4]");
  EXPECT_EQ(result(einsum("ba", {{2, 3}})), "float32[3,2]");
  EXPECT_EQ(result(einsum("ii->i", {{3, 3}})), "float32[3]");
  EXPECT_EQ(result(einsum("ij->", {{2, 3}})), "float32[]");
  EXPECT_EQ(result(einsum(",->", {{}, {}})), "float32[]");
  EXPECT_EQ(result(einsum("bij,bjk->bik", {{-1, 2, 3}, {5, 3, 4}})), "float32[5,2,4]");
  EXPECT_EQ(result(einsum("...ij,...jk->...ik", {{5, 2, 3}, {5, 3, 4}})), "float32[5,2,4]");
  EXPECT_EQ(result(einsum("b...a", {{5, 1, 2, 3}})), "float32[1,2,3,5]");
  EXPECT_EQ(result(einsum("b...a->ab", {{5, 1, 2, 3}})), "float32[3,5]");
  const auto rule = [&](const std::string& equation, const std::vector<Dims>& inputs) {
    const std::string message = refusal(einsum(equation, inputs));
    return message.substr(message.find("): ") + 3);
  };
  EXPECT_EQ(refusal(einsum("ij,jk->ik", {{2, 3}, {4, 4}})),
            "Einsum([float32[2,3],float32[4,4]], equation=\"ij,jk->ik\"): subscript 'j' has different sizes.");
  EXPECT_EQ(rule("IJ->JI", {{2, 3}}), "'I' is no subscript; they are lower-case letters.");
  EXPECT_EQ(rule("ij->ij", {{2, 3}, {2, 3}}), "the equation has 1 terms for 2 inputs.");
  EXPECT_EQ(rule("ijk->ij", {{2, 3}}), "term 0 has 3 subscripts, but the input has 2 dimensions.");
  EXPECT_EQ(rule("ij->ii", {{2, 3}}), "subscript 'i' repeats in the output.");
  EXPECT_EQ(rule("ij->ijk", {{2, 3}}), "subscript 'k' of the output is in no input.");
  EXPECT_EQ(rule("ii->i", {{1, 3}}), "subscript 'i' repeats in term 0 with different sizes.");
  EXPECT_EQ(rule("...ij,...jk->...ik", {{5, 2, 3}, {3, 4}}),
            "an ellipsis must have as many dimensions in every input.");
  EXPECT_EQ(rule("...i...->i", {{2, 3}}), "a term may have one ellipsis.");
  EXPECT_EQ(rule("ij->i,j", {{2, 3}}), "the equation must have one output term.");
}

TEST_F(DryReduction, Attention) {
  const Dims query{2, 4, 5, 8};
  const Dims key{2, 4, 6, 8};
  const auto attention = [&](const Dims& q, const Dims& k, const Dims& v) {
    return layer::Attention{x(q), x(k), x(v)};
  };
  const auto masked = [&](const Dims& mask, DType type = b8) {
    return layer::Attention{x(query), x(key), x(key), x(mask, type)};
  };
  EXPECT_EQ(result(attention(query, key, key)), "float32[2,4,5,8]");
  EXPECT_EQ(result(attention(query, {2, 2, 6, 8}, {2, 2, 6, 8})), "float32[2,4,5,8]");
  EXPECT_EQ(result(attention({-1, 4, -1, 8}, {-1, 4, -1, 8}, {-1, 4, -1, 8})), "float32[-1,4,-1,8]");
  EXPECT_EQ(result(masked({2, 1, 1, 6})), "float32[2,4,5,8]");
  EXPECT_EQ(result(masked({1, 1, 5, 1}, f32)), "float32[2,4,5,8]");
  const auto rule = [&](const layer::Attention& l) {
    const std::string message = refusal(l);
    return message.substr(message.find("): ") + 3);
  };
  EXPECT_EQ(refusal(attention(query, key, {2, 4, 6, 3})),
            "Attention(float32[2,4,5,8], float32[2,4,6,8], float32[2,4,6,3]): key and value must have the same shape.");
  EXPECT_EQ(rule(attention(query, {2, 3, 6, 8}, {2, 3, 6, 8})), "the heads of key must divide the heads of query.");
  EXPECT_EQ(rule(attention({4, 5, 8}, {4, 6, 8}, {4, 6, 8})), "query, key and value must have rank 4.");
  EXPECT_EQ(rule(attention(query, {1, 4, 6, 8}, {1, 4, 6, 8})), "query and key must have the same batch size.");
  EXPECT_EQ(rule(attention(query, {2, 4, 6, 7}, {2, 4, 6, 7})), "query and key must have the same head size.");
  EXPECT_EQ(rule(attention({2, 4, 5, -1}, key, key)), "query and key must have the same head size.");
  EXPECT_EQ(rule(attention(query, {-1, 4, 6, 8}, {2, 4, 6, 8})), "key and value must have the same shape.");
  EXPECT_EQ(result(attention(query, {2, 4, -1, 8}, {2, 4, 6, 8})), "float32[2,4,5,8]");
  EXPECT_EQ(rule(masked({2, 4, 5, 7})), "dimension 3 of mask must be 1 or 6.");
  EXPECT_EQ(rule(masked({5, 6})), "mask must have rank 4.");
  EXPECT_EQ(rule(masked({1, 1, 5, 6}, f16)), "mask must be bool or float32, not float16.");
  layer::Attention both = masked({1, 1, 5, 6});
  both.causal = true;
  EXPECT_EQ(rule(both), "mask and causal exclude each other.");
}

}  // namespace
}  // namespace torch2trt::testing
