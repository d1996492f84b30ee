// Arguments and results of forward(): flat, nested, optional, of given types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> input_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const Input& input : graph.inputs) names.push_back(input.name);
  return names;
}

TEST(TorchScriptSignature, NestedArgumentsOfATrace) {
  const std::string text = program_text(read_fixture("NestedTrace"));
  EXPECT_EQ(text, R"(graph forward(
  %x : tensor[...] "x",
  %d.a : tensor[...] "d.a",
  %d.b : tensor[...] "d.b",
  %items.0 : tensor[...] "items.0",
  %items.1 : tensor[...] "items.1",
  %pair.0 : tensor[...] "pair.0",
  %pair.1.0 : tensor[...] "pair.1.0",
  %pair.1.1 : tensor[...] "pair.1.1",
) {
  %add : tensor[...] = aten::add.Tensor(self=%x, other=%d.b, alpha=1)
  %mul : tensor[...] = aten::mul.Tensor(self=%pair.1.0, other=%x)
  return (%add, %d.a, %items.1, %mul)
}
structure inputs (*, {'a': *, 'b': *}, [*, *], (*, (*, *))) outputs {'first': (*, *), 'second': (*, *)}
)");
}

TEST(TorchScriptSignature, NestedArgumentsOfAScript) {
  const std::string text = program_text(read_fixture("NestedScript"));
  EXPECT_EQ(text, R"(graph forward(
  %d.b : tensor[...] "d.b",
  %items.0 : tensor[...] "items.0",
  %items.1 : tensor[...] "items.1",
  %items.2 : tensor[...] "items.2",
  %pair.0 : tensor[...] "pair.0",
  %pair.1.0 : tensor[...] "pair.1.0",
  %pair.1.1 : tensor[...] "pair.1.1",
) {
  %add : tensor[...] = aten::add.Tensor(self=%d.b, other=%items.2, alpha=1)
  return (%add, %pair.1.1, %pair.0, %d.b, %pair.0)
}
structure inputs ({'b': *}, [*, *, *], (*, (*, *))) outputs ([*], {'out': (*, *), 'none': (*, *)}, None)
)");
}

TEST(TorchScriptSignature, ListOfUnknownLengthIsOneInput) {
  const Graph graph = read_fixture("OpaqueList");
  EXPECT_THAT(input_names(graph), ElementsAre("items", "x"));
  EXPECT_EQ(graph.value(graph.inputs[0].value).type.kind, Type::Kind::kList);
  EXPECT_THAT(kinds_of(graph), ElementsAre("aten::cat", "aten::__getitem__.t", "aten::add.Tensor", "aten::add.Tensor"));
}

TEST(TorchScriptSignature, OptionalArgumentIsAnInputIfGiven) {
  const Type vector{.kind = Type::Kind::kTensor, .dtype = DType::kFloat32, .sizes = {{{.value = 4}}}};
  const Graph without = read_fixture("Branches", {vector});
  EXPECT_THAT(input_names(without), ElementsAre("x"));
  EXPECT_EQ(find_node(without, "aten::mul")->qualified(), "aten::mul.Scalar");  // not by the mask
  const Graph with = read_fixture("Branches", {vector, vector});
  EXPECT_THAT(input_names(with), ElementsAre("x", "mask"));
  EXPECT_EQ(find_node(with, "aten::mul")->qualified(), "aten::mul.Tensor");
  EXPECT_EQ(to_text(read_fixture("Branches", {vector, {.kind = Type::Kind::kNone}})), to_text(without));
}

TEST(TorchScriptSignature, GivenTypesAreTheInputsTypes) {
  const Type image{.kind = Type::Kind::kTensor,
                   .dtype = DType::kFloat16,
                   .sizes = {{{.symbol = "batch"}, {.value = 3}, {.value = 8}, {.value = 8}}}};
  const Graph graph = read_fixture("TracedNet", {image});
  EXPECT_EQ(graph.value(graph.inputs.at(0).value).type, image);
  EXPECT_EQ(graph.symbols.at("batch"), (SymbolRange{.min = 1}));
}

TEST(TorchScriptSignature, InputsAndConstantsCanBeOutputs) {
  EXPECT_EQ(program_text(read_fixture("Passthrough")), R"(graph forward(
  %x : tensor[...] "x",
  %unused : tensor[...] "unused",
) parameters(
  %w : float32[4] buffer "w",
) {
  return (%x, %w, 3, "text", %x)
}
structure inputs (*, *) outputs (*, *, *, *, *)
)");
}

}  // namespace
}  // namespace torch2trt::testing
