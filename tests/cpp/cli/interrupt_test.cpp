#include "cli/interrupt.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "torch2trt/builder.h"

namespace torch2trt::cli {
namespace {

TEST(Interrupt, IsNotedAndAskedFor) {
  const InterruptGuard guard;
  EXPECT_EQ(interrupting_signal(), 0);
  EXPECT_NO_THROW(throw_if_interrupted());
  std::raise(SIGTERM);
  EXPECT_EQ(interrupting_signal(), SIGTERM);
  EXPECT_THROW(throw_if_interrupted(), Cancelled);
}

TEST(Interrupt, IsForgottenByTheNextGuardAndHandlersComeBack) {
  static volatile std::sig_atomic_t mine = 0;
  std::signal(SIGINT, [](int) { mine = 1; });
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
  }
  EXPECT_EQ(mine, 0);
  std::raise(SIGINT);
  EXPECT_EQ(mine, 1);
  std::signal(SIGINT, SIG_DFL);
  const InterruptGuard guard;
  EXPECT_EQ(interrupting_signal(), 0);
}

TEST(Interrupt, IgnoredSignalsStayIgnored) {
  std::signal(SIGINT, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    EXPECT_EQ(interrupting_signal(), 0);
  }
  std::signal(SIGINT, SIG_DFL);
}

void raise_twice(bool protect) {
  std::signal(SIGINT, SIG_DFL);  // a shell's background job ignores it
  const InterruptGuard guard;
  std::raise(SIGINT);
  if (protect) {
    const NoKill no_kill;
    std::raise(SIGINT);
    std::_Exit(interrupting_signal() == SIGINT ? 7 : 8);
  }
  std::raise(SIGINT);
  std::_Exit(9);
}

TEST(InterruptDeathTest, TheSecondKillsUnlessFilesAreBeingWritten) {
  EXPECT_EXIT(raise_twice(false), ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(raise_twice(true), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace torch2trt::cli
