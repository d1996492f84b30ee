// torchvision's networks: nothing but the operators they are known to be made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using Counts = std::map<std::string, int>;

Counts counts_of(const Graph& graph, std::initializer_list<const char*> kinds) {
  Counts counts;
  for (const char* kind : kinds) {
    counts[kind] = 0;
    for (const Node& node : graph.body.nodes) counts[kind] += node.kind == kind ? 1 : 0;
  }
  return counts;
}

bool has_blocks(const Graph& graph) {
  for (const Node& node : graph.body.nodes) {
    if (!node.blocks.empty()) return true;
  }
  return false;
}

TEST(TorchScriptModels, TracedResnet50) {
  const Graph graph = read_fixture("resnet50");
  EXPECT_EQ(graph.body.nodes.size(), 175U);
  EXPECT_EQ(graph.parameters.size(), 267U);  // 53 convolutions, 53 * 4 of batch norms, 2 of fc
  EXPECT_EQ(counts_of(graph, {"aten::conv2d", "aten::batch_norm", "aten::relu_", "aten::add_", "aten::linear"}),
            (Counts{{"aten::conv2d", 53},
                    {"aten::batch_norm", 53},
                    {"aten::relu_", 49},
                    {"aten::add_", 16},
                    {"aten::linear", 1}}));
  EXPECT_EQ(graph.body.nodes.at(0).scope, "conv1");
  EXPECT_THAT(graph.body.nodes.at(0).source, ::testing::StartsWith("resnet.py:"));
  EXPECT_NE(find_parameter(graph, "layer3.5.bn2.running_var"), nullptr);
}

TEST(TorchScriptModels, TracedInceptionV3) {
  const Graph graph = read_fixture("inception_v3");
  EXPECT_EQ(counts_of(graph, {"aten::conv2d", "aten::batch_norm", "aten::cat"}),
            (Counts{{"aten::conv2d", 94}, {"aten::batch_norm", 94}, {"aten::cat", 15}}));
  EXPECT_EQ(find_parameter(graph, "AuxLogits.fc.weight"), nullptr);
}

TEST(TorchScriptModels, TracedMobilenetV3) {
  const Graph graph = read_fixture("mobilenet_v3_small");
  EXPECT_EQ(counts_of(graph, {"aten::conv2d", "aten::hardswish_", "aten::hardsigmoid"}),
            (Counts{{"aten::conv2d", 52}, {"aten::hardswish_", 19}, {"aten::hardsigmoid", 9}}));
}

TEST(TorchScriptModels, TracedVit) {
  const Graph graph = read_fixture("vit_b_16");
  EXPECT_EQ(
      counts_of(graph, {"aten::scaled_dot_product_attention", "aten::layer_norm", "aten::gelu", "aten::_convolution"}),
      (Counts{{"aten::scaled_dot_product_attention", 12},
              {"aten::layer_norm", 25},
              {"aten::gelu", 12},
              {"aten::_convolution", 0}}));
  EXPECT_NE(find_parameter(graph, "encoder.layers.encoder_layer_11.self_attention.in_proj_weight"), nullptr);
}

TEST(TorchScriptModels, ScriptedNetworksHaveNoControlFlowLeft) {
  const Graph resnet = read_fixture("scripted_resnet18");
  EXPECT_FALSE(has_blocks(resnet));
  EXPECT_EQ(counts_of(resnet, {"aten::conv2d", "aten::batch_norm", "aten::relu_"}),
            (Counts{{"aten::conv2d", 20}, {"aten::batch_norm", 20}, {"aten::relu_", 17}}));
  const Graph densenet = read_fixture("scripted_densenet121");
  EXPECT_FALSE(has_blocks(densenet));
  EXPECT_EQ(counts_of(densenet, {"aten::conv2d", "aten::append"}),
            (Counts{{"aten::conv2d", 120}, {"aten::append", 0}}));
  const Graph inception = read_fixture("scripted_inception_v3");
  EXPECT_FALSE(has_blocks(inception));
  EXPECT_EQ(counts_of(inception, {"aten::conv2d", "aten::warn"}), (Counts{{"aten::conv2d", 94}, {"aten::warn", 1}}));
}

TEST(TorchScriptModels, TraceAndScriptHaveTheSameParameters) {
  std::set<std::string> traced;
  std::set<std::string> scripted;
  for (const Parameter& parameter : read_fixture("inception_v3").parameters) traced.insert(parameter.name);
  for (const Parameter& parameter : read_fixture("scripted_inception_v3").parameters) scripted.insert(parameter.name);
  EXPECT_EQ(traced, scripted);
}

}  // namespace
}  // namespace torch2trt::testing
