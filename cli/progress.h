// What a user sees on stderr while waiting. On a terminal one line: phase, elapsed time, TensorRT's own phases and
// steps (never a percentage: nobody knows it). Elsewhere a plain line for each thing that is done.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "torch2trt/builder.h"

namespace torch2trt::cli {

class Progress {
 public:
  // `terminal`: whether `stream` is one that understands "\r" and erasing.
  Progress(std::FILE* stream, bool terminal);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // Whether finished phases leave a line ("load: 0.31 s"). Off at first: quick commands say nothing.
  void leave_lines() { lines_ = true; }
  // Ends the running phase and begins the next.
  void begin(const std::string& phase);
  // Ends the running phase, if any, and returns its seconds.
  double end();
  // Erases the line of the running phase without saying that it is done: it failed.
  void abandon();
  // What TensorRT's progress monitor says. On any thread.
  void step(const BuildProgress& progress);
  // A line of its own: a warning, an error.
  void print(const std::string& text);

 private:
  struct Phase {
    std::string name;
    int step = 0;
    int steps = 0;
  };
  double elapsed() const;
  void draw();   // with mutex_ held
  void erase();  // with mutex_ held
  void tick();

  std::FILE* stream_;
  bool terminal_;
  bool lines_ = false;
  std::mutex mutex_;
  std::string phase_;  // empty: none runs
  std::chrono::steady_clock::time_point start_;
  std::vector<Phase> phases_;  // TensorRT's, the outermost first
  std::size_t frame_ = 0;
  bool drawn_ = false;
  bool stopping_ = false;
  std::condition_variable stop_;
  std::thread ticker_;
};

// Whether stderr is a terminal for Progress (isatty, and TERM is not "dumb").
bool is_terminal(std::FILE* stream);

}  // namespace torch2trt::cli
