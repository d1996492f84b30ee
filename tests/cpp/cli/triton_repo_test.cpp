#include "cli/triton_repo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "cli/engine_file.h"
#include "src/runtime/bundle.h"
#include "tests/cpp/error_message.h"

namespace torch2trt::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using torch2trt::testing::message;

EngineTensor tensor(const std::string& name, DType dtype, const Shape& shape) {
  EngineTensor info;
  info.name = name;
  info.dtype = info.torch_dtype = dtype;
  info.shape = shape;
  return info;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class TritonRepo : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / "triton_repo";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string engine(const std::string& flavour = "tensorrt", DType dtype = DType::kFloat16) const {
    EngineMetadata about;
    about.flavour = flavour;
    about.tensorrt = "10.14.1";
    const std::string path = (folder_ / "model.engine").string();
    std::ofstream(path, std::ios::binary)
        << runtime::write_bundle(about, {tensor("x", dtype, {-1, 3})}, {tensor("y", DType::kInt64, {})}, "the plan", 8);
    return path;
  }
  std::string refusal(const std::string& engine, const std::string& folder, ErrorCategory category) const {
    return message([&] { write_triton_repo(engine, folder); }, category);
  }
  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path folder_;
};

TEST_F(TritonRepo, WritesTheConfigurationAndThePlan) {
  write_triton_repo(engine(), (folder_ / "net/").string());
  EXPECT_EQ(read(folder_ / "net" / "1" / "model.plan"), "the plan");
  EXPECT_EQ(read(folder_ / "net" / "config.pbtxt"), R"(name: "net"
platform: "tensorrt_plan"
max_batch_size: 0
input [
  {
    name: "x"
    data_type: TYPE_FP16
    dims: [ -1, 3 ]
  }
]
output [
  {
    name: "y"
    data_type: TYPE_INT64
    dims: [ 1 ]
    reshape: { shape: [ ] }
  }
]
)");
  EXPECT_THAT(entries(), ::testing::ElementsAre("model.engine", "net"));
}

TEST_F(TritonRepo, NamesAreQuoted) {
  EXPECT_THAT(triton_config("a\"b", {tensor("c\\\n", DType::kBool, {1})}, {}),
              ::testing::AllOf(HasSubstr(R"(name: "a\"b")"), HasSubstr(R"(name: "c\\\012")")));
}

TEST_F(TritonRepo, SizesOfZeroAreRefused) {
  EXPECT_THAT(message([] { triton_config("net", {tensor("x", DType::kFloat32, {2, 0})}, {}); }),
              HasSubstr("\"x\" has the shape [2, 0]; Triton takes no dimension of size 0"));
}

TEST_F(TritonRepo, WhatCannotBeServedIsRefusedAndNothingIsLeft) {
  const std::string target = (folder_ / "net").string();
  EXPECT_THAT(refusal(engine("tensorrt_rtx"), target, ErrorCategory::kInvalidArgument),
              HasSubstr("was built with tensorrt_rtx; Triton runs engines of TensorRT"));
  EXPECT_THAT(refusal(engine("tensorrt", DType::kFloat8E4M3), target, ErrorCategory::kInvalidArgument),
              HasSubstr("\"x\" is float8_e4m3fn, which Triton has no type for"));
  std::ofstream(folder_ / "plain") << "a plan";
  EXPECT_THAT(refusal((folder_ / "plain").string(), target, ErrorCategory::kInvalidArgument),
              HasSubstr("is no engine bundle"));
  EXPECT_THAT(refusal((folder_ / "none").string(), target, ErrorCategory::kRuntime), HasSubstr("No such file"));
  EXPECT_THAT(refusal(engine(), (folder_ / "plain" / "net").string(), ErrorCategory::kRuntime),
              HasSubstr("cannot write"));
  EXPECT_THAT(entries(), ::testing::ElementsAre("model.engine", "plain"));
  fs::create_directories(target);
  EXPECT_THAT(refusal(engine(), target, ErrorCategory::kInvalidArgument), HasSubstr("is there already"));
}

TEST(EngineFile, FlavourAndVersion) {
  EXPECT_EQ(flavour_and_version("tensorrt_rtx 1.7.1.116 (Python)"),
            std::make_pair(std::string("tensorrt_rtx"), std::string("1.7.1.116")));
  EXPECT_EQ(flavour_and_version("TensorRT 8.5.3"), std::make_pair(std::string("tensorrt"), std::string("8.5.3")));
  EXPECT_THROW(flavour_and_version("tensorrt"), Error);
  EXPECT_THROW(flavour_and_version("tensorrt (Python)"), Error);
}

TEST(EngineFile, Structures) {
  const Structure leaf;
  Structure dict{Structure::Kind::kDict, {"'a'", "'b'"}, {leaf, {Structure::Kind::kNone, {}, {}}}};
  const Structure tuple{Structure::Kind::kTuple, {}, {leaf, dict, {Structure::Kind::kList, {}, {}}}};
  const Leaf tensor;
  EXPECT_EQ(structure_text(leaf, {tensor}), "null");
  EXPECT_EQ(structure_text(tuple, {tensor, tensor}),
            R"({"tuple":[null,{"dict":[["'a'",null],["'b'",{"none":true}]]},{"list":[]}]})");
  EXPECT_EQ(
      structure_text(tuple, {{Leaf::Kind::kNumber, {}, {}}, {Leaf::Kind::kConstant, "mean", "mode"}}),
      R"({"tuple":[{"number":true},{"dict":[["'a'",{"constant":"mean","name":"mode"}],["'b'",{"none":true}]]},{"list":[]}]})");
  EXPECT_EQ(structure_text(leaf, {{Leaf::Kind::kConstant, true, {}}}), R"({"constant":true})");
  EXPECT_EQ(structure_text(leaf, {{Leaf::Kind::kConstant, 2.5, {}}}), R"({"constant":2.5})");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(structure_text(leaf, {{Leaf::Kind::kConstant, -infinity, {}}}), R"({"float":"-inf"})");
  EXPECT_EQ(structure_text(leaf, {{Leaf::Kind::kConstant, std::nan(""), "x"}}), R"({"float":"nan","name":"x"})");
  EXPECT_EQ(structure_text(leaf, {{Leaf::Kind::kConstant, None{}, {}}}), R"({"none":true})");
  EXPECT_THROW(structure_text(leaf, {}), Error);
  EXPECT_THROW(structure_text(leaf, {tensor, tensor}), Error);
  EXPECT_THROW(structure_text(leaf, {{Leaf::Kind::kConstant, DType::kBool, {}}}), Error);
}

TEST(EngineFile, ABundleOfAConversion) {
  Converted converted;
  converted.signature.inputs = {{"x", DType::kFloat64, DType::kFloat32, {-1, 3}}};
  converted.signature.outputs = {{"y", DType::kInt64, DType::kInt32, {2}}};
  converted.signature.input_leaves.emplace_back();
  converted.signature.output_leaves.emplace_back();
  converted.ranges["x"] = {{1, 3}, {2, 3}, {4, 3}};
  const std::string plan = "a plan";
  SerializedEngine engine;
  engine.bytes = std::as_bytes(std::span(plan));
  const std::string file = bundle_of(converted, engine, "TensorRT 10.14.1", "net.pt2", {{"fp16", "true"}});
  const runtime::Bundle bundle = runtime::read_bundle(file.data(), file.size());
  EXPECT_EQ(bundle.metadata.tensorrt, "10.14.1");
  EXPECT_EQ(bundle.metadata.model, "net.pt2");
  EXPECT_EQ(bundle.metadata.options.at("fp16"), "true");
  EXPECT_EQ(bundle.inputs.at(0).torch_dtype, DType::kFloat64);
  EXPECT_EQ(bundle.inputs.at(0).shape, Shape({-1, 3}));
  EXPECT_EQ(bundle.outputs.at(0).dtype, DType::kInt32);
  EXPECT_EQ(bundle.plan_bytes, plan.size());
  EXPECT_THAT(file, HasSubstr("\"profiles\""));
}

}  // namespace
}  // namespace torch2trt::cli
