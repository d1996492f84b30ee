#include "src/passes/remove_dead_nodes.h"

#include <gtest/gtest.h>

#include "src/graph/text.h"
#include "src/graph/verify.h"

namespace torch2trt {
namespace {

std::string swept(std::string_view nodes) {
  Graph graph = parse_text("graph g(%x \"x\", %p \"p\") parameters(%w parameter \"w\") {\n" + std::string(nodes) + "}");
  remove_dead_nodes(graph);
  verify(graph, "remove_dead_nodes");
  const std::string text = to_text(graph);
  const std::size_t start = text.find(" {\n") + 3;
  return text.substr(start, text.find("\n}\n") + 1 - start);
}

TEST(RemoveDeadNodes, RemovesChainsThatNobodyReads) {
  EXPECT_EQ(swept("%a = aten::relu(self=%x)\n"
                  "%b = aten::add.Tensor(self=%a, other=%x, alpha=1)\n"
                  "%c = aten::sigmoid(self=%x)\n"
                  "%d, %e = aten::max.dim(self=%x, dim=1, keepdim=False)\n"
                  "return (%c, %e)"),
            "  %c = aten::sigmoid(self=%x)\n"
            "  %d, %e = aten::max.dim(self=%x, dim=1, keepdim=False)\n"
            "  return (%c, %e)\n");
  EXPECT_EQ(swept("%a = aten::relu(self=%x)\n return ()"), "  return ()\n");
}

TEST(RemoveDeadNodes, RemovesWhatExportsLeave) {
  EXPECT_EQ(swept("%s = aten::sym_size.int(self=%x, dim=0)\n"
                  "%g = _operator::ge(%s, 2)\n"
                  "%n = \"_operator.mul\"(%s, 2)\n"
                  "aten::_assert_scalar(self=%s, assert_msg=\"s >= 2\")\n"
                  "aten::sym_constrain_range_for_size(size=%s, min=None, max=None)\n"
                  "aten::_assert_tensor_metadata(a=%x, size=None, stride=None, dtype=torch.float32)\n"
                  "%l = prim::ListConstruct(%n, %s)\n"
                  "return (%x)"),
            // An operator of another namespace may do anything.
            "  %s = aten::sym_size.int(self=%x, dim=0)\n"
            "  %g = _operator::ge(%s, 2)\n"
            "  return (%x)\n");
}

TEST(RemoveDeadNodes, KeepsEffects) {
  const std::string_view nodes =
      "  %a = aten::relu_(self=%x)\n"
      "  %b = custom::log(%x)\n"
      "  custom::print(%x)\n"
      "  prim::RaiseException(msg=\"no\", cls=None)\n"
      "  aten::manual_seed(seed=1)\n"
      "  return ()\n";
  EXPECT_EQ(swept(nodes), nodes);
}

TEST(RemoveDeadNodes, ReachesIntoBlocks) {
  EXPECT_EQ(swept("%a = aten::relu(self=%x)\n"
                  "%b = aten::sigmoid(self=%x)\n"
                  "%c = prim::If(cond=%p)\n"
                  "  block() { %d = aten::relu(self=%a) %e = aten::relu(self=%b) return (%d) }\n"
                  "  block() { return (%x) }\n"
                  "%f = prim::If(cond=%p)\n"
                  "  block() { %g = aten::tanh(self=%b) return (%g) }\n"
                  "prim::If(cond=%p)\n"
                  "  block() { prim::RaiseException(msg=\"no\", cls=None) return () }\n"
                  "return (%c)"),
            "  %a = aten::relu(self=%x)\n"
            "  %c = prim::If(cond=%p)\n"
            "    block() {\n"
            "      %d = aten::relu(self=%a)\n"
            "      return (%d)\n"
            "    }\n"
            "    block() {\n"
            "      return (%x)\n"
            "    }\n"
            "  prim::If(cond=%p)\n"
            "    block() {\n"
            "      prim::RaiseException(msg=\"no\", cls=None)\n"
            "      return ()\n"
            "    }\n"
            "  return (%c)\n");
}

}  // namespace
}  // namespace torch2trt
