// What converters outside of the tree use.
#include "torch2trt/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/graph/text.h"
#include "tests/cpp/frontend/export_program.h"

namespace torch2trt {
namespace {

using testing::archive_of;
using ::testing::HasSubstr;
using testing::input;
using testing::node;
using ::testing::Not;
using testing::program_of;
using testing::TemporaryFile;
using testing::tensor;
using ::testing::ThrowsMessage;

TEST(Program, FileToNetwork) {
  const TemporaryFile file(archive_of(testing::program()));
  const Graph graph = load_program(file.path());
  const std::unique_ptr<Network> network = make_dry_network();
  ConvertOptions options;
  options.run.network = network.get();
  const Converted converted = convert(graph, options);
  EXPECT_EQ(converted.signature.inputs.at(0).dims, (Dims{2, 3}));
  ASSERT_EQ(converted.signature.input_leaves.size(), 1U);
  EXPECT_EQ(converted.signature.input_leaves[0].kind, Leaf::Kind::kTensor);
  const std::string text = network_text(*network);
  EXPECT_THAT(text, HasSubstr("ElementWise(%x"));
  EXPECT_THAT(text, HasSubstr("output %output_0 : float32[2,3]"));
}

TEST(Program, PassesLeaveTheNodesOfHandlersAlone) {
  const TemporaryFile file(archive_of(program_of(
      {node("torch.ops.aten.relu_.default", {input("self", tensor("x"))}, {tensor("r")}, "r")}, {tensor("r")})));
  EXPECT_THAT(to_text(load_program(file.path())), Not(HasSubstr("relu_")));
  UserRegistry handlers;
  handlers.add("aten::relu", [](Network&, Args& args) -> Results { return args.tensor("self"); });
  EXPECT_THAT(to_text(load_program(file.path(), &handlers)), HasSubstr("aten::relu("));
}

TEST(Program, WhatIsNoProgram) {
  const TemporaryFile file("nothing");
  EXPECT_THROW(load_program(file.path()), Error);
  EXPECT_THROW(load_program(file.path() + ".none"), Error);
}

class OtherNetwork : public Network {
 public:
  bool supports(std::string_view /*layer*/) const override { return false; }

 protected:
  std::vector<TensorInfo> add_layer(const Layer& /*layer*/, const std::string& /*name*/,
                                    std::int32_t /*first_id*/) override {
    return {};
  }
  void add_input_layer(const TensorInfo& /*info*/, std::int32_t /*id*/) override {}
  void mark_output_tensor(std::int32_t /*id*/, const std::string& /*name*/) override {}
  void set_next_value(std::int32_t /*recurrence*/, std::int32_t /*next*/) override {}
};

TEST(Program, OnlyDryNetworksHaveAText) {
  EXPECT_THAT([] { network_text(OtherNetwork()); },
              ThrowsMessage<Error>(HasSubstr("only networks of make_dry_network() have a text")));
}

}  // namespace
}  // namespace torch2trt
