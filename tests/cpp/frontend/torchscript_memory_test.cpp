// Modules in memory, made from TorchScript's own text: what files cannot have, recorded types above all, and programs
// that only an adversary writes.
#include <ATen/ops/ones.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/irparser.h>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A module whose forward() is `text`, a TorchScript graph whose first input is the module.
torch::jit::Module module_of(const std::string& text) {
  torch::jit::Module module("__torch__.Net");
  const auto graph = std::make_shared<torch::jit::Graph>();
  torch::jit::parseIR(text, graph.get());
  graph->inputs().at(0)->setType(module.type());
  module.type()->addMethod(module._ivalue()->compilation_unit()->create_function("__torch__.Net.forward", graph));
  return module;
}

Type float_type(std::initializer_list<std::int64_t> sizes, DType dtype = DType::kFloat32) {
  Type type{.kind = Type::Kind::kTensor, .dtype = dtype};
  type.sizes.emplace();
  for (const std::int64_t size : sizes) type.sizes->push_back({.value = size});
  return type;
}

constexpr const char* kTrace = R"IR(
graph(%self, %x : Float(2, 8, strides=[8, 1], requires_grad=0, device=cpu)):
  %one : int = prim::Constant[value=1]()
  %y : Float(2, 4, strides=[8, 1], requires_grad=0, device=cuda:0), %z : Half(2, 4, strides=[8, 1]) = prim::Pair(%x, %one)
  return (%z))IR";

TEST(TorchScriptMemory, TypesThatTheTraceRecorded) {
  const Graph graph = graph_from_module(module_of(kTrace));
  verify(graph);
  EXPECT_EQ(graph.value(graph.inputs.at(0).value).type, float_type({2, 8}));
  const Node& node = graph.body.nodes.at(0);
  EXPECT_EQ(graph.value(node.outputs.at(0)).type, float_type({2, 4}));
  EXPECT_EQ(graph.value(node.outputs.at(1)).type, float_type({2, 4}, DType::kFloat16));
}

TEST(TorchScriptMemory, RecordedTypesAreDroppedForOtherInputs) {
  const torch::jit::Module module = module_of(kTrace);
  for (const Type& other : {float_type({3, 8, 1}), float_type({2, 8}, DType::kFloat16)}) {
    const Graph graph = graph_from_module(module, {other});
    EXPECT_EQ(graph.value(graph.inputs.at(0).value).type, other);
    EXPECT_EQ(graph.value(graph.body.nodes.at(0).outputs.at(0)).type, Type{.kind = Type::Kind::kTensor});
  }
  // Sizes alone change no dtype.
  const Graph larger = graph_from_module(module, {float_type({3, 8})});
  EXPECT_EQ(larger.value(larger.body.nodes.at(0).outputs.at(1)).type,
            (Type{.kind = Type::Kind::kTensor, .dtype = DType::kFloat16}));
  const Graph same = graph_from_module(module, {float_type({2, 8})});
  EXPECT_EQ(same.value(same.body.nodes.at(0).outputs.at(0)).type, float_type({2, 4}));
}

TEST(TorchScriptMemory, NodeWithoutSchemaHasNumberedArgumentsAndItsAttributes) {
  const Graph graph = graph_from_module(module_of(R"IR(
graph(%self, %x : Tensor):
  %one : int = prim::Constant[value=1]()
  %y : Tensor = foo::bar[depth=3, name="n", scale=0.5](%x, %one)
  return (%y))IR"));
  EXPECT_EQ(to_text(graph, graph.body.nodes.at(0)),
            "%bar : tensor[...] = foo::bar(\"0\"=%x, \"1\"=1, depth=3, name=\"n\", scale=0.5)");
}

TEST(TorchScriptMemory, ConvolutionOfUnknownRankStays) {
  const Graph graph = graph_from_module(module_of(R"IR(
graph(%self, %x : Tensor, %w : Tensor, %stride : int[]):
  %none : NoneType = prim::Constant()
  %one : int = prim::Constant[value=1]()
  %no : bool = prim::Constant[value=0]()
  %pads : int[] = prim::ListConstruct(%one, %one)
  %y : Tensor = aten::_convolution(%x, %w, %none, %stride, %pads, %pads, %no, %pads, %one, %no, %no, %no, %no)
  return (%y))IR"));
  EXPECT_THAT(kinds_of(graph), ElementsAre("aten::_convolution"));
}

TEST(TorchScriptMemory, ConstantThatNoArgumentHoldsIsANode) {
  torch::jit::Module module("__torch__.Net");
  module.define("def forward(self, x):\n  return x + 1j\n");
  const Graph graph = graph_from_module(module);
  EXPECT_THAT(kinds_of(graph), ElementsAre("prim::Constant", "aten::add.Scalar"));
  EXPECT_EQ(*graph.body.nodes[0].find("type"), Argument("ComplexDouble"));
}

TEST(TorchScriptMemory, DivisionByZeroIsNotEvaluatedHere) {
  const Graph graph = graph_from_module(module_of(R"IR(
graph(%self):
  %one : int = prim::Constant[value=1]()
  %zero : int = prim::Constant[value=0]()
  %sum : int = aten::add(%one, %one)
  %y : int = aten::floordiv(%sum, %zero)
  return (%y))IR"));
  EXPECT_EQ(to_text(graph, graph.body.nodes.at(0)), "%floordiv : int = aten::floordiv.int(a=2, b=0)");
}

std::string error_of(const torch::jit::Module& module) {
  try {
    graph_from_module(module);
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidModel);
    return error.what();
  }
  return "no error";
}

TEST(TorchScriptMemory, MalformedProgramsAreRefused) {
  EXPECT_EQ(error_of(module_of(R"IR(
graph(%self, %x : Tensor):
  %y : Tensor = prim::GetAttr[name="missing"](%self)
  return (%y))IR")),
            "the TorchScript program reads the attribute \"missing\", which Net does not have");

  torch::jit::Module wrong_call = module_of(R"IR(
graph(%self, %x : Tensor):
  %y : Tensor = prim::CallMethod[name="other"](%self, %x, %x)
  return (%y))IR");
  wrong_call.define("def other(self, x):\n  return x\n");
  EXPECT_EQ(error_of(wrong_call), "other() takes 2 arguments and is called with 3\n  at prim::CallMethod");

  const torch::jit::Module unordered = module_of(R"IR(
graph(%self, %x : Tensor):
  %early : Tensor = aten::relu(%x)
  %late : Tensor = aten::neg(%early)
  return (%late))IR");
  const auto graph = unordered.get_method("forward").graph();
  (*graph->nodes().begin())->moveAfter(*std::next(graph->nodes().begin()));
  EXPECT_THAT(error_of(unordered), HasSubstr("is read before it is made\n  at aten::relu"));
}

// forward() calls f0 twice, f0 calls f1 twice, ...: 2^30 operators in a few hundred bytes.
TEST(TorchScriptMemory, ProgramThatDoublesWithEveryCallIsRefused) {
  torch::jit::Module module("__torch__.Bomb");
  for (int i = 29; i >= 0; --i) {
    module.define(fmt::format("def f{}(self, x):\n  return {}\n", i,
                              i == 29 ? "x + x" : fmt::format("self.f{}(self.f{}(x))", i + 1, i + 1)));
  }
  module.define("def forward(self, x):\n  return self.f0(x)\n");
  EXPECT_THAT(error_of(module), HasSubstr("longer than 1000000 operators once its calls are inlined"));
}

TEST(TorchScriptMemory, CallsThatNestTooDeepAreRefused) {
  torch::jit::Module module("__torch__.Deep");
  module.define("def f300(self, x):\n  return x\n");
  for (int i = 299; i >= 0; --i) module.define(fmt::format("def f{}(self, x):\n  return self.f{}(x)\n", i, i + 1));
  module.define("def forward(self, x):\n  return self.f0(x)\n");
  EXPECT_THAT(error_of(module), HasSubstr("calls nest deeper than 200"));
}

TEST(TorchScriptMemory, SubmoduleAttributesCarryTheirScope) {
  torch::jit::Module inner("__torch__.Inner");
  inner.register_parameter("w", at::ones({2}), false);
  inner.define("def forward(self, x):\n  return x * self.w\n");
  torch::jit::Module outer("__torch__.Outer");
  outer.register_module("left", inner);
  outer.register_module("right", inner);
  outer.define("def forward(self, x):\n  return self.right.forward(self.left.forward(x))\n");
  const Graph graph = graph_from_module(outer);
  EXPECT_THAT(graph.body.nodes,
              ElementsAre(::testing::Field(&Node::scope, "left"), ::testing::Field(&Node::scope, "right")));
  EXPECT_EQ(graph.parameters.at(1).name, "right.w");
  EXPECT_EQ(graph.parameters.at(0).data.data, graph.parameters.at(1).data.data);
}

}  // namespace
}  // namespace torch2trt::testing
