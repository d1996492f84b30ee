#include <gtest/gtest.h>

#include "src/frontend/export/location.h"

namespace torch2trt::pt2 {
namespace {

TEST(ExportLocation, SourceIsTheInnermostFrameOfTheUser) {
  EXPECT_EQ(
      source_of(
          "File \"/home/me/net.py\", line 26, in forward\n    a = self.l(x)\n"
          "  File \"/venv/lib/python3.11/site-packages/torch/nn/modules/linear.py\", line 134, in forward\n    return"),
      "net.py:26");
  EXPECT_EQ(
      source_of(
          "  File \"/a/outer.py\", line 1, in f\n    g()\n  File \"/venv/site-packages/torchvision/models/resnet.py\", "
          "line 92, in forward\n    x\n"),
      "resnet.py:92");
  EXPECT_EQ(
      source_of("  File \"/a/net.py\", line 5, in f\n    g()\n  File \"<eval_with_key>.53\", line 9, in forward\n"),
      "net.py:5");
  EXPECT_EQ(source_of("  File \"C:\\\\me\\\\net.py\", line 5, in f\n"), "net.py:5");
  EXPECT_EQ(source_of("  File \"/src/pytorch/torch/_refs/x.py\", line 5, in f\n"), "");
  EXPECT_EQ(source_of("File \"torch/fx/passes/runtime_assert.py\", line 24, in insert"), "");
  // A project in a folder named torch is the user's.
  EXPECT_EQ(source_of("File \"/home/me/torch/net.py\", line 3, in f"), "net.py:3");
  for (const char* text : {"", "File \"", "File \"a.py\", line ", "File \"a.py\", line x", "no frames"}) {
    EXPECT_EQ(source_of(text), "") << text;
  }
}

TEST(ExportLocation, ScopeIsTheInnermostModule) {
  EXPECT_EQ(scope_of("L__self__,,m.Net;L__self__layer1,layer1,torch.nn.Sequential;L__self__layer1_0_conv,layer1.0.conv,"
                     "torch.nn.Conv2d"),
            "layer1.0.conv");
  EXPECT_EQ(scope_of("L__self__,,m.Net"), "");
  EXPECT_EQ(scope_of("L__self__,,m.Net;L__self__l@1,l,torch.nn.Linear"), "l");
  EXPECT_EQ(scope_of("L__self__,L['self'],m.Net"), "");
  EXPECT_EQ(scope_of("L__self__,L['self'],m.Net;x,L['self'].a.b,m.B"), "a.b");
  EXPECT_EQ(scope_of("a_hook,_empty_nn_module_stack_from_metadata_hook,_empty_nn_module_stack_from_metadata_hook"), "");
  for (const char* text : {"", ",", ";", "a", "a,b"}) EXPECT_EQ(scope_of(text), "") << text;
}

}  // namespace
}  // namespace torch2trt::pt2
