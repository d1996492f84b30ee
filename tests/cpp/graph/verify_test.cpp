#include "src/graph/verify.h"

#include <gtest/gtest.h>

#include "src/graph/text.h"

namespace torch2trt {
namespace {

std::string error_of(const Graph& graph, std::string_view after = {}) {
  try {
    verify(graph, after);
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInternal);
    return error.what();
  }
  return "no error";
}

Graph small() {
  return parse_text(R"ir(graph g(%x "x", %y "y") parameters(%w parameter "w") {
    %a = aten::add.Tensor(self=%x, other=%y)  # scope "m" source "f.py:3"
    %c = prim::If(cond=%x)
      block(%k) { %d = aten::relu(self=%a) return (%d) }
    return (%a, %c)
  })ir");
}

TEST(Verify, AcceptsAGoodGraph) {
  verify(small());
  verify(parse_text("graph g() { return () }"));
}

TEST(Verify, NamesPassAndNode) {
  Graph graph = small();
  graph.body.nodes[0].arguments[0].value = ValueId{99};
  EXPECT_EQ(error_of(graph, "functionalize"),
            "the graph is malformed after pass functionalize: there is no value 99 (of 7)\n"
            "  at aten::add.Tensor in module \"m\" (f.py:3)");
  EXPECT_EQ(error_of(graph),
            "the graph is malformed: there is no value 99 (of 7)\n"
            "  at aten::add.Tensor in module \"m\" (f.py:3)");
}

TEST(Verify, ValuesAreReadBehindTheirDefinition) {
  Graph graph = small();
  std::swap(graph.body.nodes[0], graph.body.nodes[1]);
  EXPECT_EQ(error_of(graph), "the graph is malformed: %a is read before it is defined\n  at aten::relu");
  graph = small();
  graph.body.outputs[0] = graph.body.nodes[1].blocks[0].outputs[0];
  EXPECT_EQ(error_of(graph), "the graph is malformed: %d is read outside its block");
  graph = small();
  graph.body.outputs[0] = graph.body.nodes[1].blocks[0].inputs[0];
  EXPECT_EQ(error_of(graph), "the graph is malformed: %k is read outside its block");
  graph = small();
  graph.body.nodes[1].blocks[0].outputs[0] = Argument::List{graph.body.nodes[1].outputs[0]};
  EXPECT_EQ(error_of(graph), "the graph is malformed: %c is read before it is defined\n  at prim::If");
}

TEST(Verify, ValuesAreDefinedOnce) {
  Graph graph = small();
  graph.body.nodes[1].outputs[0] = graph.inputs[0].value;
  EXPECT_EQ(error_of(graph), "the graph is malformed: %x is defined twice\n  at prim::If");
  graph = small();
  graph.parameters[0].value = graph.inputs[1].value;
  EXPECT_EQ(error_of(graph), "the graph is malformed: %y is defined twice");
  graph = small();
  graph.body.nodes[0].outputs[0] = ValueId{};
  EXPECT_EQ(error_of(graph),
            "the graph is malformed: there is no value -1 (of 7)\n"
            "  at aten::add.Tensor in module \"m\" (f.py:3)");
}

TEST(Verify, NamesAreUnique) {
  Graph graph = small();
  graph.values[0].name = graph.values[1].name;
  EXPECT_EQ(error_of(graph), "the graph is malformed: two values are named %y");
  graph = small();
  graph.inputs[0].name = "y";
  EXPECT_EQ(error_of(graph), "the graph is malformed: two inputs are named \"y\"");
  graph = small();
  graph.parameters.push_back({graph.add_value("v"), "w", Parameter::Kind::kBuffer, {}});
  EXPECT_EQ(error_of(graph), "the graph is malformed: two parameters are named \"w\"");
  graph = small();
  graph.body.nodes[1].arguments.push_back(graph.body.nodes[1].arguments[0]);
  EXPECT_EQ(error_of(graph), "the graph is malformed: argument cond is given twice\n  at prim::If");
  graph.body.nodes[1].kind.clear();
  EXPECT_EQ(error_of(graph), "the graph is malformed: a node has no kind");
}

TEST(Verify, StructuresHaveALeafForEachInputAndOutput) {
  Graph graph = small();
  graph.inputs.pop_back();
  graph.body.nodes.clear();
  graph.body.outputs.clear();
  EXPECT_EQ(error_of(graph), "the graph is malformed: the input structure has 2 leaves for 1 inputs");
  graph = small();
  graph.body.outputs.pop_back();
  EXPECT_EQ(error_of(graph), "the graph is malformed: the output structure has 2 leaves for 1 outputs");
  graph = small();
  graph.output_structure.kind = Structure::Kind::kDict;
  EXPECT_EQ(error_of(graph), "the graph is malformed: a dict of the output structure has 0 keys for 2 children");
}

}  // namespace
}  // namespace torch2trt
