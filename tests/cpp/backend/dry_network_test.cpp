#include <gmock/gmock.h>

#include "src/network/layer_fields.h"
#include "src/network/layer_names.h"
#include "tests/cpp/backend/dry_testing.h"

namespace torch2trt::testing {
namespace {

void small_network(DryNetwork& net) {
  net.set_location({"aten::conv2d.default", "features.0", ""});
  const Tensor x = net.add_input("x", f32, {-1, 3, 8, 8});
  const Tensor y = net.add(layer::Convolution{
      x, full_host_tensor(0, f32, {4, 3, 3, 3}), full_host_tensor(1, f32, {4}), {2, 2}, {1, 1}, {1, 1}, {1, 1}});
  net.set_location({"aten::clamp.default", "", ""});
  const Tensor z = net.add(layer::Activation{y, ActivationType::kClip, 0, 6});
  net.set_location({"aten::topk.default", "head", ""});
  const std::vector<Tensor> top = net.add_all(layer::TopK{z, TopKOperation::kMax, std::int64_t{2}, 1});
  const Tensor shape = net.add(layer::Shape{x});
  const Tensor batch = net.add(layer::Gather{shape, net.add(layer::Constant{host_tensor({std::int64_t{0}})})});
  const Tensor size =
      net.add(layer::Concatenation{{batch, net.add(layer::Constant{host_tensor({std::int64_t{32}})})}, 0});
  net.mark_output(net.add(layer::Shuffle{top[0], {}, size, {}, true}), "y");
  net.mark_output(x, "same");
}

TEST(DryNetwork, Text) {
  DryNetwork net;
  small_network(net);
  EXPECT_EQ(net.to_text(),
            R"(input %x : float32[-1,3,8,8]
%features.0/conv2d_output_0 : float32[-1,4,4,4] = Convolution(%x, kernel=float32[4,3,3,3], bias=float32[4]{1,1,1,1}, stride=[2,2], pre_padding=[1,1], post_padding=[1,1], dilation=[1,1])  # features.0/conv2d
%clamp_output_0 : float32[-1,4,4,4] = Activation(%features.0/conv2d_output_0, type=Clip, beta=6)  # clamp
%head/topk_output_0 : float32[-1,2,4,4], %head/topk_output_1 : int32[-1,2,4,4] = TopK(%clamp_output_0, operation=Max, k=2, axis=1)  # head/topk
%head/topk_1_output_0 : int64[4] = Shape(%x)  # head/topk_1
%head/topk_2_output_0 : int64[1] = Constant(weights=int64[1]{0})  # head/topk_2
%head/topk_3_output_0 : int64[1] = Gather(%head/topk_1_output_0, %head/topk_2_output_0, axis=0)  # head/topk_3
%head/topk_4_output_0 : int64[1] = Constant(weights=int64[1]{32})  # head/topk_4
%head/topk_5_output_0 : int64[2] = Concatenation([%head/topk_3_output_0,%head/topk_4_output_0], axis=0)  # head/topk_5
%y : float32[-1,32] = Shuffle(%head/topk_output_0, reshape=%head/topk_5_output_0, zero_is_placeholder=true)  # head/topk_6
%same : float32[-1,3,8,8] = Identity(%x)  # head/topk_7
output %y : float32[-1,32]
output %same : float32[-1,3,8,8]
)");
}

TEST(DryNetwork, TextIsDeterministic) {
  DryNetwork a;
  DryNetwork b;
  small_network(a);
  small_network(b);
  EXPECT_EQ(a.to_text(), b.to_text());
  EXPECT_EQ(DryNetwork().to_text(), "");
}

TEST(DryNetwork, RefusalNamesLayerAndLocation) {
  DryNetwork net;
  const Tensor x = net.add_input("x", f32, {2});
  net.set_location({"aten::softmax.int", "head", "model.py:7"});
  try {
    net.add(layer::SoftMax{x, 0});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "TensorRT would refuse layer \"head/softmax\", SoftMax(float32[2], axis=0): input must have at least 2 "
        "dimensions.\n  at aten::softmax.int in module \"head\" (model.py:7)");
  }
  EXPECT_EQ(net.to_text(), "input %x : float32[2]\n") << "a refused layer leaves nothing behind";
}

TEST(DryNetwork, Target) {
  DryNetwork net(Target{{"Attention"}, i32});
  EXPECT_FALSE(net.supports("Attention"));
  EXPECT_TRUE(net.supports("Convolution"));
  EXPECT_EQ(net.shape_dtype(), i32);
  EXPECT_EQ(DryNetwork().shape_dtype(), i64);
  for (const std::string_view layer : layer_type_names()) EXPECT_TRUE(DryNetwork().supports(layer));
  const Tensor x = net.add_input("x", f32, {1, 1, 2, 2});
  EXPECT_THAT([&] { net.add(layer::Attention{x, x, x}); },
              ::testing::ThrowsMessage<Error>(
                  "TensorRT would refuse layer \"Attention\", Attention(float32[1,1,2,2], float32[1,1,2,2], "
                  "float32[1,1,2,2]): the TensorRT it is meant for has no such layer."));
}

TEST(DryNetwork, Inputs) {
  DryNetwork net;
  EXPECT_EQ(net.add_input("a", DType::kFloat64, {0, -1}).dtype(), f32);
  EXPECT_THAT([&] { net.add_input("b", f32, Dims(9, 1)); },
              ::testing::ThrowsMessage<Error>("input \"b\" has 9 dimensions; TensorRT's limit is 8"));
  EXPECT_EQ(net.add_input("c", f32, Dims(8, 1)).rank(), 8);
}

TEST(LayerNames, FollowTheVariant) {
  EXPECT_EQ(layer_type_name(layer::Constant{}), "Constant");
  EXPECT_EQ(layer_type_name(layer::Pooling{}), "Pooling");
  EXPECT_EQ(layer_type_name(layer::Resize{}), "Resize");
  EXPECT_EQ(layer_type_name(layer::ParametricRelu{}), "ParametricRelu");
  EXPECT_EQ(name(ActivationType::kGeluTanh), "GeluTanh");
  EXPECT_EQ(name(UnaryOperation::kIsNan), "IsNan");
  EXPECT_EQ(name(ElementWiseOperation::kLess), "Less");
  EXPECT_EQ(name(SampleMode::kReflect), "Reflect");
  EXPECT_EQ(name(CumulativeOperation::kSum), "Sum");
}

TEST(LayerFields, InOrderAndWithoutDefaults) {
  std::vector<std::string> all;
  std::vector<std::string> set;
  const Layer layer = layer::Gather{{}, {}, GatherMode::kDefault, 1};
  for_each_field(layer, [&](const char* field, const auto&) { all.emplace_back(field); });
  for_each_set_field(layer, [&](const char* field, const auto&) { set.emplace_back(field); });
  EXPECT_EQ(all, (std::vector<std::string>{"data", "indices", "mode", "axis", "elementwise_dims"}));
  EXPECT_EQ(set, (std::vector<std::string>{"data", "indices", "axis"}));
}

}  // namespace
}  // namespace torch2trt::testing
