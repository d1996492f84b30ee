// Ctrl-C. The handler only takes note; the program asks at points where it can leave nothing behind.
#pragma once

#include <csignal>

namespace torch2trt::cli {

// While it lives, SIGINT and SIGTERM are noted; the second one acts as it would without this, unless the process is
// inside a NoKill. One at a time. Signals that were ignored (nohup) stay ignored.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

 private:
  struct sigaction previous_int_{}, previous_term_{};
};

// While it lives, a second signal does not kill the process: temporary files exist.
class NoKill {
 public:
  NoKill();
  NoKill(const NoKill&) = delete;
  NoKill& operator=(const NoKill&) = delete;
  ~NoKill();
};

// The signal noted since the guard was made; 0 for none.
int interrupting_signal();
// Throws Cancelled if there was one.
void throw_if_interrupted();

}  // namespace torch2trt::cli
