// examples/cpp/plugin, all but its kernel: the plugin over its computation on the CPU, its creator, its handler.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "examples/cpp/plugin/handler.h"
#include "examples/cpp/plugin/running_max_plugin.h"
#include "src/backend/dry/dry_network.h"
#include "src/graph/text.h"
#include "torch2trt/convert.h"

namespace demo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using torch2trt::DryNetwork;
using torch2trt::Error;
using torch2trt::HostTensor;
using torch2trt::Operand;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

nvinfer1::PluginTensorDesc description(std::initializer_list<std::int64_t> sizes,
                                       nvinfer1::DataType type = nvinfer1::DataType::kFLOAT,
                                       nvinfer1::TensorFormat format = nvinfer1::TensorFormat::kLINEAR) {
  nvinfer1::PluginTensorDesc tensor{};
  tensor.type = type;
  tensor.format = format;
  for (const std::int64_t size : sizes)
    tensor.dims.d[tensor.dims.nbDims++] = static_cast<std::remove_reference_t<decltype(tensor.dims.d[0])>>(size);
  return tensor;
}

std::vector<float> run(RunningMaxPlugin& plugin, std::initializer_list<std::int64_t> sizes,
                       const std::vector<float>& x) {
  std::vector<float> y(x.size(), -1);
  const nvinfer1::PluginTensorDesc tensor = description(sizes);
  const void* input = x.data();
  void* output = y.data();
  EXPECT_EQ(plugin.enqueue(&tensor, &tensor, &input, &output, nullptr, nullptr), 0);
  return y;
}

TEST(RunningMax, Computes) {
  RunningMaxPlugin plugin(2);
  EXPECT_THAT(run(plugin, {2, 4}, {3, 1, 2, 0, -1, -2, 5, 4}), ElementsAre(3, 3, 2, 2, -1, -1, 5, 5));
  EXPECT_THAT(run(plugin, {3}, {1, 2, 0}), ElementsAre(1, 2, 2));
  EXPECT_THAT(run(plugin, {0, 4}, {}), ElementsAre());
  RunningMaxPlugin one(1);
  EXPECT_THAT(run(one, {1, 3}, {1, 3, 2}), ElementsAre(1, 3, 2));
  RunningMaxPlugin all(100);
  EXPECT_THAT(run(all, {1, 4}, {1, 3, 2, 4}), ElementsAre(1, 3, 3, 4));
}

TEST(RunningMax, NanStaysInItsWindow) {
  RunningMaxPlugin plugin(2);
  const std::vector<float> y = run(plugin, {1, 4}, {1, kNan, 3, 2});
  EXPECT_TRUE(std::isnan(y[1]) && std::isnan(y[2]));
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[3], 3);
}

TEST(RunningMax, ComesBackFromItsBytes) {
  const RunningMaxPlugin plugin(7);
  std::vector<char> bytes(plugin.getSerializationSize());
  plugin.serialize(bytes.data());
  RunningMaxCreator creator;
  creator.setPluginNamespace("mine");
  auto* made = static_cast<RunningMaxPlugin*>(creator.deserializePlugin("x", bytes.data(), bytes.size()));
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->window(), 7);
  EXPECT_STREQ(made->getPluginNamespace(), "mine");
  EXPECT_STREQ(made->getPluginType(), creator.getPluginName());
  EXPECT_STREQ(made->getPluginVersion(), creator.getPluginVersion());
  auto* copy = static_cast<RunningMaxPlugin*>(made->clone());
  EXPECT_EQ(copy->window(), 7);
  EXPECT_STREQ(copy->getPluginNamespace(), "mine");
  copy->destroy();
  made->destroy();
  EXPECT_EQ(creator.deserializePlugin("x", bytes.data(), bytes.size() - 1), nullptr);
  const std::vector<char> zeros(bytes.size());
  EXPECT_EQ(creator.deserializePlugin("x", zeros.data(), zeros.size()), nullptr);
}

TEST(RunningMax, IsMadeOfItsFields) {
  RunningMaxCreator creator;
  const nvinfer1::PluginFieldCollection* names = creator.getFieldNames();
  ASSERT_EQ(names->nbFields, 1);
  EXPECT_STREQ(names->fields[0].name, "window");
  const std::int32_t window = 4;
  const std::int32_t none = 0;
  const float wrong = 4;
  const auto make = [&](const void* data, nvinfer1::PluginFieldType type, const char* name) {
    const nvinfer1::PluginField field(name, data, type, 1);
    const nvinfer1::PluginFieldCollection fields{1, &field};
    auto* made = static_cast<RunningMaxPlugin*>(creator.createPlugin("x", &fields));
    const std::int64_t found = made == nullptr ? -1 : made->window();
    if (made != nullptr) made->destroy();
    return found;
  };
  EXPECT_EQ(make(&window, nvinfer1::PluginFieldType::kINT32, "window"), 4);
  EXPECT_EQ(make(&none, nvinfer1::PluginFieldType::kINT32, "window"), -1);
  EXPECT_EQ(make(&wrong, nvinfer1::PluginFieldType::kFLOAT32, "window"), -1);
  EXPECT_EQ(make(&window, nvinfer1::PluginFieldType::kINT32, "size"), -1);
}

TEST(RunningMax, ShapesTypesAndFormats) {
  using nvinfer1::DataType;
  using nvinfer1::TensorFormat;
  RunningMaxPlugin plugin(3);
  nvinfer1::PluginTensorDesc tensors[] = {description({2, 3}), description({2, 3})};
  EXPECT_TRUE(plugin.supportsFormatCombination(0, tensors, 1, 1));
  EXPECT_TRUE(plugin.supportsFormatCombination(1, tensors, 1, 1));
  EXPECT_FALSE(plugin.supportsFormatCombination(0, tensors, 2, 1));
  tensors[1] = description({2, 3}, DataType::kHALF);
  EXPECT_FALSE(plugin.supportsFormatCombination(1, tensors, 1, 1));
  tensors[0] = description({2, 3}, DataType::kFLOAT, TensorFormat::kCHW32);
  EXPECT_FALSE(plugin.supportsFormatCombination(0, tensors, 1, 1));
  const DataType type = DataType::kFLOAT;
  EXPECT_EQ(plugin.getOutputDataType(0, &type, 1), type);
  struct Builder : nvinfer1::IExprBuilder {
  } builder;
  nvinfer1::DimsExprs shape{};
  shape.nbDims = 3;
  EXPECT_EQ(plugin.getOutputDimensions(0, &shape, 1, builder).nbDims, 3);
}

// running_max(relu(x), window) on a network that only knows shapes.
std::string dry_text(const std::string& type, int window) {
  torch2trt::UserRegistry handlers;
  add_running_max(handlers);
  DryNetwork network;
  torch2trt::ConvertOptions options;
  options.run.network = &network;
  options.run.user_handlers = handlers.bind(&network);
  options.shapes["x"] = {{1, 8}, {2, 8}, {4, 8}};
  convert(torch2trt::parse_text("graph forward(\n  %x : " + type +
                                "[s0,8] \"x\",\n) {\n"
                                "  %y : " +
                                type +
                                "[s0,8] = aten::neg(self=%x)  # scope \"net\"\n"
                                "  %z : " +
                                type + "[s0,8] = demo::running_max(x=%y, window=" + std::to_string(window) +
                                ")  # scope \"net.peaks\"\n  return (%z)\n}\n"),
          options);
  return network.to_text();
}

TEST(RunningMax, TheHandlerSaysWhatThePluginGives) {
  const std::string text = dry_text("float32", 5);
  EXPECT_THAT(text, HasSubstr(" = RunningMax(%"));
  EXPECT_THAT(text, HasSubstr("# net.peaks/running_max"));
  EXPECT_THAT(text, HasSubstr("output %output : float32[-1,8]")) << text;
}

TEST(RunningMax, TheHandlerRefuses) {
  EXPECT_THAT([] { dry_text("int32", 5); },
              ::testing::ThrowsMessage<Error>(HasSubstr("running_max computes in float32")));
  EXPECT_THAT([] { dry_text("float32", 0); },
              ::testing::ThrowsMessage<Error>(HasSubstr("the window of running_max must be 1 or more")));
}

}  // namespace
}  // namespace demo
