// The command line: what `torch2trt ARGUMENTS` does, in the executable and in the Python console script alike.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "torch2trt/builder.h"
#include "torch2trt/handler.h"

namespace torch2trt::cli {

// What the host of the command line has to offer.
struct Backends {
  // Makes an engine builder over the TensorRT called `tensorrt` (empty: the host chooses); its messages go to `log`,
  // all of them if `verbose`. Throws Error(kRuntime) that says what is missing and what to do about it.
  std::function<std::unique_ptr<EngineBuilder>(const std::string& tensorrt, const LogSink& log, bool verbose)>
      engine_builder;
  // Handlers of a program's own, for `build` and `check`; they must live as long as the command runs. May be null.
  const UserRegistry* handlers = nullptr;
};

// The Backends::engine_builder of an executable that was compiled without one: throws Error(kRuntime).
[[noreturn]] std::unique_ptr<EngineBuilder> no_engine_builder(const std::string& tensorrt, const LogSink& log,
                                                              bool verbose);

// Returns the exit code (docs/exit-codes.md); never throws. Results go to stdout, all else to stderr. While it runs,
// SIGINT and SIGTERM cancel it (a second one kills the process); afterwards they do what they did before.
int run_cli(int argc, const char* const* argv, const Backends& backends);

}  // namespace torch2trt::cli
