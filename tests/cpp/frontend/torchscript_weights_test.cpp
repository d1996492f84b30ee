// Weights: names, kinds, types, and the very bytes; constants of the program.
#include <ATen/core/Tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstring>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const Parameter& parameter : graph.parameters) names.push_back(parameter.name);
  return names;
}

template <typename T>
std::vector<T> elements(const HostTensor& tensor) {
  const T* first = static_cast<const T*>(tensor.data);
  return {first, first + tensor.numel()};
}

TEST(TorchScriptWeights, AreNamedByTheirPathAndOnlyWhatIsRead) {
  for (const char* file : {"TracedNet", "ScriptedNet"}) {
    const Graph graph = read_fixture(file);
    EXPECT_THAT(names_of(graph),
                UnorderedElementsAre("layer1.0.conv.weight", "layer1.0.bn.weight", "layer1.0.bn.bias",
                                     "layer1.0.bn.running_mean", "layer1.0.bn.running_var", "fc.weight", "fc.bias"));
    EXPECT_EQ(find_parameter(graph, "fc.weight")->kind, Parameter::Kind::kParameter);
    EXPECT_EQ(find_parameter(graph, "layer1.0.bn.running_var")->kind, Parameter::Kind::kBuffer);
  }
}

TEST(TorchScriptWeights, HoldTheFilesValues) {
  const Graph graph = read_fixture("TracedNet");
  const HostTensor& weight = find_parameter(graph, "fc.weight")->data;
  EXPECT_EQ(weight.dtype, DType::kFloat32);
  EXPECT_THAT(weight.sizes, ElementsAre(2, 4));
  EXPECT_THAT(elements<float>(weight), ElementsAre(0, .125F, .25F, .375F, .5F, .625F, .75F, .875F));
  EXPECT_EQ(graph.value(find_parameter(graph, "fc.weight")->value).type,
            (Type{.kind = Type::Kind::kTensor, .dtype = DType::kFloat32, .sizes = {{{.value = 2}, {.value = 4}}}}));
}

TEST(TorchScriptWeights, OfAModuleInMemoryAreNotCopied) {
  std::optional<torch::jit::Module> module = torch::jit::load(torchscript_path("TracedNet.pt"));
  const Graph graph = graph_from_module(*module);
  std::size_t found = 0;
  for (const auto& [name, tensor] : module->named_parameters()) {
    const Parameter* parameter = find_parameter(graph, name);
    if (parameter == nullptr) continue;  // unused
    ++found;
    EXPECT_EQ(parameter->data.data, tensor.data_ptr()) << name;
  }
  EXPECT_EQ(found, 5U);
  module.reset();  // the graph keeps its weights
  EXPECT_EQ(elements<float>(find_parameter(graph, "fc.bias")->data)[1], .125F);
}

TEST(TorchScriptWeights, ThatAreTiedShareTheirData) {
  const Graph graph = read_fixture("Tied");
  const auto weight_of = [&](std::size_t node) {
    return graph.parameter_of(*graph.body.nodes.at(node).find("weight")->as<ValueId>())->data.data;
  };
  EXPECT_EQ(weight_of(0), weight_of(1));
  EXPECT_EQ(weight_of(2), weight_of(3));
  EXPECT_NE(weight_of(0), weight_of(2));
}

TEST(TorchScriptWeights, KeepTheirTypes) {
  const Graph graph = read_fixture("Half");
  EXPECT_EQ(find_parameter(graph, "fc.weight")->data.dtype, DType::kFloat16);
  EXPECT_THAT(elements<std::uint16_t>(find_parameter(graph, "fc.bias")->data),
              ElementsAre(0, 0x3000, 0x3400, 0x3600));  // 0, .125, .25, .375
  EXPECT_THAT(elements<std::int64_t>(find_parameter(graph, "shift")->data), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(elements<std::uint16_t>(find_parameter(graph, "scratch")->data), ElementsAre(0x3800, 0x3e00));
  EXPECT_EQ(find_parameter(graph, "scratch")->kind, Parameter::Kind::kBuffer);
}

TEST(TorchScriptWeights, OfListAttributesAreNumbered) {
  const Graph graph = read_fixture("TensorLists");
  EXPECT_THAT(names_of(graph), ElementsAre("anchors.0", "anchors.1", "table.low"));
  EXPECT_THAT(elements<float>(find_parameter(graph, "anchors.1")->data), ElementsAre(1, 1, 1, 1));
}

TEST(TorchScriptWeights, ConstantsOfTheProgramAreParametersToo) {
  const Graph graph = read_fixture("Constants");
  EXPECT_THAT(names_of(graph), ElementsAre("constant_0", "constant_1"));
  const HostTensor& number = find_parameter(graph, "constant_0")->data;
  EXPECT_EQ(number.dtype, DType::kFloat64);
  EXPECT_TRUE(number.sizes.empty());
  EXPECT_THAT(elements<double>(number), ElementsAre(2.5));
  EXPECT_THAT(elements<float>(find_parameter(graph, "constant_1")->data), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(find_parameter(graph, "constant_1")->kind, Parameter::Kind::kConstant);
}

}  // namespace
}  // namespace torch2trt::testing
