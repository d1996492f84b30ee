#include "cli/progress.h"

#include <gmock/gmock.h>

#include <memory>

namespace torch2trt::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// A stream in memory and what was written to it.
class Written {
 public:
  Written() : stream_(::open_memstream(&text_, &size_)) {}
  Written(const Written&) = delete;
  Written& operator=(const Written&) = delete;
  ~Written() {
    std::fclose(stream_);
    std::free(text_);
  }
  std::FILE* stream() { return stream_; }
  std::string text() {
    std::fflush(stream_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

BuildProgress event(BuildProgress::Event kind, const char* phase, int number = 0) {
  BuildProgress progress{.event = kind, .phase = phase};
  (kind == BuildProgress::Event::kPhaseStart ? progress.steps : progress.step) = number;
  return progress;
}

void build_with_steps(Progress& progress) {
  progress.begin("build");
  progress.step(event(BuildProgress::Event::kPhaseStart, "Building engine", 6));
  progress.step(event(BuildProgress::Event::kPhaseStart, "Timing tactics", 3));
  progress.step(event(BuildProgress::Event::kStep, "Building engine", 2));
  progress.step(event(BuildProgress::Event::kStep, "unknown", 9));
}

TEST(ProgressElsewhere, IsPlainLines) {
  Written written;
  {
    Progress progress(written.stream(), false);
    progress.leave_lines();
    progress.begin("load");
    build_with_steps(progress);
    progress.step(event(BuildProgress::Event::kPhaseEnd, "Timing tactics"));
    progress.print("warning: careful");
    EXPECT_GE(progress.end(), 0);
    EXPECT_EQ(progress.end(), 0);
  }
  EXPECT_THAT(written.text(),
              MatchesRegex("load: [0-9.]+ s\nbuild: [0-9.]+ s: Timing tactics\nwarning: careful\nbuild: [0-9.]+ s\n"));
}

TEST(ProgressElsewhere, IsNothingForQuickCommandsAndFailures) {
  Written written;
  {
    Progress progress(written.stream(), false);
    progress.begin("load");
    progress.end();
    progress.leave_lines();
    progress.begin("build");
    progress.abandon();
  }
  EXPECT_EQ(written.text(), "");
}

TEST(ProgressOnATerminal, IsOneLineWithStepsAndNoPercentage) {
  Written written;
  {
    Progress progress(written.stream(), true);
    progress.leave_lines();
    build_with_steps(progress);
    progress.print("warning: careful");
    progress.end();
  }
  EXPECT_THAT(written.text(),
              AllOf(HasSubstr("build 0.0 s > Building engine 2/6 > Timing tactics 0/3"), Not(HasSubstr("%"))));
  // Erased before anything else is printed, and at the end.
  EXPECT_THAT(written.text(), HasSubstr("\r\x1b[Kwarning: careful\n"));
  EXPECT_THAT(written.text(), HasSubstr("\r\x1b[Kbuild: 0.0"));
}

}  // namespace
}  // namespace torch2trt::cli
