#include "cli/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <sstream>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/printable.h"
#include "cli/progress.h"
#include "torch2trt/runtime.h"

namespace torch2trt::cli {
namespace {

constexpr int kUsageError = 2;
constexpr int kIncompatibleEngine = 7;
constexpr int kInterrupted = 128;  // plus the signal, as shells have it

// A reader that has had enough (`| head`) is no error.
int write_out(const std::string& text, int code) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written || errno == EPIPE) return code;
  fmt::print(stderr, "torch2trt: standard output cannot be written: {}\n", std::strerror(errno));
  return code != 0 ? code : exit_code(ErrorCategory::kRuntime);
}

int report(const Error& error) {
  fmt::print(stderr, "torch2trt: {}\n", printable(error.what()));
  if (error.category() == ErrorCategory::kInternal) {
    fmt::print(stderr, "This is a bug of torch2trt. Please report it with the command and, if you can, the model.\n");
  }
  return exit_code(error.category());
}

int run_command(const Command& command, Session& session) {
  const InterruptGuard interrupts;
  try {
    return command(session);
  } catch (const Cancelled&) {
    session.progress.abandon();
    fmt::print(stderr, "torch2trt: interrupted; nothing was written\n");
    return kInterrupted + (interrupting_signal() == 0 ? SIGINT : interrupting_signal());
  } catch (const IncompatibleEngine& error) {
    session.progress.abandon();
    report(error);
    return kIncompatibleEngine;
  } catch (const Error& error) {
    session.progress.abandon();
    return report(error);
  } catch (const std::bad_alloc&) {
    session.progress.abandon();
    return report(Error(ErrorCategory::kRuntime, "there is not enough memory"));
  } catch (const std::exception& error) {
    session.progress.abandon();
    return report(Error(ErrorCategory::kInternal, fmt::format("unexpected error: {}", error.what())));
  }
}

// CLI11 only says that a command is missing where there is one that it does not know.
std::string unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  if (!app.get_subcommands().empty()) return {};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.empty() || word.front() == '-') continue;
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      names.push_back(command->get_name());
    return fmt::format("there is no command \"{}\"; there are {}\n", word, fmt::join(names, ", "));
  }
  return {};
}

int parse_and_run(int argc, const char* const* argv, const Backends& backends) {
  CLI::App app("PyTorch programs to TensorRT engines.", "torch2trt");
  app.set_version_flag("--version", "torch2trt " TORCH2TRT_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Exit codes: 0 done; 1 outputs differ from their references; 2 wrong arguments; 3 not a valid model or engine; 4 "
      "unsupported operators; 5 TensorRT refused; 6 something is missing here; 7 engine of another TensorRT or GPU; 70 "
      "a bug; 130 interrupted.");
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Say more: each node, and all that TensorRT logs");
  Command command;
  add_build(app, command);
  add_run(app, command);
  add_bench(app, command);
  add_triton_repo(app, command);
  add_check(app, command);
  add_inspect(app, command);
  add_ops(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err) == 0 ? 0 : kUsageError;
    if (!err.str().empty()) fmt::print(stderr, "torch2trt: {}{}", unknown_command(app, argc, argv), err.str());
    return write_out(out.str(), code);
  }
  Progress progress(stderr, is_terminal(stderr));
  Session session{backends, progress, verbose, {}};
  const int code = run_command(command, session);
  progress.abandon();
  return write_out(session.out, code);
}

}  // namespace

std::unique_ptr<EngineBuilder> no_engine_builder(const std::string& /*tensorrt*/, const LogSink& /*log*/,
                                                 bool /*verbose*/) {
  throw Error(
      ErrorCategory::kRuntime,
      "this executable cannot build engines: it was compiled without the backend over TensorRT's C++ library "
      "(TensorRT_ROOT; docs/native.md). `check`, `inspect` and `ops` work.\nTo build, use the same command of the "
      "Python package, which drives TensorRT through its Python module: `pip install torch2trt tensorrt` (with an "
      "NVIDIA GPU) or `pip install torch2trt tensorrt-rtx` (with or without one), then `python -m torch2trt build "
      "...`");
}

int run_cli(int argc, const char* const* argv, const Backends& backends) {
  try {
    return parse_and_run(argc, argv, backends);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "torch2trt: unexpected error: %s\nThis is a bug of torch2trt. Please report it.\n",
                 error.what());
    return exit_code(ErrorCategory::kInternal);
  }
}

}  // namespace torch2trt::cli
