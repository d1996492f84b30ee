#include "src/tensorrt/logger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace torch2trt::tensorrt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Severity = nvinfer1::ILogger::Severity;

void say(Severity severity, const char* text) { Logger::instance().log(severity, text); }

TEST(Logger, GoesToTheScopeMadeLast) {
  std::vector<std::string> outer, inner;
  say(Severity::kERROR, "nobody listens");
  const LogScope first([&](Level, const std::string& text) { outer.push_back(text); });
  say(Severity::kINFO, "a");
  {
    const LogScope second([&](Level, const std::string& text) { inner.push_back(text); });
    say(Severity::kWARNING, "b");
  }
  say(Severity::kINFO, "c");
  EXPECT_THAT(outer, ElementsAre("a", "c"));
  EXPECT_THAT(inner, ElementsAre("b"));
}

TEST(Logger, NoiseAndVerboseMessagesAreLeftOut) {
  std::vector<std::string> quiet, all;
  const auto speak = [] {
    say(Severity::kVERBOSE, "details");
    say(Severity::kINFO, "");
    say(Severity::kERROR, "an error followed by CUDA error 35");
    say(Severity::kINTERNAL_ERROR, "broken");
  };
  {
    const LogScope scope([&](Level, const std::string& text) { quiet.push_back(text); });
    speak();
  }
  {
    const LogScope scope([&](Level, const std::string& text) { all.push_back(text); }, true);
    speak();
  }
  EXPECT_THAT(quiet, ElementsAre("broken"));
  EXPECT_THAT(all, ElementsAre("details", "an error followed by CUDA error 35", "broken"));
}

TEST(Logger, ErrorsAreKept) {
  LogScope scope({});
  say(Severity::kWARNING, "careful");
  say(Severity::kERROR, "failed");
  EXPECT_THAT(scope.take_errors(), ElementsAre("failed"));
  EXPECT_THAT(scope.take_errors(), IsEmpty());
  say(Severity::kWARNING, "careful");
  say(Severity::kWARNING, "careful");
  say(Severity::kERROR, "failed");
  EXPECT_THAT(scope.take_complaints(), ElementsAre("careful", "failed")) << "each once";
}

TEST(ErrorRecorder, TextsWithoutNoise) {
  ErrorRecorder recorder;
  EXPECT_FALSE(recorder.reportError(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "bad axis"));
  recorder.reportError(nvinfer1::ErrorCode::kINTERNAL_ERROR, "CUDA error 35 for 512-byte allocation.");
  EXPECT_EQ(recorder.getNbErrors(), 2);
  EXPECT_STREQ(recorder.getErrorDesc(0), "bad axis");
  EXPECT_EQ(recorder.getErrorCode(0), nvinfer1::ErrorCode::kINVALID_ARGUMENT);
  EXPECT_STREQ(recorder.getErrorDesc(7), "");
  EXPECT_THAT(recorder.take_texts(), ElementsAre("bad axis"));
  EXPECT_EQ(recorder.getNbErrors(), 0);
  recorder.reportError(nvinfer1::ErrorCode::kINVALID_ARGUMENT, "again");
  recorder.clear();
  EXPECT_THAT(recorder.take_texts(), IsEmpty());
}

}  // namespace
}  // namespace torch2trt::tensorrt
