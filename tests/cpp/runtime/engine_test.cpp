// Engine: the bundle's order and types over the plan's tensors; loading what is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "src/runtime/file.h"
#include "tests/cpp/error_message.h"
#include "tests/cpp/runtime/fake.h"

namespace torch2trt::testing {
namespace {

using ::testing::HasSubstr;

EngineTensor named(const std::string& name, DType dtype, DType torch) {
  EngineTensor info;
  info.name = name;
  info.dtype = dtype;
  info.torch_dtype = torch;
  return info;
}

std::shared_ptr<const Engine> engine_with(const std::vector<EngineTensor>& inputs,
                                          const std::vector<EngineTensor>& outputs) {
  FakePlanOptions options;
  options.host_input = true;
  options.positives = true;
  return std::make_shared<Engine>(std::make_shared<FakePlan>(options), fake_cuda(), EngineMetadata{}, inputs, outputs,
                                  EngineOptions{}, 0);
}

TEST(Engine, HasPyTorchsOrderAndTypes) {
  const auto engine =
      engine_with({named("offset", DType::kInt32, DType::kInt64), named("x", DType::kFloat32, DType::kFloat64)},
                  {named("positives", DType::kFloat32, DType::kFloat32), named("y", DType::kFloat32, DType::kFloat64)});
  ASSERT_EQ(engine->inputs().size(), 2U);
  EXPECT_EQ(engine->inputs()[0].name, "offset");
  EXPECT_TRUE(engine->inputs()[0].on_host);
  EXPECT_EQ(engine->inputs()[0].torch_dtype, DType::kInt64);
  EXPECT_EQ(engine->inputs()[1].ranges.size(), 1U);
  EXPECT_EQ(engine->outputs()[1].torch_dtype, DType::kFloat64);
  EXPECT_EQ(engine->input_index("x"), 1);
  EXPECT_EQ(engine->output_index("positives"), 0);
  EXPECT_EQ(engine->tensorrt_version(), "TensorRT 99.1.2");
  EXPECT_EQ(engine->num_profiles(), 1);
}

TEST(Engine, ABarePlanHasTensorRtsOrder) {
  const auto engine = engine_with({}, {});
  EXPECT_EQ(engine->inputs()[0].name, "x");
  EXPECT_EQ(engine->outputs()[0].name, "y");
  EXPECT_THAT(message([&] { engine->input_index("y"); }, ErrorCategory::kInvalidArgument),
              HasSubstr("there is no input \"y\"; the engine has \"x\", \"offset\""));
}

TEST(Engine, ABundleThatDoesNotFitItsPlanIsRefused) {
  const EngineTensor offset = named("offset", DType::kInt32, DType::kInt64);
  EXPECT_THAT(message([&] { engine_with({offset, named("z", DType::kFloat32, DType::kFloat32)}, {}); },
                      ErrorCategory::kInvalidModel),
              HasSubstr("says there is an input \"z\" of float32; its plan has none"));
  EXPECT_THAT(message([&] { engine_with({offset, named("x", DType::kFloat16, DType::kFloat16)}, {}); },
                      ErrorCategory::kInvalidModel),
              HasSubstr("says there is an input \"x\" of float16; its plan has none"));
  EXPECT_THAT(message([&] { engine_with({offset}, {}); }, ErrorCategory::kInvalidModel),
              HasSubstr("describes 1 inputs; its plan has 2"));
}

TEST(Engine, FilesThatAreNone) {
  EXPECT_THAT(message([] { Engine::load("/nowhere/model.engine"); }, ErrorCategory::kRuntime),
              HasSubstr("cannot read \"/nowhere/model.engine\": No such file or directory"));
  EXPECT_THAT(message([] { Engine::load("/tmp"); }, ErrorCategory::kRuntime), HasSubstr("it is a folder"));
  EXPECT_THAT(message([] { Engine::from_bytes("", 0); }, ErrorCategory::kInvalidModel),
              HasSubstr("the engine file is empty"));
  EXPECT_THAT(message([] { Engine::from_plan("", 0); }, ErrorCategory::kInvalidArgument),
              HasSubstr("the plan is empty"));
  EXPECT_THAT(message([] { Engine::from_bytes("PK\3\4rest", 8); }, ErrorCategory::kInvalidModel),
              HasSubstr("the file is a program (.pt2 or TorchScript), no engine: `torch2trt build` makes one of it"));
  EXPECT_THAT(message([] { Engine::from_bytes("\x89T2TRT\n\1\0\0\0....", 15); }, ErrorCategory::kInvalidModel),
              HasSubstr("the engine file is damaged: it does not begin as it should"));
  EXPECT_THAT(message([] { Engine::from_bytes("\x89T2TRT\r\nrest", 12); }, ErrorCategory::kInvalidModel),
              HasSubstr("the engine file is damaged"));
}

TEST(Engine, ABarePlanWarnsThatPlansAreCode) {
  std::vector<std::string> log;
  EngineOptions options;
  options.log = [&](LogLevel level, const std::string& text) {
    EXPECT_EQ(level, LogLevel::kWarning);
    log.push_back(text);
  };
  const std::string plan = "not a plan either";
  EXPECT_THROW(Engine::from_bytes(plan.data(), plan.size(), options), Error);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_THAT(log[0], HasSubstr("Plans are code"));
  EXPECT_THROW(Engine::from_plan(plan.data(), plan.size(), options), Error);
  options.trusted = true;
  EXPECT_THROW(Engine::from_bytes(plan.data(), plan.size(), options), Error);
  EXPECT_EQ(log.size(), 1U);
}

TEST(Engine, FilesAreReadWhole) {
  const std::string path = ::testing::TempDir() + "/read_file_test";
  const std::string text(3000000, 'z');
  std::ofstream(path, std::ios::binary) << text;
  const std::vector<std::byte> bytes = runtime::read_file(path);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), text);
  std::ofstream(path, std::ios::binary | std::ios::trunc).close();
  EXPECT_TRUE(runtime::read_file(path).empty());
  std::remove(path.c_str());
  EXPECT_FALSE(runtime::read_file("/proc/self/status").empty());  // says that it has no bytes
}

TEST(Shape, Numbers) {
  EXPECT_EQ(Shape({2, 3, 4}).numel(), 24);
  EXPECT_EQ(Shape().numel(), 1);
  EXPECT_EQ(Shape({0, std::int64_t{1} << 62, 8}).numel(), 0);
  EXPECT_EQ(Shape({1, -1}).text(), "[1, ?]");
  EXPECT_THAT(message([] { (void)Shape({2, -1}).numel(); }, ErrorCategory::kInvalidArgument),
              HasSubstr("the shape [2, ?] has unknown sizes"));
  EXPECT_THAT(message([] { (void)Shape({std::int64_t{1} << 62, 2}).numel(); }, ErrorCategory::kInvalidArgument),
              HasSubstr("has too many elements"));
  TensorView wide;
  wide.shape = {std::int64_t{1} << 61};
  EXPECT_THAT(message([&] { (void)wide.bytes(); }, ErrorCategory::kInvalidArgument),
              HasSubstr("has too many elements"));
  EXPECT_THAT(message([] { Shape({1, 1, 1, 1, 1, 1, 1, 1, 1}); }, ErrorCategory::kInvalidArgument),
              HasSubstr("a tensor has 9 dimensions; TensorRT allows at most 8"));
  EXPECT_NE(Shape({1}), Shape({1, 1}));
  EXPECT_NE(Shape({1, 2}), Shape({2, 1}));
}

}  // namespace
}  // namespace torch2trt::testing
