// float32 programs in half precision: which operators are, and how few casts that takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/backend/dry/dry_network.h"
#include "src/convert/precision_rules.h"
#include "src/graph/text.h"
#include "torch2trt/builder.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

struct Outcome {
  std::string text;
  ReducedPrecision::Counts counts;
  Signature signature;
  std::vector<std::string> log;
  std::size_t casts = 0;
};

std::size_t count(std::string_view text, std::string_view wanted) {
  std::size_t found = 0;
  for (std::size_t at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

// Parameters hold `fill`.
Outcome converted(const std::string& header, const std::string& nodes, DType type = DType::kFloat16,
                  const std::string& keep = {}, double fill = 0.5) {
  Graph graph = parse_text("graph g(" + header + ") {\n" + nodes + "}");
  for (Parameter& parameter : graph.parameters)
    parameter.data = full_host_tensor(fill, parameter.data.dtype, parameter.data.sizes);
  DryNetwork network;
  Outcome outcome;
  ConvertOptions options;
  options.run.network = &network;
  options.run.precision =
      ReducedPrecision{type, keep, [&](const ReducedPrecision::Counts& counts) { outcome.counts = counts; }};
  options.run.log = [&](Severity, const std::string& text) { outcome.log.push_back(text); };
  outcome.signature = convert(graph, options).signature;
  outcome.text = network.to_text();
  outcome.casts = count(outcome.text, "Cast");
  return outcome;
}

const std::string kLinear =
    "%x : float32[2,4] \"x\") parameters(%w : float32[3,4] parameter \"w\", %b : float32[3] parameter \"b\"";
const std::string kProduct = "  %y : float32[2,3] = aten::linear(input=%x, weight=%w, bias=%b)\n";

TEST(ReducedPrecision, ProductsAreHalfAndTheSignatureIsNot) {
  const Outcome got = converted(kLinear, kProduct + "  return (%y)\n");
  EXPECT_EQ(got.casts, 2) << got.text;  // in and out
  EXPECT_EQ(got.signature.inputs[0].dtype, DType::kFloat32);
  EXPECT_EQ(got.signature.outputs[0].dtype, DType::kFloat32);
  EXPECT_EQ(got.text,
            R"(input %x : float32[2,4]
%float16_output_0 : float16[2,4] = Cast(%x, to=float16)  # float16
%w_output_0 : float16[3,4] = Constant(weights=float16[3,4])  # w
%linear_output_0 : float16[2,3] = MatrixMultiply(%float16_output_0, %w_output_0, op_b=Transpose)  # linear
%b_output_0 : float16[1,3] = Constant(weights=float16[1,3])  # b
%linear_1_output_0 : float16[2,3] = ElementWise(%linear_output_0, %b_output_0, operation=Sum)  # linear_1
%output : float32[2,3] = Cast(%linear_1_output_0, to=float32)  # float32
output %output : float32[2,3]
)");
  EXPECT_EQ(got.counts.reduced, 1);
  EXPECT_THAT(got.log, ElementsAre("float16: 1 operators compute in it"));
}

TEST(ReducedPrecision, ADeclaredHalfOutputStaysHalf) {
  const Outcome got = converted(kLinear, kProduct +
                                             "  %h : float16[2,3] = aten::to.dtype(self=%y, dtype=torch.float16, "
                                             "non_blocking=False, copy=False, memory_format=None)\n  return (%h)\n");
  EXPECT_EQ(got.casts, 1) << got.text;
  EXPECT_EQ(got.signature.outputs[0].dtype, DType::kFloat16);
}

TEST(ReducedPrecision, SteepOperatorsAreFloat32AndEachValueIsCastOnce) {
  const Outcome got = converted(kLinear, kProduct +
                                             "  %e : float32[2,3] = aten::exp(self=%y)\n"
                                             "  %s : float32[2,3] = aten::softmax.int(self=%y, dim=-1, dtype=None)\n"
                                             "  %t : float32[2,3] = aten::add.Tensor(self=%e, other=%s, alpha=1)\n"
                                             "  return (%t)\n");
  EXPECT_EQ(got.casts, 2) << got.text;  // to half for the product, and its result to float32, for both
  EXPECT_THAT(got.counts.float32, ElementsAre(Pair("add", 1), Pair("exp", 1), Pair("softmax", 1)));
  EXPECT_THAT(got.log, ElementsAre("float16: 1 operators compute in it; float32: add 1, exp 1, softmax 1"));
}

// x -> half -> a view of it -> float32 would be x once more.
TEST(ReducedPrecision, WideningWhatWasJustNarrowedGivesTheOriginal) {
  const Outcome got = converted("%x : float32[2,4] \"x\") parameters(%w : float32[4,4] parameter \"w\"",
                                "  %a : float32[2,4] = aten::linear(input=%x, weight=%w, bias=None)\n"
                                "  %b : float32[2,4] = aten::add.Tensor(self=%x, other=%a, alpha=1)\n"
                                "  %c : float32[2,4] = aten::linear(input=%b, weight=%w, bias=None)\n"
                                "  %d : float32[2,4] = aten::add.Tensor(self=%b, other=%c, alpha=1)\n  return (%d)\n");
  EXPECT_EQ(got.casts, 4) << got.text;  // into each product and out of it
  EXPECT_EQ(count(got.text, "Constant"), 1) << "a weight used twice is one constant\n" << got.text;
}

TEST(ReducedPrecision, ConstantsFollowWhatTheyMeet) {
  const std::string bias = "  %z : float32[2,3] = aten::mul.Tensor(self=%y, other=%b)\n  return (%z)\n";
  EXPECT_EQ(converted(kLinear, kProduct + bias).counts.reduced, 2);
  // Among float32 they stay as they are.
  const Outcome wide = converted("%x : float32[2,4] \"x\") parameters(%w : float32[4] parameter \"w\"",
                                 "  %z : float32[2,4] = aten::mul.Tensor(self=%x, other=%w)\n  return (%z)\n");
  EXPECT_EQ(wide.casts, 0) << wide.text;
  EXPECT_THAT(wide.counts.float32, ElementsAre(Pair("mul", 1)));
}

TEST(ReducedPrecision, NothingReducedIsAWarning) {
  const Outcome got = converted("%x : float32[2,4] \"x\"", "  %e : float32[2,4] = aten::exp(self=%x)\n  return (%e)\n");
  EXPECT_EQ(got.counts.reduced, 0);
  EXPECT_THAT(got.log, ElementsAre("float16: 0 operators compute in it; float32: exp 1"));
}

// 1e5 is no half: infinity would be.
TEST(ReducedPrecision, AnOperatorWhoseConstantHalfCannotHoldStaysFloat32) {
  const Outcome large = converted(kLinear, kProduct + "  return (%y)\n", DType::kFloat16, {}, 1e5);
  EXPECT_EQ(large.casts, 0) << large.text;
  EXPECT_EQ(converted(kLinear, kProduct + "  return (%y)\n", DType::kBFloat16, {}, 1e5).casts, 2);
  for (const std::string_view number : {"1e-08", "-3.4e38", "70000"}) {
    const Outcome got =
        converted(kLinear, kProduct + "  %z : float32[2,3] = aten::add.Scalar(self=%y, other=" + std::string(number) +
                               ", alpha=1)\n  return (%z)\n");
    EXPECT_THAT(got.counts.float32, ElementsAre(Pair("add", 1))) << number << got.text;
  }
  const Outcome half = converted(
      kLinear, kProduct + "  %z : float32[2,3] = aten::add.Scalar(self=%y, other=0.5, alpha=1)\n  return (%z)\n");
  EXPECT_EQ(half.counts.reduced, 2);
}

TEST(ReducedPrecision, PositionsStayExact) {
  const std::string positions =
      "  %f : float32[2,4] = aten::to.dtype(self=%i, dtype=torch.float32, non_blocking=False, copy="
      "False, memory_format=None)\n";
  const std::string header = "%i : int64[2,4] \"i\") parameters(%w : float32[4,3] parameter \"w\"";
  const Outcome angles =
      converted(header, positions + "  %y : float32[2,3] = aten::matmul(self=%f, other=%w)\n  return (%y)\n");
  EXPECT_EQ(angles.counts.reduced, 0) << angles.text;
  // A layer with weights takes them as features.
  const Outcome features =
      converted("%i : int64[2,4] \"i\") parameters(%w : float32[3,4] parameter \"w\"",
                positions + "  %y : float32[2,3] = aten::linear(input=%f, weight=%w, bias=None)\n  return (%y)\n");
  EXPECT_EQ(features.counts.reduced, 1) << features.text;
}

TEST(ReducedPrecision, WhatIsKeptIsChosenByPathAndOperator) {
  const std::string nodes =
      "  %y : float32[2,3] = aten::linear(input=%x, weight=%w, bias=%b)  # scope \"head\"\n  return (%y)\n";
  EXPECT_EQ(converted(kLinear, nodes, DType::kFloat16, "^head/").counts.reduced, 0);
  EXPECT_EQ(converted(kLinear, nodes, DType::kFloat16, "^neck/").counts.reduced, 1);
  EXPECT_EQ(converted(kLinear, kProduct + "  return (%y)\n", DType::kFloat16, "/linear$").counts.reduced, 0);
  EXPECT_EQ(converted(kLinear, kProduct + "  return (%y)\n", DType::kFloat16, "/conv").counts.reduced, 1);
  EXPECT_THAT([&] { converted(kLinear, kProduct + "  return (%y)\n", DType::kFloat16, "("); },
              ThrowsMessage<Error>(HasSubstr("\"(\", which says what stays float32, is no regular expression: ")));
}

TEST(ReducedPrecision, OtherTypesAreRefused) {
  EXPECT_THAT(
      [&] { converted(kLinear, kProduct + "  return (%y)\n", DType::kFloat32); },
      ThrowsMessage<Error>(HasSubstr("reduced precision in float32 was asked for; float16 and bfloat16 are possible")));
}

TEST(ReducedPrecision, EveryRuleIsForAnOperatorWithAHandler) {
  std::set<std::string_view> kinds;
  for (const auto& [key, entry] : builtin_handlers().entries())
    kinds.insert(std::string_view(key).substr(0, std::string_view(key).find('.')));
  for (const auto& [kind, rule] : precision_rules()) EXPECT_TRUE(kinds.contains(kind)) << kind;
  EXPECT_EQ(precision_rule("aten::relu"), PrecisionRule::kWidest);
  EXPECT_EQ(precision_rule("quantized_decomposed::quantize_per_tensor"), PrecisionRule::kFloat32);
}

// A TensorRT that takes `typed` networks.
class FakeBuilder : public EngineBuilder {
 public:
  explicit FakeBuilder(bool typed) : typed_(typed) {}
  Network& network() override { return network_; }
  bool strongly_typed() const override { return typed_; }
  SerializedEngine build(const Converted&, const BuildOptions&, const ProgressSink&) override { return {}; }
  std::string description() const override { return "TensorRT 8.5.3"; }

 private:
  DryNetwork network_;
  bool typed_;
};

TEST(PrecisionOf, StronglyTypedNetworksAreRewrittenAndOthersAreNot) {
  BuildOptions options;
  EXPECT_FALSE(precision_of(options, FakeBuilder(true)));
  EXPECT_THAT([&] { precision_of(options, FakeBuilder(true), "x"); },
              ThrowsMessage<Error>(HasSubstr("no reduced precision is asked for; add --fp16 or --bf16")));
  options.precision = DType::kFloat16;
  EXPECT_EQ(precision_of(options, FakeBuilder(true), "x")->keep_float32, "x");
  EXPECT_FALSE(precision_of(options, FakeBuilder(false)));
  EXPECT_THAT([&] { precision_of(options, FakeBuilder(false), "x"); },
              ThrowsMessage<Error>(HasSubstr("TensorRT 8.5.3 chooses itself which layers compute in float16")));
  options.precision = DType::kBFloat16;
  EXPECT_EQ(precision_of(options, FakeBuilder(true))->type, DType::kBFloat16);
  EXPECT_THAT([&] { precision_of(options, FakeBuilder(false)); },
              ThrowsMessage<Error>(HasSubstr("TensorRT 8.5.3 has no bfloat16; --fp16 lets layers compute in float16")));
}

}  // namespace
}  // namespace torch2trt
