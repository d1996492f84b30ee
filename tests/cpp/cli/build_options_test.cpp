#include "cli/build_options.h"

#include <gmock/gmock.h>

#include "cli/run.h"

namespace torch2trt::cli {
namespace {

using ::testing::HasSubstr;

TEST(MemoryPool, ReadsTrtexecsSuffixes) {
  EXPECT_EQ(parse_memory_pool("workspace:4G"), 4ULL << 30U);
  EXPECT_EQ(parse_memory_pool("workspace:16"), 16ULL << 20U);
  EXPECT_EQ(parse_memory_pool("workspace:16M"), 16ULL << 20U);
  EXPECT_EQ(parse_memory_pool("workspace:0.5G"), 1ULL << 29U);
  EXPECT_EQ(parse_memory_pool("workspace:3K"), 3072U);
  EXPECT_EQ(parse_memory_pool("workspace:7B"), 7U);
  EXPECT_EQ(parse_memory_pool("workspace:0"), 0U);
}

TEST(MemoryPool, RefusesWhatIsNoSize) {
  for (const char* text :
       {"workspace:", "workspace:G", "workspace:4T", "workspace:-1", "workspace:4GG", "workspace:1e99", "workspace:nan",
        "workspace:99999999999999999999G", "tactic:4G", "4G", ""}) {
    try {
      parse_memory_pool(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
      EXPECT_THAT(error.what(), HasSubstr("as in workspace:4G")) << text;
    }
  }
}

TEST(ProfilingVerbosityName, IsTrtexecs) {
  EXPECT_EQ(parse_profiling_verbosity("layer_names_only"), ProfilingVerbosity::kLayerNamesOnly);
  EXPECT_EQ(parse_profiling_verbosity("detailed"), ProfilingVerbosity::kDetailed);
  EXPECT_EQ(parse_profiling_verbosity("none"), ProfilingVerbosity::kNone);
  try {
    parse_profiling_verbosity("verbose");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no \"verbose\"; there are layer_names_only, detailed and none"));
  }
}

TEST(EngineBuilder, AnExecutableWithoutOneSaysWhatToUse) {
  try {
    no_engine_builder("", {}, false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kRuntime);
    EXPECT_THAT(error.what(), HasSubstr("this executable cannot build engines"));
    EXPECT_THAT(error.what(), HasSubstr("pip install torch2trt tensorrt-rtx"));
  }
}

}  // namespace
}  // namespace torch2trt::cli
