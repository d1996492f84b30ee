#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace torch2trt::cli {
namespace {

constexpr std::chrono::milliseconds kFrame{120};
constexpr std::string_view kSpinner = "|/-\\";

std::size_t columns(std::FILE* stream) {
  winsize size{};
  return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

bool is_terminal(std::FILE* stream) {
  const char* term = std::getenv("TERM");
  return ::isatty(::fileno(stream)) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

Progress::Progress(std::FILE* stream, bool terminal) : stream_(stream), terminal_(terminal) {
  if (terminal_) ticker_ = std::thread([this] { tick(); });
}

Progress::~Progress() {
  abandon();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  if (ticker_.joinable()) ticker_.join();
}

void Progress::tick() {
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, kFrame, [this] { return stopping_; })) {
    ++frame_;
    draw();
  }
}

double Progress::elapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::draw() {
  if (!terminal_ || phase_.empty()) return;
  std::string line = fmt::format("{} {} {:.1f} s", kSpinner[frame_ % kSpinner.size()], phase_, elapsed());
  for (const Phase& phase : phases_) {
    line += fmt::format(" > {}", phase.name);
    if (phase.steps > 1) line += fmt::format(" {}/{}", phase.step, phase.steps);
  }
  line.resize(std::min(line.size(), columns(stream_) - 1));
  fmt::print(stream_, "\r{}\x1b[K", line);
  std::fflush(stream_);
  drawn_ = true;
}

void Progress::erase() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stream_);
  std::fflush(stream_);
  drawn_ = false;
}

void Progress::begin(const std::string& phase) {
  end();
  const std::lock_guard lock(mutex_);
  phase_ = phase;
  start_ = std::chrono::steady_clock::now();
  draw();
}

double Progress::end() {
  const std::lock_guard lock(mutex_);
  if (phase_.empty()) return 0;
  const double seconds = elapsed();
  erase();
  if (lines_) fmt::print(stream_, "{}: {:.2f} s\n", phase_, seconds);
  phase_.clear();
  phases_.clear();
  return seconds;
}

void Progress::abandon() {
  const std::lock_guard lock(mutex_);
  erase();
  phase_.clear();
  phases_.clear();
}

void Progress::step(const BuildProgress& progress) {
  const std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(phases_.begin(), phases_.end(), [&](const Phase& p) { return p.name == progress.phase; });
  switch (progress.event) {
    case BuildProgress::Event::kPhaseStart:
      // The stages below the outermost phase: few, and together the whole build.
      if (!terminal_ && lines_ && phases_.size() == 1) {
        fmt::print(stream_, "{}: {:.2f} s: {}\n", phase_, elapsed(), progress.phase);
        std::fflush(stream_);
      }
      phases_.push_back({progress.phase, 0, progress.steps});
      break;
    case BuildProgress::Event::kStep:
      if (known != phases_.end()) known->step = progress.step;
      break;
    case BuildProgress::Event::kPhaseEnd:
      if (known != phases_.end()) phases_.erase(known);
      break;
  }
}

void Progress::print(const std::string& text) {
  const std::lock_guard lock(mutex_);
  erase();
  fmt::print(stream_, "{}\n", text);
  std::fflush(stream_);
  draw();
}

}  // namespace torch2trt::cli
