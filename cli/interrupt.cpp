#include "cli/interrupt.h"

#include "torch2trt/builder.h"

namespace torch2trt::cli {
namespace {

volatile std::sig_atomic_t noted = 0;
volatile std::sig_atomic_t no_kill = 0;

void note(int signal) {
  if (noted != 0 && no_kill == 0) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // delivered when this handler returns
  }
  noted = signal;
}

void install(int signal, struct sigaction& previous) {
  ::sigaction(signal, nullptr, &previous);
  if ((previous.sa_flags & SA_SIGINFO) == 0 && previous.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  action.sa_handler = note;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  noted = 0;
  install(SIGINT, previous_int_);
  install(SIGTERM, previous_term_);
}

InterruptGuard::~InterruptGuard() {
  ::sigaction(SIGINT, &previous_int_, nullptr);
  ::sigaction(SIGTERM, &previous_term_, nullptr);
}

NoKill::NoKill() { no_kill = 1; }
NoKill::~NoKill() { no_kill = 0; }

int interrupting_signal() { return noted; }

void throw_if_interrupted() {
  if (noted != 0) throw Cancelled();
}

}  // namespace torch2trt::cli
