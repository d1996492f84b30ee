// Nodes: kinds, arguments, names, module paths and source lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kNet = R"(graph forward(
  %x : tensor[...] "x",
) parameters(
  %layer1.0.conv.weight : float32[4,3,3,3] parameter "layer1.0.conv.weight",
  %layer1.0.bn.running_mean : float32[4] buffer "layer1.0.bn.running_mean",
  %layer1.0.bn.running_var : float32[4] buffer "layer1.0.bn.running_var",
  %layer1.0.bn.weight : float32[4] parameter "layer1.0.bn.weight",
  %layer1.0.bn.bias : float32[4] parameter "layer1.0.bn.bias",
  %fc.weight : float32[2,4] parameter "fc.weight",
  %fc.bias : float32[2] parameter "fc.bias",
) {
  %conv2d : tensor[...] = aten::conv2d(input=%x, weight=%layer1.0.conv.weight, bias=None, stride=[1, 1], padding=[1, 1], dilation=[1, 1], groups=1)
  %dim : int = aten::dim(self=%conv2d)
  %ne : bool = aten::ne.int(a=%dim, b=4)
  %batch_norm : tensor[...] = aten::batch_norm(input=%conv2d, weight=%layer1.0.bn.weight, bias=%layer1.0.bn.bias, running_mean=%layer1.0.bn.running_mean, running_var=%layer1.0.bn.running_var, training=False, momentum=0.1, eps=1e-05, cudnn_enabled=True)
  %relu : tensor[...] = aten::relu_(self=%batch_norm)
  %y.1 : tensor[...] = aten::mean.dim(self=%relu, dim=[2, 3], keepdim=False, dtype=None)
  %size : int = aten::size.int(self=%y.1, dim=0)
  %view : tensor[...] = aten::view(self=%y.1, size=[%size, -1])
  %linear : tensor[...] = aten::linear(input=%view, weight=%fc.weight, bias=%fc.bias)
  return (%linear)
}
structure inputs (*) outputs *
)";

TEST(TorchScriptProgram, ScriptedModuleIsInlined) { EXPECT_EQ(program_text(read_fixture("ScriptedNet")), kNet); }

TEST(TorchScriptProgram, TracedModuleHasTheKindsOfAnExport) {
  EXPECT_THAT(kinds_of(read_fixture("TracedNet")),
              ElementsAre("aten::conv2d", "aten::batch_norm", "aten::relu_", "aten::mean.dim", "aten::size.int",
                          "prim::NumToTensor.Scalar", "aten::Int.Tensor", "aten::view", "aten::linear"));
}

TEST(TorchScriptProgram, TwoReadingsGiveTheSameText) {
  for (const char* file : {"TracedNet", "ScriptedNet", "Lists", "Branches"}) {
    EXPECT_EQ(to_text(read_fixture(file)), to_text(read_fixture(file)));
  }
}

TEST(TorchScriptProgram, TextSurvivesParsing) {
  for (const char* file : {"TracedNet", "NestedTrace", "Constants", "Branches", "Counter", "OpaqueList"}) {
    const std::string text = to_text(read_fixture(file));
    EXPECT_EQ(to_text(parse_text(text)), text);
  }
}

TEST(TorchScriptProgram, NodesKnowTheirModuleAndLine) {
  for (const char* file : {"TracedNet", "ScriptedNet"}) {
    const Graph graph = read_fixture(file);
    EXPECT_EQ(find_node(graph, "aten::conv2d")->scope, "layer1.0.conv");
    EXPECT_EQ(find_node(graph, "aten::relu_")->scope, "layer1.0");
    EXPECT_EQ(find_node(graph, "aten::mean")->scope, "");
    // The innermost line outside PyTorch: conv's own line is in torch/nn/modules/conv.py.
    EXPECT_EQ(find_node(graph, "aten::conv2d")->source, marked_line("relu"));
    EXPECT_EQ(find_node(graph, "aten::relu_")->source, marked_line("relu"));
  }
}

TEST(TorchScriptProgram, DamagedDebugRecordsOnlyCostTheLines) {
  const Graph whole = read_fixture("TracedNet");
  const Graph graph = read_fixture("no_debug_records");
  EXPECT_EQ(program_text(graph), program_text(whole));
  EXPECT_EQ(find_node(graph, "aten::conv2d")->scope, "layer1.0.conv");
  EXPECT_EQ(find_node(graph, "aten::conv2d")->source, "");
}

TEST(TorchScriptProgram, ModuleReachedThroughAnotherHasItsWholePath) {
  const Graph graph = read_fixture("Grandchild");
  EXPECT_EQ(find_node(graph, "aten::linear")->scope, "block.inner");
  EXPECT_EQ(graph.parameters.at(0).name, "block.inner.weight");
}

TEST(TorchScriptProgram, ConvolutionsOfTracesAreCanonical) {
  const Graph graph = read_fixture("Convolutions");
  std::vector<std::string> convolutions;
  for (Node node : graph.body.nodes) {
    node.scope.clear();
    node.source.clear();
    const std::string text = to_text(graph, node);
    if (node.kind.starts_with("aten::conv") && node.kind != "aten::contiguous") {
      convolutions.push_back(text.substr(text.find("aten::")));
    }
  }
  EXPECT_THAT(
      convolutions,
      ElementsAre("aten::conv1d(input=%input0.1, weight=%one.weight, bias=%one.bias, stride=[2], padding=[1], "
                  "dilation=[1], groups=2)",
                  "aten::conv3d(input=%input.1, weight=%three.weight, bias=%three.bias, stride=[1, 1, 1], "
                  "padding=[1, 1, 1], dilation=[1, 1, 1], groups=1)",
                  "aten::conv2d.padding(input=%x, weight=%same.weight, bias=%same.bias, stride=[1, 1], "
                  "padding=\"same\", dilation=[1, 1], groups=1)",
                  "aten::conv_transpose1d(input=%input1.1, weight=%up1.weight, bias=%up1.bias, stride=[1], "
                  "padding=[0], output_padding=[0], groups=1, dilation=[1])",
                  "aten::conv_transpose2d.input(input=%x, weight=%up2.weight, bias=%up2.bias, stride=[2, 2], "
                  "padding=[1, 1], output_padding=[1, 1], groups=3, dilation=[1, 1])",
                  "aten::conv_transpose3d.input(input=%input.1, weight=%up3.weight, bias=%up3.bias, "
                  "stride=[1, 1, 1], padding=[0, 0, 0], output_padding=[0, 0, 0], groups=1, dilation=[1, 1, 1])"));
}

TEST(TorchScriptProgram, EnumerationsHaveNames) {
  const Graph graph = read_fixture("Constants");
  const Node& zeros = *find_node(graph, "aten::zeros");
  EXPECT_EQ(*zeros.find("dtype"), Argument(DType::kInt32));
  EXPECT_EQ(*zeros.find("device"), Argument(Symbolic{Symbolic::Kind::kDevice, "cpu"}));
  EXPECT_EQ(*zeros.find("layout"), Argument(None{}));
  EXPECT_EQ(*find_node(graph, "aten::contiguous")->find("memory_format"),
            Argument(Symbolic{Symbolic::Kind::kMemoryFormat, "contiguous_format"}));
}

TEST(TorchScriptProgram, ListsAreUnpackedByANodeOfTheirOwnAsInAnExport) {
  const Graph graph = read_fixture("Sizes");
  EXPECT_EQ(find_node(graph, "aten::split_with_sizes")->outputs.size(), 1U);
  const Node* unpack = find_node(graph, "prim::ListUnpack");
  ASSERT_NE(unpack, nullptr);
  EXPECT_NE(unpack->find("list"), nullptr);
  EXPECT_EQ(unpack->outputs.size(), 2U);
  EXPECT_EQ(find_node(graph, "aten::view")->find("size")->as<Argument::List>()->size(), 3U);
}

TEST(TorchScriptProgram, ListsIndexedAfterAnOperatorStayNodes) {
  EXPECT_EQ(program_text(read_fixture("IndexedChunk")), R"(graph forward(
  %x : tensor[...] "x",
) {
  %parts.1 : list = aten::chunk(self=%x, chunks=2, dim=0)
  %getitem : tensor[...] = aten::__getitem__.t(list=%parts.1, idx=1)
  %getitem_1 : tensor[...] = aten::__getitem__.t(list=%parts.1, idx=0)
  %sub : tensor[...] = aten::sub.Tensor(self=%getitem, other=%getitem_1, alpha=1)
  return (%sub)
}
structure inputs (*) outputs *
)");
}

}  // namespace
}  // namespace torch2trt::testing
