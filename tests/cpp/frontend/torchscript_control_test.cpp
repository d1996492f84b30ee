// What scripted modules do between operators: conditions, loops, lists, dicts, objects, assignments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cpp/frontend/torchscript_fixtures.h"

namespace torch2trt::testing {
namespace {

using ::testing::ElementsAre;

TEST(TorchScriptControl, ConditionsOnAttributesAreDecided) {
  EXPECT_EQ(program_text(read_fixture("ScriptedSwitches")), R"(graph forward(
  %x : tensor[...] "x",
) parameters(
  %main.weight : float32[4,4] parameter "main.weight",
  %main.bias : float32[4] parameter "main.bias",
) {
  %x2.3 : tensor[...] = aten::mul.Scalar(self=%x, other=2.0)
  %x2.3_1 : tensor[...] = aten::mul.Scalar(self=%x2.3, other=3.0)
  %linear : tensor[...] = aten::linear(input=%x2.3_1, weight=%main.weight, bias=%main.bias)
  %dim : int = aten::dim(self=%linear)
  %eq : bool = aten::eq.int(a=%dim, b=1)
  return (%linear)
}
structure inputs (*) outputs *
)");
}

TEST(TorchScriptControl, ListsAndDictsHaveReferenceSemantics) {
  const Graph graph = read_fixture("Lists");
  EXPECT_THAT(kinds_of(graph),
              ElementsAre("aten::linear", "aten::linear", "aten::linear", "aten::add.Scalar", "aten::relu",
                          "aten::relu", "aten::sigmoid", "aten::add.Scalar", "aten::add.Scalar", "aten::cat"));
  EXPECT_THAT(to_text(graph, graph.body.nodes.back()),
              ::testing::StartsWith(
                  "%cat : tensor[...] = aten::cat(tensors=[%linear_1, %linear_2, %x, %add_1, %add_2], dim=0)"));
  EXPECT_EQ(find_node(graph, "aten::sigmoid")->scope, "named.right");
  EXPECT_EQ(graph.output_structure.children.at(1).keys, (std::vector<std::string>{"'x'", "'y'"}));
}

TEST(TorchScriptControl, ListOperatorsActAsInPython) {
  // The script asserts that Python gives -x, x, -x, x, x + 8, x - 2.
  EXPECT_EQ(program_text(read_fixture("ListOperators")), R"(graph forward(
  %x : tensor[...] "x",
) {
  %neg : tensor[...] = aten::neg(self=%x)
  %add : tensor[...] = aten::add.Scalar(self=%x, other=8, alpha=1)
  %sub : tensor[...] = aten::sub.Scalar(self=%x, other=2, alpha=1)
  return (%neg, %x, %neg, %x, %add, %sub)
}
structure inputs (*) outputs ([*, *, *], [*], *, *)
)");
}

constexpr std::string_view kBranches = R"(graph forward(
  %x : tensor[...] "x",
) {
  %sum : tensor[...] = aten::sum(self=%x, dtype=None)
  %gt : tensor[...] = aten::gt.Scalar(self=%sum, other=0)
  %Bool : bool = aten::Bool.Tensor(a=%gt)
  %ListConstruct : list = prim::ListConstruct("0"=%x)
  %y : tensor[...] = prim::If(condition=%Bool)
    block() {
      %add : tensor[...] = aten::add.Scalar(self=%x, other=1, alpha=1)
      %append : list = aten::append.t(self=%ListConstruct, el=%add)
      %y.1 : tensor[...] = aten::relu(self=%x)
      return (%y.1)
    }
    block() {
      %y.3 : tensor[...] = aten::neg(self=%x)
      return (%y.3)
    }
  %sum_1 : tensor[...] = aten::sum(self=%y, dtype=None)
  %lt : tensor[...] = aten::lt.Scalar(self=%sum_1, other=10)
  %Bool_1 : bool = aten::Bool.Tensor(a=%lt)
  %y0 : tensor[...] = prim::Loop(max_trip_count=9223372036854775807, condition=%Bool_1, carried_0=%y)
    block(%carried : int, %y0.7 : tensor[...]) {
      %y1.1 : tensor[...] = aten::add.Scalar(self=%y0.7, other=1, alpha=1)
      %sum_2 : tensor[...] = aten::sum(self=%y1.1, dtype=None)
      %lt_1 : tensor[...] = aten::lt.Scalar(self=%sum_2, other=10)
      %Bool_2 : bool = aten::Bool.Tensor(a=%lt_1)
      return (%Bool_2, %y1.1)
    }
  %y2.3 : tensor[...] = aten::mul.Scalar(self=%y0, other=2)
  %y2.3_1 : tensor[...] = aten::mul.Scalar(self=%y2.3, other=2)
  %y2.3_2 : tensor[...] = aten::mul.Scalar(self=%y2.3_1, other=2)
  %max : tensor[...] = aten::max(self=%y2.3_2)
  %gt_1 : tensor[...] = aten::gt.Scalar(self=%max, other=5)
  %Bool_3 : bool = aten::Bool.Tensor(a=%gt_1)
  %cat : tensor[...] = aten::cat(tensors=%ListConstruct, dim=0)
  return (%cat, %y2.3_2)
}
structure inputs (*) outputs (*, *)
)";

// A list that a kept branch appends to is a value before it; a branch that raises is taken never to run.
TEST(TorchScriptControl, ConditionsOnTheInputStay) { EXPECT_EQ(program_text(read_fixture("Branches")), kBranches); }

TEST(TorchScriptControl, ListsAndTuplesLeaveKeptBranches) {
  EXPECT_EQ(program_text(read_fixture("BranchResults")), R"(graph forward(
  %x : tensor[...] "x",
) {
  %sum : tensor[...] = aten::sum(self=%x, dtype=None)
  %gt : tensor[...] = aten::gt.Scalar(self=%sum, other=0)
  %Bool : bool = aten::Bool.Tensor(a=%gt)
  %ListConstruct : list = prim::ListConstruct("0"=%x)
  %items : list, %pair : tuple = prim::If(condition=%Bool)
    block() {
      %neg : tensor[...] = aten::neg(self=%x)
      return (%ListConstruct, [%x, %neg])
    }
    block() {
      %ListConstruct_1 : list = prim::ListConstruct()
      return (%ListConstruct_1, [%x, %x])
    }
  %append : list = aten::append.t(self=%items, el=%x)
  %cat : tensor[...] = aten::cat(tensors=%ListConstruct, dim=0)
  %output : tensor[...], %output_1 : tensor[...] = prim::TupleUnpack(tup=%pair)
  return (%cat, %output, %output_1)
}
structure inputs (*) outputs (*, (*, *))
)");
}

TEST(TorchScriptControl, ObjectsAndFunctionsAreResolved) {
  EXPECT_EQ(program_text(read_fixture("Objects")), R"(graph forward(
  %x : tensor[...] "x",
) {
  %mul : tensor[...] = aten::mul.Scalar(self=%x, other=2)
  %sub : tensor[...] = aten::sub.Tensor(self=%mul, other=%x, alpha=1)
  %sum : tensor[...] = aten::sum(self=%x, dtype=None)
  %gt : tensor[...] = aten::gt.Scalar(self=%sum, other=0)
  %Bool : bool = aten::Bool.Tensor(a=%gt)
  %y : tensor[...] = prim::If(condition=%Bool)
    block() {
      %mul_1 : tensor[...] = aten::mul.Scalar(self=%x, other=3)
      %sub_1 : tensor[...] = aten::sub.Tensor(self=%mul_1, other=%x, alpha=1)
      return (%sub_1)
    }
    block() {
      return (%x)
    }
  return (%x, %sub, %x, %y)
}
structure inputs (*) outputs (*, (*, *), *)
)");
}

TEST(TorchScriptControl, AssignedAttributesAreReadBackAndStayVisible) {
  EXPECT_EQ(program_text(read_fixture("Counter")), R"(graph forward(
  %x : tensor[...] "x",
) parameters(
  %total : float32[4] buffer "total",
) {
  %add : tensor[...] = aten::add.Tensor(self=%total, other=%x, alpha=1)
  prim::SetAttr(name="total", value=%add)
  prim::SetAttr(name="calls", value=2)
  %mul : tensor[...] = aten::mul.Scalar(self=%add, other=2)
  return (%mul)
}
structure inputs (*) outputs *
)");
}

TEST(TorchScriptControl, UnrolledLoopsUnpackEachTime) {
  const Graph graph = read_fixture("SplitInLoop");
  EXPECT_THAT(kinds_of(graph),
              ElementsAre("aten::chunk", "aten::chunk", "prim::ListUnpack", "aten::sub.Tensor", "aten::chunk",
                          "prim::ListUnpack", "aten::sub.Tensor", "prim::ListUnpack", "aten::add.Tensor"));
}

}  // namespace
}  // namespace torch2trt::testing
