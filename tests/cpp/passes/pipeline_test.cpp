#include "src/passes/pipeline.h"

#include <gtest/gtest.h>

#include "src/graph/text.h"

namespace torch2trt {
namespace {

constexpr std::string_view kProgram = R"ir(graph g(%x : float32[2,3] "x") {
  %dead = aten::sigmoid(self=%x)
  %s = aten::slice.Tensor(self=%x, dim=0, start=0, end=1, step=1)
  %r = aten::relu_(self=%s)
  return (%r)
})ir";

TEST(Pipeline, RunsAllPassesInOrder) {
  Graph graph = parse_text(kProgram);
  const std::vector<PassTime> times = run_passes(graph);
  ASSERT_EQ(times.size(), pipeline().size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(times[i].name, pipeline()[i].name);
    EXPECT_GE(times[i].seconds, 0);
  }
  EXPECT_EQ(to_text(graph), R"ir(graph g(
  %x : float32[2,3] "x",
) {
  %s = aten::slice.Tensor(self=%x, dim=0, start=0, end=1, step=1)
  %r = aten::relu(self=%s)
  return (%r)
}
structure inputs (*) outputs *
)ir");
}

TEST(Pipeline, PassesAgainstHandlersOfTheUsers) {
  EXPECT_TRUE(passes_against({}).empty());
  EXPECT_TRUE(passes_against({"aten::relu", "aten::conv"}).empty());
  for (const char* kind : {"aten::batch_norm", "aten::linear", "aten::conv2d", "aten::conv_transpose3d"}) {
    EXPECT_EQ(passes_against({"aten::relu", kind}), (std::set<std::string, std::less<>>{"fold_batch_norm"})) << kind;
  }
}

TEST(Pipeline, PassesMayBeDisabled) {
  Graph graph = parse_text(kProgram);
  const std::string before = to_text(graph);
  const std::vector<PassTime> times =
      run_passes(graph, {.disabled = {"remove_dead_nodes", "functionalize", "functionalize_lists"}});
  ASSERT_EQ(times.size(), 1U);
  EXPECT_EQ(times[0].name, "fold_batch_norm");
  EXPECT_EQ(to_text(graph), before);
}

TEST(Pipeline, AnUnknownPassIsAnError) {
  Graph graph = parse_text(kProgram);
  try {
    run_passes(graph, {.disabled = {"fuse"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
    EXPECT_STREQ(
        error.what(),
        "there is no pass \"fuse\" to disable; there are: fold_batch_norm, functionalize, functionalize_lists, "
        "remove_dead_nodes");
  }
}

TEST(Pipeline, AMalformedGraphIsNotBlamedOnAPass) {
  Graph graph = parse_text(kProgram);
  graph.body.outputs[0] = ValueId{77};
  try {
    run_passes(graph);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the graph is malformed: there is no value 77 (of 4)");
  }
}

TEST(Pipeline, ATwiceRunPipelineChangesNothing) {
  Graph graph = parse_text(kProgram);
  run_passes(graph);
  const std::string once = to_text(graph);
  run_passes(graph);
  EXPECT_EQ(to_text(graph), once);
}

}  // namespace
}  // namespace torch2trt
