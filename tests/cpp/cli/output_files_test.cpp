#include "cli/output_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/cpp/error_message.h"

namespace torch2trt::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using torch2trt::testing::message;

class OutputFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(path("engine")) << "engine";
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_ = fs::path(::testing::TempDir()) / "output_files";
};

TEST_F(OutputFiles, FilesOfTheirOwn) {
  check_output_files({{"--a", path("engine")}, {"--a", path("engine")}, {"--b", ""}},
                     {{"--c", path("c")}, {"--d", path("d")}, {"--e", ""}, {"--f", ""}});
  check_output_files({}, {{"--c", "/dev/null"}, {"--d", "/dev/null"}});
  EXPECT_FALSE(fs::exists(path("c")));
}

TEST_F(OutputFiles, OneThatIsReadIsNotWritten) {
  EXPECT_THAT(message([&] { check_output_files({{"--loadEngine", path("engine")}}, {{"--out", path("./engine")}}); }),
              HasSubstr("--loadEngine and --out are the same file, \"" + path("./engine") + "\"; give each its own"));
  fs::create_hard_link(path("engine"), path("other"));
  EXPECT_THAT(message([&] { check_output_files({{"--in", path("engine")}}, {{"--out", path("other")}}); }),
              HasSubstr("--in and --out are the same file"));
  fs::create_symlink(path("engine"), path("link"));
  EXPECT_THAT(message([&] { check_output_files({}, {{"--c", path("engine")}, {"--d", path("link")}}); }),
              HasSubstr("--c and --d are the same file"));
}

TEST_F(OutputFiles, WhatCannotBeWrittenIsSaid) {
  EXPECT_THAT(message([] { check_output_files({}, {{"--out", "/nowhere/file"}}); }, ErrorCategory::kRuntime),
              HasSubstr("\"/nowhere/file\" cannot be written"));
}

}  // namespace
}  // namespace torch2trt::cli
