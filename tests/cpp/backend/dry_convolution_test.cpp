#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

class DryConvolution : public DryTest {
 protected:
  layer::Convolution conv(const Dims& input, const Dims& kernel, DType dtype = f32) {
    const std::size_t spatial = kernel.size() - 2;
    return {x(input, dtype),  weights(kernel, dtype), std::nullopt,    Dims(spatial, 1),
            Dims(spatial, 0), Dims(spatial, 0),       Dims(spatial, 1)};
  }
  layer::Deconvolution deconv(const Dims& input, const Dims& kernel) {
    const layer::Convolution c = conv(input, kernel);
    return {c.input, c.kernel, c.bias, c.stride, c.pre_padding, c.post_padding, c.dilation};
  }
  layer::Pooling pool(const Dims& input, const Dims& window) {
    return {
        x(input), PoolingType::kMax, window, Dims(window.size(), 1), Dims(window.size(), 0), Dims(window.size(), 0)};
  }
};

TEST_F(DryConvolution, Shapes) {
  EXPECT_EQ(result(conv({1, 3, 8, 8}, {4, 3, 3, 3})), "float32[1,4,6,6]");
  EXPECT_EQ(result(conv({1, 3, 8, 8, 8}, {4, 3, 3, 3, 3}, f16)), "float16[1,4,6,6,6]");
  EXPECT_EQ(result(conv({0, 3, 8, 8}, {4, 3, 3, 3})), "float32[0,4,6,6]");
  EXPECT_EQ(result(conv({1, -1, 9, 9}, {4, 3, 3, 3})), "float32[1,4,7,7]");
  EXPECT_EQ(result(conv({2, 1, 3, 8, 8}, {4, 3, 3, 3})), "float32[2,1,4,6,6]") << "more than one batch dimension";
  layer::Convolution strided = conv({-1, 3, 9, -1}, {4, 3, 3, 3});
  strided.stride = {2, 2};
  strided.pre_padding = {1, 1};
  EXPECT_EQ(result(strided), "float32[-1,4,4,-1]");
  layer::Convolution dilated = conv({-1, 3, 9, 9}, {4, 3, 3, 3});
  dilated.dilation = {2, 2};
  dilated.pre_padding = {1, 1};
  dilated.post_padding = {2, 2};
  EXPECT_EQ(result(dilated), "float32[-1,4,8,8]");
  layer::Convolution padded = conv({1, 3, 0, 8}, {3, 3, 3, 3});
  padded.pre_padding = padded.post_padding = {2, 2};
  EXPECT_EQ(
      refusal(padded),
      "Convolution(float32[1,3,0,8], kernel=float32[3,3,3,3], stride=[1,1], pre_padding=[2,2], post_padding=[2,2], "
      "dilation=[1,1]): spatial dimension 0 of input is empty, that of the output is not.");
  layer::Convolution grouped = conv({1, 4, 9, 9}, {4, 2, 3, 3});
  grouped.groups = 2;
  grouped.bias = weights({4});
  EXPECT_EQ(result(grouped), "float32[1,4,7,7]");
  layer::Convolution computed = conv({1, 3, 9, 9}, {4, 3, 3, 3});
  computed.kernel = x({4, 3, 3, 3});
  EXPECT_EQ(result(computed), "float32[1,4,7,7]");
}

TEST_F(DryConvolution, Refusals) {
  EXPECT_EQ(refusal(conv({1, 3, 8}, {4, 3, 3})),
            "Convolution(float32[1,3,8], kernel=float32[4,3,3], stride=[1], pre_padding=[0], post_padding=[0], "
            "dilation=[1]): kernel must have 2 or 3 spatial dimensions, so rank 4 or 5.");
  const std::string rest = ", stride=[1,1], pre_padding=[0,0], post_padding=[0,0], dilation=[1,1]";
  EXPECT_EQ(refusal(conv({3, 8, 8}, {4, 3, 3, 3})),
            "Convolution(float32[3,8,8], kernel=float32[4,3,3,3]" + rest +
                "): input must have at least 4 dimensions: batch, channels and 2 spatial ones.");
  EXPECT_EQ(refusal(conv({1, 5, 8, 8}, {4, 3, 3, 3})), "Convolution(float32[1,5,8,8], kernel=float32[4,3,3,3]" + rest +
                                                           "): kernel takes 3 channels in 1 groups, but input has 5.");
  EXPECT_EQ(refusal(conv({1, 3, 2, 8}, {4, 3, 3, 3})),
            "Convolution(float32[1,3,2,8], kernel=float32[4,3,3,3]" + rest +
                "): the padded size 2 of spatial dimension 0 is smaller than the kernel's reach 3.");
  EXPECT_EQ(refusal(conv({1, 3, 8, 8}, {4, 3, 3, 3}, i64)),
            "Convolution(int64[1,3,8,8], kernel=int64[4,3,3,3]" + rest +
                "): input must be float32, float16, bfloat16 or int8, not int64.");
  EXPECT_EQ(refusal(conv({1, 0, 8, 8}, {4, 0, 3, 3})),
            "Convolution(float32[1,0,8,8], kernel=float32[4,0,3,3]" + rest + "): kernel must not be empty.");
  layer::Convolution l = conv({1, 3, 8, 8}, {4, 3, 3, 3}, f16);
  l.kernel = weights({4, 3, 3, 3});
  EXPECT_EQ(refusal(l), "Convolution(float16[1,3,8,8], kernel=float32[4,3,3,3]" + rest +
                            "): input is float16 and kernel is float32, but the types must be equal.");
  l = conv({1, 3, 8, 8}, {4, 3, 3, 3});
  l.bias = weights({3});
  EXPECT_EQ(refusal(l), "Convolution(float32[1,3,8,8], kernel=float32[4,3,3,3], bias=float32[3]{0,0,0}" + rest +
                            "): bias must have 4 elements.");
  l.bias = weights({4}, f16);
  EXPECT_EQ(refusal(l), "Convolution(float32[1,3,8,8], kernel=float32[4,3,3,3], bias=float16[4]" + rest +
                            "): input is float32 and bias is float16, but the types must be equal.");
  l = conv({1, 4, 8, 8}, {3, 2, 3, 3});
  l.groups = 2;
  EXPECT_EQ(refusal(l), "Convolution(float32[1,4,8,8], kernel=float32[3,2,3,3]" + rest +
                            ", groups=2): groups must divide the 3 output channels.");
  l = conv({1, 5, 8, 8}, {4, 2, 3, 3});
  l.groups = 2;
  EXPECT_EQ(refusal(l), "Convolution(float32[1,5,8,8], kernel=float32[4,2,3,3]" + rest +
                            ", groups=2): groups must divide the 5 input channels.");
  l = conv({1, 3, 8, 8}, {4, 3, 3, 3});
  l.stride = {0, 1};
  EXPECT_NE(refusal(l).find(": stride must be at least 1."), std::string::npos);
  l.stride = {1};
  EXPECT_NE(refusal(l).find(": stride must have 2 numbers."), std::string::npos);
}

TEST_F(DryConvolution, Deconvolution) {
  EXPECT_EQ(result(deconv({1, 3, 8, 8}, {3, 5, 3, 3})), "float32[1,5,10,10]");
  EXPECT_EQ(result(deconv({1, 3, 8, 8, 8}, {3, 5, 3, 3, 3})), "float32[1,5,10,10,10]");
  layer::Deconvolution l = deconv({-1, 4, 9, -1}, {4, 2, 3, 3});
  l.stride = {2, 2};
  l.pre_padding = {1, 1};
  l.groups = 2;
  EXPECT_EQ(result(l), "float32[-1,4,18,-1]");
  const std::string rest = ", stride=[1,1], pre_padding=[0,0], post_padding=[0,0], dilation=[1,1]";
  EXPECT_EQ(refusal(deconv({1, -1, 8, 8}, {3, 5, 3, 3})), "Deconvolution(float32[1,-1,8,8], kernel=float32[3,5,3,3]" +
                                                              rest + "): the channels of input must be static.");
  EXPECT_EQ(refusal(deconv({1, 4, 8, 8}, {3, 5, 3, 3})), "Deconvolution(float32[1,4,8,8], kernel=float32[3,5,3,3]" +
                                                             rest + "): kernel takes 3 channels, but input has 4.");
  l = deconv({1, 3, 1, 8}, {3, 5, 3, 3});
  l.pre_padding = {2, 0};
  l.post_padding = {2, 0};
  EXPECT_EQ(refusal(l),
            "Deconvolution(float32[1,3,1,8], kernel=float32[3,5,3,3], stride=[1,1], pre_padding=[2,0], "
            "post_padding=[2,0], dilation=[1,1]): spatial dimension 0 of the output would be -1.");
}

TEST_F(DryConvolution, Pooling) {
  EXPECT_EQ(result(pool({1, 3, 8, 8}, {2, 2})), "float32[1,3,7,7]");
  EXPECT_EQ(result(pool({1, 3, 8, 8, 8}, {2, 2, 2})), "float32[1,3,7,7,7]");
  EXPECT_EQ(result(pool({2, 1, 3, 8, 8}, {2, 2})), "float32[2,1,3,7,7]");
  EXPECT_EQ(result(pool({1, 3, 2, 2}, {3, 3})), "float32[1,3,0,0]");
  const auto with = [&](const Dims& input, const Dims& window, std::int64_t stride, std::int64_t padding, bool up) {
    layer::Pooling l = pool(input, window);
    l.stride = {stride, stride};
    l.pre_padding = l.post_padding = {padding, padding};
    l.round_up = up;
    return l;
  };
  EXPECT_EQ(result(with({1, 3, 8, -1}, {3, 3}, 2, 0, true)), "float32[1,3,4,-1]");
  EXPECT_EQ(result(with({1, 3, 8, -1}, {3, 3}, 2, 0, false)), "float32[1,3,3,-1]");
  // The last window may lie in the padding only; PyTorch leaves such a window out.
  EXPECT_EQ(result(with({1, 3, 7, 7}, {2, 2}, 2, 1, true)), "float32[1,3,5,5]");
  EXPECT_EQ(result(with({1, 3, 8, 8}, {2, 2}, 1, 2, false)), "float32[1,3,11,11]") << "padding as large as the window";
  EXPECT_EQ(result(with({1, 1, 2, 2}, {4, 4}, 2, 0, false)), "float32[1,1,0,0]");
  EXPECT_EQ(result(with({1, 1, 2, 2}, {5, 5}, 2, 0, true)), "float32[1,1,0,0]");
  EXPECT_EQ(refusal(with({1, 1, 2, 2}, {5, 5}, 2, 0, false)),
            "Pooling(float32[1,1,2,2], type=Max, window=[5,5], stride=[2,2], pre_padding=[0,0], post_padding=[0,0]): "
            "spatial dimension 0 of the output would be -1.");
  layer::Pooling average = with({1, 3, 8, 8}, {2, 2}, 1, 2, false);
  average.type = PoolingType::kAverage;
  EXPECT_EQ(result(average), "float32[1,3,11,11]");
  average.average_count_excludes_padding = true;
  EXPECT_EQ(
      refusal(average),
      "Pooling(float32[1,3,8,8], type=Average, window=[2,2], stride=[1,1], pre_padding=[2,2], post_padding=[2,2], "
      "average_count_excludes_padding=true): an average that does not count padding needs a padding smaller than "
      "the window.");
  layer::Pooling quantized = pool({1, 3, 8, 8, 8}, {2, 2, 2});
  quantized.input = x({1, 3, 8, 8, 8}, i8);
  EXPECT_NE(refusal(quantized).find("int8 is pooled over 2 dimensions only."), std::string::npos);
  // Rounding up makes the last window reach 1 beyond the image, which counts as padding.
  layer::Pooling rounded = with({1, 1, 4, 4}, {1, 1}, 2, 0, true);
  rounded.type = PoolingType::kAverage;
  rounded.average_count_excludes_padding = true;
  EXPECT_NE(refusal(rounded), "accepted");
  rounded.window = {2, 2};
  EXPECT_EQ(result(rounded), "float32[1,1,2,2]");
  EXPECT_EQ(refusal(pool({1, 3, 8}, {2})),
            "Pooling(float32[1,3,8], type=Max, window=[2], stride=[1], pre_padding=[0], post_padding=[0]): window must "
            "have 2 or 3 dimensions.");
  EXPECT_EQ(
      refusal(pool({3, 8, 8}, {2, 2})),
      "Pooling(float32[3,8,8], type=Max, window=[2,2], stride=[1,1], pre_padding=[0,0], post_padding=[0,0]): input "
      "must have at least 4 dimensions: batch, channels and 2 spatial ones.");
}

}  // namespace
}  // namespace torch2trt::testing
