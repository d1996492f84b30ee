#include "src/passes/fold_batch_norm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "src/graph/text.h"
#include "src/graph/verify.h"
#include "src/torch/tensors.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

constexpr std::string_view kParameters =
    ") parameters(\n"
    "  %w : float32[4,3,3,3] parameter \"c.weight\", %cb : float32[4] parameter \"c.bias\",\n"
    "  %g : float32[4] parameter \"b.weight\", %bb : float32[4] parameter \"b.bias\",\n"
    "  %m : float32[4] buffer \"b.mean\", %v : float32[4] buffer \"b.var\",\n"
    "  %t : float32[3,4,2,2] parameter \"t.weight\", %tg : float32[4,2,2,2] parameter \"tg.weight\",\n"
    "  %l : float32[4,5] parameter \"l.weight\", %h : float16[4,3,3,3] parameter \"h.weight\",\n"
    "  %w64 : float64[4,3,3,3] parameter \"d.weight\", %w1 : float32[4,3,3] parameter \"e.weight\",\n"
    ") {\n";

Graph program(std::string_view input, std::string_view nodes) {
  Graph graph = parse_text("graph g(%x : " + std::string(input) + " \"x\", %dw : float32[4,3,3,3] \"dw\"" +
                           std::string(kParameters) + std::string(nodes) + "}");
  at::manual_seed(3);
  for (Parameter& parameter : graph.parameters) {
    at::Tensor data = at::randn(parameter.data.sizes, at::kDouble);
    if (parameter.name == "b.var") data = data.abs() + 0.1;
    parameter.data = from_torch(data.to(to_torch(parameter.data.dtype)));
  }
  verify(graph);
  return graph;
}

std::string text_after(std::string_view nodes, std::string_view input = "float32[2,3,8,8]") {
  Graph graph = program(input, nodes);
  fold_batch_norm(graph);
  verify(graph, "fold_batch_norm");
  const std::string text = to_text(graph);
  const std::size_t start = text.find(") {\n") + 4;
  return text.substr(start, text.find("\n}\n") + 1 - start);
}

// Whether the pass changed the program, and the largest difference it made in the outputs.
struct Effect {
  bool changed = false;
  double difference = 0;
};
Effect effect_of(std::string_view nodes, const std::vector<std::int64_t>& sizes = {2, 3, 8, 8},
                 at::ScalarType dtype = at::kFloat) {
  Graph graph = program("tensor[...]", nodes);
  const std::vector<Operand> inputs = {from_torch(at::randn(sizes, dtype)), from_torch(at::randn({4, 3, 3, 3}))};
  const std::string before = to_text(graph);
  const at::Tensor wanted = to_torch(*run(graph, inputs, {}).at(0).as<HostTensor>());
  EXPECT_GT(wanted.abs().max().item().toDouble(), 0.1);  // comparing zeros proves nothing
  fold_batch_norm(graph);
  verify(graph, "fold_batch_norm");
  const at::Tensor got = to_torch(*run(graph, inputs, {}).at(0).as<HostTensor>());
  EXPECT_EQ(got.scalar_type(), wanted.scalar_type());
  EXPECT_EQ(got.sizes(), wanted.sizes());
  return {to_text(graph) != before, (got.to(at::kDouble) - wanted.to(at::kDouble)).abs().max().item().toDouble()};
}

constexpr std::string_view kConv =
    "%c : float32[2,4,6,6] = aten::conv2d(input=%x, weight=%w, bias=%cb, stride=[1, 1], "
    "padding=[0, 0], dilation=[1, 1], groups=1)\n";

std::string norm(std::string_view input = "%c", std::string_view weight = "%g", std::string_view bias = "%bb",
                 std::string_view training = "False") {
  std::string text = "%n = aten::batch_norm(input=";
  text.append(input).append(", weight=").append(weight).append(", bias=").append(bias);
  return text.append(", running_mean=%m, running_var=%v, training=")
      .append(training)
      .append(", momentum=0.1, eps=1e-05, cudnn_enabled=True)\n");
}

std::string conv(std::string_view kernel, std::string_view bias = "None") {
  return "%c = aten::conv2d(input=%x, weight=" + std::string(kernel) + ", bias=" + std::string(bias) +
         ", stride=[1, 1], padding=[0, 0], dilation=[1, 1], groups=1)\n";
}

TEST(FoldBatchNorm, BecomesAConvolutionOfConstants) {
  EXPECT_EQ(
      text_after("%c : float32[2,4,6,6] = aten::conv2d(input=%x, weight=%w, bias=None, stride=[1, 1], "
                 "padding=[0, 0], dilation=[1, 1], groups=1)  # scope \"c\" source \"m.py:1\"\n"
                 "%n : float32[2,4,6,6] = aten::batch_norm(input=%c, weight=%g, bias=%bb, running_mean=%m, "
                 "running_var=%v, training=False, momentum=0.1, eps=1e-05, cudnn_enabled=True)  "
                 "# scope \"b\" source \"m.py:2\"\n"
                 "return (%n)"),
      "  %v_1 : float64[4] = aten::to.dtype(self=%v, dtype=torch.float64, non_blocking=False, copy=False, "
      "memory_format=None)  # scope \"b\" source \"m.py:2\"\n"
      "  %bn_variance : float64[4] = aten::add.Scalar(self=%v_1, other=1e-05, alpha=1)  # scope \"b\" source "
      "\"m.py:2\"\n"
      "  %bn_scale : float64[4] = aten::rsqrt(self=%bn_variance)  # scope \"b\" source \"m.py:2\"\n"
      "  %g_1 : float64[4] = aten::to.dtype(self=%g, dtype=torch.float64, non_blocking=False, copy=False, "
      "memory_format=None)  # scope \"b\" source \"m.py:2\"\n"
      "  %bn_scale_1 : float64[4] = aten::mul.Tensor(self=%g_1, other=%bn_scale)  # scope \"b\" source \"m.py:2\"\n"
      "  %bn_scale_1_1 : float32[4] = aten::to.dtype(self=%bn_scale_1, dtype=torch.float32, non_blocking=False, "
      "copy=False, memory_format=None)  # scope \"b\" source \"m.py:2\"\n"
      "  %bn_scale_2 : float32[4,1,1,1] = aten::reshape(self=%bn_scale_1_1, shape=[-1, 1, 1, 1])  # scope \"b\" source "
      "\"m.py:2\"\n"
      "  %w_folded : float32[4,3,3,3] = aten::mul.Tensor(self=%w, other=%bn_scale_2)  # scope \"b\" source "
      "\"m.py:2\"\n"
      "  %m_1 : float64[4] = aten::to.dtype(self=%m, dtype=torch.float64, non_blocking=False, copy=False, "
      "memory_format=None)  # scope \"b\" source \"m.py:2\"\n"
      "  %bn_shift : float64[4] = aten::mul.Tensor(self=%m_1, other=%bn_scale_1)  # scope \"b\" source \"m.py:2\"\n"
      "  %bb_1 : float64[4] = aten::to.dtype(self=%bb, dtype=torch.float64, non_blocking=False, copy=False, "
      "memory_format=None)  # scope \"b\" source \"m.py:2\"\n"
      "  %bn_shift_1 : float64[4] = aten::sub.Tensor(self=%bb_1, other=%bn_shift, alpha=1)  # scope \"b\" source "
      "\"m.py:2\"\n"
      "  %bn_shift_1_1 : float32[4] = aten::to.dtype(self=%bn_shift_1, dtype=torch.float32, non_blocking=False, "
      "copy=False, memory_format=None)  # scope \"b\" source \"m.py:2\"\n"
      "  %n : float32[2,4,6,6] = aten::conv2d(input=%x, weight=%w_folded, bias=%bn_shift_1_1, stride=[1, 1], "
      "padding=[0, 0], dilation=[1, 1], groups=1)  # scope \"c\" source \"m.py:1\"\n"
      "  return (%n)\n");
}

TEST(FoldBatchNorm, KeepsTheResults) {
  const auto folds = [](const std::string& nodes, const std::vector<std::int64_t>& sizes = {2, 3, 8, 8}) {
    const Effect effect = effect_of(nodes + "return (%n)", sizes);
    EXPECT_TRUE(effect.changed) << nodes;
    EXPECT_LT(effect.difference, 2e-5) << nodes;
  };
  folds(conv("%w", "%cb") + norm());
  folds(conv("%w") + norm());
  folds(conv("%w") + norm("%c", "None", "None"));
  folds(conv("%w", "%cb") + norm("%c", "None", "%bb"));
  folds(
      "%c = aten::conv1d(input=%x, weight=%w1, bias=None, stride=[1], padding=[0], dilation=[1], groups=1)\n" + norm(),
      {2, 3, 8});
  folds(
      "%c = aten::conv2d.padding(input=%x, weight=%w, bias=None, stride=[1, 1], padding=\"same\", dilation=[1, 1], "
      "groups=1)\n" +
      norm());
  folds(
      "%c = aten::convolution(input=%x, weight=%w, bias=None, stride=[1, 1], padding=[1, 1], dilation=[1, 1], "
      "transposed=False, output_padding=[0, 0], groups=1)\n" +
      norm());
  folds(
      "%c = aten::conv_transpose2d.input(input=%x, weight=%t, bias=%cb, stride=[2, 2], padding=[0, 0], "
      "output_padding=[0, 0], groups=1, dilation=[1, 1])\n" +
      norm());
  folds("%c : float32[7,4] = aten::linear(input=%x, weight=%l, bias=%cb)\n" + norm(), {7, 5});
  folds(conv("%w") +
        "%n, %m1, %r1 = aten::_native_batch_norm_legit_no_training(input=%c, weight=%g, bias=%bb, "
        "running_mean=%m, running_var=%v, momentum=0.1, eps=1e-05)\n");
  // A kernel that is itself an expression over parameters.
  folds("%k : float32[4,3,3,3] = aten::neg(self=%w)\n" + conv("%k") + norm());
}

TEST(FoldBatchNorm, LeavesTheRestAlone) {
  const auto stays = [](const std::string& nodes, std::string_view outputs = "%n") {
    const std::string all = nodes + "return (" + std::string(outputs) + ")";
    Graph graph = program("float32[2,3,8,8]", all);
    const std::string before = to_text(graph);
    fold_batch_norm(graph);
    EXPECT_EQ(to_text(graph), before);
  };
  stays(conv("%w") + norm("%c", "%g", "%bb", "True"));
  stays(
      "%q : float32[4,3,3,3] = aten::fake_quantize_per_tensor_affine(self=%w, scale=0.01, zero_point=0, "
      "quant_min=-128, "
      "quant_max=127)\n" +
      conv("%q") + norm());
  stays(conv("%w") + norm(), "%n, %c");                                                    // read by an output too
  stays(conv("%w") + norm() + "%z = aten::relu(self=%c)\n", "%n, %z");                     // and by another node
  stays(conv("%dw") + norm());                                                             // kernel is an input
  stays(conv("%h") + norm());                                                              // half precision
  stays(conv("%w64") + norm());                                                            // types differ
  stays("%c = aten::relu(self=%x)\n" + norm());                                            // no convolution
  stays("%c : float32[2,3,4] = aten::linear(input=%x, weight=%l, bias=None)\n" + norm());  // channels are not axis 1
  stays("%c = aten::linear(input=%x, weight=%l, bias=None)\n" + norm());                   // rank unknown
  stays(
      "%c = aten::conv_transpose2d.input(input=%x, weight=%tg, bias=None, stride=[2, 2], padding=[0, 0], "
      "output_padding=[0, 0], groups=2, dilation=[1, 1])\n" +
      norm());
  stays(conv("%w") +
        "%n = aten::batch_norm(input=%c, weight=%g, bias=%bb, running_mean=None, running_var=None, "
        "training=False, momentum=0.1, eps=1e-05, cudnn_enabled=True)\n");
  stays(conv("%w") +
            "%n, %m1, %r1 = aten::_native_batch_norm_legit_no_training(input=%c, weight=%g, bias=%bb, "
            "running_mean=%m, running_var=%v, momentum=0.1, eps=1e-05)\n",
        "%n, %r1");
}

TEST(FoldBatchNorm, TheFactorsAreRoundedOnceAndTheKernelAfterIt) {
  Graph graph = program("float32[2,3,8,8]", conv("%w") + norm() + "return (%n)");
  std::map<std::string, at::Tensor> p;
  for (const Parameter& parameter : graph.parameters) p[parameter.name] = to_torch(parameter.data).to(at::kDouble);
  const at::Tensor scale = p["b.weight"] * at::rsqrt(p["b.var"] + 1e-5);
  const at::Tensor kernel = p["c.weight"].to(at::kFloat) * scale.to(at::kFloat).reshape({-1, 1, 1, 1});
  const at::Tensor bias = (-(p["b.mean"] * scale) + p["b.bias"]).to(at::kFloat);
  fold_batch_norm(graph);
  const Node convolution = graph.body.nodes.back();
  graph.body.outputs = {*convolution.find("weight"), *convolution.find("bias")};
  const std::vector<Operand> got =
      run(graph, {from_torch(at::zeros({2, 3, 8, 8})), from_torch(at::zeros({4, 3, 3, 3}))}, {});
  EXPECT_TRUE(to_torch(*got.at(0).as<HostTensor>()).equal(kernel));
  EXPECT_TRUE(to_torch(*got.at(1).as<HostTensor>()).equal(bias));
}

}  // namespace
}  // namespace torch2trt
