// What the subcommands share: the session they run in, and how they are added to the parser.
#pragma once

#include <functional>
#include <string>

#include "cli/progress.h"
#include "cli/run.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's
class App;
}

namespace torch2trt::cli {

struct Session {
  const Backends& backends;
  Progress& progress;
  bool verbose = false;
  std::string out;  // written to stdout at the end, whatever the exit code
};

// Runs the chosen subcommand and returns the exit code. Throws Error and Cancelled.
using Command = std::function<int(Session&)>;

// Each adds its subcommand to `app`; parsing it sets `chosen`.
void add_bench(CLI::App& app, Command& chosen);
void add_build(CLI::App& app, Command& chosen);
void add_check(CLI::App& app, Command& chosen);
void add_inspect(CLI::App& app, Command& chosen);
void add_ops(CLI::App& app, Command& chosen);
void add_run(CLI::App& app, Command& chosen);
void add_triton_repo(CLI::App& app, Command& chosen);

}  // namespace torch2trt::cli
