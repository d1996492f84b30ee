// Reading the cases that the checks on a GPU are given.
#include "tests/gpu/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace torch2trt::gpu {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GpuCases : public ::testing::Test {
 protected:
  GpuCases() : folder_(fs::temp_directory_path() / ("torch2trt_cases_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~GpuCases() override { fs::remove_all(folder_); }

  // Values 1, 2 (float32), 7 (int64), as offsets 0, 4 and 8.
  void write(const Json& cases) const { write(cases.dump()); }
  void write(const std::string& text) const {
    std::ofstream(folder_ / "rows.json") << text;
    std::ofstream data(folder_ / "rows.bin", std::ios::binary);
    const float floats[] = {1, 2};
    const std::int64_t seven = 7;
    data.write(reinterpret_cast<const char*>(floats), sizeof(floats));
    data.write(reinterpret_cast<const char*>(&seven), sizeof(seven));
  }
  static Json array(const char* name, const char* dtype, int offset, int bytes, const Json& shape) {
    return {{"name", name}, {"dtype", dtype}, {"offset", offset}, {"bytes", bytes}, {"shape", shape}};
  }
  static Json one_case(const Json& input) {
    const Json output = {{"expected", array("output 0", "int64", 8, 8, Json::array())}, {"rtol", 0.5}};
    return {{"name", "relu[0]"},
            {"model", "relu.pt2"},
            {"random", false},
            {"layers", {"ACTIVATION"}},
            {"shapes", {{"x", {{1}, {2}, {4}}}}},
            {"runs", Json::array({{{"inputs", Json::array({input})}, {"outputs", Json::array({output})}}})}};
  }
  std::string refusal(ErrorCategory category = ErrorCategory::kInvalidModel) const {
    try {
      read_cases(folder_.string());
    } catch (const Error& error) {
      EXPECT_EQ(name(error.category()), name(category)) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  fs::path folder_;
};

TEST_F(GpuCases, AreRead) {
  Json entry = one_case(array("x", "float32", 0, 8, {2}));
  entry["runs"][0]["outputs"][0]["executor"] = array("output 0", "int64", 8, 8, Json::array());
  write(Json::array({entry}));
  const std::vector<Case> cases = read_cases(folder_.string());
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0].name, "relu[0]");
  EXPECT_EQ(cases[0].model, (folder_ / "relu.pt2").string());
  EXPECT_FALSE(cases[0].random);
  EXPECT_THAT(cases[0].layers, ElementsAre("ACTIVATION"));
  EXPECT_EQ(cases[0].shapes.at("x").max, Dims{4});
  const gpu::Run& run = cases[0].runs.at(0);
  EXPECT_EQ(run.inputs.at(0).name, "x");
  EXPECT_THAT(cli::numbers(run.inputs[0].array), ElementsAre(1, 2));
  EXPECT_EQ(run.outputs.at(0).tolerance, 0.5);
  EXPECT_THAT(cli::numbers(run.outputs[0].expected.array), ElementsAre(7));
  EXPECT_EQ(run.outputs[0].executor.size(), 1U);
}

TEST_F(GpuCases, NoneAreNone) {
  write(Json::array());
  EXPECT_THAT(read_cases(folder_.string()), IsEmpty());
}

TEST_F(GpuCases, MissingFiles) {
  EXPECT_THAT(refusal(ErrorCategory::kRuntime), HasSubstr("cannot read \"" + (folder_ / "rows.bin").string() + "\""));
  write(Json::array());
  fs::remove(folder_ / "rows.json");
  EXPECT_THAT(refusal(ErrorCategory::kRuntime), HasSubstr("rows.json"));
}

TEST_F(GpuCases, ArraysOutsideOfTheData) {
  for (const auto& [offset, bytes] : {std::pair(12, 8), std::pair(17, 0), std::pair(0, 17)}) {
    write(Json::array({one_case(array("x", "uint8", offset, bytes, {bytes}))}));
    EXPECT_THAT(refusal(), HasSubstr("rows.json points outside of rows.bin"));
  }
  write(Json::array({one_case(array("x", "float31", 0, 8, {2}))}));
  EXPECT_THAT(refusal(), HasSubstr("float31"));
}

TEST_F(GpuCases, AShapeOfOtherBytes) {
  write(Json::array({one_case(array("x", "float32", 0, 8, {3}))}));
  EXPECT_THAT(refusal(), HasSubstr("a shape of other bytes than it says"));
}

TEST_F(GpuCases, MalformedFiles) {
  for (const char* text : {"[", "[1]", "[{}]", R"([{"name": 1}])"}) {
    write(std::string(text));
    EXPECT_THAT(refusal(), HasSubstr("rows.json\" is malformed")) << text;
  }
}

}  // namespace
}  // namespace torch2trt::gpu
