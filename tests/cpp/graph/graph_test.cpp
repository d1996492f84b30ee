#include "torch2trt/graph.h"

#include <gtest/gtest.h>

namespace torch2trt {
namespace {

TEST(Graph, ValueNamesAreUnique) {
  Graph graph;
  const ValueId first = graph.add_value("x");
  const ValueId second = graph.add_value("x");
  const ValueId taken = graph.add_value("x_1");
  EXPECT_EQ(graph.value(first).name, "x");
  EXPECT_EQ(graph.value(second).name, "x_1");
  EXPECT_EQ(graph.value(taken).name, "x_1_1");
}

TEST(Graph, ReplaceReadsReachesListsBlocksAndOutputs) {
  Graph graph;
  const ValueId a = graph.add_value("a");
  const ValueId b = graph.add_value("b");
  Node node{.kind = "aten::cat", .arguments = {{"tensors", Argument::List{a, a}}}};
  node.blocks.push_back(Block{.outputs = {a}});
  graph.body.nodes.push_back(node);
  graph.body.outputs = {a};
  replace_reads(graph.body, a, b);
  int reads = 0;
  for_each_read(graph.body.nodes[0], [&](ValueId id) {
    EXPECT_EQ(id, b);
    ++reads;
  });
  EXPECT_EQ(reads, 3);
  EXPECT_EQ(graph.body.outputs[0], Argument(b));
}

}  // namespace
}  // namespace torch2trt
